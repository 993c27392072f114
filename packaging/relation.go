package packaging

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Relation names another package, or alternatives, each with an optional range of
// versions: "iptables >= 1.4.21 | nftables". The version "self" is the release of the
// package that has the relation, and "upstream" is its upstream's version.
type Relation string

// A Name is one alternative of a relation.
type Name struct {
	Package string
	Op      string // = >= <= > <, or none
	Version string
}

var relation = regexp.MustCompile(`^((?:[a-z0-9-]+/)?[a-z0-9][a-z0-9+.-]*)(?: (=|>=|<=|>|<) ([A-Za-z0-9.+~:-]+))?$`)

// parse returns the alternatives.
func (r Relation) parse() ([]Name, error) {
	var out []Name
	for _, part := range strings.Split(string(r), " | ") {
		m := relation.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("%q is not a relation: "+
				"want a package name, or alternatives like \"iptables >= 1.4.21 | nftables\"", r)
		}
		out = append(out, Name{m[1], m[2], m[3]})
	}
	return out, nil
}

// debianVersion matches what dpkg and rpm take for a version. Only an epoch ends with a colon.
var debianVersion = regexp.MustCompile(`^([0-9]+:)?[0-9][A-Za-z0-9.+~]*(-[A-Za-z0-9.+~]+)*$`)

// check returns what dpkg would not take of a relation under a key of a profile.
func (r Relation) check(key string) error {
	names, err := r.parse()
	if err != nil {
		return err
	}
	if len(names) > 1 && slices.Contains([]string{"conflicts", "replaces", "provides"}, key) {
		return fmt.Errorf("%q has alternatives, which only depends, recommends and suggests may have: "+
			"list each package by itself", r)
	}
	for _, n := range names {
		switch {
		case strings.Contains(n.Package, "/"):
			return fmt.Errorf("%q: %s is not a name of Debian's: leave out the category", r, n.Package)
		case key == "provides" && n.Op != "" && n.Op != "=":
			return fmt.Errorf("%q: what a package provides has one version, or none: write %s = VERSION", r, n.Package)
		case n.Op == "" || n.Version == "self" || n.Version == "upstream":
		case !debianVersion.MatchString(n.Version):
			return fmt.Errorf("%q: %q is not a version: it begins with a digit, as 1.4.21 or 1:2.0~rc.1-1 does", r, n.Version)
		}
	}
	return nil
}

// Names returns the alternatives of a relation that Validate accepts. It panics on
// any other.
func (r Relation) Names() []Name {
	names, err := r.parse()
	if err != nil {
		panic(fmt.Sprintf("packaging: %v", err)) // Validate has read it
	}
	return names
}

// self returns the relation to the same release of another package of the fork.
func self(name string) Relation { return Relation(name + " = self") }

// resolve fills in the versions, and names packages as the family does. It
// returns no relation if the family needs none of the packages.
func (r Relation) resolve(p Package, f Family) []Relation {
	var parts []string
	for _, n := range r.Names() {
		name, ok := f.Names[n.Package]
		if !ok {
			name = n.Package
		}
		if name == "" {
			continue
		}
		switch n.Version {
		case "":
			parts = append(parts, name)
			continue
		case "self":
			n.Version = p.Release()
		case "upstream":
			n.Version = p.Version.Upstream()
		}
		parts = append(parts, name+" "+n.Op+" "+n.Version)
	}
	if len(parts) == 0 {
		return nil
	}
	if !f.Alternatives {
		parts = parts[:1]
	}
	return []Relation{Relation(strings.Join(parts, " | "))}
}

// each calls f with every list of relations.
func (r *Relations) each(f func(key string, list *[]Relation)) {
	f("depends", &r.Depends)
	f("recommends", &r.Recommends)
	f("suggests", &r.Suggests)
	f("conflicts", &r.Conflicts)
	f("replaces", &r.Replaces)
	f("provides", &r.Provides)
}
