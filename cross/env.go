package cross

import (
	"cmp"
	"path/filepath"
	"regexp"
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
		return b.cgo(b.chosenFirst(env).With("GO111MODULE=off", "GOPATH="+filepath.Clean(root)), cgo)
	}
	if _, ok := tree.Tree.Lookup("go.work"); ok {
		env = env.With("GOWORK=" + filepath.Join(tree.Path, "go.work"))
	}
	return b.cgo(env, cgo)
}

// chosenFirst returns the environment with the go command of the chosen release first in
// PATH. Without modules, the go command does not switch to what GOTOOLCHAIN names.
func (b Builder) chosenFirst(env run.Env) run.Env {
	return env.With("PATH=" + filepath.Join(b.Go.GOROOT, "bin") + string(filepath.ListSeparator) + env.Get("PATH"))
}

// cgo returns the environment with a C compiler, or without.
func (b Builder) cgo(env run.Env, cgo bool) run.Env {
	if !cgo {
		return env.With("CGO_ENABLED=0")
	}
	return b.C.env(env).With("CGO_ENABLED=1", "CC="+b.C.cc(b.C.Path), "CXX="+b.C.cxx()).
		With(b.C.variables(b.C.Sysroot.Path)...)
}

// env returns the environment without what would lead to another system than the
// sysroot's.
func (c Compiler) env(env run.Env) run.Env {
	if c.Sysroot.Path == "" {
		return env
	}
	return env.Without(leadsToHost)
}

// leadsToHost reports whether a variable has a compiler search dirs of this machine.
func leadsToHost(key string) bool {
	switch key {
	case "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX":
		return true
	}
	return strings.HasPrefix(key, "PKG_CONFIG")
}

// variables returns those of cgo, but for the compilers. None is empty: see gotool.Pins.
// root is where the sysroot is.
func (c Compiler) variables(root string) []string {
	cflags, ldflags := "-O2 -g", "-O2 -g"
	out := []string{"CGO_CPPFLAGS= ", "CGO_FFLAGS=-O2 -g", "AR=ar", "FC=gfortran", "PKG_CONFIG=pkg-config"}
	if root != "" {
		// Debug information and __FILE__ do not say where the sysroot is.
		cflags += " " + quoted("-ffile-prefix-map="+root+"="+sysrootName)
		ldflags += joined(c.Sysroot.linkerFlags(root))
		out = append(out, "PKG_CONFIG_SYSROOT_DIR="+root, "PKG_CONFIG_LIBDIR="+c.Sysroot.pkgConfig(root))
	}
	return append(out, "CGO_CFLAGS="+cflags, "CGO_CXXFLAGS="+cflags, "CGO_LDFLAGS="+ldflags)
}

// cc returns the command of the C compiler at a path, as the go command splits it.
func (c Compiler) cc(path string) string {
	return quoted(path) + joined(append(slices.Clone(c.Args), c.sysrootFlags("-isystem")...))
}

// cxx returns the command of the C++ compiler that belongs to it.
func (c Compiler) cxx() string {
	path, args := cxx(c.Path, c.Args)
	return quoted(path) + joined(append(slices.Clone(args), c.sysrootFlags("-idirafter")...))
}

// sysrootFlags returns the arguments that name the sysroot; option is the one for headers.
func (c Compiler) sysrootFlags(option string) []string {
	root := c.Sysroot.Path
	return append(c.Sysroot.flags(root), c.Sysroot.headerFlags(root, option)...)
}

// joined returns words as the go command splits them, each with a space before it.
func joined(words []string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(" " + quoted(w))
	}
	return b.String()
}

// sysrootName is what a sysroot is called in what is recorded, wherever it is.
const sysrootName = "/sysroot"

// environment returns the variables of cgo for records and keys. They say neither where
// the compiler is nor where the sysroot is.
func (c Compiler) environment() []string {
	if c.recorded != nil {
		return c.recorded
	}
	name := c.Sysroot
	if name.Path != "" {
		name.Path = sysrootName
	}
	out := Compiler{Sysroot: name}.variables(name.Path)
	if len(c.Args) > 0 || name.Path != "" {
		out = append(out, "CC="+Compiler{Args: c.Args, Sysroot: name}.cc("cc"))
	}
	slices.Sort(out)
	return out
}

// cxx returns the C++ compiler that belongs to a C compiler with arguments, which may
// begin with the compiler's name, as of ccache gcc or zig cc.
func cxx(cc string, args []string) (string, []string) {
	if to, ok := cxxName(cc); ok || len(args) == 0 {
		return to, args
	}
	args = slices.Clone(args)
	args[0], _ = cxxName(args[0])
	return cc, args
}

// ccName is the name of a C compiler, with what is before and after it.
var ccName = regexp.MustCompile(`^(|.*[/-])(clang|gcc|cc)(-[0-9.]+)?$`)

func cxxName(cc string) (string, bool) {
	m := ccName.FindStringSubmatch(cc)
	if m == nil {
		return cc, false
	}
	return m[1] + map[string]string{"clang": "clang++", "gcc": "g++", "cc": "c++"}[m[2]] + m[3], true
}
