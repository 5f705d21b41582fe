package requests

import (
	"time"

	"habeas/requests/clock"
	"habeas/requests/evidence"
)

// What became of one right of a request.
const (
	StillOpen   = "open"
	Complied    = "complied"
	CompliedBit = "partial"
	DeniedRight = "denied"
	TakenBack   = "withdrawn"
	JoinedOther = "joined"
)

// Results are all of them, in the order of a table.
var Results = []string{Complied, CompliedBit, DeniedRight, TakenBack, JoinedOther, StillOpen}

// groundUnverified is why a request is denied that nobody proved: it lapses
// 30 days after the letter that asked for proof, and counts as a denial.
const groundUnverified = "unverified"

// figure is what the log says about one right of one request.
type figure struct {
	Right, Law, Country, Channel string
	Received, Due, Answered      clock.Date // where the controller is; Answered is zero while open
	Result, Ground               string
}

// figureKinds are the events that figures are made of.
var figureKinds = []string{
	evidence.RequestFiled{}.Kind(), evidence.RequestJoined{}.Kind(), evidence.RequestRefused{}.Kind(), evidence.RequestWithdrawn{}.Kind(),
	evidence.RequestExpired{}.Kind(), evidence.RequestCompleted{}.Kind(), evidence.ClockPaused{}.Kind(), evidence.ClockResumed{}.Kind(),
	evidence.ClockExtended{}.Kind(), evidence.LawCorrected{}.Kind(),
}

// figuresOf folds the events of one case, in their order, into one figure per
// right. It knows nothing but the events and the law table. Events of a case
// that was not filed give none.
func figuresOf(lines []evidence.Line, laws *clock.Laws) ([]figure, error) {
	var out []figure
	l := legal{laws: laws}
	for _, line := range lines {
		payload, err := line.Payload()
		if err != nil {
			return nil, err
		}
		if d, ok := payload.(evidence.RequestFiled); ok {
			if l, err = legalFrom([]evidence.Line{line}, laws); err != nil {
				return nil, err
			}
			out = nil
			for _, right := range l.rights {
				out = append(out, figure{
					Right: right, Law: l.law, Country: string(d.Country), Channel: string(d.Channel), Result: StillOpen,
					Received: clock.DateIn(l.received, zone(l.zone)), Due: date(d.DueOn),
				})
			}
			l.due(out, line.At)
			continue
		}
		if out == nil {
			continue
		}
		l.fold(line, payload)
		l.tally(out, line, payload)
	}
	return out, nil
}

// due sets the due dates of what is still open, as the clocks stand at an
// event.
func (l *legal) due(figures []figure, at time.Time) {
	for i := range figures {
		f := &figures[i]
		f.Law = l.law
		if !f.Answered.IsZero() {
			continue
		}
		f.Received = clock.DateIn(l.received, zone(l.zone))
		if res, err := l.of(f.Right, at); err == nil {
			f.Due = res.Due().Due
		}
	}
}

// tally takes one event that is no filing.
func (l *legal) tally(figures []figure, line evidence.Line, payload evidence.Data) {
	day := clock.DateIn(line.At, zone(l.zone))
	switch d := payload.(type) {
	case evidence.ClockPaused, evidence.ClockResumed, evidence.ClockExtended:
		l.due(figures, line.At)
	case evidence.LawCorrected:
		l.due(figures, line.At)
		for i := range figures {
			figures[i].Country = string(d.Country)
		}
	case evidence.RequestRefused:
		l.due(figures, line.At)
		for i := range figures {
			if d.Right == "" || string(d.Right) == figures[i].Right {
				figures[i].end(DeniedRight, string(d.Ground), day)
			}
		}
	case evidence.RequestExpired:
		endOpen(figures, DeniedRight, groundUnverified, day)
	case evidence.RequestWithdrawn:
		endOpen(figures, TakenBack, "", day)
	case evidence.RequestJoined:
		endOpen(figures, JoinedOther, "", day)
	case evidence.RequestCompleted:
		l.due(figures, line.At)
		for i := range figures {
			if f := &figures[i]; f.Result != DeniedRight {
				f.end(completedAs(d, f.Right), "", day)
			}
		}
	}
}

// end sets a result. The first answer is what counts for its day: work that
// follows, because a record came back, is no second answer.
func (f *figure) end(result, ground string, day clock.Date) {
	if f.Answered.IsZero() {
		f.Answered = day
	}
	f.Result, f.Ground = result, ground
}

func endOpen(figures []figure, result, ground string, day clock.Date) {
	for i := range figures {
		if figures[i].Result == StillOpen {
			figures[i].end(result, ground, day)
		}
	}
}

// completedAs is what a completed request came to for one right. Logs from
// before its decisions stood in the event have the flag of the whole alone.
func completedAs(d evidence.RequestCompleted, right string) string {
	for _, dec := range d.Decisions {
		if string(dec.Right) != right {
			continue
		}
		switch dec.Decision {
		case "partial":
			return CompliedBit
		case "refused":
			return DeniedRight
		}
		return Complied
	}
	for _, f := range d.Flags {
		if f == evidence.Code(Partial) && (right == clock.Erasure || right == clock.Access) {
			return CompliedBit
		}
	}
	return Complied
}
