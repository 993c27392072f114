package cross

import (
	"context"
	"fmt"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

// A Compiler is the C compiler for a platform.
type Compiler struct {
	Path    string
	Version string // its first line of --version
}

// A ccPackage says what the C compiler for Linux on an architecture is called
// and which package of a distro has it.
type ccPackage struct {
	debian, debianPackage string // also Fedora's name of the program
	fedoraPackage         string
	gentoo                string // crossdev's target; the program is that and -gcc
}

// ccPackages are by architecture. Sources: packages.debian.org, section
// crossbuild; Fedora's cross-gcc; Gentoo's crossdev.
var ccPackages = map[string]ccPackage{
	"386":   {"i686-linux-gnu-gcc", "gcc-i686-linux-gnu", "gcc-x86_64-linux-gnu", "i686-unknown-linux-gnu"},
	"amd64": {"x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu", "gcc-x86_64-linux-gnu", "x86_64-unknown-linux-gnu"},
	"arm": {"arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf", "gcc-arm-linux-gnu",
		"armv7a-unknown-linux-gnueabihf"},
	"arm64": {"aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "gcc-aarch64-linux-gnu", "aarch64-unknown-linux-gnu"},
	"loong64": {"loongarch64-linux-gnu-gcc", "gcc-loongarch64-linux-gnu", "gcc-loongarch64-linux-gnu",
		"loongarch64-unknown-linux-gnu"},
	"ppc64le": {"powerpc64le-linux-gnu-gcc", "gcc-powerpc64le-linux-gnu", "gcc-powerpc64le-linux-gnu",
		"powerpc64le-unknown-linux-gnu"},
	"riscv64": {"riscv64-linux-gnu-gcc", "gcc-riscv64-linux-gnu", "gcc-riscv64-linux-gnu", "riscv64-unknown-linux-gnu"},
	"s390x":   {"s390x-linux-gnu-gcc", "gcc-s390x-linux-gnu", "gcc-s390x-linux-gnu", "s390x-ibm-linux-gnu"},
}

// FindCompiler returns the C compiler in env's PATH that compiles for p on a
// machine that is host.
func FindCompiler(ctx context.Context, r run.Runner, env run.Env, host, p platform.Platform) (Compiler, error) {
	names, remedy := compilerNames(host, p)
	for _, name := range names {
		path, err := env.LookPath(name)
		if err != nil {
			continue
		}
		out, err := r.Output(ctx, run.Cmd{Args: []string{path, "--version"}, Env: env})
		if err != nil {
			return Compiler{}, err
		}
		first, _, _ := strings.Cut(string(out), "\n")
		return Compiler{path, first}, nil
	}
	if len(names) == 0 {
		return Compiler{}, fmt.Errorf("no C compiler for %s\n  %s", p, remedy)
	}
	return Compiler{}, fmt.Errorf("no C compiler for %s: looked for %s in PATH\n  %s",
		p, strings.Join(names, ", "), remedy)
}

// compilerNames returns what the compiler may be called and how to get one.
func compilerNames(host, p platform.Platform) (names []string, remedy string) {
	if host == p {
		return []string{"cc", "gcc", "clang"},
			"Install it: gcc on Debian and Fedora, sys-devel/gcc on Gentoo, Xcode's command line tools on macOS"
	}
	c, ok := ccPackages[p.Arch]
	if !ok || p.OS != "linux" {
		return nil, fmt.Sprintf("Slipway knows of none for this machine: "+
			"build this component on %s itself, or without cgo", p)
	}
	return []string{c.debian, c.gentoo + "-gcc"},
		fmt.Sprintf("Install it: %s on Debian, %s on Fedora, sys-devel/crossdev and `crossdev --target %s` on Gentoo",
			c.debianPackage, c.fedoraPackage, c.gentoo)
}
