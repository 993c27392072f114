package cross

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
)

// targets are the macros that a compiler predefines for an architecture or a system.
var targets = map[string][]string{
	"386": {"__i386__"}, "amd64": {"__x86_64__", "__LP64__|_WIN64"}, "arm": {"__arm__"}, "arm64": {"__aarch64__"},
	"loong64": {"__loongarch64"}, "ppc64le": {"__powerpc64__", "__LITTLE_ENDIAN__"},
	"riscv64": {"__riscv", "__LP64__"}, "s390x": {"__s390x__"},
	"linux": {"__linux__"}, "darwin": {"__APPLE__"}, "windows": {"_WIN32"},
}

// Check tries what a compiler makes, with its sysroot: the error says that it is for
// another platform, or which header or library is missing.
func (s CompilerSearch) Check(ctx context.Context, c Compiler) error {
	macros, err := s.preprocess(ctx, c, "")
	if err != nil {
		return s.explain("compile", err)
	}
	for _, name := range []string{s.Platform.OS, s.Platform.Arch} {
		for _, macro := range targets[name] {
			if !regexp.MustCompile(`(?m)^#define (` + macro + `) `).Match(macros) {
				return fmt.Errorf("%s: %s compiles for %s, not for %s\n  Name the compiler for it: %s",
					s.ccField(), c.name(), s.target(ctx, c), s.Platform, strings.Join(s.names(), " or "))
			}
		}
	}
	// Of the C library and of the kernel.
	if _, err := s.preprocess(ctx, c, "#include <stdlib.h>\n#include <errno.h>\n"); err != nil {
		return s.explain("compile", err)
	}
	return s.explain("link", s.link(ctx, c))
}

// names returns what the compiler for the platform may be called.
func (s CompilerSearch) names() []string {
	names, _ := compilerNames(s.Host, s.Platform)
	if len(names) == 0 {
		return []string{"its name, or a path"}
	}
	return names
}

// explain says what a compiler cannot do, and with what.
func (s CompilerSearch) explain(verb string, err error) error {
	var failed *run.Error
	if !errors.As(err, &failed) {
		return err
	}
	with := "its own headers and libraries"
	if s.C.Sysroot != "" {
		with = "sysroot " + s.C.Sysroot
	} else if s.C.HasSysroot() {
		with = "the packages of debian"
	}
	return fmt.Errorf("build.c.%s: the compiler cannot %s a program with %s:\n%s", s.Platform, verb, with, failed.Output)
}

// preprocess returns the macros that are defined in a program.
func (s CompilerSearch) preprocess(ctx context.Context, c Compiler, program string) ([]byte, error) {
	args := append(c.words(), "-dM", "-E", "-x", "c", "-")
	return s.Run.Output(ctx, run.Cmd{
		Args: args, Env: c.env(s.Env).With("LC_ALL=C"),
		Stdin: strings.NewReader(program),
	})
}

// words returns the command of the compiler with all arguments that it is always given.
func (c Compiler) words() []string {
	return append(append([]string{c.Path}, c.Args...), c.sysrootFlags("-isystem")...)
}

// target returns what a compiler says that it compiles for. It says nothing of arguments
// that have it compile for another platform, as -m32.
func (s CompilerSearch) target(ctx context.Context, c Compiler) string {
	out, err := s.Run.Output(ctx, run.Cmd{Args: append(c.words(), "-dumpmachine"), Env: s.Env})
	target, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if target = printable(target); err != nil || len(c.Args) > 0 || target == "" || len(target) > 60 {
		return "another platform"
	}
	return target
}

// link makes a program of C.
func (s CompilerSearch) link(ctx context.Context, c Compiler) error {
	dir, err := os.MkdirTemp("", "slipway-cc-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	args := append(c.words(), "-o", filepath.Join(dir, "program"), "-x", "c", "-")
	return s.Run.Run(ctx, run.Cmd{
		Args: append(args, c.Sysroot.linkerFlags(c.Sysroot.Path)...), Env: c.env(s.Env).With("LC_ALL=C"),
		Stdin: strings.NewReader("int main(void) { return 0; }\n"),
	})
}
