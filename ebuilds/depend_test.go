package ebuilds

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/packaging"
)

func TestGroup(t *testing.T) {
	long := strings.Repeat("a", 100)
	for _, c := range []struct {
		head  string
		items []string
		want  string
	}{
		{"||", []string{"a-b/c", "a-b/d"}, "|| ( a-b/c a-b/d )"},
		{"mate?", []string{"a-b/c"}, "mate? ( a-b/c )"},
		{"||", []string{long, "bb"}, "|| ( " + long + " bb )"},          // the widest line
		{"||", []string{long, "bbb"}, "|| (\n\t" + long + "\n\tbbb\n)"}, // one character more
		{"mate?", []string{"|| (\n\ta-b/c\n)", "a-b/d"}, "mate? (\n\t|| (\n\t\ta-b/c\n\t)\n\ta-b/d\n)"},
	} {
		if got := group(c.head, c.items); got != c.want {
			t.Errorf("group(%s, %q) =\n%s\nwant\n%s", c.head, c.items, got, c.want)
		}
	}
}

func TestIfUse(t *testing.T) {
	for _, c := range []struct {
		flag  string
		lines []string
		want  []string
	}{
		{"", []string{"dobin a"}, []string{"dobin a"}},
		{"mate", nil, nil},
		{"mate", []string{"dobin a", "dobin b"}, []string{"if use mate; then", "\tdobin a", "\tdobin b", "fi"}},
		{"!mate", []string{"dobin a"}, []string{"if ! use mate; then", "\tdobin a", "fi"}},
	} {
		if got := ifUse(c.flag, c.lines); !slices.Equal(got, c.want) {
			t.Errorf("ifUse(%s, %q) = %q, want %q", c.flag, c.lines, got, c.want)
		}
	}
}

func TestUseGroup(t *testing.T) {
	for _, c := range []struct {
		flag        string
		atoms, want []string
	}{
		{"", []string{"a-b/c", "a-b/d"}, []string{"a-b/c", "a-b/d"}},
		{"mate", nil, nil},
		{"mate", []string{"a-b/c", "a-b/d"}, []string{"mate? ( a-b/c a-b/d )"}},
		{"mate", []string{"a-b/" + strings.Repeat("c", 120)},
			[]string{"mate? (", "\ta-b/" + strings.Repeat("c", 120), ")"}},
	} {
		if got := useGroup(c.flag, c.atoms); !slices.Equal(got, c.want) {
			t.Errorf("useGroup(%s, %q) = %q, want %q", c.flag, c.atoms, got, c.want)
		}
	}
}

// TestNeeds has what becomes of a package's relations in Gentoo. The fork is ship
// with a third package, purser, that is always installed.
func TestNeeds(t *testing.T) {
	type relations = []packaging.Relation
	for _, c := range []struct {
		depends, recommends relations
		run, required       string
	}{
		{relations{"net-misc/whistle"}, nil, "net-misc/whistle", ""},
		{relations{"net-misc/whistle >= 1.0"}, nil, ">=net-misc/whistle-1.0", ""},
		{relations{"net-misc/whistle >= 1.0", "app-misc/rum"}, nil, ">=net-misc/whistle-1.0 app-misc/rum", ""},
		{relations{"app-misc/rum | app-misc/grog"}, nil, "|| ( app-misc/rum app-misc/grog )", ""},
		{relations{"app-misc/rum | app-misc/rum"}, nil, "app-misc/rum", ""},
		{nil, relations{"app-misc/rum"}, "", ""}, // which is only recommended
		{nil, relations{"tobacco"}, "", ""},
		{relations{"app-misc/rum"}, relations{"tobacco | app-misc/grog"}, "app-misc/rum", ""},
		{relations{"bosun = 1.4.1+acme.1-1"}, nil, "", "bosun"},
		{relations{"bosun", "bosun"}, nil, "", "bosun"},
		{relations{"bosun", "mate"}, relations{"app-misc/rum"}, "", "bosun mate"},
		{nil, relations{"bosun"}, "", "bosun"},
		{relations{"purser"}, nil, "", ""},
	} {
		f := shipFork()
		f.Packages = append(f.Packages, packaging.Package{Name: "purser", Platform: linux})
		run, required, err := f.needs(packaging.Package{
			Name: "x", Platform: linux, Relations: packaging.Relations{Depends: c.depends, Recommends: c.recommends},
		})
		if err != nil || strings.Join(run, " ") != c.run || strings.Join(required, " ") != c.required {
			t.Errorf("needs(%q, %q) = %q, %q, %v, want %q, %q", c.depends, c.recommends, run, required, err, c.run, c.required)
		}
	}
	_, _, err := shipFork().needs(packaging.Package{
		Name: "x", Relations: packaging.Relations{Depends: relations{"tobacco"}},
	})
	if want := "package x depends on tobacco, which has no known name in Gentoo"; errorText(err) != want {
		t.Errorf("needs(tobacco) = %v, want %s", err, want)
	}
}

// TestClosure has the flags that a metapackage asks for. In captain's fork mate
// needs bosun, and bosun can be compiled without captain, but not precompiled.
func TestClosure(t *testing.T) {
	source := captain().Forks[0]
	for _, c := range []struct {
		name string
		fork Fork
		flag string
		want []string
	}{
		{"alone", shipFork(), "bosun", []string{"bosun"}},
		{"with what it needs", shipFork(), "mate", []string{"bosun", "mate"}},
		{"compiled", source, "mate", []string{"bosun", "mate"}},
		{"precompiled", source.withoutParts(), "mate", []string{"bosun", "captain", "mate"}},
		{"a flag of no package", shipFork(), "cook", []string{"cook"}},
	} {
		if got, err := c.fork.closure(c.flag); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: closure(%s) = %q, %v, want %q", c.name, c.flag, got, err, c.want)
		}
	}
}

// TestAtomsLeaveOutTheEbuildItself has the atoms of a relation that names the ebuild, too.
func TestAtomsLeaveOutTheEbuildItself(t *testing.T) {
	f := Fork{Project: Project{Category: "sys-ships", Name: "ship"}, Packages: []packaging.Package{{Name: "mate"}}}
	for _, c := range []struct {
		relation packaging.Relation
		want     []string
	}{
		{"sys-ships/ship | sys-ships/rope", []string{"sys-ships/rope"}},
		{"sys-ships/ship", nil},
		{"mate | rope", nil},
	} {
		if got := f.atoms(c.relation); !slices.Equal(got, c.want) {
			t.Errorf("the atoms of %s are %q, want %q", c.relation, got, c.want)
		}
	}
}
