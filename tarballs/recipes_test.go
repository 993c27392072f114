package tarballs

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

const good = `tarballs:
  - kind: crew
    versions: ">=1.4.0-0"
    file: "ship-{{.OS}}-{{.Arch}}.tar.gz"
    folder: "ship-{{.Version}}"
    platforms: [linux]
  - {kind: crew, file: "early-{{.OS}}-{{.Arch}}.tgz"}
  - {kind: src, file: ship-src.tar.gz, portable: true}
contents:
  - {in: [crew], to: bin, programs: [captain]}
  - {in: [crew], tarballs: [src]}
  - {in: [crew], versions: ">=1.5.0-0", to: version, text: "v{{.Version}}"}
  - {in: [crew], to: bin, images: [captain], reference: "ship.example.org/{{.Image}}-{{.Arch}}"}
  - {in: [crew], to: addons, empty: true}
  - {in: [crew], to: cook, link: captain}
  - {in: [src, crew], tree: ., only: ["**/*.go"], without: [docs/**], optional: true}
`

func parse(t *testing.T, text string) Recipes {
	t.Helper()
	var r Recipes
	if err := yaml.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string // in a good file
		want     string
	}{
		"a good one":         {"", "", ""},
		"no kind":            {"kind: src, ", "", "tarballs[2].kind: is missing"},
		"a bad range":        {`">=1.4.0-0"`, `"soon"`, "tarballs[0].versions: "},
		"a bad template":     {"ship-{{.OS}}-", "ship-{{.Os}}-", "tarballs[0].file: "},
		"a path":             {"ship-src.tar.gz", "src/ship.tar.gz", "tarballs[2].file: \"src/ship.tar.gz\": want the name"},
		"a zip":              {"ship-src.tar.gz", "ship-src.zip", "tarballs[2].file: \"ship-src.zip\": want the name"},
		"one for each":       {", portable: true", "", "tarballs[2].file: \"ship-src.tar.gz\": want {{.OS}} and {{.Arch}}"},
		"portable for Linux": {"portable: true", "portable: true, platforms: [linux]", "tarballs[2].platforms: a portable"},
		"an unknown system":  {"[linux]", "[beos]", "tarballs[0].platforms[0]: \"beos\" is not a system"},
		"a folder above":     {"ship-{{.Version}}", "../ship", "tarballs[0].folder: \"../ship\": want a path below"},
		"nothing":            {"programs: [captain]", "", "contents[0]: want one of"},
		"two things":         {"programs: [captain]", "programs: [captain], empty: true", "contents[0]: want one of"},
		"in none":            {"in: [src, crew]", "in: []", "contents[6].in: is empty"},
		"in an unknown one":  {"in: [src, crew]", "in: [mate]", "contents[6].in: \"mate\" is not a kind"},
		"no place":           {"to: addons, ", "", "contents[4].to: is missing"},
		"no name of images":  {", reference: \"ship.example.org/{{.Image}}-{{.Arch}}\"", "", "contents[3].reference: want"},
		"globs of nothing":   {"empty: true", "empty: true, only: [a]", "contents[4].tree: is missing"},
		"a bad glob":         {"docs/**", "docs**", "contents[6].without[0]: "},
		"a tree above":       {"tree: .,", "tree: ../ship,", "contents[6].tree: \"../ship\": want a path below"},
		"itself":             {"in: [src, crew], tree", "in: [src, crew], tarballs: [crew], tree", "contents[1].tarballs: a"},
	} {
		t.Run(name, func(t *testing.T) {
			faults := parse(t, strings.Replace(good, c.old, c.new, 1)).Validate()
			if c.want == "" {
				testkit.Faults(t, name, faults)
				return
			}
			for _, f := range faults {
				if strings.HasPrefix(f.Field+": "+f.Message, c.want) {
					return
				}
			}
			t.Errorf("%q, want %q", faults, c.want)
		})
	}
	testkit.Faults(t, "an empty file", Recipes{}.Validate(), "tarballs: is empty")
}

func TestAtAndOf(t *testing.T) {
	linux, darwin := platform.Platform{OS: "linux", Arch: "arm64"}, platform.Platform{OS: "darwin", Arch: "arm64"}
	r := parse(t, good)
	for _, c := range []struct {
		version string
		files   string
		darwin  bool // has the first
		rows    int  // of crew
	}{
		{"1.3.9", "early-{{.OS}}-{{.Arch}}.tgz ship-src.tar.gz", true, 6},
		{"1.4.1", "ship-{{.OS}}-{{.Arch}}.tar.gz ship-src.tar.gz", false, 6},
		{"1.5.0", "ship-{{.OS}}-{{.Arch}}.tar.gz ship-src.tar.gz", false, 7},
	} {
		v, err := version.Parse(c.version)
		if err != nil {
			t.Fatal(err)
		}
		at := r.At(v)
		var files []string
		for _, one := range at {
			files = append(files, one.File)
		}
		if strings.Join(files, " ") != c.files {
			t.Errorf("%s has %q, want %s", c.version, files, c.files)
		}
		if !at[0].For(linux) || at[0].For(darwin) != c.darwin || at[1].For(linux) {
			t.Errorf("%s: the platforms of %v", c.version, at)
		}
		if rows := len(r.Of("crew", v)); rows != c.rows {
			t.Errorf("%s: crew has %d rows, want %d", c.version, rows, c.rows)
		}
	}
}

func TestGeneric(t *testing.T) {
	r := Generic([]string{"captain"})
	testkit.Faults(t, "generic", r.Validate())
	if name, err := sample("arm64").Expand(r.Tarballs[0].File); err != nil || name != "ship-1.4.1-linux-arm64.tar.gz" {
		t.Errorf("%s, %v", name, err)
	}
}
