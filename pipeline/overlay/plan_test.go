package overlay

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/spec"
	"github.com/slipway-build/slipway/version"
)

// wantError checks an error's text; want is "" for none.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case err == nil && want != "":
		t.Errorf("no error, want %q", want)
	case err != nil && err.Error() != want:
		t.Errorf("error %q, want %q", err, want)
	}
}

// shipFork is a fork in the folder id, of a version, for platforms.
func shipFork(t *testing.T, id, of string, platforms ...string) fork.Fork {
	t.Helper()
	v, err := version.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	list, err := platform.ParseList(platforms)
	if err != nil {
		t.Fatal(err)
	}
	f := fork.Fork{ID: id}
	f.Name, f.Profile, f.Parsed, f.Platforms = "ship", "ship", v, list
	f.Ebuilds.Distfiles = "https://example.org/distfiles"
	return f
}

func TestNewOverlay(t *testing.T) {
	of := func(id, repository, maintainer string) fork.Fork {
		return fork.Fork{ID: id, Loaded: spec.Loaded{Fork: spec.Fork{
			Ebuilds:  ebuilds.Settings{Repository: repository},
			Packages: packaging.Settings{Maintainer: maintainer},
		}}}
	}
	const mate, captain = "Mate <mate@example.org>", "Captain <captain@example.org>"
	for name, c := range map[string]struct {
		forks                 []fork.Fork
		repository, maintains string
		err                   string
	}{
		"one": {forks: []fork.Fork{of("a", "fleet", mate)}, repository: "fleet", maintains: mate},
		"two of one": {
			forks:      []fork.Fork{of("a", "fleet", mate), of("b", "fleet", mate)},
			repository: "fleet", maintains: mate,
		},
		"the last says": {
			forks:      []fork.Fork{of("a", "fleet", mate), of("b", "fleet", captain)},
			repository: "fleet", maintains: captain,
		},
		"the second differs": {
			forks: []fork.Fork{of("a", "fleet", mate), of("b", "navy", mate)},
			err:   "forks/b/fork.yaml: ebuilds.repository is navy, and another fork's fleet: all forks share one overlay",
		},
		"the third differs": {
			forks: []fork.Fork{of("a", "fleet", mate), of("b", "fleet", mate), of("c", "navy", mate)},
			err:   "forks/c/fork.yaml: ebuilds.repository is navy, and another fork's fleet: all forks share one overlay",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := newOverlay(c.forks)
			wantError(t, err, c.err)
			if err == nil && (o.Name != c.repository || o.Maintainer != c.maintains || o.Forks != nil) {
				t.Errorf("%+v, want %s of %s", o, c.repository, c.maintains)
			}
		})
	}
}

func TestTargets(t *testing.T) {
	for name, c := range map[string]struct {
		platforms, only []string
		targets         []target // in the order of fork.yaml
		arches          []string
		err             string
	}{
		"as Go names them": {
			platforms: []string{"linux/arm64", "linux/amd64"},
			targets: []target{
				{platform.Platform{OS: "linux", Arch: "arm64"}, "arm64"}, {platform.Platform{OS: "linux", Arch: "amd64"}, "amd64"},
			},
			arches: []string{"amd64", "arm64"},
		},
		"as only Gentoo does": {
			platforms: []string{"linux/ppc64le", "linux/loong64", "linux/386"},
			targets: []target{
				{platform.Platform{OS: "linux", Arch: "ppc64le"}, "ppc64"},
				{platform.Platform{OS: "linux", Arch: "loong64"}, "loong"},
				{platform.Platform{OS: "linux", Arch: "386"}, "x86"},
			},
			arches: []string{"loong", "ppc64", "x86"},
		},
		"without others": {
			platforms: []string{"darwin/arm64", "linux/riscv64", "windows/amd64"},
			targets:   []target{{platform.Platform{OS: "linux", Arch: "riscv64"}, "riscv"}},
			arches:    []string{"riscv"},
		},
		"one of two": {
			platforms: []string{"linux/amd64", "linux/arm64"},
			only:      []string{"linux/arm64", "darwin/arm64"},
			targets:   []target{{platform.Platform{OS: "linux", Arch: "arm64"}, "arm64"}},
			arches:    []string{"arm64"},
		},
		"no Linux": {
			platforms: []string{"darwin/arm64"},
			err:       "forks/ship-1.4/fork.yaml: build.platforms has no Linux platform, and ebuilds are for no other system",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := targets(shipFork(t, "ship-1.4", "1.4.1+acme.1", c.platforms...), c.only)
			wantError(t, err, c.err)
			if !slices.Equal(got, c.targets) {
				t.Errorf("targets %v, want %v", got, c.targets)
			}
			if list := arches(got); !slices.Equal(list, c.arches) {
				t.Errorf("arches %v, want %v", list, c.arches)
			}
		})
	}
}

func TestKnown(t *testing.T) {
	project := ebuilds.Project{Category: "app-misc", Name: "ship", Summary: "Sails any sea"}
	for name, c := range map[string]struct {
		version, license string
		gentoo, upstream string
		licenses         []string
		err              string
	}{
		"a release": {
			version: "1.4.1+acme.1", license: "Apache-2.0",
			gentoo: "1.4.1_p1", upstream: "1.4.1", licenses: []string{"Apache-2.0"},
		},
		"a candidate": {
			version: "1.5.0-rc.1+acme.2", license: "MIT",
			gentoo: "1.5.0_rc1_p2", upstream: "1.5.0_rc1", licenses: []string{"MIT"},
		},
		"as Gentoo has": {
			version: "1.4.1+acme.1", license: "BSD-3-Clause",
			gentoo: "1.4.1_p1", upstream: "1.4.1", licenses: []string{"BSD"},
		},
		"no version of Gentoo's": {
			version: "1.4.1+acme.1.2", license: "MIT",
			err: `version 1.4.1+acme.1.2 cannot be an ebuild version: ` +
				`write the fork's revision "acme.1.2" as a name and one number, such as acme.1`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := shipFork(t, "ship-1.4", c.version)
			in := packaging.Input{Recipes: packaging.Recipes{License: c.license, Homepage: "https://example.org"}}
			got, err := known(f, project, in)
			wantError(t, err, c.err)
			if err != nil {
				return
			}
			upstream, err := upstreamVersion(f)
			wantError(t, err, "")
			if got.Version != c.gentoo || upstream != c.upstream || !slices.Equal(got.License, c.licenses) {
				t.Errorf("%s of %s under %s, want %s of %s under %s",
					got.Version, upstream, got.License, c.gentoo, c.upstream, c.licenses)
			}
			if got.Summary != project.Summary || got.BaseURL != f.Ebuilds.Distfiles || got.Homepage != "https://example.org" {
				t.Errorf("%+v is not what fork.yaml and the profile say", got)
			}
		})
	}
}

func TestCheckout(t *testing.T) {
	root := t.TempDir()
	gentoo, other, none := filepath.Join(root, "gentoo"), filepath.Join(root, "other"), filepath.Join(root, "none")
	for _, dir := range []string{filepath.Join(gentoo, "eclass"), filepath.Join(other, "eclass"), none} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ asked, host, want, err string }{
		"asked":                {asked: other, host: none, want: other},
		"asked, not the hosts": {asked: other, host: gentoo, want: other},
		"the host's":           {host: gentoo, want: gentoo},
		"none at all":          {host: none},
		"none that is one": {
			asked: none, host: gentoo,
			err: "-gentoo=" + none + ": it has no folder eclass: want a checkout of the repository ::gentoo",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := checkout(c.asked, c.host)
			wantError(t, err, c.err)
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestClashes(t *testing.T) {
	of := func(category, name string) plan {
		return plan{fork: ebuilds.Fork{Profile: name, Project: ebuilds.Project{Category: category, Name: name}}}
	}
	for name, c := range map[string]struct {
		gentoo []string // packages of ::gentoo
		plans  []plan
		want   []string
	}{
		"none":                {gentoo: []string{"app-misc/boat"}, plans: []plan{of("app-misc", "ship")}},
		"the same category":   {gentoo: []string{"app-misc/ship"}, plans: []plan{of("app-misc", "ship")}},
		"an account":          {gentoo: []string{"acct-user/ship", "acct-group/ship"}, plans: []plan{of("app-misc", "ship")}},
		"a folder of another": {gentoo: []string{"eclass/ship"}, plans: []plan{of("app-misc", "ship")}},
		"another category": {
			gentoo: []string{"games-misc/ship"}, plans: []plan{of("app-misc", "ship")},
			want: []string{"app-misc/ship clashes with games-misc/ship of ::gentoo: " +
				"change category or name in profiles/ship/gentoo.yaml"},
		},
		"of each name of each fork": {
			gentoo: []string{"games-misc/ship-bin", "sys-boot/boat-meta"},
			plans:  []plan{of("app-misc", "ship"), of("app-misc", "boat")},
			want: []string{
				"app-misc/ship-bin clashes with games-misc/ship-bin of ::gentoo: " +
					"change category or name in profiles/ship/gentoo.yaml",
				"app-misc/boat-meta clashes with sys-boot/boat-meta of ::gentoo: " +
					"change category or name in profiles/boat/gentoo.yaml",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			gentoo := t.TempDir()
			for _, dir := range c.gentoo {
				if err := os.MkdirAll(filepath.Join(gentoo, dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			wantError(t, clashes(c.plans, gentoo), strings.Join(c.want, "\n"))
			wantError(t, clashes(c.plans, ""), "")
		})
	}
}

func TestRevise(t *testing.T) {
	failed := errors.New("no space left")
	for name, c := range map[string]struct {
		revision int    // of the fork, before
		differs  bool   // from what the overlay has
		failAt   int    // the revision whose distfile cannot be made; -1: none
		want     int    // revision
		distfile string // of that
		err      string
	}{
		"the same stays":      {failAt: -1, distfile: "ship-1.4.1_p1-files.tar.xz"},
		"another is the next": {differs: true, failAt: -1, want: 1, distfile: "ship-1.4.1_p1-r1-files.tar.xz"},
		"and one after it":    {revision: 2, differs: true, failAt: -1, want: 3, distfile: "ship-1.4.1_p1-r3-files.tar.xz"},
		"the first cannot be": {failAt: 0, err: "no space left"},
		"the next cannot":     {differs: true, failAt: 1, want: 1, err: "no space left"},
	} {
		t.Run(name, func(t *testing.T) {
			f := ebuilds.Fork{Project: ebuilds.Project{Name: "ship"}, Version: "1.4.1_p1", Revision: c.revision}
			f = withDistfiles(f, madeAs("source", "ship-1.4.1.tar.xz"))
			files := func(f ebuilds.Fork) (made, error) {
				if f.Revision == c.failAt {
					return made{}, failed
				}
				return madeAs("files", f.PF()+"-files.tar.xz"), nil
			}
			differs := func(f ebuilds.Fork) (bool, error) {
				if f.Distfiles["files"].Name == "" || f.Distfiles["source"].Name == "" {
					t.Error("compared without its distfiles")
				}
				return c.differs, nil
			}
			got, m, err := revise(f, files, differs)
			wantError(t, err, c.err)
			if err != nil {
				return
			}
			if got.Revision != c.want || m.Name != c.distfile || got.Distfiles["files"].Name != c.distfile {
				t.Errorf("revision %d with %s, want %d with %s", got.Revision, m.Name, c.want, c.distfile)
			}
		})
	}
	if _, _, err := revise(ebuilds.Fork{}, func(ebuilds.Fork) (made, error) { return made{}, nil },
		func(ebuilds.Fork) (bool, error) { return false, failed }); !errors.Is(err, failed) {
		t.Errorf("%v, want what comparing says", err)
	}
}

// madeAs is a distfile that was made, of one byte.
func madeAs(role, name string) made {
	return made{
		of: distfile{role: role, name: name},
		stored: stored{sums: sums{
			Distfile: ebuilds.Distfile{Name: name, Size: 1, SHA512: strings.Repeat("5", 128)}, SHA256: strings.Repeat("2", 64),
		}},
	}
}
