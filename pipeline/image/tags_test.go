package image

import (
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
