// Enhancements only: every page works without this file.
import { initAll } from './govuk.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()

// A page that follows a case fetches itself again when something happened and
// replaces its live parts, so that server and browser never disagree on words.
const live = document.querySelector('[data-stream]')
if (live && 'EventSource' in window) {
  let busy = false
  let again = false
  const refresh = async () => {
    if (busy) { again = true; return }
    busy = true
    try {
      const answer = await fetch(location.href, { headers: { 'X-Live': '1' }, credentials: 'same-origin', redirect: 'error' })
      if (answer.ok) {
        const next = new DOMParser().parseFromString(await answer.text(), 'text/html')
        for (const part of document.querySelectorAll('[data-live]')) {
          const fresh = next.querySelector(`[data-live="${part.dataset.live}"]`)
          if (fresh && fresh.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.innerHTML = fresh.innerHTML
        }
      }
    } catch { /* the next event tries again */ }
    busy = false
    if (again) { again = false; refresh() }
  }
  const source = new EventSource(live.dataset.stream)
  for (const kind of ['task', 'status', 'counts']) source.addEventListener(kind, refresh)
  source.onmessage = refresh
  addEventListener('pagehide', () => source.close())
}

// Two minutes before the session ends, ask.
const box = document.querySelector('dialog[data-idle]')
if (box && box.showModal) {
  const idle = Number(box.dataset.idle) * 1000
  let warn
  let end
  const arm = () => {
    clearTimeout(warn)
    clearTimeout(end)
    warn = setTimeout(() => box.showModal(), Math.max(idle - 120000, idle / 2))
    end = setTimeout(() => { location.href = box.dataset.ended }, idle + 2000)
  }
  box.querySelector('button').addEventListener('click', async () => {
    try {
      const answer = await fetch(box.dataset.keep, { credentials: 'same-origin', cache: 'no-store' })
      if (!answer.ok) location.href = box.dataset.ended
    } catch { /* offline: the deadline stands */ }
    box.close()
    arm()
  })
  arm()
}

// Filters apply as soon as they change; the button stays for everybody else.
for (const form of document.querySelectorAll('form[data-autosubmit]')) {
  for (const select of form.querySelectorAll('select')) select.addEventListener('change', () => form.requestSubmit())
}
