// Package scaffold writes new projects: the folder of somebody's own forks, with all that
// Slipway's commands expect of it.
package scaffold

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/shell"
)

// A Request says what project to make. What is empty has the default that its comment names.
type Request struct {
	Dir    string // the project's folder, which may be that of an existing repository
	Module string // the path of the Go module that go.mod declares: the name of the folder

	Profile    string   // the project to fork: kubernetes
	Name       string   // the folder below forks: the profile's name
	Version    string   // the upstream's, as 1.36.1, or the fork's, as 1.36.1+acme.1: the one that Slipway is tested with
	Maintainer string   // who answers for the packages, as Name <address>; it has no default
	Components []string // what to build
	Platforms  []string // what to build it for
	Patches    []string // files to copy, in the order they are applied; relative to Dir

	ControlPlane bool   // write all forks of a control plane, with Profile's first
	CI           string // whose pipeline to write: github, gitlab or tekton; none
	Slipway      string // a clone of Slipway to build with, relative to Dir; the published module
	Env          []string
	Events       event.Sink // is told of the go command, which may download for a while, and notes; nobody
}

// A TidyError says that a project is written, but "go mod tidy" failed in it.
type TidyError struct {
	Dir   string
	Clone string // of Slipway, as Request.Slipway
	Err   error
}

func (e *TidyError) Error() string {
	text := fmt.Sprintf("the project is written, but its go.mod is not complete: %v\n"+
		"  To complete it: cd %s && go mod tidy", e.Err, shell.Quote(e.Dir))
	if e.Clone == "" {
		text += "\n  To build with a clone of Slipway, before that: go mod edit -replace=" + slipway + "=CLONE"
	}
	return text
}

func (e *TidyError) Unwrap() error { return e.Err }

// A RequestError is about what a request asks for, and not about the folder that it is for.
type RequestError struct{ Err error }

func (e *RequestError) Error() string { return e.Err.Error() }
func (e *RequestError) Unwrap() error { return e.Err }

// ExitStatus returns the exit code of a command that asks for it: that of a wrong line.
func (e *RequestError) ExitStatus() int { return 2 }

// Check returns what is wrong with a request as far as it goes: what it does not say is not wrong.
func Check(r Request) error {
	var err error
	if r.Dir, err = filepath.Abs(r.Dir); err != nil {
		return err
	}
	r.Maintainer = cmp.Or(r.Maintainer, "Nobody <nobody@example.org>")
	_, _, err = planned(r)
	return err
}

// Write makes a project, or adds a fork to one, and returns the paths of the files that it
// wrote, relative to r.Dir and sorted. It checks all of the request, and that nothing would be
// overwritten, before it writes anything; if a file cannot be written, none is left. If the
// error is a *TidyError, the files are there.
func Write(ctx context.Context, r Request) ([]string, error) {
	var err error
	if r.Dir, err = filepath.Abs(r.Dir); err != nil {
		return nil, err
	}
	files, at, err := plan(r)
	if err != nil {
		return nil, err
	}
	tool, err := gotool.Find(ctx, run.Runner{Events: r.Events}, r.Env, "")
	if err != nil {
		return nil, err
	}
	if err := write(r.Dir, files); err != nil {
		return nil, err
	}
	if clone := at.elsewhere(r.Dir); clone != "" && r.CI != "" {
		r.Events.Note(fmt.Sprintf("the pipeline will not find %s, from which go.mod takes Slipway; to put it into the "+
			"repository:\n"+
			"    git -C %s archive --prefix=slipway/ HEAD | tar -x\n"+
			"    go mod edit -replace=%s=./slipway", clone, shell.Quote(clone), slipway))
	}
	var names []string
	for _, f := range files {
		names = append(names, f.name)
	}
	tidy := run.Cmd{Args: []string{"go", "mod", "tidy"}, Dir: r.Dir, Env: r.Env}
	if err := tool.Run.Run(ctx, tidy); err != nil {
		return names, &TidyError{r.Dir, r.Slipway, err}
	}
	r.note(ctx, tool, at)
	return names, nil
}

// note tells of what keeps the go command from the tools that a project's go.mod has: a workspace, or a vendor folder.
func (r Request) note(ctx context.Context, tool *gotool.Go, at folder) {
	out, err := tool.Run.Output(ctx, run.Cmd{Args: []string{"go", "list", "-m"}, Dir: r.Dir, Env: r.Env})
	used := strings.Fields(string(out))
	_, noVendor := os.Stat(filepath.Join(r.Dir, "vendor", "modules.txt"))
	switch {
	case err != nil && noVendor == nil:
		r.Events.Note("go tool does not find Slipway yet: the folder vendor does not have it; to add it:\n    go mod vendor")
	case err != nil:
		r.Events.Note(err.Error())
	case len(used) > 0 && !slices.Contains(used, modfile.ModulePath(at.module)):
		r.Events.Note("go tool does not find Slipway yet: a go.work above does not use this folder; to have it do so:\n" +
			"    go work use .")
	}
}

// planned returns the forks that a request is for, and what there is already.
func planned(r Request) ([]forkPlan, folder, error) {
	known, err := readTables()
	if err != nil {
		return nil, folder{}, err
	}
	at, err := look(r)
	if err != nil {
		return nil, at, err
	}
	forks, err := planForks(known, r, at)
	if err != nil {
		err = &RequestError{err}
	}
	return forks, at, err
}

// plan returns the files of a project, checked as the commands will read them, and what there is already.
func plan(r Request) ([]file, folder, error) {
	forks, at, err := planned(r)
	if err != nil {
		return nil, at, err
	}
	files, err := compose(r, forks, at)
	if err != nil {
		return nil, at, err
	}
	if err := collide(r.Dir, forks, files); err != nil {
		return nil, at, err
	}
	return files, at, try(r.Dir, forks, files)
}

// Names returns the profiles that Request.Profile can name, beside those of the project itself,
// and what Request.CI can be.
func Names() (profiles, pipelines []string) {
	known, err := readTables()
	if err != nil {
		return nil, nil // a test reads the tables
	}
	return known.profiles(), known.services()
}
