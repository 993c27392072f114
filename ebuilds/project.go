package ebuilds

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// A Project says how Gentoo names a project's packages and their parts.
type Project struct {
	Category string `yaml:"category" json:"category"`
	Name     string `yaml:"name" json:"name"`
	Summary  string `yaml:"summary" json:"summary"` // one line, at most 80 characters
	Remote   string `yaml:"remote" json:"remote"`   // github:kubernetes/kubernetes
	// Flags maps a package to the USE flag that installs it, with a + in front
	// where it is on by default. A package without one is always installed.
	Flags map[string]string `yaml:"flags" json:"flags"`
	// Accounts maps users that ::gentoo does not have to their ids.
	Accounts map[string]int `yaml:"accounts" json:"accounts"`
	// Rivals are packages of ::gentoo that install the same files.
	Rivals []string `yaml:"rivals" json:"rivals"`
	// Use are USE flags besides those of packages. Of several rows with one flag, the
	// first that matches the version counts.
	Use []Use `yaml:"use" json:"use"`
	// Features say what packages that are only recommended are for, and may add to them.
	Features []Feature `yaml:"features" json:"features"`
	// Notes has what Portage tells those who install a package for the first time, a
	// line each.
	Notes map[string][]string `yaml:"notes" json:"notes"`
}

// A Use is a USE flag that changes how programs are compiled, or what a package needs.
type Use struct {
	Flag     string        `yaml:"flag" json:"flag"`
	Versions version.Range `yaml:"versions" json:"versions"` // of the upstream; all if empty
	Summary  string        `yaml:"summary" json:"summary"`   // what it does, one line
	Tag      string        `yaml:"tag" json:"tag"`           // a build tag, which counts only with the flag
	Package  string        `yaml:"package" json:"package"`   // it needs what follows
	Needs    []string      `yaml:"needs" json:"needs"`       // packages of Gentoo
}

// A Feature is what a package can do with another one, which it does not need.
type Feature struct {
	Package  string        `yaml:"package" json:"package"`
	Versions version.Range `yaml:"versions" json:"versions"` // of the upstream; all if empty
	For      string        `yaml:"for" json:"for"`           // the feature: port forwarding
	Any      []string      `yaml:"any" json:"any"`           // packages of Gentoo, one of which is enough
}

// At returns the project as it is at a version of the upstream.
func (p Project) At(v version.Version) Project {
	use, features := p.Use, p.Features
	p.Use, p.Features = nil, nil
	for _, u := range use {
		same := func(o Use) bool { return o.Flag == u.Flag }
		if u.Versions.Contains(v) && !slices.ContainsFunc(p.Use, same) {
			p.Use = append(p.Use, u)
		}
	}
	for _, f := range features {
		if f.Versions.Contains(v) {
			p.Features = append(p.Features, f)
		}
	}
	return p
}

// Package Manager Specification, chapter 3.1.
var (
	categoryName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9+_.-]*$`)
	packageName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9+_-]*$`)
	flagName     = regexp.MustCompile(`^\+?[A-Za-z0-9][A-Za-z0-9+_@-]*$`)
	accountName  = regexp.MustCompile(`^[a-z_][a-z0-9_-]*$`)
	tagName      = regexp.MustCompile(`^[A-Za-z0-9_.]+$`)
	atomName     = regexp.MustCompile(`^[a-z0-9-]+/[A-Za-z0-9+_-]+$`)
)

// longestSummary is how many characters Gentoo allows in a DESCRIPTION.
const longestSummary = 80

// Validate returns what is wrong with the project.
func (p Project) Validate() []config.Fault {
	var faults []config.Fault
	if !categoryName.MatchString(p.Category) || !strings.Contains(p.Category, "-") {
		faults = append(faults, config.Faultf("category", "%q is not a category: write it like sys-cluster", p.Category))
	}
	if !packageName.MatchString(p.Name) {
		faults = append(faults, config.Faultf("name", "%q is not a package name: want letters, digits, _, + and -", p.Name))
	}
	end := p.Name[strings.LastIndex(p.Name, "-")+1:]
	if _, err := version.CompareGentoo(end, end); err == nil && end != p.Name {
		faults = append(faults, config.Faultf("name", "%q ends like a version: write it without -%s", p.Name, end))
	}
	if p.Summary == "" || len(p.Summary) > longestSummary || strings.ContainsAny(p.Summary, "\n\"$`\\") {
		faults = append(faults, config.Faultf("summary",
			"want one line of at most %d characters, without \" $ ` and \\", longestSummary))
	}
	for _, pkg := range slices.Sorted(maps.Keys(p.Flags)) {
		if !flagName.MatchString(p.Flags[pkg]) {
			faults = append(faults, config.Faultf("flags."+pkg, "%q is not a USE flag", p.Flags[pkg]))
		}
	}
	faults = append(faults, p.accountFaults()...)
	for i, u := range p.Use {
		faults = append(faults, config.Below(fmt.Sprintf("use[%d]", i), u.validate())...)
	}
	for i, f := range p.Features {
		faults = append(faults, config.Below(fmt.Sprintf("features[%d]", i), f.validate())...)
	}
	faults = append(faults, p.noteFaults()...)
	for i, atom := range p.Rivals {
		if !atomName.MatchString(atom) {
			faults = append(faults, config.At("rivals", i, "%q is not a package: write it like sys-cluster/kubelet", atom))
		}
	}
	return faults
}

// accountFaults returns what is wrong with the accounts.
func (p Project) accountFaults() []config.Fault {
	var faults []config.Fault
	users := map[int]string{}
	for _, name := range slices.Sorted(maps.Keys(p.Accounts)) {
		if !accountName.MatchString(name) {
			faults = append(faults, config.Faultf("accounts."+name,
				"%q is not the name of a user: want a-z, 0-9, _ and -", name))
		}
		if other := users[p.Accounts[name]]; other != "" {
			faults = append(faults, config.Faultf("accounts."+name, "%s has the id %d, too", other, p.Accounts[name]))
		}
		users[p.Accounts[name]] = name
		if id := p.Accounts[name]; id < 1 || id > 999 {
			faults = append(faults, config.Faultf("accounts."+name, "%d is not the id of a system user: want 1 to 999", id))
		}
	}
	return faults
}

func (u Use) validate() []config.Fault {
	var faults []config.Fault
	if !flagName.MatchString(u.Flag) {
		faults = append(faults, config.Faultf("flag", "%q is not a USE flag", u.Flag))
	}
	if err := u.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	if !oneLine(u.Summary) {
		faults = append(faults, config.Faultf("summary", "want one line that says what the flag does"))
	}
	if u.Tag != "" && !tagName.MatchString(u.Tag) {
		faults = append(faults, config.Faultf("tag", "%q is not a build tag: want letters, digits, _ and .", u.Tag))
	}
	if u.Package == "" && len(u.Needs) > 0 {
		faults = append(faults, config.Faultf("package", "want the package that needs %s", strings.Join(u.Needs, ", ")))
	}
	return append(faults, atomFaults("needs", u.Needs)...)
}

func (f Feature) validate() []config.Fault {
	var faults []config.Fault
	if f.Package == "" {
		faults = append(faults, config.Faultf("package", "want the name of a package of packages.yaml"))
	}
	if err := f.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	if !oneLine(f.For) {
		faults = append(faults, config.Faultf("for", "want one line that says what it is for"))
	}
	if len(f.Any) == 0 {
		faults = append(faults, config.Faultf("any", "is empty: list packages, such as net-misc/socat"))
	}
	return append(faults, atomFaults("any", f.Any)...)
}

// noteFaults returns what is wrong with the notes.
func (p Project) noteFaults() []config.Fault {
	var faults []config.Fault
	for _, pkg := range slices.Sorted(maps.Keys(p.Notes)) {
		for i, line := range p.Notes[pkg] {
			if !oneLine(line) {
				faults = append(faults, config.At("notes."+pkg, i, "want one line"))
			}
		}
	}
	return faults
}

func atomFaults(field string, atoms []string) []config.Fault {
	var faults []config.Fault
	for i, atom := range atoms {
		if !atomName.MatchString(atom) {
			faults = append(faults, config.At(field, i, "%q is not a package: write it like net-misc/socat", atom))
		}
	}
	return faults
}

func oneLine(s string) bool { return s != "" && !strings.ContainsFunc(s, unicode.IsControl) }
