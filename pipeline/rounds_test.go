package pipeline

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/slipway-build/slipway/artifact"
)

// TestRunForms has forms of a round wait for each other, and those of the next find what the
// round before made.
func TestRunForms(t *testing.T) {
	var made []string
	deb, rpm := make(chan bool), make(chan bool)
	forms := []form{
		{name: "binaries", run: func(context.Context) (artifact.Set, error) {
			made = append(made, "binaries")
			return artifact.Set{{Path: "bin/captain"}}, nil
		}},
		{name: "deb", round: 1, run: func(context.Context) (artifact.Set, error) {
			deb <- <-rpm
			return artifact.Set{{Path: "captain.deb"}}, nil
		}},
		{name: "rpm", round: 1, run: func(context.Context) (artifact.Set, error) {
			rpm <- slices.Contains(made, "binaries")
			made = append(made, "rpm")
			if !<-deb {
				return nil, errors.New("there are no binaries yet")
			}
			return artifact.Set{{Path: "captain.rpm"}}, nil
		}},
		{name: "tarball", round: rounds - 1, run: func(context.Context) (artifact.Set, error) {
			if !slices.Equal(made, []string{"binaries", "rpm"}) {
				return nil, errors.New("the tarball is too early")
			}
			return artifact.Set{{Path: "captain.tar.gz"}}, nil
		}},
	}
	sets, err := runForms(t.Context(), forms)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range slices.Concat(sets...) {
		got = append(got, a.Path)
	}
	if want := []string{"bin/captain", "captain.deb", "captain.rpm", "captain.tar.gz"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRunFormsFails returns the error of the first form of the list, and makes no later round.
func TestRunFormsFails(t *testing.T) {
	errDeb, errRPM := errors.New("no deb"), errors.New("no rpm")
	rpm, late := make(chan struct{}), false
	_, err := runForms(t.Context(), []form{
		{round: 1, run: func(context.Context) (artifact.Set, error) { <-rpm; return nil, errDeb }},
		{round: 1, run: func(context.Context) (artifact.Set, error) { close(rpm); return nil, errRPM }},
		{round: 2, run: func(context.Context) (artifact.Set, error) { late = true; return nil, nil }},
	})
	if !errors.Is(err, errDeb) || errors.Is(err, errRPM) || late {
		t.Errorf("error %v; the next round was made: %v", err, late)
	}
}
