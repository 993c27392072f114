package packaging

import (
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

// ship is what the packages of a small project are assembled from: captain is a
// program of many names, and also cook and bosun.
func ship(t *testing.T) Input {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Input{
		Family: Debian(), Version: parsed(t, "1.4.1+acme.2"), Date: time.Unix(1e9, 0).UTC(),
		Platform: platform.Platform{OS: "linux", Arch: runtime.GOARCH},
		Changes:  []string{"all new"}, Settings: Settings{Maintainer: "Mate <mate@example.org>"}.Defaulted(),
		Programs: []string{"captain", "anchor"}, Binaries: map[string]string{"captain": program, "anchor": program},
		Docs: map[string]Doc{"cook": {
			Help:        []byte("cook cooks\n.at sea\n"),
			Completions: map[string][]byte{"bash": []byte("complete cook\n")},
		}},
		Tree: func(name string) ([]byte, error) {
			if name == "LICENSE" {
				return []byte("as you like\n"), nil
			}
			return nil, fs.ErrNotExist
		},
		Sources: fstest.MapFS{
			"cook.service": {Data: []byte(cookService)},
			"cook.options": {Data: []byte("# {{.Version}}\nCOOK_ARGS=\"\n--salt\n--rum\n\"\nCOOK_MORE=\"\"\n")},
			"cook.conf":    {Data: []byte("u cook - \"the cook\"\n")},
			"bosun.sh":     {Data: []byte("#!/bin/sh\necho {{.Major}}\n")},
		},
		UserDir: "forks/ship/files", Recipes: shipRecipes(),
	}
}

const cookService = `[Unit]
Description=the cook
[Service]
EnvironmentFile=-{{.Options}}/cook
ExecStart=/usr/bin/cook

[Service]
[Install]
WantedBy=multi-user.target
`

func shipRecipes() Recipes {
	return Recipes{
		Homepage: "https://example.org", License: "MIT", Copyright: "2026 Mate", Section: "admin",
		Multicall: []Multicall{{
			Component: "captain", Package: "captain", Path: "/usr/libexec/ship/captain",
			Programs: map[string]string{"cook": "cook", "bosun": "boatswain"},
		}},
		Packages: []Recipe{
			{Name: "captain", Summary: "all of the crew", Description: "All.",
				Programs: map[string]string{"captain": "/usr/libexec/ship/captain"}},
			{Name: "cook", Summary: "cooks", Description: "The cook.", Programs: map[string]string{"cook": "/usr/bin/cook"},
				Files: map[string]string{
					"/usr/lib/systemd/system/cook.service": "cook.service", "{{.Options}}/cook": "cook.options",
					"/usr/lib/sysusers.d/cook.conf": "cook.conf", "/var/lib/cook/": "", "/usr/share/cook/terms": "tree:LICENSE",
				},
				Man: map[string]string{"cook": "8"}, Completions: map[string][]string{"cook": {"bash"}},
				Restart: []string{"cook.service"}, State: []string{"/var/lib/cook"},
				Relations: Relations{
					Depends: []Relation{"mount"}, Recommends: []Relation{"conntrack | rum >= 1.2", "salt"},
					Provides: []Relation{"peas = self"},
				},
			},
			{Name: "bosun", Summary: "whistles", Description: "The bosun.",
				Programs: map[string]string{"bosun": "/usr/bin/bosun"}, Files: map[string]string{"/usr/sbin/whistle": "bosun.sh"}},
			{Name: "bosun", Versions: "<1.4", Summary: "whistled", Description: "Once.",
				Programs: map[string]string{"bosun": "/usr/bin/bosun"}},
			{Name: "crew", Summary: "both", Description: "Both (metapackage).", Requires: []string{"cook", "bosun"},
				Relations: Relations{Depends: []Relation{"cook = self", "bosun = self"}}},
			{Name: "purser", Summary: "counts", Description: "Counts.",
				Programs: map[string]string{"purser": "/usr/bin/purser"}},
		},
	}
}

func parsed(t *testing.T, s string) version.Version {
	t.Helper()
	v, err := version.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// assemble returns the packages of the fork with these names, or all.
func assemble(t *testing.T, in Input, names ...string) []Package {
	t.Helper()
	recipes, err := in.Select(names)
	if err != nil {
		t.Fatal(err)
	}
	out, err := in.Assemble(recipes, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func assembled(t *testing.T, in Input) map[string]Package {
	t.Helper()
	out := map[string]Package{}
	for _, p := range assemble(t, in) {
		out[p.Name] = p
	}
	return out
}

// listed describes files, a line each.
func listed(files []File) string {
	var b strings.Builder
	for _, f := range files {
		b.WriteString(f.Path)
		switch f.Kind {
		case Link:
			b.WriteString(" -> " + f.Target)
		case Folder:
			b.WriteString("/")
		case Config:
			b.WriteString(" config")
		}
		if f.Mode == 0o755 && f.Kind != Folder {
			b.WriteString(" x")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// same compares lists of strings.
func same[S ~string](t *testing.T, what string, got []S, want ...S) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// fails checks that an error has exactly this message; "" is for none.
func fails(t *testing.T, what string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%s: the error is\n%s\nwant\n%s", what, got, want)
	}
}
