package downloads

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/repo/tree"
)

func TestPointers(t *testing.T) {
	for name, c := range map[string]struct {
		channels map[string][]string
		first    string
		want     string // NAME=CONTENT of each file, sorted by name
	}{
		"none":         {nil, "stable", ""},
		"an empty one": {map[string][]string{"stable": nil}, "stable", ""},
		"one version": {map[string][]string{"stable": {"1.4.1+acme.1"}}, "stable",
			"latest-1.4=v1.4.1+acme.1 latest-1=v1.4.1+acme.1 latest=v1.4.1+acme.1 " +
				"stable-1.4=v1.4.1+acme.1 stable-1=v1.4.1+acme.1 stable=v1.4.1+acme.1"},
		"by revision": {map[string][]string{"stable": {"1.4.1+acme.9", "1.4.1+acme.10", "1.4.1"}}, "",
			"stable-1.4=v1.4.1+acme.10 stable-1=v1.4.1+acme.10 stable=v1.4.1+acme.10"},
		"by pre-release": {map[string][]string{"stable": {"1.4.0-rc.2", "1.4.0", "1.4.0-rc.10"}}, "",
			"stable-1.4=v1.4.0 stable-1=v1.4.0 stable=v1.4.0"},
		"several minors": {map[string][]string{"stable": {"1.10.0", "1.9.9", "2.0.0"}}, "",
			"stable-1.10=v1.10.0 stable-1.9=v1.9.9 stable-1=v1.10.0 stable-2.0=v2.0.0 stable-2=v2.0.0 stable=v2.0.0"},
		"two channels": {map[string][]string{"candidate": {"1.5.0"}, "stable": {"1.4.0"}}, "candidate",
			"candidate-1.5=v1.5.0 candidate-1=v1.5.0 candidate=v1.5.0 " +
				"latest-1.5=v1.5.0 latest-1=v1.5.0 latest=v1.5.0 stable-1.4=v1.4.0 stable-1=v1.4.0 stable=v1.4.0"},
		"one called latest": {map[string][]string{"latest": {"1.4.0"}, "stable": {"1.5.0"}}, "stable",
			"latest-1.4=v1.4.0 latest-1=v1.4.0 latest=v1.4.0 stable-1.5=v1.5.0 stable-1=v1.5.0 stable=v1.5.0"},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := Pointers("release", c.channels, c.first)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range files {
				if f.Class != tree.Commit {
					t.Errorf("%s is of the class %s", f.Path, f.Class)
				}
				at := strings.TrimSuffix(strings.TrimPrefix(f.Path, "release/"), ".txt")
				got = append(got, at+"="+string(f.Data))
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("the pointers are\n%s\nwant\n%s", text, c.want)
			}
		})
	}
}

func TestPointersErrors(t *testing.T) {
	for want, channels := range map[string]map[string][]string{
		`channel stable of release: "1.4" is not a semantic version`:          {"stable": {"1.4.0", "1.4"}},
		"release/stable-1.txt would be two files with other content: sha256:": {"stable": {"1.4.0"}, "stable-1": {"1.5.0"}},
	} {
		if _, err := Pointers("release", channels, "stable"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
}
