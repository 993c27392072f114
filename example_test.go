package slipway_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/testfork"
)

// project returns a project with one fork, whose upstream a module proxy on disk has, and what
// removes both.
func project() (p *slipway.Project, remove func()) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	proxy, home := filepath.Join(dir, "proxy"), filepath.Join(dir, "home")
	p = &slipway.Project{
		Dir: filepath.Join(dir, "project"),
		Env: append(testfork.Env(proxy, home, filepath.Join(home, "build")), "PATH="+os.Getenv("PATH")),
		// A compiler that takes no time. Leave Compile out to have the go command compile.
		Compile: buildtest.Compile,
	}
	if err := errors.Join(testfork.WriteProxy(proxy), testfork.WriteProject(p.Dir)); err != nil {
		log.Fatal(err)
	}
	return p, func() { os.RemoveAll(dir) }
}

// A program that builds a fork: it pins the fork first, as mage patches:lock does.
func Example() {
	p, remove := project()
	defer remove()
	ctx := context.Background()
	f, err := p.Fork("") // the project's only one
	if err != nil {
		log.Fatal(err)
	}
	if _, err := p.Lock(ctx, f.ID, time.Now()); err != nil {
		log.Fatal(err)
	}
	made, err := p.Cross(ctx, f.ID, slipway.CrossRequest{Platforms: []string{"linux/arm64"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range made {
		fmt.Println(a.Kind, a.Name, a.Platform, a.Path)
	}
	// Output:
	// binary bosun linux/arm64 dist/ship-1.4/bin/linux_arm64/bosun
	// binary captain linux/arm64 dist/ship-1.4/bin/linux_arm64/captain
}

// A StaleError says that fork.lock does not pin the fork as it is, and how to pin it.
func ExampleProject_Cross_stale() {
	p, remove := project()
	defer remove()
	_, err := p.Cross(context.Background(), "ship-1.4", slipway.CrossRequest{})
	if stale, ok := errors.AsType[*fork.StaleError](err); ok {
		fmt.Println(stale)
	}
	// Output:
	// forks/ship-1.4/fork.lock is missing
	//   To pin this fork as it is now: mage patches:lock -fork=ship-1.4
}

// PlanRelease says what a release would hold, and makes nothing.
func ExampleProject_PlanRelease() {
	p, remove := project()
	defer remove()
	ctx := context.Background()
	if _, err := p.Lock(ctx, "", time.Now()); err != nil {
		log.Fatal(err)
	}
	planned, err := p.PlanRelease(ctx, "", slipway.ReleaseRequest{Platforms: []string{"linux/amd64"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range planned {
		fmt.Println(a.Kind, a.Name, a.Path)
	}
	// Output:
	// binary bosun dist/ship-1.4/bin/linux_amd64/bosun
	// binary captain dist/ship-1.4/bin/linux_amd64/captain
	// package bosun dist/ship-1.4/deb/linux_amd64
	// package captain dist/ship-1.4/deb/linux_amd64
	// image ship dist/ship-1.4/images
	// overlay slipway dist/ship-1.4/overlay
	// package bosun dist/ship-1.4/rpm/linux_amd64
	// package captain dist/ship-1.4/rpm/linux_amd64
	// tarball  dist/ship-1.4/tarballs/ship-1.4.1+test.1-linux-amd64.tar.gz
}
