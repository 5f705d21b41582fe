// Package manual stands for a system in which people do the work by hand: a
// paper archive, a tool without an interface. It describes itself and has no
// capability, so that what concerns it becomes a manual task.
package manual

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"habeas/requests/connect"
)

// defaultWithin is how long people have when the configuration does not say.
const defaultWithin = 10 * 24 * time.Hour

// System is one such system.
type System struct{ desc connect.Description }

var _ connect.Connector = (*System)(nil)

// Open reads options: instructions (required), within (such as "10d" or
// "72h", default 10d), always ("true": plan a task for every case, not only
// where a record of another system points here).
func Open(_ context.Context, cfg connect.Config) (connect.Connector, error) {
	m := connect.Manual{Instructions: strings.TrimSpace(cfg.Options["instructions"]), Within: defaultWithin}
	var faults []error
	if m.Instructions == "" {
		faults = append(faults, errors.New("instructions are missing: say in plain words what to do"))
	}
	if v := cfg.Options["within"]; v != "" {
		d, err := parseWithin(v)
		if err != nil {
			faults = append(faults, err)
		}
		m.Within = d
	}
	if v := cfg.Options["always"]; v != "" {
		always, err := strconv.ParseBool(v)
		if err != nil {
			faults = append(faults, errors.New("always must be true or false"))
		}
		m.Always = always
	}
	for k := range cfg.Options {
		if k != "instructions" && k != "within" && k != "always" {
			faults = append(faults, fmt.Errorf("unknown option %q; known are instructions, within, always", k))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("system %s: %w", cfg.Name, err)
	}
	desc := connect.Description{
		Name: cfg.Name, Title: cmp.Or(cfg.Title, cfg.Name), Kind: "manual", Manual: &m,
		Unchecked: []string{"Work by hand is recorded as people report it."}, Slots: max(cfg.Slots, 1),
	}
	canonical, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("system %s: %w", cfg.Name, err)
	}
	sum := sha256.Sum256(canonical)
	desc.Hash = hex.EncodeToString(sum[:])
	return &System{desc: desc}, nil
}

// parseWithin reads a duration in days ("10d") or as Go writes it ("72h").
func parseWithin(v string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(v, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n > 0 && n <= 365 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(v); err == nil && d > 0 {
		return d, nil
	}
	return 0, fmt.Errorf("within must be a time such as 10d or 72h, not %q", v)
}

// Describe says what people have to do.
func (s *System) Describe() connect.Description { return s.desc }

// Check finds nothing: there is no system to reach.
func (s *System) Check(context.Context) ([]connect.Fault, error) { return nil, nil }

// Close does nothing.
func (s *System) Close() error { return nil }
