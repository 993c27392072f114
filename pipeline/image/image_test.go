package image

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/internal/testfork"
)

func TestArtifacts(t *testing.T) {
	record := artifact.Images{Images: []artifact.ImageIndex{
		{Name: "bosun", Digest: "sha256:b0", Platforms: []artifact.PlatformImage{{Size: 1}, {Size: 2}}},
	}}
	p := shipPlan(t, "bosun")
	p.needed = p.recipes.Images
	got := p.artifacts(record, true)
	want := event.Event{
		Kind: event.Artifact, Component: "bosun", Path: "dist/ship-1.4/images", Size: 1, SHA256: "b0", Kept: true,
	}
	if len(got) != 1 || got[0].Event() != want || got[0].Format != "oci" ||
		!slices.Equal(got[0].Holds, []string{"bosun"}) {
		t.Errorf("got %+v", got)
	}
}

func TestAsksForPods(t *testing.T) {
	recipes := []images.Recipe{{Name: "bosun"}, {Name: "ship", Pods: "/pods"}}
	tests := []struct {
		names []string
		want  bool
	}{
		{nil, true}, {[]string{"bosun"}, false}, {[]string{"bosun", "ship"}, true},
	}
	for _, test := range tests {
		if got := asksForPods(recipes, test.names); got != test.want {
			t.Errorf("%v: got %v", test.names, got)
		}
	}
}

// withBoat writes a project with a fork ship-1.4 that runs with another, boat, and
// returns the former. Each gets some more settings.
func withBoat(t *testing.T, ship, boat string) fork.Fork {
	t.Helper()
	p := fork.Project{Dir: t.TempDir()}
	if err := testfork.WriteProject(p.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(p.Path("forks/boat"), os.DirFS(p.Path("forks/ship-1.4"))); err != nil {
		t.Fatal(err)
	}
	for id, more := range map[string]string{"ship-1.4": ship, "boat": boat} {
		name := p.Path("forks/" + id + "/fork.yaml")
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(string(data)+"\n"+more+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := p.Fork("ship-1.4")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWith(t *testing.T) {
	tests := []struct {
		about, ship, boat string
		asked             []string
		want, err         string
	}{
		{about: "none"},
		{about: "one", ship: "images: {with: [boat]}", want: "boat"},
		{about: "no pods are asked for", ship: "images: {with: [boat]}", asked: []string{"ship"}},
		{
			about: "no fork", ship: "images: {with: [raft]}",
			err: `forks/ship-1.4/fork.yaml: images.with: no fork "raft"`,
		},
		{
			about: "one that runs with others", ship: "images: {with: [boat]}", boat: "images: {with: [ship-1.4]}",
			err: "forks/ship-1.4/fork.yaml: images.with: boat has images.with itself: name those forks here instead",
		},
		{
			about: "one that runs with others, and no pods are asked for", ship: "images: {with: [boat]}",
			boat: "images: {with: [ship-1.4]}", asked: []string{"ship"}, err: "forks/ship-1.4/fork.yaml: images.with: boat",
		},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			got, err := With(withBoat(t, test.ship, test.boat), Request{Images: test.asked})
			if test.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.err) {
					t.Errorf("got %v, want %s…", err, test.err)
				}
				return
			}
			var ids []string
			for _, f := range got {
				ids = append(ids, f.ID)
			}
			if err != nil || strings.Join(ids, " ") != test.want {
				t.Errorf("got %v, %v, want %s", ids, err, test.want)
			}
		})
	}
}
