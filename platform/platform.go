// Package platform names what a binary runs on.
package platform

import (
	"fmt"
	"slices"
	"strings"
)

// A Platform is an operating system and an architecture, by Go's names.
type Platform struct {
	OS, Arch string
}

// known are the platforms that some Kubernetes release was built for, and
// those that Go supports of the same kind.
var known = []Platform{
	{"linux", "386"}, {"linux", "amd64"}, {"linux", "arm"}, {"linux", "arm64"}, {"linux", "loong64"},
	{"linux", "ppc64le"}, {"linux", "riscv64"}, {"linux", "s390x"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "386"}, {"windows", "amd64"}, {"windows", "arm64"},
}

// Known returns the platforms that Parse takes.
func Known() []Platform { return slices.Clone(known) }

// An UnknownError says that a name is not that of a platform.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("unknown platform %q: want one of %s", e.Name, join(known))
}

// Parse reads a platform written as linux/amd64.
func Parse(s string) (Platform, error) {
	os, arch, _ := strings.Cut(s, "/")
	p := Platform{os, arch}
	if !slices.Contains(known, p) {
		return Platform{}, &UnknownError{s}
	}
	return p, nil
}

// ParseList reads platforms, in order and each once.
func ParseList(list []string) ([]Platform, error) {
	var out []Platform
	for _, s := range list {
		p, err := Parse(s)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// String returns linux/amd64.
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Dir returns linux_amd64, which can name a folder.
func (p Platform) Dir() string { return p.OS + "_" + p.Arch }

// Exe returns the file name of an executable.
func (p Platform) Exe(name string) string {
	if p.OS == "windows" {
		return name + ".exe"
	}
	return name
}

// In reports whether a list of operating systems (linux) and platforms
// (linux/amd64) names p. An empty list names every platform.
func (p Platform) In(list []string) bool {
	return len(list) == 0 || slices.Contains(list, p.OS) || slices.Contains(list, p.String())
}

// Names reports whether s is a platform or the operating system of one.
func Names(s string) bool {
	return slices.ContainsFunc(known, func(p Platform) bool { return s == p.OS || s == p.String() })
}

func join(list []Platform) string { return strings.Join(Strings(list), ", ") }

// Strings returns platforms as Parse takes them.
func Strings(list []Platform) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.String()
	}
	return out
}

// Common returns the platforms of a that are also in b, in the order of a.
func Common(a, b []Platform) []Platform {
	return slices.DeleteFunc(slices.Clone(a), func(p Platform) bool { return !slices.Contains(b, p) })
}
