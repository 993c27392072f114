package front

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/scaffold"
)

func initNames() []string {
	names, _ := scaffold.Names()
	return names
}

func initPipelines() []string {
	_, pipelines := scaffold.Names()
	return pipelines
}

// initProject has package scaffold write what the flags, or the answers on a terminal, ask for.
func (p program) initProject(cmd *cobra.Command, words []string) error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	r := initRequest(cmd, words)
	r.Dir, r.Env = dir, os.Environ()
	if term.IsTerminal(int(p.in.Fd())) {
		a := asker{in: bufio.NewReader(p.in), out: p.err}
		if r, err = a.complete(r, len(words) == 0 && cmd.Flags().NFlag() == 0); err != nil {
			return err
		}
	}
	r.Events = func(e event.Event) {
		switch {
		case e.Kind == event.Command && strings.HasPrefix(e.Detail, "go mod "):
			fmt.Fprintf(p.err, "  $ %s\n", e.Detail) // it may download for a while
		case e.Kind == event.Note:
			fmt.Fprintf(p.err, "  note     %s\n", e.Detail)
		}
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
	defer stop()
	files, err := scaffold.Write(ctx, r)
	for _, name := range files {
		fmt.Fprintln(p.out, "  wrote   ", name)
	}
	if tidy := new(*scaffold.TidyError); err != nil && !errors.As(err, tidy) {
		return err
	}
	p.sayNext(files)
	if err != nil && ctx.Err() != nil {
		err = interruptedError{err}
	}
	return err
}

// An interruptedError is of a command that Ctrl-C ended.
type interruptedError struct{ error }

func (interruptedError) ExitStatus() int { return exitInterrupted }

// sayNext says what to do with a project whose files were just written: first to pin the
// forks, which everything else needs. One that is not the only one has to be named.
func (p program) sayNext(files []string) {
	var forks []string
	for _, file := range files {
		if id, ok := strings.CutSuffix(filepath.ToSlash(file), "/fork.yaml"); ok {
			forks = append(forks, " -fork="+strings.TrimPrefix(id, "forks/"))
		}
	}
	started := slices.Contains(files, "magefile.go")
	if started && len(forks) == 1 {
		forks = []string{""}
	}
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(p.out, "Next, in this folder:")
	for _, name := range forks {
		fmt.Fprintf(t, "  go tool %s patches:lock%s\t# pins the upstream and the patches\n", p.name, name)
	}
	fmt.Fprintf(t, "  go tool %s doctor\t# is anything missing on this machine?\n", p.name)
	name := ""
	if !started {
		name = strings.Join(forks, "")
	}
	fmt.Fprintf(t, "  go tool %s cross%s\t# compiles\n", p.name, name)
	_ = t.Flush()
}

// initRequest returns what flags ask for.
func initRequest(cmd *cobra.Command, words []string) scaffold.Request {
	text := func(name string) string {
		value, _ := cmd.Flags().GetString(name)
		return value
	}
	list := func(name string) []string { return items(text(name)) }
	r := scaffold.Request{
		Module: text("module"), Name: text("name"), Version: text("version"), Maintainer: text("maintainer"), CI: text("ci"),
		Components: list("components"), Platforms: list("platforms"), Patches: list("patches"), Slipway: text("slipway"),
	}
	r.ControlPlane, _ = cmd.Flags().GetBool("control-plane")
	if len(words) > 0 {
		r.Profile = words[0]
	}
	return r
}

// An asker asks a person on a terminal.
type asker struct {
	in  *bufio.Reader
	out io.Writer
}

// A question is one that an asker asks.
type question struct {
	into        *string
	text, usual string   // an empty answer is the usual one
	among       []string // what the answer can be; empty for anything
}

// complete asks for what a request does not say: for what has a default only if nothing at
// all was said.
func (a asker) complete(r scaffold.Request, everything bool) (scaffold.Request, error) {
	if err := scaffold.Check(r); err != nil {
		return r, err
	}
	profiles, pipelines := scaffold.Names()
	var components string
	var questions []question
	if everything {
		questions = []question{
			{&r.Profile, "What to fork", "kubernetes", profiles},
			{&r.Version, "Which version, as 1.36.1; empty for the one that Slipway is tested with", "", nil},
			{&components, "Which components, as kubelet,kubectl; empty for the usual ones", "", nil},
			{&r.CI, "Whose pipeline to write", none, append([]string{none}, pipelines...)},
		}
	}
	if r.Maintainer == "" {
		questions = append(questions,
			question{&r.Maintainer, "Who answers for the packages, as Mate <mate@example.org>", "", nil})
	}
	given := func() scaffold.Request {
		all := r
		all.Components = append(slices.Clone(r.Components), items(components)...)
		if all.CI == none {
			all.CI = ""
		}
		return all
	}
	for _, q := range questions {
		if err := a.ask(q, func() error { return scaffold.Check(given()) }); err != nil {
			return r, err
		}
	}
	return given(), nil
}

// none is the answer of somebody who wants no pipeline.
const none = "none"

// items splits a list at its commas.
func items(list string) []string {
	var out []string
	for _, item := range strings.Split(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// ask asks until the answer is one of some, if there are any to choose from, and nothing is
// wrong with it.
func (a asker) ask(q question, wrong func() error) error {
	for {
		fmt.Fprint(a.out, q.text)
		if len(q.among) > 0 {
			fmt.Fprintf(a.out, " (%s)", strings.Join(q.among, ", "))
		}
		if q.usual != "" {
			fmt.Fprintf(a.out, " [%s]", q.usual)
		}
		fmt.Fprint(a.out, ": ")
		line, err := a.in.ReadString('\n')
		answer := strings.TrimSpace(line)
		if err != nil && answer == "" {
			return fmt.Errorf("no answer to %q: %w", q.text, err)
		}
		*q.into = cmp.Or(answer, q.usual)
		if len(q.among) > 0 && !slices.Contains(q.among, *q.into) {
			fmt.Fprintf(a.out, "  unknown: %s%s\n", answer, near.Hint(answer, q.among...))
			continue
		}
		if err := wrong(); err != nil {
			fmt.Fprintf(a.out, "  %s\n", err)
			continue
		}
		return nil
	}
}
