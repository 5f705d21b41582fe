package api

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
)

// caseView is a case without identities and values. What a role may not see
// is left out.
type caseView struct {
	ID          uuid.UUID                `json:"id"`
	Kind        string                   `json:"kind" enum:"request,appeal,complaint"`
	Of          *uuid.UUID               `json:"of,omitempty" doc:"What an appeal or complaint is about; of a request that is done again, the appeal."`
	JoinedTo    *uuid.UUID               `json:"joined_to,omitempty" doc:"Of a duplicate: the earlier request that answers both."`
	ErasureAt   *moment                  `json:"erasure_at,omitempty" doc:"Nothing is erased before: until then the request can be withdrawn."`
	Reference   string                   `json:"reference"`
	Status      requests.Status          `json:"status"`
	Flags       []requests.Flag          `json:"flags"`
	Rights      []string                 `json:"rights"`
	Decisions   []requests.RightDecision `json:"decisions"`
	Law         string                   `json:"law"`
	Country     string                   `json:"country,omitempty"`
	Region      string                   `json:"region,omitempty"`
	Channel     string                   `json:"channel,omitempty"`
	ReceivedAt  moment                   `json:"received_at"`
	DueOn       date                     `json:"due_on"`
	Deadlines   []deadline               `json:"deadlines"`
	Result      string                   `json:"result" doc:"Empty while the request is open; done or no_data_held."`
	VerifiedAt  *moment                  `json:"verified_at,omitempty"`
	CompletedAt *moment                  `json:"completed_at,omitempty"`
	ClosedAt    *moment                  `json:"closed_at,omitempty"`
	Package     *packageView             `json:"package,omitempty" doc:"Customer only: what can be downloaded."`
	*staffView
}

// packageView tells a customer whether there is something to fetch.
type packageView struct {
	Size      int64   `json:"size"`
	SHA256    string  `json:"sha256"`
	ExpiresAt *moment `json:"expires_at,omitempty"`
}

// staffView is what staff see beside.
type staffView struct {
	PlanHash        string        `json:"plan_hash,omitempty"`
	Approvals       []approval    `json:"approvals"`
	ApprovalsNeeded int           `json:"approvals_needed"`
	Tasks           []taskView    `json:"tasks"`
	Outcomes        []outcomeView `json:"outcomes" doc:"The first 1,000 records with an outcome. Keys are opaque."`
}

type deadline struct {
	Name  string       `json:"name"`
	Due   string       `json:"due" doc:"A date, or an instant where the law counts hours."`
	Rules []clock.Rule `json:"rules"`
}

type approval struct {
	User     uuid.UUID `json:"user"`
	PlanHash string    `json:"plan_hash"`
	At       moment    `json:"at"`
}

type taskView struct {
	ID            uuid.UUID      `json:"id"`
	System        string         `json:"system"`
	Stage         requests.Stage `json:"stage"`
	Status        string         `json:"status" enum:"waiting,running,open,done,failed,cancelled"`
	Attempts      int            `json:"attempts"`
	NextAttemptAt *moment        `json:"next_attempt_at"`
	Error         string         `json:"error" doc:"A code, empty when nothing is wrong."`
	ErrorText     string         `json:"error_text,omitempty"`
	Count         int64          `json:"count" doc:"Records done."`
	Result        string         `json:"result,omitempty" doc:"Of work by hand."`
	DueAt         *moment        `json:"due_at,omitempty"`
	Instructions  string         `json:"instructions,omitempty"`
	FinishedAt    *moment        `json:"finished_at,omitempty"`
}

type outcomeView struct {
	System  string  `json:"system"`
	Type    string  `json:"type"`
	Key     string  `json:"key" doc:"A keyed digest, the same as in the evidence report."`
	Right   string  `json:"right"`
	Outcome string  `json:"outcome" enum:"disclosed,redacted,kept,verified_absent,verified_masked,verified_detached,verified_suppressed,verified_corrected,accepted,purge_pending,failed,reappeared"`
	Ground  string  `json:"ground"`
	Until   *moment `json:"until"`
}

// maxOutcomes bounds the outcomes in one answer; the evidence report has all.
const maxOutcomes = 1000

func (a *api) get(c *fiber.Ctx) error {
	by := web.Actor(c)
	cs, err := a.caseOf(c, by)
	if err != nil {
		return err
	}
	v, err := a.view(c, by, cs)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, v)
}

// caseOf reads the case in the path, if the actor may see it.
func (a *api) caseOf(c *fiber.Ctx, by requests.Actor) (*requests.Case, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return nil, err
	}
	return a.svc.Get(c.UserContext(), by, id)
}

// view is a case as the actor sees it.
func (a *api) view(c *fiber.Ctx, by requests.Actor, cs *requests.Case) (caseView, error) {
	v := summary(cs)
	if !by.Staff() {
		return forCustomer(v, cs), nil
	}
	s, err := a.staffView(c, cs)
	v.staffView = s
	return v, err
}

// summary is what lists show of a case to staff.
func summary(cs *requests.Case) caseView {
	return caseView{
		Kind: cs.Kind, Of: cs.Of, JoinedTo: cs.JoinedInto, ErasureAt: waiting(cs),
		ID: cs.ID, Reference: cs.Reference, Status: cs.Status, Flags: full(cs.Flags), Rights: full(cs.Rights), Decisions: full(cs.Decisions),
		Law: cs.Law, Country: cs.Country, Region: cs.Region, Channel: cs.Channel, ReceivedAt: moment(cs.ReceivedAt), DueOn: date(cs.DueOn),
		Deadlines: each(cs.Deadlines, deadlineOf), Result: cs.Result,
		VerifiedAt: momentOf(cs.VerifiedAt), CompletedAt: momentOf(cs.CompletedAt), ClosedAt: momentOf(cs.ClosedAt),
	}
}

// waiting is when an approved erasure begins, while it has not.
func waiting(cs *requests.Case) *moment {
	if cs.Status != requests.Executing || cs.ActedAt != nil {
		return nil
	}
	return momentOf(cs.WaitUntil)
}

func deadlineOf(d clock.Deadline) deadline {
	due := d.Due.String()
	if d.Hours {
		due = d.At.UTC().Format("2006-01-02T15:04:05Z")
	}
	return deadline{Name: d.Name, Due: due, Rules: full(d.Rules)}
}

// forCustomer leaves out what is the desk's own, and, where no identity was
// proved, all that tells whether the person is known here.
func forCustomer(v caseView, cs *requests.Case) caseView {
	proved := requests.NeedsProof(cs.Rights)
	if !proved && v.Result != "" {
		v.Result = "done"
	}
	v.Flags = customerFlags(v.Flags, proved)
	if cs.PackageName != "" && cs.PackageSize > 0 {
		v.Package = &packageView{Size: cs.PackageSize, SHA256: cs.PackageSHA, ExpiresAt: momentOf(cs.PackageUntil)}
	}
	return v
}

func (a *api) staffView(c *fiber.Ctx, cs *requests.Case) (*staffView, error) {
	ctx := c.UserContext()
	v := &staffView{}
	if cs.PlanID != nil {
		p, err := a.svc.Plan(ctx, cs, "", 0)
		if err != nil {
			return nil, err
		}
		v.PlanHash = p.Hash
	}
	given, needed, err := a.svc.Approvals(ctx, cs)
	if err != nil {
		return nil, err
	}
	v.ApprovalsNeeded = needed
	v.Approvals = each(given, func(g requests.ApprovalView) approval {
		return approval{User: g.User, PlanHash: g.Hash, At: moment(g.At)}
	})
	tasks, err := a.svc.Tasks(ctx, cs)
	if err != nil {
		return nil, err
	}
	v.Tasks = each(tasks, taskOf)
	outcomes, err := a.svc.Outcomes(ctx, cs, maxOutcomes)
	if err != nil {
		return nil, err
	}
	v.Outcomes = each(outcomes, func(o requests.OutcomeView) outcomeView {
		return outcomeView{
			System: o.System, Type: o.Type, Key: o.Key, Right: o.Right, Outcome: o.Outcome, Ground: o.Ground, Until: momentOf(o.Until),
		}
	})
	return v, nil
}

func taskOf(t requests.TaskView) taskView {
	v := taskView{
		ID: t.ID, System: t.System, Stage: t.Stage, Status: t.Status, Attempts: t.Attempts, Error: t.Error, ErrorText: t.ErrorText,
		Count: t.Count, Result: t.Result, DueAt: momentOf(t.Due), Instructions: t.Instructions, FinishedAt: momentOf(t.FinishedAt),
	}
	if t.Status == "waiting" {
		v.NextAttemptAt = momentOf(&t.Next)
	}
	return v
}
