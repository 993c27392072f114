package inventory

import (
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/licenses"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/series"
)

// of builds the captain of a project for this machine, and returns its modules and the
// commands that finding them took.
func of(t *testing.T, p buildtest.Project, compile build.Compile, declared licenses.Declared) (
	[]artifact.Module, []event.Event, error,
) {
	t.Helper()
	f := p.ReadFork(t)
	l, err := f.ReadLock()
	if err != nil {
		t.Fatal(err)
	}
	var events buildtest.Events
	s, err := build.Open(t.Context(), f, l, build.Options{Env: p.Env, Events: events.Sink(), Compile: compile})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	captain, err := f.Component("captain")
	if err != nil {
		t.Fatal(err)
	}
	built, err := s.Binaries(t.Context(), fork.Job{
		Platform: platform.Platform{OS: "linux", Arch: "amd64"}, Components: f.Components[:1],
	})
	if err != nil || f.Components[0].Name != captain.Name {
		t.Fatalf("%s: %v", f.Components[0].Name, err)
	}
	events.Forget()
	found, err := Of(t.Context(), s, declared, built)
	return found, events.Of(event.Command), err
}

func TestOf(t *testing.T) {
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	p := buildtest.Pinned(t, buildtest.Silent)
	p.Env = p.Env.With("GOCACHE=" + strings.TrimSpace(string(cache)))
	want := []artifact.Module{
		{Path: "example.com/rope", Version: "v1.2.3", Sum: "h1:", Licenses: []string{"ISC"}},
		{Path: "example.org/hull", Version: "v0.4.1", Licenses: []string{"MIT"}, Local: true},
		{Path: "example.org/ship", Version: "v1.4.1+test.1", Licenses: []string{"MIT"}, Local: true},
	}
	rope := &want[0]
	for _, c := range []struct {
		name     string
		compile  build.Compile
		declared licenses.Declared
		commands int
		licenses []string // of the rope
	}{
		{"from the binary", nil, nil, 1, []string{"ISC"}},
		{"from the list", buildtest.Compile, nil, 0, []string{"ISC"}},
		{"declared", nil, licenses.Declared{"example.com/rope": "MIT AND BSD-3-Clause"}, 0, []string{"BSD-3-Clause", "MIT"}},
	} {
		rope.Licenses = c.licenses
		got, commands, err := of(t, p, c.compile, c.declared)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if !strings.HasPrefix(got[0].Sum, "h1:") {
			t.Errorf("%s: the rope has no sum", c.name)
		}
		got[0].Sum = "h1:"
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the modules are\n%+v, want\n%+v", c.name, got, want)
		}
		if len(commands) != c.commands {
			t.Errorf("%s: it ran %+v, want %d commands", c.name, commands, c.commands)
		}
	}
}

// TestOfUnpacksAgain holds that what was removed from the module cache is fetched.
func TestOfUnpacksAgain(t *testing.T) {
	p := buildtest.Pinned(t, buildtest.Silent)
	if _, _, err := of(t, p, buildtest.Compile, nil); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{p.Path("dist/.cache/licenses"), p.Env.Get("GOMODCACHE")} {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := of(t, p, buildtest.Compile, nil)
	if err != nil || len(got) != 3 || !reflect.DeepEqual(got[0].Licenses, []string{"ISC"}) {
		t.Errorf("%+v, %v, want a rope with its license", got, err)
	}
}

// TestOfGOPATH has a fork from before modules: the vendored repositories at the revisions
// that are recorded, whether or not their licenses are known.
func TestOfGOPATH(t *testing.T) {
	const id = "kubernetes-1.5"
	p := buildtest.New(t, map[string]string{
		"upstream/LICENSE": "As you like.\n",
		"upstream/Godeps/Godeps.json": `{"Deps": [
			{"ImportPath": "example.org/rope/knots", "Rev": "0123abc"}]}`,
		"upstream/vendor/example.org/rope/LICENSE":       "Copyright 2017 Mate\n\n" + isc,
		"upstream/vendor/example.org/rope/knots/knot.go": "package knots\n",
		"upstream/vendor/example.org/crew/crew.go":       "package crew\n",
		"upstream/cmd/hyperkube/main.go": "package main\n\n// int x;\nimport \"C\"\n\n" +
			"import (\n\t_ \"example.org/crew\"\n\t_ \"example.org/rope/knots\"\n)\n\nfunc main() { C.x = 1 }\n",
	})
	upstream := p.Path("upstream")
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-q", "-m", "v1.5.2"}} {
		testkit.Git(t, upstream, args...)
	}
	p.Write(t, "forks/"+id+"/fork.yaml", "name: kubernetes\nversion: 1.5.2+acme.1\n"+
		"upstream:\n  git: upstream\n  commit: "+testkit.Git(t, upstream, "rev-parse", "HEAD")+"\n"+
		"build:\n  components: [hyperkube]\n  platforms: [linux/amd64]\n")
	f, err := p.Fork(id)
	if err != nil {
		t.Fatal(err)
	}
	s, err := build.Open(t.Context(), f, lock.Lock{}, build.Options{Env: p.Env})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := series.Lock(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	l, err := f.ReadLock()
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.On(t.Context(), f, l); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := Of(t.Context(), s, nil, build.Binaries{
		Platform: platform.Platform{OS: "linux", Arch: "amd64"}, Dir: p.Path("upstream"),
		All: []cross.Binary{{Component: "hyperkube", File: "LICENSE"}},
	})
	want := []artifact.Module{
		{Path: "example.org/crew"},
		{Path: "example.org/rope", Version: "0123abc", Licenses: []string{"ISC"}},
		{Path: "k8s.io/kubernetes", Version: "v1.5.2+acme.1", Licenses: []string{"Apache-2.0"}, Local: true},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want\n%+v", got, err, want)
	}
}
