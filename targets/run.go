package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/near"
)

// run calls f with the project in the current folder and prints its events: as lines
// for people, or as JSON, one a line, and then nothing else is on standard output.
func run(ctx context.Context, v, json *bool, f verb) error {
	return runOn(ctx, os.Stdout, v, flag(toggleJSON, json), f)
}

// runAside is run for a target that prints a report on standard output. Where that is
// for machines, what people want to know meanwhile goes to standard error.
func runAside(ctx context.Context, v *bool, machine bool, f verb) error {
	out := os.Stdout
	if machine {
		out = os.Stderr
	}
	return runOn(ctx, out, v, false, f)
}

// runOn calls f and shows its events on out. A signal that asks the process to end
// cancels f's context.
func runOn(ctx context.Context, out *os.File, v *bool, json bool, f verb) error {
	if err := checkToggles(); err != nil {
		return err
	}
	plans, err := begin()
	if err != nil || plans && os.Getenv(planVariable) == planFlags {
		return err
	}
	printer, closePrinter := newPrinter(out, flag(toggleV, v) || mg.Verbose(), json)
	defer closePrinter()
	ctx, ended := untilSignal(ctx, printer)
	p, err := project(func(e event.Event) {
		if e.Kind == event.Note {
			e.Detail = spoken(e.Detail)
		}
		printer.Event(e)
	})
	if err != nil {
		return ended(err)
	}
	if plans {
		p.Events, p.PlanOnly, p.Unlocked = nil, true, os.Getenv(planVariable) == planUnlocked
	} else if err := refuseNames(ctx, p, f); err != nil {
		return asCalled(ended(err))
	}
	_, err = f(ctx, p) // its events told what it made
	return asCalled(ended(err))
}

// refuseNames returns an error if f names something that there is none of, such as a component.
// Otherwise that would only be said once another run in the project has ended, and the fork's
// toolchain has been fetched.
func refuseNames(ctx context.Context, p *slipway.Project, f verb) error {
	plan := *p
	plan.Events, plan.PlanOnly, plan.Unlocked = nil, true, true
	_, err := f(ctx, &plan)
	if _, ok := errors.AsType[*near.UnknownError](err); ok {
		return err
	}
	return nil // all else is said by f itself
}

// ask calls f, which prints what it finds out about the project and makes nothing.
func ask(f func(p *slipway.Project) error) error {
	if err := checkToggles(); err != nil {
		return err
	}
	if plans, err := begin(); err != nil || plans {
		return err
	}
	p, err := project(nil)
	if err != nil {
		return err
	}
	return asCalled(f(p))
}

// A verb is a method of a project, with its arguments.
type verb func(ctx context.Context, p *slipway.Project) (artifact.Set, error)

func project(events event.Sink) (*slipway.Project, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return &slipway.Project{Dir: dir, Env: os.Environ(), Events: events, Now: time.Now}, nil
}

// setting returns a flag's value, or that of its variable where the flag is not given.
func setting(variable string, value *string) string {
	if value != nil {
		return *value
	}
	return os.Getenv(variable)
}

// number returns the value of a flag that counts, or that of its variable, or 0.
func number(variable string, value *int) (int, error) {
	text := os.Getenv(variable)
	if value != nil {
		text = strconv.Itoa(*value)
	}
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("-%s=%s: want a number that is not negative", strings.ToLower(variable), text)
	}
	return n, nil
}

// A toggle is the variable of a flag that is on or off.
type toggle string

const (
	toggleV        toggle = "V"
	toggleJSON     toggle = "JSON"
	toggleAll      toggle = "ALL"
	toggleWrite    toggle = "WRITE"
	toggleInsecure toggle = "INSECURE"
	toggleForce    toggle = "FORCE"
	toggleDryRun   toggle = "DRYRUN"
	toggleAttest   toggle = "ATTEST"
	toggleMirror   toggle = "MIRROR"
	toggleMessages toggle = "MESSAGES"
	toggleUpstream toggle = "UPSTREAM"
)

func flag(variable toggle, value *bool) bool {
	if value != nil {
		return *value
	}
	on, err := strconv.ParseBool(os.Getenv(string(variable)))
	return err == nil && on
}

// checkToggles returns an error for each toggle that is neither on nor off.
func checkToggles() error {
	var errs []error
	for _, t := range []toggle{toggleV, toggleJSON, toggleAll, toggleWrite, toggleInsecure, toggleForce,
		toggleDryRun, toggleAttest, toggleMirror, toggleMessages, toggleUpstream} {
		value := os.Getenv(string(t))
		if _, err := strconv.ParseBool(value); err != nil && value != "" {
			errs = append(errs, fmt.Errorf("the variable %s is %q: set it to true or false", t, value))
		}
	}
	return errors.Join(errs...)
}

// list splits a value at its commas.
func list(s string) []string {
	var out []string
	for _, item := range strings.Split(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}
