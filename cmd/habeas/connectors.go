package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"habeas/requests/connect"
	"habeas/requests/connect/manual"
	"habeas/requests/connect/sqldb"
)

// connectors are the kinds of systems that Habeas can work with. A new kind is
// one line here and one folder under requests/connect.
var connectors = map[string]connect.Opener{
	"postgresql": sqldb.Open,
	"mysql":      sqldb.Open, // MariaDB, too
	"manual":     manual.Open,
}

func kinds() []string { return slices.Sorted(maps.Keys(connectors)) }

// openSystems opens every configured system and names every fault at once.
func openSystems(ctx context.Context, systems []System) ([]connect.Connector, error) {
	var open []connect.Connector
	var faults []error
	for _, s := range systems {
		c, err := connectors[s.Kind](ctx, s.config())
		if err != nil {
			faults = append(faults, fmt.Errorf("system %s: %w", s.Name, err))
			continue
		}
		open = append(open, c)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, errors.Join(err, closeSystems(open))
	}
	return open, nil
}

// withSystems runs a command on the configuration and its open systems.
func withSystems(ctx context.Context, g *Globals, do func(*Config, []connect.Connector) error) error {
	cfg, err := loadConfig(g.Config)
	if err != nil {
		return err
	}
	systems, err := openSystems(ctx, cfg.Systems)
	if err != nil {
		return err
	}
	return errors.Join(do(cfg, systems), closeSystems(systems))
}

func closeSystems(systems []connect.Connector) error {
	var errs []error
	for _, c := range systems {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
