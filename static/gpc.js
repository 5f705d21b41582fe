// For the company's own site: passes the browser's Global Privacy Control
// signal on to the privacy portal that serves this file, once per browser,
// and says what holds. Nothing but the signal is sent.
//
//   <script src="https://privacy.acme.example/gpc.js" defer></script>
//   <p data-habeas-gpc hidden></p>
//
// data-visitor on the script tag names a visitor as the site itself does, so
// that its own records can be opted out too. The site listens for
// "habeas:privacy" on document and sells and shares nothing when
// event.detail.opted_out is true.
(() => {
  const script = document.currentScript;
  const endpoint = new URL("gpc", script.src).href;
  const visitor = script.dataset.visitor || "";
  const signal = navigator.globalPrivacyControl === true;

  const ask = async (init) => {
    const answer = await fetch(endpoint, { credentials: "include", cache: "no-store", ...init });
    if (!answer.ok) throw new Error("the privacy portal answered " + answer.status);
    return answer.json();
  };
  const show = (state) => {
    for (const place of document.querySelectorAll("[data-habeas-gpc]")) {
      place.textContent = state.opted_out ? state.status : "";
      place.hidden = !state.opted_out;
    }
    document.dispatchEvent(new CustomEvent("habeas:privacy", { detail: Object.freeze(state) }));
  };
  const run = async () => {
    let state = await ask({ method: "GET" });
    if ((signal || state.gpc) && (!state.opted_out || visitor)) {
      const body = { gpc: true };
      if (visitor) body.visitor = visitor;
      state = await ask({ method: "POST", body: JSON.stringify(body) });
    }
    show(state);
  };
  // When the portal cannot be reached, the signal still counts for this page.
  run().catch(() => show({ gpc: signal, opted_out: signal, status: "Opt-Out Request Honored" }));
})();
