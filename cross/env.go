package cross

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

// Environment returns the variables of the go command that decide a binary, sorted.
// Those of cgo are the same for every fork.
func (in Input) Environment() []string {
	env := append(gotool.Pins(), in.baseline()...)
	slices.Sort(env)
	return env
}

// baseline returns the variable that says for which processors is compiled, if the
// architecture has one.
func (in Input) baseline() []string {
	b, ok := platform.BaselineOf(in.Platform.Arch)
	if !ok {
		return nil
	}
	return []string{b.Variable + "=" + cmp.Or(in.Level, b.Default)}
}

// env returns the environment of the go command.
func (b Builder) env(in Input, tree filetree.Dir, cgo bool) run.Env {
	env := b.Go.Clean().With("GOOS="+in.Platform.OS, "GOARCH="+in.Platform.Arch).With(in.baseline()...)
	if in.GOPATH != "" {
		root := strings.TrimSuffix(tree.Path, filepath.Join("src", filepath.FromSlash(in.GOPATH)))
		return b.cgo(env.With("GO111MODULE=off", "GOPATH="+filepath.Clean(root)), cgo)
	}
	if _, ok := tree.Tree.Lookup("go.work"); ok {
		env = env.With("GOWORK=" + filepath.Join(tree.Path, "go.work"))
	}
	return b.cgo(env, cgo)
}

// cgoPins are what cgo does by itself. None is empty: see gotool.Pins.
var cgoPins = []string{
	"CGO_CPPFLAGS= ", "CGO_CFLAGS=-O2 -g", "CGO_CXXFLAGS=-O2 -g", "CGO_FFLAGS=-O2 -g", "CGO_LDFLAGS=-O2 -g",
	"AR=ar", "FC=gfortran", "PKG_CONFIG=pkg-config",
}

// cgo returns the environment with a C compiler, or without.
func (b Builder) cgo(env run.Env, cgo bool) run.Env {
	if !cgo {
		return env.With("CGO_ENABLED=0")
	}
	return env.With("CGO_ENABLED=1", "CC="+b.C.Path, "CXX="+cxx(b.C.Path)).With(cgoPins...)
}

// cxx returns the C++ compiler that belongs to a C compiler.
func cxx(cc string) string {
	for _, name := range [][2]string{{"clang", "clang++"}, {"gcc", "g++"}, {"cc", "c++"}} {
		if before, ok := strings.CutSuffix(cc, name[0]); ok {
			return before + name[1]
		}
	}
	return cc
}
