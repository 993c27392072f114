package cross

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

// A Compiler is the C compiler for a platform.
type Compiler struct {
	Path    string
	Args    []string // that it is always given
	Version string   // its first line of --version
	Sysroot Sysroot  // the zero value is the compiler's

	recorded []string // what a Binary says of its environment; nil: what environment returns
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

// A CompilerSearch looks for the C compiler for a platform.
type CompilerSearch struct {
	Run      run.Runner
	Env      run.Env           // it is looked for in its PATH
	Host     platform.Platform // this machine
	Platform platform.Platform
	C        C      // what build.c says of the platform
	Project  string // absolute; paths in C are relative to it
}

// Find returns the C compiler, without a sysroot.
func (s CompilerSearch) Find(ctx context.Context) (Compiler, error) {
	if s.C.CC != "" {
		return s.configured(ctx)
	}
	names, remedy := compilerNames(s.Host, s.Platform)
	for _, name := range names {
		if path, err := s.Env.LookPath(name); err == nil {
			return s.ask(ctx, Compiler{Path: path})
		}
	}
	if len(names) == 0 {
		return Compiler{}, fmt.Errorf("no C compiler for %s\n  %s", s.Platform, remedy)
	}
	return Compiler{}, fmt.Errorf("no C compiler for %s: looked for %s in PATH\n  %s",
		s.Platform, strings.Join(names, ", "), remedy)
}

// ccField returns how errors name the field of build.c that says which compiler.
func (s CompilerSearch) ccField() string { return "build.c." + s.Platform.String() + ".cc" }

// configured returns the compiler that build.c names.
func (s CompilerSearch) configured(ctx context.Context) (Compiler, error) {
	words, err := splitWords(s.C.CC)
	if err != nil {
		return Compiler{}, fmt.Errorf("%s: %w", s.ccField(), err)
	}
	c := Compiler{Path: words[0], Args: words[1:]}
	if strings.Contains(c.Path, "/") {
		if !filepath.IsAbs(c.Path) {
			c.Path = filepath.Join(s.Project, c.Path)
		}
		if info, err := os.Stat(c.Path); err != nil {
			return Compiler{}, fmt.Errorf("%s: %w", s.ccField(), err)
		} else if info.IsDir() || info.Mode()&0o111 == 0 {
			return Compiler{}, fmt.Errorf("%s: %s is not executable", s.ccField(), c.Path)
		}
	} else if c.Path, err = s.Env.LookPath(words[0]); err != nil {
		return Compiler{}, fmt.Errorf("%s: %w%s", s.ccField(), err, remedyFor(words[0]))
	}
	if c, err = s.ask(ctx, c); err != nil {
		err = fmt.Errorf("%s: %w", s.ccField(), err)
	}
	return c, err
}

// debianName is what the name of a Debian package looks like.
var debianName = regexp.MustCompile(`^[a-z][a-z0-9+.-]+$`)

// remedyFor returns how to get the compiler of that name, if it is one.
func remedyFor(name string) string {
	pkg := packageOf(name)
	if !debianName.MatchString(pkg) {
		return ""
	}
	return "\n  Install it: package " + pkg + " on Debian"
}

// versioned is a name as gcc-12 or aarch64-linux-gnu-gcc-12, with the target and the rest.
var versioned = regexp.MustCompile(`^(?:(\w+-linux-gnu\w*)-)?((?:gcc|g\+\+)(?:-[0-9.]+)?)$`)

// packageOf returns Debian's package of a compiler.
func packageOf(name string) string {
	m := versioned.FindStringSubmatch(name)
	if m == nil || m[1] == "" {
		return name
	}
	return m[2] + "-" + strings.ReplaceAll(m[1], "_", "-")
}

// ask returns the compiler with what it says it is. One that says nothing cannot be told
// from another.
func (s CompilerSearch) ask(ctx context.Context, c Compiler) (Compiler, error) {
	args := append(append([]string{c.Path}, c.Args...), "--version")
	out, err := s.Run.Output(ctx, run.Cmd{Args: args, Env: s.Env})
	if err != nil {
		return Compiler{}, err
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if c.Version = printable(first); c.Version == "" {
		return Compiler{}, fmt.Errorf("%s does not say what compiler it is: its --version prints nothing", c.name())
	}
	return c, nil
}

// name returns what errors call the compiler.
func (c Compiler) name() string {
	return filepath.Base(c.Path) + joined(c.Args)
}

// printable returns what a compiler says, for records and messages.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
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
			"build this component on %s itself, or without cgo, or name one in build.c of fork.yaml", p)
	}
	return []string{c.debian, c.gentoo + "-gcc"},
		fmt.Sprintf("Install it: %s on Debian, %s on Fedora, sys-devel/crossdev and `crossdev --target %s` on Gentoo",
			c.debianPackage, c.fedoraPackage, c.gentoo)
}
