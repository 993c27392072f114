// Package gotool runs the go command of this machine, as its user set it up.
package gotool

import (
	"context"
	"encoding/json"
	"fmt"
	"go/version"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"

	"github.com/slipway-build/slipway/internal/run"
)

// Go is the go command in an environment.
type Go struct {
	Run run.Runner
	Env run.Env
	Settings
}

// Settings are what `go env` says, the user's configuration file included.
type Settings struct {
	GOVERSION, GOROOT, GOTOOLCHAIN, GOHOSTOS, GOHOSTARCH          string
	GOPATH, GOMODCACHE, GOCACHE, GOCACHEPROG, GOTMPDIR            string
	GOPROXY, GONOPROXY, GOPRIVATE, GOSUMDB, GONOSUMDB, GOINSECURE string
	GOVCS, GOAUTH, GOFLAGS                                        string
}

// Find asks the go command in env's PATH for its settings. It is run in dir.
func Find(ctx context.Context, r run.Runner, env run.Env, dir string) (*Go, error) {
	if _, err := env.LookPath("go"); err != nil {
		return nil, fmt.Errorf("%w\n  Install Go: https://go.dev/dl", err)
	}
	out, err := r.Output(ctx, run.Cmd{Args: []string{"go", "env", "-json"}, Dir: dir,
		Env: env.Without(steersTarget).With("GOWORK=off")})
	if err != nil {
		return nil, fmt.Errorf("asking the go command for its settings: %w", err)
	}
	g := &Go{Run: r, Env: env}
	if err := json.Unmarshal(out, &g.Settings); err != nil {
		return nil, fmt.Errorf("reading go env -json: %w", err)
	}
	if flags := env.Get("GOFLAGS"); flags != "" {
		g.GOFLAGS = flags
	}
	return g, nil
}

// steersTarget reports whether a variable picks what the go command compiles
// for, which does not matter when it only tells settings.
func steersTarget(key string) bool {
	switch key {
	case "GOOS", "GOARCH", "GOEXPERIMENT", "GOFIPS140", "GOFLAGS":
		return true
	}
	return false
}

// At returns the go command in the release that a fork is to be built with:
// pin where it is set (go1.26.8), otherwise the installed one, or the oldest that
// the tree's go line allows where that is newer.
func (g *Go) At(ctx context.Context, pin, needs, dir string) (*Go, error) {
	c, err := g.choose(pin, needs)
	if err != nil {
		return nil, err
	}
	if c.toolchain == "" {
		return g, nil
	}
	other, err := Find(ctx, g.Run, g.Env.With("GOTOOLCHAIN="+c.toolchain), dir)
	if err != nil {
		return nil, fmt.Errorf("this fork is built with %s (%s), this machine has %s, and the go command could not fetch "+
			"the other: %w", c.release, c.why, g.GOVERSION, err)
	}
	return other, nil
}

// Known is At for a dry run, which fetches nothing. A release that is not on this machine is
// known by its version alone, and there is false.
func (g *Go) Known(ctx context.Context, pin, needs, dir string) (at *Go, there bool, err error) {
	c, err := g.choose(pin, needs)
	if err != nil {
		return nil, false, err
	}
	if c.toolchain == "" {
		return g, true, nil
	}
	if at, err = Find(ctx, g.Run, g.Env.With("GOTOOLCHAIN="+c.toolchain, "GOPROXY=off"), dir); err == nil {
		return at, true, nil
	}
	named := *g
	named.GOVERSION = c.release
	return &named, false, ctx.Err()
}

// A choice is a release of Go: why it is wanted, and what GOTOOLCHAIN gets it by; "" for
// the one that is installed.
type choice struct{ release, why, toolchain string }

// choose returns the release of Go that At is about.
func (g *Go) choose(pin, needs string) (choice, error) {
	// What follows is whose build it is, or with which experiments: "go1.26.8 X:jsonv2", "go1.26.8-X:jsonv2".
	have, _, _ := strings.Cut(g.GOVERSION, " ")
	have, _, _ = strings.Cut(have, "-X:")
	want, why := have, "build.toolchain pins it"
	switch {
	case pin != "" && needs != "" && version.Compare("go"+needs, pin) > 0:
		return choice{}, fmt.Errorf("build.toolchain pins %s, but fork.lock says that its tree needs go %s: "+
			"pin a newer one", pin, needs)
	case pin != "":
		want = pin
	case needs != "" && version.Compare("go"+needs, have) > 0:
		want, why = toolchain(needs), "fork.lock says that its tree needs go "+needs
	}
	c := choice{want, why, want}
	if want == have {
		return choice{}, nil
	}
	switch mode := g.GOTOOLCHAIN; {
	case mode == "local":
		return choice{}, fmt.Errorf("this fork is built with %s (%s), but this machine has %s and GOTOOLCHAIN=local "+
			"keeps it from fetching another\n  Install %s, or run again with GOTOOLCHAIN=auto", want, why, g.GOVERSION, want)
	case mode == "path", strings.HasSuffix(mode, "+path"):
		c.toolchain += "+path" // its user wants no downloads
	}
	return c, nil
}

// ProxyAdvice says what to look at when a module cannot be fetched.
func (g *Go) ProxyAdvice() string {
	return fmt.Sprintf("The go command asked GOPROXY=%s; check that it can be reached and serves this version",
		run.Redact(g.GOPROXY))
}

// toolchain names the oldest release that satisfies a go line. From Go 1.21 on
// a first release ends in .0.
func toolchain(goLine string) string {
	name := "go" + goLine
	if strings.Count(goLine, ".") == 1 && version.Compare(name, "go1.21") >= 0 && version.Lang(name) == name {
		return name + ".0"
	}
	return name
}

// ModuleDir returns the folder that the module cache keeps a module in.
func (g *Go) ModuleDir(path, vers string) (string, error) {
	escaped, err := module.EscapePath(path)
	if err != nil {
		return "", err
	}
	v, err := module.EscapeVersion(vers)
	if err != nil {
		return "", err
	}
	return filepath.Join(g.GOMODCACHE, filepath.FromSlash(escaped)+"@"+v), nil
}
