package cross

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/platform"
)

// C is how C is compiled for a platform, for components with cgo.
type C struct {
	// CC is the compiler, instead of the machine's: a command in PATH, or a path that is absolute or relative to
	// the project, as ./tools/gcc. Arguments that it is always given follow, as in gcc -m32; quotes keep spaces.
	CC string `yaml:"cc"`
	// Sysroot is a folder with the C headers and libraries of the system to compile for, instead of the
	// compiler's: absolute, or relative to the project.
	Sysroot string `yaml:"sysroot"`
	// Debian makes a sysroot of Debian packages, instead of Sysroot.
	Debian Debian `yaml:"debian"`
}

// Debian describes a sysroot of Debian packages.
type Debian struct {
	// Suites are where the packages come from, each URL SUITE: https://deb.example.org/debian bullseye.
	Suites []string `yaml:"suites" json:"suites"`
	// Keyring is a file of the project with the keys that sign the suites.
	Keyring string `yaml:"keyring" json:"keyring"`
	// Packages are unpacked with all that they depend on: libc6-dev, and the libraries that are linked.
	Packages []string `yaml:"packages" json:"packages"`
}

// Empty reports whether nothing is asked for.
func (d Debian) Empty() bool { return len(d.Suites)+len(d.Packages) == 0 && d.Keyring == "" }

// HasSysroot reports whether C is compiled with other headers and libraries than the
// compiler's.
func (c C) HasSysroot() bool { return c.Sysroot != "" || !c.Debian.Empty() }

// SysrootField returns the field that says what the sysroot is made of.
func (c C) SysrootField() string {
	if c.Sysroot != "" {
		return "sysroot"
	}
	return "debian"
}

// validC returns what is wrong with build.c.
func validC(all map[string]C) []config.Fault {
	var faults []config.Fault
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, err := platform.Parse(name); err != nil {
			faults = append(faults, config.Faultf("c."+name, "%v", err))
		}
		faults = append(faults, config.Below("c."+name, all[name].validate(name))...)
	}
	return faults
}

func (c C) validate(on string) []config.Fault {
	var faults []config.Fault
	if c.CC == "" && !c.HasSysroot() {
		faults = append(faults, config.Faultf("cc", "name a compiler, a sysroot, or both"))
	}
	faults = append(faults, validCC(c.CC)...)
	if c.HasSysroot() && !strings.HasPrefix(on, "linux/") {
		faults = append(faults, config.Faultf(c.SysrootField(), "a sysroot is for Linux, not for %s", on))
	}
	if c.Debian.Empty() {
		return faults
	}
	if c.Sysroot != "" {
		faults = append(faults, config.Faultf("debian", "replaces sysroot: remove one of the two"))
	}
	return append(faults, config.Below("debian", c.Debian.validate())...)
}

func (d Debian) validate() []config.Fault {
	var faults []config.Fault
	for i, suite := range d.Suites {
		if _, err := debbase.ParseSuite(suite); err != nil {
			faults = append(faults, config.At("suites", i, "%v", err))
		}
	}
	for i, pkg := range d.Packages {
		if err := debbase.CheckPackage(pkg); err != nil {
			faults = append(faults, config.At("packages", i, "%v", err))
		}
	}
	if len(d.Packages) == 0 || len(d.Suites) == 0 || d.Keyring == "" {
		faults = append(faults, config.Faultf("",
			"a sysroot of Debian packages needs suites, a keyring, and packages such as libc6-dev"))
	}
	return faults
}

// validCC returns what is wrong with the command of a compiler.
func validCC(command string) []config.Fault {
	words, err := splitWords(command)
	switch {
	case err != nil:
		return []config.Fault{config.Faultf("cc", "%q: %v", command, err)}
	case command == "":
		return nil
	case len(words) == 0 || words[0] == "":
		return []config.Fault{config.Faultf("cc", "%q names no compiler", command)}
	}
	var faults []config.Fault
	for _, arg := range words[1:] {
		if relativeArg.MatchString(arg) {
			faults = append(faults, config.Faultf("cc", "%q: %s is a relative path, and a compiler runs in many folders: "+
				"write an absolute one", command, arg))
		} else if sysrootArg.MatchString(arg) {
			faults = append(faults, config.Faultf("cc", "%q: write sysroot: PATH instead of %s: its files are pinned",
				command, arg))
		}
	}
	return faults
}

var (
	relativeArg = regexp.MustCompile(`^(-[BIL])?\.\.?(/|$)`)
	sysrootArg  = regexp.MustCompile(`^(--sysroot|-isysroot)`)
)

// splitWords splits a command as the go command splits CC: at spaces that are not within
// a pair of quotes, around a whole word.
func splitWords(s string) ([]string, error) {
	var words []string
	for s = strings.TrimLeft(s, " \t\n\r"); s != ""; s = strings.TrimLeft(s, " \t\n\r") {
		if quote := s[:1]; quote == `"` || quote == "'" {
			word, rest, ok := strings.Cut(s[1:], quote)
			if !ok {
				return nil, errors.New("a quote is not closed")
			}
			if rest != "" && !strings.ContainsRune(" \t\n\r", rune(rest[0])) {
				return nil, errors.New("quotes must enclose a whole word")
			}
			words, s = append(words, word), rest
			continue
		}
		end := strings.IndexAny(s, " \t\n\r")
		if end < 0 {
			end = len(s)
		}
		if strings.ContainsAny(s[:end], `'"`) {
			return nil, errors.New("quotes must enclose a whole word")
		}
		words, s = append(words, s[:end]), s[end:]
	}
	return words, nil
}
