package image

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// TestCheckTags has two forks of one project, ship-1.4 and boat, of the same version.
func TestCheckTags(t *testing.T) {
	const fault = "forks/ship-1.4/fork.yaml and forks/boat/fork.yaml: both make the image "
	for name, c := range map[string]struct {
		ship, boat string // what their fork.yaml have besides
		made       []string
		registries []string
		want       string // the error begins with it
	}{
		"the same": {want: fault + "ship:v1.4.1_test.1: give one of them another version, or another images.registry"},
		"one registry": {
			ship: from("a.example.org"), boat: from("a.example.org"),
			want: fault + "a.example.org/ship:v1.4.1_test.1: ",
		},
		"other names": {
			ship: from("docker.io/team"), boat: from("index.docker.io/team"),
			want: fault + "index.docker.io/team/ship:",
		},
		"two registries": {ship: from("a.example.org"), boat: from("b.example.org")},
		"two prefixes":   {ship: from("a.example.org/ship"), boat: from("a.example.org/boat")},
		"one has none":   {ship: from("a.example.org")},
		"pushed to the other's": {
			ship: from("a.example.org"), boat: from("b.example.org/team"), registries: []string{"b.example.org/team/"},
			want: fault + "b.example.org/team/ship:",
		},
		"another image is made": {made: []string{"installer"}},
		"that image is made":    {made: []string{"installer", "ship"}, want: fault + "ship:"},
		"with the other":        {ship: "images: {with: [boat]}", want: fault + "ship:"},
		"the other is broken":   {boat: "unknown: 1"},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckTags(withBoat(t, c.ship, c.boat), c.made, c.registries...)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
				t.Errorf("CheckTags() = %v, want %s", err, c.want)
			}
		})
	}
}

// from is the setting of a registry in fork.yaml.
func from(prefix string) string { return "images: {registry: " + prefix + "}" }

// TestPulls tells what hosts will pull of images that are yet to be made.
func TestPulls(t *testing.T) {
	if got := Pulls(withBoat(t, "", ""), nil); got != nil {
		t.Errorf("where none are made: %v", got)
	}
	for name, c := range map[string]struct {
		request Request
		ship    string
		want    string // the registry of its units; "": there are none
	}{
		"none is named":       {want: "localhost"},
		"fork.yaml names one": {ship: from("a.example.org"), want: "a.example.org"},
		"the request does": {
			request: Request{Registry: "b.example.org/"}, ship: from("a.example.org"), want: "b.example.org",
		},
		"another image":    {request: Request{Images: []string{"ship"}}},
		"an unknown image": {request: Request{Images: []string{"purser"}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := withBoat(t, c.ship, "")
			recipes, err := os.OpenFile(f.Project.Path("profiles/ship/images.yaml"), os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = recipes.WriteString("  - {name: dock, own: {installer: /installer}, start: installer, " +
					"installs: {mate: {packages: [captain]}}}\n")
			}
			if err := errors.Join(err, recipes.Close()); err != nil {
				t.Fatal(err)
			}
			got := Pulls(f, &c.request)
			registry := ""
			for _, pull := range got {
				registry += pull.Registry
			}
			if got == nil || registry != c.want {
				t.Errorf("got %+v, want %q", got, c.want)
			}
		})
	}
}
