package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"habeas/requests"
	"habeas/requests/clock"
)

// ClockConfig is the part `clock`: what the law leaves to a company and its
// counsel. docs/law.md has every open choice with its key.
type ClockConfig struct {
	Zone     string          `yaml:"zone"`     // of the controller; default: as the law says
	Holidays words           `yaml:"holidays"` // a set (DE, FR, …), and files of own days (.ics, .yaml)
	Pause    string          `yaml:"pause"`    // strict or suspend (EU)
	Laws     string          `yaml:"laws"`     // file of rows over the law table
	Applies  clock.Overrides `yaml:"applies"`  // which law a place has: {US-CA: {law: CA}, "*": {zone: …}}
	Target   map[string]int  `yaml:"target"`   // days before the due date that the desk aims at, by law; "*" for all others
	Remind   words           `yaml:"remind"`   // distances from the due date: [14d, 7d, 2d, 1d]

	set    string
	days   []clock.Holiday
	laws   *clock.Laws
	remind []int
}

// words is a list of words, or one alone.
type words []string

// UnmarshalYAML takes a scalar for a list of one.
func (w *words) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if err := unmarshal(&one); err == nil {
		*w = words{one}
		return nil
	}
	var list []string
	if err := unmarshal(&list); err != nil {
		return err
	}
	*w = list
	return nil
}

// load reads the files that the clock's part names and checks it whole. Faults
// come with their key, those of a file with their line.
func (c *ClockConfig) load() []error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Zone != "" {
		if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
			bad("clock.zone is not a time zone such as Europe/Berlin")
		}
	}
	if p := c.Pause; p != "" && p != clock.Strict && p != clock.Suspend {
		bad("clock.pause is strict or suspend")
	}
	c.set, c.days = "", nil
	for _, name := range c.Holidays {
		if err := c.holidays(name); err != nil {
			bad("clock.holidays: %w", err)
		}
	}
	var err error
	if c.laws, err = c.table(); err != nil {
		faults = append(faults, err)
		c.laws = clock.Builtin()
	}
	if err := c.Applies.Check(c.laws); err != nil {
		bad("clock.applies: %w", err)
	}
	if c.remind, err = distances(c.Remind); err != nil {
		bad("clock.remind: %w", err)
	}
	return faults
}

// holidays takes one entry: a set by its name, or a file.
func (c *ClockConfig) holidays(name string) error {
	ext := strings.ToLower(filepath.Ext(name))
	if ext != ".ics" && ext != ".yaml" && ext != ".yml" {
		if _, err := clock.Holidays(name, 2026); err != nil {
			return fmt.Errorf("%w Or name a file that ends in .ics or .yaml", err)
		}
		if c.set != "" {
			return fmt.Errorf("%s and %s are both sets: name one, and files for the rest", c.set, name)
		}
		c.set = name
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	days, err := clock.ReadHolidays(name, f)
	if err != nil {
		return err
	}
	for _, d := range days {
		if !slices.ContainsFunc(c.days, func(have clock.Holiday) bool { return have.Date == d.Date }) {
			c.days = append(c.days, d)
		}
	}
	return nil
}

// table is the law table with the company's own rows and targets.
func (c *ClockConfig) table() (*clock.Laws, error) {
	laws := clock.Builtin()
	if c.Laws != "" {
		f, err := os.Open(c.Laws)
		if err != nil {
			return nil, fmt.Errorf("clock.laws: %w", err)
		}
		defer func() { _ = f.Close() }()
		if laws, err = laws.Load(f); err != nil {
			return nil, fmt.Errorf("clock.laws: %s: %w", c.Laws, err)
		}
	}
	if len(c.Target) > 0 {
		var err error
		if laws, err = laws.Aim(c.Target); err != nil {
			return nil, fmt.Errorf("clock.target: %w", err)
		}
	}
	return laws, nil
}

// distances reads "14d" and "14" as days, each once.
func distances(list words) ([]int, error) {
	if list == nil {
		return nil, nil // the program's own
	}
	out := []int{}
	for _, w := range list {
		var n int
		number, _ := strings.CutSuffix(w, "d")
		if _, err := fmt.Sscanf(number, "%d", &n); err != nil || fmt.Sprint(n) != number || n < 0 || n > 365 {
			return nil, fmt.Errorf("%q is no distance: write days, such as 7d", w)
		}
		if slices.Contains(out, n) {
			return nil, errors.New("each distance stands once")
		}
		out = append(out, n)
	}
	return out, nil
}

// into puts the clock's part into the settings.
func (c *ClockConfig) into(s *requests.Settings) {
	s.PausePolicy, s.Zone, s.HolidaySet = c.Pause, c.Zone, c.set
	s.Holidays, s.Laws, s.Applies, s.Remind = c.days, c.laws, c.Applies, c.remind
}
