package build_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/series"
)

// project writes a project with the fork ship-1.4 below dir, and returns it with an
// environment that needs no network.
func project(dir string) (fork.Fork, []string, error) {
	p := fork.Project{Dir: filepath.Join(dir, "project")}
	home, proxy := filepath.Join(dir, "home"), filepath.Join(dir, "proxy")
	if err := errors.Join(testfork.WriteProxy(proxy), testfork.WriteProject(p.Dir)); err != nil {
		return fork.Fork{}, nil, err
	}
	f, err := p.Fork("ship-1.4")
	return f, append(testfork.Env(proxy, home, filepath.Join(home, "build")), "PATH="+os.Getenv("PATH")), err
}

// A fork is pinned, and then built from its pins. What Compile is given may be
// compiled anywhere; here it only becomes a text.
func Example() {
	dir, err := os.MkdirTemp("", "slipway-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := run(context.Background(), dir); err != nil {
		fmt.Println(err)
	}
	// Output:
	// The patched tree has 29 files; is the command bosun among them: true
	// bosun in dist/ship-1.4/bin/linux_amd64/bosun, kept: false
	// captain in dist/ship-1.4/bin/linux_amd64/captain, kept: false
	// bosun in dist/ship-1.4/bin/linux_amd64/bosun, kept: true
	// captain in dist/ship-1.4/bin/linux_amd64/captain, kept: true
}

func run(ctx context.Context, dir string) (err error) {
	f, env, err := project(dir)
	if err != nil {
		return err
	}
	pinning, err := build.Open(ctx, f, lock.Lock{}, build.Options{Env: env})
	if err != nil {
		return err
	}
	l, err := series.Pin(ctx, pinning)
	if err := errors.Join(err, pinning.Close()); err != nil {
		return err
	}
	s, err := build.Open(ctx, f, l, build.Options{Env: env, Compile: describe})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	tree, err := s.Patched(ctx)
	if err != nil {
		return err
	}
	_, added := tree.Tree.Lookup("cmd/bosun/main.go")
	fmt.Printf("The patched tree has %d files; is the command bosun among them: %v\n", len(tree.Tree), added)
	jobs, err := f.Jobs(fork.Request{}, platform.Platform{OS: "linux", Arch: "amd64"})
	if err != nil {
		return err
	}
	for range 2 {
		made, err := s.Cross(ctx, jobs)
		if err != nil {
			return err
		}
		for _, a := range made {
			fmt.Printf("%s in %s, kept: %v\n", a.Name, a.Path, a.Kept)
		}
	}
	return nil
}

// describe writes what it would compile.
func describe(_ context.Context, b cross.Builder, r cross.Request) (cross.Built, error) {
	out := make([]cross.Binary, len(r.Components))
	for i, c := range r.Components {
		out[i] = cross.Binary{Component: c.Name, File: c.Name, Inputs: b.Key(r.Input, c)}
		path := filepath.Join(r.Dst, c.Name)
		err := os.WriteFile(path, []byte(c.Main+" of "+r.Tree), 0o755)
		if err != nil {
			return cross.Built{}, err
		}
		if out[i].Size, out[i].SHA256, err = cross.Sum(path); err != nil {
			return cross.Built{}, err
		}
	}
	return cross.Built{Binaries: out}, nil
}

// TestLock holds the lock that the tests of this package build from.
func TestLock(t *testing.T) {
	f, env, err := project(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := build.Open(t.Context(), f, lock.Lock{}, build.Options{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l, err := series.Pin(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/fork.lock", l.Encode())
}
