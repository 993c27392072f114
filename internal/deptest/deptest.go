// Package deptest checks which packages may import which, and what they may use.
// Each ban has its reason. Its test checks the whole project.
//
// Packages of the project are named as the go command takes them: ./lock, and
// "." for the root. A pattern that ends in /... also names all below, "./..."
// all of the project, "..." everything, and "third-party" what is neither the
// project's nor Go's own.
package deptest

import (
	"fmt"
	"slices"
	"strings"
)

// A Ban keeps packages from importing others.
type Ban struct {
	From   []string // patterns of packages of the project
	Except []string // patterns of those among them that may
	Import []string // patterns of what they may not import
	Allow  []string // patterns of what they may, of that
	// Reach extends the ban to what the packages import through others of the
	// project.
	Reach  bool
	Reason string
}

// A UseBan keeps packages from using functions and variables of others.
type UseBan struct {
	Names  []string // os.Getenv; fmt.Print* names all that begin so
	Except []string // patterns of packages that may
	Reason string
}

// A Package is one of the project's, tests left out.
type Package struct {
	Name    string
	Imports []string // sorted
	Uses    []string // FILE:LINE os.Getenv
}

// Check returns what the packages do against the bans, a line each.
func Check(bans []Ban, uses []UseBan, packages []Package) []string {
	var faults []string
	for _, p := range packages {
		for _, b := range bans {
			if matches(b.From, p.Name) && !matches(b.Except, p.Name) {
				faults = append(faults, b.check(p, packages)...)
			}
		}
		for _, b := range uses {
			if !matches(b.Except, p.Name) {
				faults = append(faults, b.check(p)...)
			}
		}
	}
	return faults
}

func (b Ban) check(p Package, packages []Package) []string {
	var faults []string
	seen := map[string]bool{p.Name: true}
	var visit func(way []string, p Package)
	visit = func(way []string, p Package) {
		for _, name := range p.Imports {
			if seen[name] {
				continue
			}
			seen[name] = true
			way := append(slices.Clip(way), name)
			if matches(b.Import, name) && !matches(b.Allow, name) {
				faults = append(faults, fmt.Sprintf("%s: %s", strings.Join(way, " imports "), b.Reason))
			}
			i := slices.IndexFunc(packages, func(o Package) bool { return o.Name == name })
			if b.Reach && i >= 0 {
				visit(way, packages[i])
			}
		}
	}
	visit([]string{p.Name}, p)
	return faults
}

func (b UseBan) check(p Package) []string {
	var faults []string
	for _, use := range p.Uses {
		where, name, _ := strings.Cut(use, " ")
		if slices.ContainsFunc(b.Names, func(pattern string) bool { return named(pattern, name) }) {
			faults = append(faults, fmt.Sprintf("%s: %s uses %s: %s", where, p.Name, name, b.Reason))
		}
	}
	return faults
}

func named(pattern, name string) bool {
	prefix, star := strings.CutSuffix(pattern, "*")
	return name == pattern || star && strings.HasPrefix(name, prefix)
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return match(pattern, name) })
}

func match(pattern, name string) bool {
	ours := name == "." || strings.HasPrefix(name, "./")
	switch pattern {
	case "...":
		return true
	case "./...":
		return ours
	case "third-party":
		first, _, _ := strings.Cut(name, "/")
		return !ours && strings.Contains(first, ".")
	}
	prefix, all := strings.CutSuffix(pattern, "/...")
	return name == prefix || all && strings.HasPrefix(name, prefix+"/")
}
