// Package company runs the whole of Habeas without its portal over the sample
// company, for tests: databases, Redis, service, worker, log and mail.
package company

import (
	"context"
	"crypto/ed25519"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests"
	"habeas/requests/blob"
	"habeas/requests/connect"
	"habeas/requests/connect/manual"
	"habeas/requests/connect/sqldb"
	"habeas/requests/evidence"
	"habeas/requests/mail"
	"habeas/requests/queue"
	"habeas/requests/seal"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/work"
)

// Company is a running company.
type Company struct {
	testing.TB
	Svc   *requests.Service
	DB    *pgxpool.Pool
	CRM   *pgxpool.Pool // the company's own database
	Ring  *seal.Ring
	Queue *queue.Queue
	Log   *evidence.Log
	Mail  *mail.Sink
	DPOs  []requests.Actor
	// Others, one each.
	Agent, Auditor, Admin requests.Actor

	crmURL string
	parts  requests.Parts
}

// Options change what New makes.
type Options struct {
	Settings requests.Settings // zero fields are the demo's
	Queue    *queue.Queue      // nil: the test binary's Redis
	Workers  int               // workers to start; negative: none
	Work     work.Options
	Wrap     func(connect.Connector) connect.Connector // around every system
	Now      func() time.Time                          // the service's clock; nil: time.Now
}

// New starts a company. It ends with the test.
func New(t testing.TB, opt Options) *Company {
	t.Helper()
	ctx := t.Context()
	c := &Company{TB: t, DB: testkit.DB(t), Ring: testkit.Ring(t), crmURL: testkit.EmptyDB(t), Queue: opt.Queue}
	c.must(acme.Create(ctx, c.crmURL))
	var err error
	c.CRM, err = pgxpool.New(ctx, c.crmURL)
	c.must(err)
	t.Cleanup(c.CRM.Close)
	if c.Queue == nil {
		rdb, prefix := testkit.Redis(t)
		c.Queue = queue.New(rdb, prefix)
	}
	blobs, err := blob.Dir(t.TempDir())
	c.must(err)
	_, signer, err := ed25519.GenerateKey(nil)
	c.must(err)
	c.Log, err = evidence.OpenLog(c.DB, evidence.Config{Origin: "acme.example/log", Signer: signer})
	c.must(err)
	c.Mail, err = mail.OpenSink(mail.SinkConfig{Keep: 10000})
	c.must(err)
	t.Cleanup(func() { _ = c.Mail.Close() })
	c.parts = requests.Parts{
		DB: c.DB, Ring: c.Ring, Blobs: blobs, Systems: c.systems(opt.Wrap), Log: c.Log, Settings: settings(t, opt.Settings),
		Now:  opt.Now,
		Wake: func(ctx context.Context) { _ = c.Queue.Wake(ctx) },
	}
	c.Svc = requests.New(c.parts)
	c.must(c.Svc.Prepare(ctx))
	c.staff(ctx)
	c.run(func(ctx context.Context) error { return c.Log.Run(ctx) })
	outbox := &mail.Outbox{Pool: c.DB, KeyOf: c.Svc.CaseKey, SMTP: c.Mail.SMTP("Acme Outdoor <privacy@acme.example>"), OnSent: c.Svc.LetterSent, OnFailed: c.Svc.LetterFailed}
	c.run(outbox.Run)
	if opt.Workers == 0 {
		opt.Workers = 1
	}
	for range opt.Workers {
		c.Worker(opt.Work)
	}
	return c
}

// register is what the sample company says of its processing.
func register(t testing.TB) (set requests.Settings) {
	t.Helper()
	var file struct {
		Purposes   []requests.Purpose    `yaml:"purposes"`
		Recipients []requests.Recipient  `yaml:"recipients"`
		Register   []requests.Processing `yaml:"register"`
	}
	if err := yaml.UnmarshalWithOptions([]byte(acme.Register), &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return requests.Settings{Purposes: file.Purposes, Register: file.Register, Recipients: file.Recipients}
}

// Registered are settings with the sample company's register of processing and
// its recipients. Nothing is looked at again after completion.
func Registered(t testing.TB) requests.Settings {
	t.Helper()
	set := register(t)
	set.Rescans = []time.Duration{}
	return set
}

func settings(t testing.TB, s requests.Settings) requests.Settings {
	t.Helper()
	s.Company, s.Contact, s.BaseURL = "Acme Outdoor", "privacy@acme.example", "http://127.0.0.1:8080"
	s.Authority, s.AuthorityAt = "Berlin Commissioner for Data Protection", "https://authority.example"
	s.Purposes = register(t).Purposes
	return s
}

func (c *Company) systems(wrap func(connect.Connector) connect.Connector) []connect.Connector {
	var out []connect.Connector
	for _, cfg := range []connect.Config{
		{Name: "crm", Title: "Customer database", URL: c.crmURL, Dataset: acme.CRM, Now: time.Now},
		{Name: "social", Title: "Linked social records", URL: c.crmURL, Dataset: acme.Social, Now: time.Now},
	} {
		conn, err := sqldb.Open(c.Context(), cfg)
		c.must(err)
		c.Cleanup(func() { _ = conn.Close() })
		if wrap != nil {
			conn = wrap(conn)
		}
		out = append(out, conn)
	}
	paper, err := manual.Open(c.Context(), connect.Config{Name: acme.Archive, Title: "Paper archive", Options: map[string]string{
		"instructions": "Take the folder out of the archive.", "within": "120h",
	}})
	c.must(err)
	return append(out, paper)
}

// For returns the company as a subtest uses it.
func (c *Company) For(t testing.TB) *Company {
	d := *c
	d.TB = t
	return &d
}

// Worker starts a worker; cancel stops it before the test's end.
func (c *Company) Worker(opt work.Options) (cancel func()) {
	if opt.Name == "" {
		opt.Name = uuid.NewString()
	}
	if opt.Poll == 0 {
		opt.Poll = 100 * time.Millisecond
	}
	if opt.Sweep == 0 {
		opt.Sweep = 500 * time.Millisecond
	}
	return c.run(work.New(c.Svc, c.Queue, opt).Run)
}

// run runs fn until the test's end, or until it is stopped.
func (c *Company) run(fn func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := fn(ctx); err != nil && ctx.Err() == nil {
			c.Errorf("stopped by itself: %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	c.Cleanup(stop)
	return stop
}

func (c *Company) staff(ctx context.Context) {
	for i, role := range []requests.Role{requests.DPO, requests.DPO, requests.Agent, requests.Auditor, requests.Admin} {
		u, err := c.Svc.AddUser(ctx, requests.Actor{Role: "operator"}, role, "", string(role)+string(rune('a'+i))+"@acme.example", Password)
		c.must(err)
		switch role {
		case requests.DPO:
			c.DPOs = append(c.DPOs, u.Actor())
		case requests.Agent:
			c.Agent = u.Actor()
		case requests.Auditor:
			c.Auditor = u.Actor()
		case requests.Admin:
			c.Admin = u.Actor()
		}
	}
}

// Password of every member of staff.
const Password = "violet-anchor-plum-47-tent"

func (c *Company) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// File files a request from Germany in the portal.
func (c *Company) File(email string, rights ...string) *requests.Receipt {
	c.Helper()
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: rights, Country: "DE", Locale: "en", Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	c.must(err)
	return r
}

var code = regexp.MustCompile(`\b[0-9]{6}\b`)

// Code waits for the newest code mailed to an address for a case.
func (c *Company) Code(email, reference string) string {
	c.Helper()
	m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && code.MatchString(m.Text) && regexp.MustCompile(reference).MatchString(m.Text+m.HTML)
	})
	if err != nil {
		c.Fatalf("no code mail: %v", err)
	}
	return code.FindString(m.Text)
}

// FinishByHand ends the open manual tasks of a case as done, and returns what
// each had asked for, with its system before it.
func (c *Company) FinishByHand(id uuid.UUID) []string {
	c.Helper()
	k, err := c.Svc.Get(c.Context(), c.Agent, id)
	c.must(err)
	tasks, err := c.Svc.Tasks(c.Context(), k)
	c.must(err)
	var asked []string
	for _, t := range tasks {
		if t.Stage == requests.ByHand && t.Status == "open" {
			asked = append(asked, t.System+": "+t.Instructions)
			c.must(c.Svc.FinishManual(c.Context(), c.Agent, id, t.ID, requests.ManualResult{Result: "done"}))
		}
	}
	slices.Sort(asked)
	return asked
}

// Deadline bounds a wait.
func (c *Company) Deadline() context.Context {
	ctx, cancel := context.WithTimeout(c.Context(), 60*time.Second)
	c.Cleanup(cancel)
	return ctx
}

// Verify proves the address of a case and returns its customer.
func (c *Company) Verify(email string, r *requests.Receipt) requests.Actor {
	c.Helper()
	p, err := c.Svc.Verify(c.Context(), r.ID, c.Code(email, r.Reference))
	c.must(err)
	who, err := c.Svc.CustomerToken(c.Context(), p.Token)
	c.must(err)
	return who
}

// Await waits until a case has one of the statuses. It looks again whenever
// the case may have changed, and fails the test after a minute.
func (c *Company) Await(id uuid.UUID, want ...requests.Status) *requests.Case {
	c.Helper()
	ctx := c.Deadline()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		k, err := c.Svc.Get(ctx, c.Auditor, id)
		if err == nil && slices.Contains(want, k.Status) {
			return k
		}
		select {
		case <-ctx.Done():
			k, _ := c.Svc.Get(context.Background(), c.Auditor, id)
			tasks, _ := c.Svc.Tasks(context.Background(), k)
			c.Fatalf("case is %s %v, want %v; tasks %+v", k.Status, k.Flags, want, tasks)
		case <-tick.C:
		}
	}
}

// Approve has as many officers approve the plan in force as it needs.
func (c *Company) Approve(id uuid.UUID) {
	c.Helper()
	k, err := c.Svc.Get(c.Context(), c.DPOs[0], id)
	c.must(err)
	p, err := c.Svc.Plan(c.Context(), k, "", 0)
	c.must(err)
	_, needed, err := c.Svc.Approvals(c.Context(), k)
	c.must(err)
	for i := range needed {
		_, err := c.Svc.Approve(c.Context(), c.DPOs[i], id, p.Hash)
		c.must(err)
	}
}
