// Package dev holds the chores of this project as Mage targets.
package dev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
)

// tool runs a program in this folder and shows what it writes.
func tool(ctx context.Context, env run.Env, args ...string) error {
	return run.Runner{}.Run(ctx, run.Cmd{Args: args, Env: env, Stdout: os.Stdout, Stderr: os.Stderr})
}

// lean has the go command compile as for forks, without what a debugger needs. Without cgo, Go's build cache has the
// standard library from there.
var lean = []string{"-trimpath", "-gcflags=all=-dwarf=false"}

// linters names the module that golangci-lint is a tool of. What it requires
// stays out of the go.mod that users of the targets build with.
const linters = "-modfile=internal/dev/lint/go.mod"

// workflows names the module that actionlint is a tool of.
const workflows = "-modfile=internal/dev/actions/go.mod"

// Lint checks form: gofmt, go vet, staticcheck, golangci-lint, actionlint and the layering test.
//
// The first run compiles golangci-lint, which takes minutes; Go's build cache
// keeps it. .golangci.yml names what it checks.
func Lint(ctx context.Context) error {
	env := run.Env(os.Environ())
	return errors.Join(
		unformatted(ctx, env),
		tool(ctx, env, "go", "vet", "./..."),
		tool(ctx, env, "go", "vet", "-tags=acceptance", "./acceptance", "./repo/bootstrap"),
		tool(ctx, env, "go", "tool", "staticcheck", "./..."),
		tool(ctx, env.With("CGO_ENABLED=0"), slices.Concat([]string{"go", "run", linters}, lean,
			[]string{"-exec=env -u CGO_ENABLED", "github.com/golangci/golangci-lint/v2/cmd/golangci-lint", "run", "./..."})...),
		tool(ctx, env, "go", "tool", workflows, "actionlint", "docs/pipelines/github.yml"),
		tool(ctx, env, "go", "test", "-count=1", "./internal/deptest"),
	)
}

// unformatted names the Go files that gofmt would change.
func unformatted(ctx context.Context, env run.Env) error {
	// Not the whole folder: dist holds other people's sources.
	tracked, err := run.Runner{}.Output(ctx, run.Cmd{Args: []string{"git", "ls-files", "*.go"}, Env: env})
	if err != nil {
		return err
	}
	gofmt := append([]string{"gofmt", "-l"}, strings.Fields(string(tracked))...)
	out, err := run.Runner{}.Output(ctx, run.Cmd{Args: gofmt, Env: env})
	if err != nil {
		return err
	}
	if names := strings.Fields(string(out)); len(names) > 0 {
		return fmt.Errorf("gofmt would change %s\n  To have it do so: gofmt -w %[1]s", strings.Join(names, " "))
	}
	return nil
}

// Hosts builds Slipway for each platform that it runs on, and vets it for each system: beside this machine's, which
// lint vets, and which tests run on.
func Hosts(ctx context.Context) error {
	out, err := os.MkdirTemp("", "slipway-hosts-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	vetted := map[string]bool{runtime.GOOS: true} // no file here is for one architecture alone
	for _, host := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"} {
		goos, goarch, _ := strings.Cut(host, "/")
		if goos == runtime.GOOS && goarch == runtime.GOARCH {
			continue
		}
		fmt.Println("host", host)
		compile := []string{"-goos=" + goos, "-goarch=" + goarch, "-compile", filepath.Join(out, goos+"_"+goarch)}
		env := run.Env(os.Environ()).With("GOFLAGS=" + strings.Join(lean, " "))
		err := tool(ctx, env, append([]string{"go", "tool", "mage"}, compile...)...)
		if !vetted[goos] {
			env = env.With("GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
			err = errors.Join(err, tool(ctx, env, "go", "vet", "./..."))
			vetted[goos] = true
		}
		if err != nil {
			return fmt.Errorf("%s: %w", host, err)
		}
	}
	return nil
}
