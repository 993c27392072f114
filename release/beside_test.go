package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/release/referrers"
)

// TestPushBeside pushes images with what a release has beside them. What it has beside
// other images stays.
func TestPushBeside(t *testing.T) {
	dir, record := images(t, "mate", "ship")
	layout := filepath.Join(dir, "dist", "ship-1.4", "release", "images")
	if err := os.CopyFS(layout, os.DirFS(filepath.Join(dir, "dist", "ship-1.4", "images"))); err != nil {
		t.Fatal(err)
	}
	digests := map[string]v1.Hash{}
	for _, made := range record.Images {
		subject, err := v1.NewHash(made.Digest)
		if err != nil {
			t.Fatal(err)
		}
		document := referrers.Document{Type: "application/spdx+json", Data: []byte(made.Name)}
		if digests[made.Name], err = referrers.Add(layout, subject, document); err != nil {
			t.Fatal(err)
		}
	}
	host := serve(t)
	for again := range 2 {
		details := pushShip(t, dir, host)
		if len(details) != 1 || strings.Contains(details[0], "1 beside it") != (again == 0) {
			t.Errorf("push %d: it told of %q", again+1, details)
		}
	}
	if got := served(t, host, "ship", digests["ship"].String()); got != digests["ship"].String() {
		t.Errorf("the document is %s, want %s", got, digests["ship"])
	}
	if got := served(t, host, "ship", digests["mate"].String()); got == digests["mate"].String() {
		t.Error("it has a document of another image")
	}
}

// pushShip pushes the image ship, and returns what is told of it.
func pushShip(t *testing.T, dir, host string) []string {
	t.Helper()
	var details []string
	_, err := Push(t.Context(), ship(dir, host), nil, func(e event.Event) {
		if e.Kind == event.Finished {
			details = append(details, e.Detail)
		}
	}, PushRequest{Insecure: true, Images: []string{"ship"}})
	if err != nil {
		t.Fatal(err)
	}
	return details
}
