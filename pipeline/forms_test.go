package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/settings"
)

// on returns platforms by their names.
func on(t *testing.T, names ...string) []platform.Platform {
	t.Helper()
	list, err := platform.ParseList(names)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestHas holds which forms a fork is released in: those of fork.yaml, of them those that
// are asked for, and of these those that there can be.
func TestHas(t *testing.T) {
	linuxOnly := []string{settings.Deb, settings.RPM, settings.Ebuild, settings.Image}
	for _, listed := range [][]string{nil, {settings.Binaries}, {settings.Deb, settings.Ebuild}, settings.Artifacts} {
		for _, only := range [][]string{nil, {settings.Binaries, settings.Ebuild}, {settings.Image, settings.Tarball}} {
			for _, distfiles := range []string{"", "https://example.org/distfiles"} {
				for _, platforms := range []string{"linux/amd64", "darwin/arm64", "darwin/arm64 linux/arm64"} {
					r := Releasing{on: on(t, strings.Fields(platforms)...), only: only}
					r.fork.Release.Artifacts, r.fork.Ebuilds.Distfiles = listed, distfiles
					for _, form := range settings.Artifacts {
						want := listed == nil || slices.Contains(listed, form)
						want = want && (only == nil || slices.Contains(only, form))
						if slices.Contains(linuxOnly, form) && platforms == "darwin/arm64" {
							want = false
						}
						if form == settings.Ebuild && listed == nil && distfiles == "" {
							want = false
						}
						if got := r.has(form); got != want {
							t.Errorf("release.artifacts %q, only %q, distfiles %q, for %s: %s is made: %v",
								listed, only, distfiles, platforms, form, got)
						}
					}
				}
			}
		}
	}
}

// releasing returns the sample project's, with a session.
func releasing(t *testing.T, p buildtest.Project, on []platform.Platform, only ...string) Releasing {
	t.Helper()
	r, err := NewReleasing(p.ReadFork(t), on, nil, only...)
	if err != nil {
		t.Fatal(err)
	}
	return r.With([]*build.Session{p.Open(t, nil)})
}

// lines returns a line for each artifact of a set.
func lines(set artifact.Set) []string {
	var out []string
	for _, a := range set {
		state := "new"
		if a.Kept {
			state = "kept"
		}
		out = append(out, fmt.Sprintf("%s %s %s", a.Kind, a.Path, state))
	}
	return out
}

// TestPlan holds that a plan makes nothing, and knows what is there.
func TestPlan(t *testing.T) {
	p := buildtest.Pinned(t, buildtest.Silent)
	r := releasing(t, p, on(t, "linux/arm64"), settings.Binaries, settings.Tarball)
	want := []string{
		"binary dist/ship-1.4/bin/linux_arm64/captain new",
		"binary dist/ship-1.4/bin/linux_arm64/deckhand new",
		"tarball dist/ship-1.4/tarballs/ship-1.4.1+test.1-linux-arm64.tar.gz new",
	}
	plan := func(want []string) {
		t.Helper()
		set, err := r.Plan(t.Context())
		if got := lines(set); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	plan(want)
	if r.Session().Dist().Exists("dist/ship-1.4") {
		t.Error("the plan made something")
	}
	made, err := r.Run(t.Context())
	if got := lines(made); err != nil || !slices.Equal(got, want) {
		t.Errorf("Run makes %q, %v, and the plan was %q", got, err, want)
	}
	for i := range 2 {
		want[i] = strings.Replace(want[i], " new", " kept", 1)
	}
	plan(want)
}

// TestSources holds which files of a project are said to decide a release: those of the
// fork, and of the forks that its images are made with.
func TestSources(t *testing.T) {
	f := func(id, profile string) fork.Fork {
		f := fork.Fork{ID: id}
		f.Profile = profile
		return f
	}
	r := Releasing{Imaging: Imaging{
		fork: f("ship-1.4", "ship"), others: []fork.Fork{f("buoy-2", "ship")}, from: []fork.Fork{f("mate-1", "mate")},
	}}
	want := []string{
		"forks/buoy-2", "forks/mate-1", "forks/ship-1.4", "profiles/mate", "profiles/mate.yaml", "profiles/ship",
		"profiles/ship.yaml",
	}
	if got := r.sources(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestShards holds which shards a merge needs, and that their origin is the project as it is.
func TestShards(t *testing.T) {
	p := buildtest.Pinned(t, buildtest.Silent)
	r := releasing(t, p, on(t, "linux/arm64", "linux/amd64"), settings.Binaries)
	was, err := r.Shards(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range was.Shards {
		names = append(names, s.Name())
	}
	if got := strings.Join(names, " "); got != "ship-1.4.linux-amd64 ship-1.4.linux-arm64" {
		t.Errorf("the shards are %s", got)
	}
	origin := was.Origins[buildtest.ID]
	if origin.Version != "1.4.1+test.1" || !strings.HasPrefix(origin.Toolchain, "go1.") || len(origin.Inputs) == 0 {
		t.Errorf("they are of %+v", origin)
	}
	p.Write(t, "profiles/ship/packages.yaml", "packages: []\n")
	is, err := r.Shards(t.Context())
	if err != nil || fmt.Sprint(is.Origins[buildtest.ID]) == fmt.Sprint(origin) {
		t.Errorf("of another profile they are of the same origin, %v", err)
	}
	r.on = on(t, "linux/amd64", "linux/s390x")
	if want, err := r.Shards(t.Context()); err != nil || len(want.Shards) != 1 {
		t.Errorf("a platform that the fork does not build for has a shard: %v, %v", want.Shards, err)
	}
}
