// Package scaffold writes new projects: the folder of somebody's own forks, with all that
// Slipway's commands expect of it.
package scaffold

import (
	"context"
	"errors"
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
}

// A TidyError says that a project is written, but "go mod tidy" failed in it.
type TidyError struct{ Err error }

func (e *TidyError) Error() string {
	return "the project is written, but its go.mod is not complete: " + e.Err.Error() + "\n  To complete it: go mod tidy"
}

func (e *TidyError) Unwrap() error { return e.Err }

// Write makes a project, or adds a fork to one, and returns the paths of the files that it
// wrote, relative to r.Dir and sorted. It checks all of the request, and that nothing would be
// overwritten, before it writes anything; if a file cannot be written, none is left. If the
// error is a *TidyError, the files are there.
func Write(ctx context.Context, r Request) ([]string, error) {
	return nil, errors.New("not made yet")
}

// Names returns the names that Request.Profile can be, without those of the project in dir,
// and those that Request.CI can be.
func Names() (profiles, pipelines []string) { return nil, nil }
