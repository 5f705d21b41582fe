package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"habeas/migrations"
	"habeas/requests"
	"habeas/requests/evidence"
	"habeas/requests/seal"
)

// operator is who acts on the command line.
var operator = requests.Actor{Role: "operator"}

// MigrateCmd runs as the database's owner.
type MigrateCmd struct {
	What string `arg:"" optional:"" enum:"up,status" default:"up" help:"up or status"`
}

// Run migrates, or prints the state of every migration.
func (c MigrateCmd) Run(ctx context.Context, g *Globals) error {
	url := os.Getenv("DATABASE_OWNER_URL")
	if url == "" {
		cfg, err := loadConfig(g.Config)
		if err != nil {
			return err
		}
		if url = cfg.ownerURL; url == "" {
			return usage("migrations run as the database's owner: set DATABASE_OWNER_URL or database.owner_url_file")
		}
	}
	if c.What == "up" {
		return migrations.Up(ctx, url)
	}
	list, err := migrations.Status(ctx, url)
	if err != nil {
		return err
	}
	for _, v := range list {
		fmt.Println(v)
	}
	return nil
}

// withApp runs fn with everything open.
func withApp(ctx context.Context, g *Globals, fn func(*app) error) error {
	cfg, err := loadConfig(g.Config)
	if err != nil {
		return err
	}
	a, err := open(ctx, cfg, false)
	if err != nil {
		return err
	}
	return errors.Join(fn(a), a.close())
}

// UserAddCmd adds a member of staff.
type UserAddCmd struct {
	Role  string `required:"" enum:"dpo,agent,auditor,admin" help:"dpo, agent, auditor or admin."`
	Email string `required:"" help:"E-mail address, used to sign in."`
	Name  string `help:"Name, as colleagues read it."`
}

// Run reads the password from standard input, so that it stands in no shell
// history.
func (c UserAddCmd) Run(ctx context.Context, g *Globals) error {
	return withApp(ctx, g, func(a *app) error {
		fmt.Fprint(os.Stderr, "Password: ")
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && line == "" {
			return usage("give the password on standard input")
		}
		u, err := a.svc.AddUser(ctx, operator, requests.Role(c.Role), c.Name, c.Email, strings.TrimRight(line, "\r\n"))
		if err != nil {
			return err
		}
		fmt.Println(u.ID)
		return nil
	})
}

// TokenCreateCmd makes an API token.
type TokenCreateCmd struct {
	User    string `help:"E-mail address of the member of staff whom it acts as." xor:"who"`
	Service string `help:"Name of the service that it is for." xor:"who"`
}

// Run prints the token, once.
func (c TokenCreateCmd) Run(ctx context.Context, g *Globals) error {
	if c.User == "" && c.Service == "" {
		return usage("say whom the token is for: --user E-MAIL or --service NAME")
	}
	return withApp(ctx, g, func(a *app) error {
		var token string
		if c.Service != "" {
			t, err := a.svc.NewToken(ctx, operator, nil, c.Service)
			if err != nil {
				return err
			}
			token = t
		} else {
			u, err := a.svc.UserByEmail(ctx, c.User)
			if err != nil {
				return err
			}
			if token, err = a.svc.NewToken(ctx, operator, &u.ID, ""); err != nil {
				return err
			}
		}
		fmt.Println(token)
		return nil
	})
}

// KeysCreateCmd makes the key ring file and the log's key.
type KeysCreateCmd struct{}

// Run never replaces a key that exists.
func (KeysCreateCmd) Run(g *Globals) error {
	cfg, _ := loadConfig(g.Config)
	if cfg == nil || cfg.Keys == "" {
		return usage("name the key ring file as `keys` in the configuration")
	}
	if _, err := seal.CreateRing(cfg.Keys); err != nil {
		return err
	}
	if cfg.Log.Key != "" && cfg.Log.Origin != "" {
		if _, err := evidence.LoadOrCreateKey(cfg.Log.Key, cfg.Log.Origin); err != nil {
			return err
		}
	}
	fmt.Println("Keep a copy of these files apart from the database's backups: without them nothing in it can be read.")
	return nil
}

// KeysRotateCmd adds a key-encryption key.
type KeysRotateCmd struct{}

// Run wraps every case key anew; it may be run again after a crash.
func (KeysRotateCmd) Run(ctx context.Context, g *Globals) error {
	return withApp(ctx, g, func(a *app) error {
		n, err := a.svc.RotateKeys(ctx, operator)
		if err == nil {
			fmt.Printf("%d case keys wrapped under the new key. Keep the old one until backups that need it are gone.\n", n)
		}
		return err
	})
}

// ConfigCheckCmd names every fault in the configuration.
type ConfigCheckCmd struct{}

// Run names what is wrong, and what the register of processing leaves out:
// without that an answer under Art. 15 GDPR would not be whole.
func (ConfigCheckCmd) Run(ctx context.Context, g *Globals) error {
	cfg, err := loadConfig(g.Config)
	if err != nil {
		return err
	}
	systems, err := openSystems(ctx, cfg.Systems)
	if err != nil {
		fmt.Println("The systems could not be opened, so the register and the grounds were not compared with them: run habeas systems check.")
		fmt.Println("The configuration is in order.")
		return nil
	}
	for _, missing := range cfg.settings().Uncovered(systems) {
		fmt.Println(missing)
	}
	for _, missing := range untranslated(cfg.settings(), systems) {
		fmt.Println(missing)
	}
	for _, missing := range cfg.settings().Untold(systems) {
		fmt.Println(missing)
	}
	for _, missing := range cfg.settings().Unlooked() {
		fmt.Println(missing)
	}
	fmt.Println("The configuration is in order.")
	return closeSystems(systems)
}
