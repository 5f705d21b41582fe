package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"habeas/requests/clock"
)

// ClockCmd prints the deadlines that a law sets, with the rules that lead
// there. It needs no configuration and no server.
type ClockCmd struct {
	Law         string   `required:"" help:"Law: EU, UK, CA, VA, CO, IA, FL, BR, PIPEDA, QC, CH or another US state." placeholder:"LAW"`
	Set         string   `help:"Holiday set: DE, FR, IE, EW, SC, US or none. Default: the law's own." placeholder:"SET"`
	Zone        string   `help:"Time zone of the controller, such as Europe/Berlin. Default: that of the set or the law." placeholder:"ZONE"`
	Right       string   `help:"Right asked for: access, erasure, opt_out, …" default:"access" placeholder:"RIGHT"`
	Received    string   `required:"" help:"When it was received: YYYY-MM-DD, or a time such as 2026-03-31T23:30Z." placeholder:"DATE|TIME"`
	Event       []string `sep:"none" help:"What moves the clock: id=DATE, fee=DATE, clarify=FROM/TO, extension=DATE. May be repeated." placeholder:"KIND=DATE"`
	PausePolicy string   `help:"EU only: strict (no pause) or suspend." default:"strict" placeholder:"POLICY"`
	JSON        bool     `name:"json" help:"Print JSON."`

	in clock.Input
}

// Validate turns the flags into the clock's input; what it refuses is wrong
// usage.
func (c *ClockCmd) Validate() error {
	c.in = clock.Input{Law: c.Law, Set: c.Set, Zone: c.Zone, Right: c.Right, PausePolicy: c.PausePolicy}
	if c.Law == "" || c.Received == "" {
		return nil // kong names the missing flag
	}
	received, err := clock.ParseWhen(c.Received)
	if err != nil {
		return fmt.Errorf("--received: %w", err)
	}
	c.in.Received = received
	c.in.Events = nil
	for _, s := range c.Event {
		e, err := clock.ParseEvent(s)
		if err != nil {
			return fmt.Errorf("--event: %w", err)
		}
		c.in.Events = append(c.in.Events, e)
	}
	return clock.CheckNames(c.in)
}

// Run prints the result; what the law refuses is an error, what cannot be is
// wrong usage.
func (c *ClockCmd) Run(k *kong.Kong) error {
	res, err := clock.Compute(c.in)
	var ce *clock.Error
	if errors.As(err, &ce) && !ce.Unlawful {
		return usage("clock: %w", err)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(k.Stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(res)
	}
	return printClock(k.Stdout, res)
}

// printClock writes one block per deadline: its name and day, then its rules.
func printClock(w io.Writer, res clock.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, holidays %s, time in %s\n", res.Law, res.Set, res.Zone)
	for _, d := range res.Deadlines {
		due := d.Due.String() + " " + d.Due.Weekday().String()
		if d.Hours {
			due = d.At.Format(time.RFC3339)
		}
		fmt.Fprintf(&b, "\n%-17s %s\n", d.Name, due)
		for _, r := range d.Rules {
			fmt.Fprintf(&b, "  %s\n", r)
		}
		if d.Counsel {
			b.WriteString("  This figure awaits confirmation by counsel.\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
