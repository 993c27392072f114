package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/event"
)

// TestProgress has Ginkgo print in pieces, as it does.
func TestProgress(t *testing.T) {
	var events buildtest.Events
	var log bytes.Buffer
	p := &progress{to: &log, s: buildtest.Pinned(t, buildtest.Silent).Open(t, &events), subject: "2 nodes"}
	pieces := []string{
		"Random Seed: 1\n\nWill run 3 ", "of 7000 specs\n", "••", "\n------\n• [FAILED] [2 seconds]\n",
	}
	for _, piece := range pieces {
		if n, err := p.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	var got []string
	for _, e := range events.Of(event.Progress) {
		got = append(got, fmt.Sprintf("%s %s %d/%d %s", e.Stage, e.Subject, e.Done, e.Total, e.Unit))
	}
	want := []string{"conformance 2 nodes 2/3 tests", "conformance 2 nodes 3/3 tests"}
	if !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if want := pieces[0] + pieces[1] + pieces[2] + pieces[3]; log.String() != want {
		t.Errorf("passed on %q, want %q", log.String(), want)
	}
}
