package clock

import "slices"

// mayExtend refuses an extension announced on day on.
func (w *Law) mayExtend(right string, base, on Date, already bool) error {
	x := w.Extension
	switch {
	case x == nil:
		return unlawful(w.Cite, "The %s has no extension; answer by the base due date.", w.Name)
	case slices.Contains(x.Except, right):
		return unlawful(x.Cite, "The %s does not extend the time for this right; answer by its due date.", w.Name)
	case already:
		return unlawful(x.Cite, "The time was already extended once; there is no second extension.")
	case !base.IsZero() && on.After(base):
		return unlawful(x.Cite, "An extension must be announced by the base due date, %s; it can no longer be extended.", base.Long())
	}
	return nil
}
