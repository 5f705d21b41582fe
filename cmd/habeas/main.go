// Command habeas is the whole product in one binary: portal, worker, demo and
// the tools of operators and auditors.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"habeas/requests"
)

// Globals are flags of every command.
type Globals struct {
	Config string `help:"Configuration file." env:"HABEAS_CONFIG" placeholder:"FILE"`
}

// CLI is the command line.
type CLI struct {
	Globals

	Demo    DemoCmd    `cmd:"" help:"Start everything on this machine, with a sample company."`
	Serve   ServeCmd   `cmd:"" help:"Serve the portal."`
	Work    WorkCmd    `cmd:"" help:"Run a worker."`
	Migrate MigrateCmd `cmd:"" help:"Bring the database to this version, or show where it is."`
	User    struct {
		Add UserAddCmd `cmd:"" help:"Add a member of staff; asks for the password on standard input."`
	} `cmd:"" help:"Manage staff."`
	Token struct {
		Create TokenCreateCmd `cmd:"" help:"Make an API token, shown once."`
	} `cmd:"" help:"Manage API tokens."`
	Keys struct {
		Create KeysCreateCmd `cmd:"" help:"Make the key ring file."`
		Rotate KeysRotateCmd `cmd:"" help:"Add a key-encryption key and wrap every case key under it."`
	} `cmd:"" help:"Manage keys."`
	Systems struct {
		Check    SystemsCheckCmd    `cmd:"" help:"Check one system or all against their descriptions."`
		Draft    SystemsDraftCmd    `cmd:"" help:"Write a first dataset file from a database's catalogue; no row is read."`
		Schema   SystemsSchemaCmd   `cmd:"" help:"Print the JSON Schema of the dataset file."`
		Restored SystemsRestoredCmd `cmd:"" help:"Say that a system came back from a backup: what was erased or stopped there is looked for, or stopped, again."`
		Import   struct {
			Fides ImportFidesCmd `cmd:"" help:"Make a dataset file of Fides dataset YAML."`
		} `cmd:"" help:"Take over another program's description of a database."`
	} `cmd:"" help:"Connected systems."`
	ConfigFile struct {
		Check    ConfigCheckCmd    `cmd:"" help:"Name every fault in the configuration."`
		Glossary ConfigGlossaryCmd `cmd:"" help:"List the company's texts that customers read, to be translated."`
	} `cmd:"" name:"config" help:"The configuration file."`
	Clock  ClockCmd  `cmd:"" help:"Print the deadlines that a law sets."`
	Verify VerifyCmd `cmd:"" help:"Check an evidence report offline."`
}

// usageError is wrong usage: exit code 2.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run parses and runs one command: 0 done, 1 it failed, 2 wrong usage.
func run(ctx context.Context, args []string) int {
	var cli CLI
	parser, err := kong.New(&cli, kong.Name("habeas"), kong.Description("Privacy requests, from the form to the proof."), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(os.Stderr, "habeas:", err)
		return 2
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "habeas:", err)
		return 2
	}
	k.BindTo(ctx, (*context.Context)(nil))
	k.Bind(parser)
	err = k.Run(&cli.Globals)
	var ue usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ue):
		fmt.Fprintln(os.Stderr, "habeas:", err)
		return 2
	}
	fmt.Fprintln(os.Stderr, "habeas:", sentence(err))
	return 1
}

// sentence is what people are told: a refusal's own words, else the error.
func sentence(err error) string {
	var re *requests.Error
	if errors.As(err, &re) && re.Kind != requests.Internal {
		parts := []string{re.Safe}
		for _, f := range re.Fields {
			parts = append(parts, f.Message)
		}
		return strings.Join(parts, " ")
	}
	return err.Error()
}

// quiet takes the end that was asked for as no error.
func quiet(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil
	}
	return err
}
