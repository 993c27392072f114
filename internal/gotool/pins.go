package gotool

import (
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
)

// pins are the variables that decide what the go command makes, each at what a
// release of Go has by itself. None is empty: in place of an empty variable the
// go command takes what GOROOT/go.env says, or what it was built with.
var pins = []string{
	"GOEXPERIMENT=,", // the empty list: no default of the release is changed
	"GOFIPS140=off",
	"GOFLAGS=-trimpath",       // which every build has anyway
	"GO_EXTLINK_ENABLED=auto", // neither 0 nor 1
}

// Pins returns the variables that decide what is compiled for any platform, as
// every go command has them. The rest is up to who compiles: GOOS, GOARCH and its
// baseline, such as GOAMD64, and cgo.
func Pins() []string { return slices.Clone(pins) }

// listing is the platform of go commands that compile nothing: which packages a tree
// needs must not depend on the machine.
var listing = []string{"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1"}

// steersCompiler reports whether a variable can decide what a build makes, and
// not just where, how fast, or with whose credentials.
func steersCompiler(key string) bool {
	switch key {
	case "CC", "CXX", "AR", "FC", "GCCGO", "PKG_CONFIG", "LD_RUN_PATH", "CCC_OVERRIDE_OPTIONS":
		return true
	case "GOTMPDIR", "GOCACHEPROG", "GOMAXPROCS", "GOGC", "GOMEMLIMIT":
		return false
	}
	return strings.HasPrefix(key, "CGO_") || strings.HasPrefix(key, "GO") && !strings.HasPrefix(key, "GOOGLE_")
}

// Clean returns the environment for a build whose outcome only its arguments
// decide: the user's, less every variable that steers the compiler, with Pins, and
// with what the go command needs to fetch modules the way its user does.
func (g *Go) Clean() run.Env {
	s := g.Settings
	return g.Env.Without(steersCompiler).With(pins...).With(listing...).With(
		"GOENV=off", "GOWORK=off", "GO111MODULE=on", "GOTOOLCHAIN="+s.GOVERSION, "GOFLAGS="+g.flags("-trimpath"),
		"GOPATH="+s.GOPATH, "GOMODCACHE="+s.GOMODCACHE, "GOCACHE="+s.GOCACHE, "GOCACHEPROG="+s.GOCACHEPROG,
		"GOTMPDIR="+s.GOTMPDIR, "GOPROXY="+s.GOPROXY, "GONOPROXY="+s.GONOPROXY, "GOPRIVATE="+s.GOPRIVATE,
		"GOSUMDB="+s.GOSUMDB, "GONOSUMDB="+s.GONOSUMDB, "GOINSECURE="+s.GOINSECURE,
		"GOVCS="+s.GOVCS, "GOAUTH="+s.GOAUTH)
}

// fetching returns the environment of a command that only fetches. Somebody may need
// GODEBUG to reach a server, and a module can need a newer release of Go, which is
// in no lock yet: the go command may switch to it where its user lets it.
func (g *Go) fetching() run.Env {
	env := g.Clean()
	for _, mode := range []string{"auto", "path"} {
		if strings.HasSuffix(g.GOTOOLCHAIN, mode) {
			env = env.With("GOTOOLCHAIN=" + g.GOVERSION + "+" + mode)
		}
	}
	if debug := g.Env.Get("GODEBUG"); debug != "" {
		env = env.With("GODEBUG=" + debug)
	}
	return env
}

// flags returns flags with those of the user's GOFLAGS that are about the module
// cache, and not about what is compiled.
func (g *Go) flags(flags string) string {
	if strings.Contains(g.GOFLAGS, "-modcacherw") {
		return flags + " -modcacherw"
	}
	return flags
}
