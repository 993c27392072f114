package release

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/platform"
)

func TestOn(t *testing.T) {
	f := ship("", "")
	f.Build.Platforms = []string{"linux/arm64", "linux/amd64", "darwin/arm64"}
	for _, name := range f.Build.Platforms {
		p, err := platform.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Platforms = append(f.Platforms, p)
	}
	const all = "linux/arm64 linux/amd64 darwin/arm64"
	for asked, want := range map[string]string{
		"":                         all,
		"all":                      all,
		"linux/amd64":              "linux/amd64",
		"linux/amd64 linux/arm64":  "linux/arm64 linux/amd64",
		"darwin/arm64 linux/arm64": "linux/arm64 darwin/arm64",
	} {
		on, err := Request{Platforms: strings.Fields(asked)}.On(f)
		var got []string
		for _, p := range on {
			got = append(got, p.String())
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q, %v, want %q", asked, got, err, want)
		}
	}
	for asked, want := range map[string]string{
		"windows/amd64": "-platforms=windows/amd64: ship-1.4 is released for build.platforms of " +
			"forks/ship-1.4/fork.yaml alone: linux/arm64, linux/amd64, darwin/arm64",
		"linux/pdp11":     "linux/pdp11",
		"all linux/amd64": `"all"`,
	} {
		if on, err := (Request{Platforms: strings.Fields(asked)}).On(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want an error with %s", asked, on, err, want)
		}
	}
	if !slices.Equal(f.Build.Platforms, strings.Fields(all)) || f.Platforms[0].Arch != "arm64" {
		t.Errorf("the fork has changed: %v", f.Platforms)
	}
}
