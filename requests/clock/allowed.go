package clock

import (
	"slices"
	"strings"
)

// What the desk may want to do to a request.
const (
	Pause  = "pause"  // stop the clock for a question
	Extend = "extend" // answer later, with notice
	Refuse = "refuse" // refuse a right as a whole
	Keep   = "keep"   // keep a record, or fields of it, back
)

// Step is one such act, with what the law asks about it.
type Step struct {
	Law, Right, Do string
	Ground         string // a code or an article: of Ground for Refuse and Keep, of the event for Pause, of the law for Extend
	Reason         string // free words; an extension may have them instead of a ground
	On             Date   // day of the act
	Due            Date   // due date at that moment: for Extend the base one
	Extended       bool   // the time was extended before
	PausePolicy    string
	Laws           *Laws // nil is Builtin
}

// Allowed says whether the law lets the desk take the step. A step that it
// refuses is an *Error naming the article and what is possible instead.
func Allowed(s Step) error {
	laws := s.Laws
	if laws == nil {
		laws = Builtin()
	}
	law, err := laws.Law(s.Law)
	if err != nil {
		return err
	}
	if !slices.Contains(Rights, s.Right) {
		return badInput("right", "There is no right %q; use one of %s.", clip(s.Right), strings.Join(Rights, ", "))
	}
	switch s.Do {
	case Pause:
		return law.mayPause(s)
	case Extend:
		if err := law.mayExtend(s.Right, s.Due, s.On, s.Extended); err != nil {
			return err
		}
		return law.extensionGround(s)
	case Refuse, Keep:
		return law.mayRefuse(laws, s)
	}
	return badInput("step", "There is no step %q; use pause, extend, refuse or keep.", clip(s.Do))
}

// PauseKind is the kind of event for the ground of a pause: identity and
// clarification are also taken as words.
func PauseKind(ground string) string {
	switch ground {
	case "identity":
		return Identity
	case "clarification", "scope":
		return Clarify
	}
	return ground
}

func (w *Law) mayPause(s Step) error {
	kind := PauseKind(s.Ground)
	if kind != "" && !slices.Contains([]string{Identity, Fee, Clarify}, kind) {
		return badInput("ground", "A pause is for identity, clarification or fee, not for %q.", clip(s.Ground))
	}
	var may []string
	var cite, why string
	for _, m := range w.Moves {
		policy := m.Policy == "" || m.Policy == s.PausePolicy
		right := fits(s.Right, m.Rights, nil)
		if policy && right {
			may = append(may, m.Event)
		}
		if m.Event != kind {
			continue
		}
		cite = m.Cite
		switch {
		case !policy:
			why = "the pause policy is strict; the clock runs on while you ask"
		case !right:
			why = "it pauses only requests for " + strings.Join(m.Rights, ", ")
		case !s.On.IsZero() && !s.Due.IsZero() && s.On.After(s.Due):
			why = "it was asked after the due date, " + s.Due.Long()
		default:
			return nil
		}
	}
	if kind == "" && len(may) > 0 {
		return badInput("ground", "A pause needs its ground: %s.", strings.Join(may, ", "))
	}
	if why == "" {
		cite, why = w.Keeps, "nothing that is asked pauses it"
		if len(may) > 0 {
			why = "only " + strings.Join(may, ", ") + " moves it"
		}
	}
	return unlawful(cite, "The clock of the %s cannot be paused for this: %s.", w.Name, why)
}

// mayExtend refuses an extension announced on a day: there is at most one, by
// the base due date.
func (w *Law) mayExtend(right string, base, on Date, already bool) error {
	x := w.Extension
	switch {
	case x == nil:
		return unlawful(w.Cite, "The %s has no extension; answer by the base due date.", w.Name)
	case slices.Contains(x.Except, right) || !w.extends(right):
		return unlawful(x.Cite, "The %s does not extend the time for this right; answer by its due date.", w.Name)
	case already:
		return unlawful(x.Cite, "The time was already extended once; there is no second extension.")
	case !base.IsZero() && on.After(base):
		return unlawful(x.Cite, "An extension must be announced by the base due date, %s; it can no longer be extended.", base.Long())
	}
	return nil
}

func (w *Law) extends(right string) bool {
	return slices.ContainsFunc(w.Terms, func(t Term) bool { return t.Name == "extended" && fits(right, t.Rights, t.Except) })
}

func (w *Law) extensionGround(s Step) error {
	grounds := strings.Join(w.Extension.Grounds, ", ")
	switch {
	case s.Ground == "" && strings.TrimSpace(s.Reason) == "":
		return unlawful(w.Extension.Cite, "An extension needs its reason, which the person is told; give one of %s.", grounds)
	case s.Ground != "" && !slices.Contains(w.Extension.Grounds, s.Ground):
		return unlawful(w.Extension.Cite, "%q is no ground to extend the time; give one of %s.", clip(s.Ground), grounds)
	}
	return nil
}

func (w *Law) mayRefuse(laws *Laws, s Step) error {
	var codes []string
	for _, g := range w.Grounds(s.Right) {
		if g.Scope == ScopeBoth || (g.Scope == ScopeRequest) == (s.Do == Refuse) {
			codes = append(codes, g.Code)
		}
	}
	article := w.Rights[s.Right]
	set(&article, w.Cite)
	if len(codes) == 0 {
		return unlawful(article, "The %s has no ground to refuse this right; carry it out.", w.Name)
	}
	if strings.TrimSpace(s.Ground) == "" {
		return unlawful(article, "A refusal needs its ground; give one of %s.", strings.Join(codes, ", "))
	}
	g, ok := w.Ground(s.Right, s.Ground)
	switch {
	case !ok:
		return unlawful(article, "%q is no ground for this right under the %s%s; give one of %s.", clip(s.Ground), w.Name, w.insteadOf(laws, s), strings.Join(codes, ", "))
	case g.Scope == ScopeRecord && s.Do == Refuse:
		return unlawful(g.Cite, "This ground keeps single records back and never refuses the whole request; decide it per record.")
	case g.Scope == ScopeRequest && s.Do == Keep:
		return unlawful(g.Cite, "This ground refuses a whole request and keeps no single record back; give one of %s.", strings.Join(codes, ", "))
	}
	return nil
}

// insteadOf says whose ground was named, and which of this law's comes nearest.
func (w *Law) insteadOf(laws *Laws, s Step) string {
	other, g, ok := w.Elsewhere(laws, s.Right, s.Ground)
	if !ok {
		return ""
	}
	out := ", but of the " + other.Name
	if near, ok := w.Near(s.Right, g.Code); ok && g.Scope != ScopeRequest {
		out += "; here " + near.Code + " (" + near.Cite + ") comes nearest"
	}
	return out
}
