package verify_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/verify"
)

func TestWhole(t *testing.T) {
	none := &sign.Signer{}
	all, _, _ := publisher(t)
	for _, c := range []struct {
		name   string
		signer *sign.Signer
		keys   sign.Verifier
		want   string
	}{
		{"unsigned", none, sign.Verifier{}, "the release is not signed: nothing proves who made it"},
		{"signed, no key", all, sign.Verifier{}, "not checked: give the publisher's public key"},
		{"signed", all, all.Verifier(), "signatures by the keys given: 13"},
	} {
		s := newShip(t, c.signer).seal()
		report, err := verify.Release(t.Context(), s.dir, verify.Request{Keys: c.keys})
		lines := strings.Join(report.Lines(), "\n")
		if err != nil || !report.OK() || !strings.Contains(lines, c.want) {
			t.Errorf("%s: %v, want %q\n%s", c.name, err, c.want, lines)
		}
	}
}

// TestCounts counts what is read: a file with two names once.
func TestCounts(t *testing.T) {
	s := newShip(t, &sign.Signer{})
	s.put("cargo", bytes.Repeat([]byte("salt"), 1<<20))
	s.seal()
	if err := os.Link(filepath.Join(s.dir, "cargo"), filepath.Join(s.dir, "more")); err != nil {
		t.Fatal(err)
	}
	var got []event.Event
	_, err := verify.Release(t.Context(), s.dir, verify.Request{Events: func(e event.Event) { got = append(got, e) }})
	want := event.Event{Kind: event.Progress, Stage: "verify", Subject: s.dir, Done: 4, Total: 4, Unit: "MiB"}
	if err != nil || len(got) == 0 || got[len(got)-1] != want {
		t.Errorf("%v, events %+v, want the last to be %+v", err, got, want)
	}
}
