package source

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

const commit = "756939600b9a7180fc2df6550a4585b638875e67"

func TestUpstreamValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		up   Upstream
		want []string
	}{
		{"a release", Upstream{Module: "k8s.io/kubernetes@v1.36.1"}, nil},
		{"with its commit", Upstream{Module: "k8s.io/kubernetes@v1.36.1", Commit: commit}, nil},
		{"a pre-release", Upstream{Module: "k8s.io/kubernetes@v1.37.0-rc.1"}, nil},
		{"a commit", Upstream{Module: "example.org/ship@v0.0.0-20260203040506-14100d3c2b1a"}, nil},
		{"a major version", Upstream{Module: "go.etcd.io/etcd/server/v3@v3.6.5"}, nil},
		{"from before modules", Upstream{Module: "example.org/old@v3.0.0+incompatible"}, nil},
		{"nothing", Upstream{}, []string{`: no upstream: add "module", such as k8s.io/kubernetes@v1.36.1`}},
		{"no version", Upstream{Module: "example.org/ship"},
			[]string{`module: "example.org/ship" has no version: write example.org/ship@v1.2.3`}},
		{"an empty version", Upstream{Module: "example.org/ship@"},
			[]string{`module: "example.org/ship@" has no version: write example.org/ship@v1.2.3`}},
		{"a version without v", Upstream{Module: "example.org/ship@1.4.1"}, []string{"module: "}},
		{"part of a version", Upstream{Module: "example.org/ship@v1.4"}, []string{"module: "}},
		{"a branch", Upstream{Module: "example.org/ship@main"}, []string{"module: "}},
		{"latest", Upstream{Module: "example.org/ship@latest"}, []string{"module: "}},
		{"another major version", Upstream{Module: "example.org/ship@v2.0.0"}, []string{"module: "}},
		{"no path", Upstream{Module: "@v1.4.1"}, []string{"module: "}},
		{"a URL", Upstream{Module: "https://example.org/ship@v1.4.1"}, []string{"module: "}},
		{"a way out", Upstream{Module: "../ship@v1.4.1"}, []string{"module: "}},
		{"two versions", Upstream{Module: "example.org/ship@v1.4.1@v1.4.2"}, []string{"module: "}},
		{"a short commit", Upstream{Module: "example.org/ship@v1.4.1", Commit: commit[:12]},
			[]string{`commit: "756939600b9a" is not a commit: want 40 hex digits`}},
		{"a commit in capitals", Upstream{Module: "example.org/ship@v1.4.1", Commit: strings.ToUpper(commit)},
			[]string{"commit: "}},
		{"a commit and more", Upstream{Module: "example.org/ship@v1.4.1", Commit: commit + "\n"}, []string{"commit: "}},
		{"both wrong", Upstream{Commit: "HEAD"}, []string{": no upstream", "commit: "}},
	} {
		before := c.up
		testkit.Faults(t, c.name, c.up.Validate(), c.want...)
		if !reflect.DeepEqual(c.up, before) {
			t.Errorf("%s: Validate() changed the section to %v", c.name, c.up)
		}
	}
}

func TestUpstreamVersion(t *testing.T) {
	for module, want := range map[string]string{
		"k8s.io/kubernetes@v1.36.1":                        "1.36.1",
		"k8s.io/kubernetes@v1.37.0-rc.1":                   "1.37.0-rc.1",
		"go.etcd.io/etcd/server/v3@v3.6.5":                 "3.6.5",
		"example.org/old@v3.0.0+incompatible":              "3.0.0",
		"example.org/ship@v0.0.0-20260203040506-14100d3c":  "",
		"example.org/ship@v1.4.2-0.20260203040506-14100d3": "",
		"example.org/ship@main":                            "",
		"example.org/ship":                                 "",
		"":                                                 "",
	} {
		v, ok := Upstream{Module: module}.Version()
		if ok != (want != "") || ok && v.String() != want {
			t.Errorf("%q is of version %v, %v, want %q", module, v, ok, want)
		}
	}
}

func TestUpstreamString(t *testing.T) {
	if got := (Upstream{Module: "example.org/ship@v1.4.1", Commit: commit}).String(); got != "example.org/ship@v1.4.1" {
		t.Errorf("the upstream is called %s", got)
	}
}

func TestLayoutValidate(t *testing.T) {
	good := Sibling{"staging/src/k8s.io/*", "k8s.io/*", "v0.{{.Minor}}.{{.Patch}}"}
	with := func(place, module, version string) Layout {
		return Layout{Siblings: []Sibling{good, {place, module, version}}}
	}
	for _, c := range []struct {
		name   string
		layout Layout
		want   []string
	}{
		{"empty", Layout{}, nil},
		{"of stars", Layout{Versions: ">=1.16 <2", Siblings: []Sibling{good}}, nil},
		{"without stars", with("api", "go.etcd.io/etcd/api/v3", "v{{.Version}}"), nil},
		{"no range", Layout{Versions: "new ones"}, []string{"versions: "}},
		{"no place", with("", "example.org/x", "v1"), []string{"siblings[1]: want place, module and version"}},
		{"no module", with("x", "", "v1"), []string{"siblings[1]: want place, module and version"}},
		{"no version", with("x", "example.org/x", ""), []string{"siblings[1]: want place, module and version"}},
		{"a star in the place alone", with("x/*", "example.org/x", "v1"),
			[]string{"siblings[1]: want one * in both place and module, or none"}},
		{"a star in the module alone", with("x", "example.org/*", "v1"), []string{"siblings[1]: want one *"}},
		{"two stars", with("*/*", "*/*", "v1"), []string{"siblings[1]: want one *"}},
		{"a bad template", with("x", "example.org/x", "v{{.Minor"), []string{"siblings[1].version: "}},
		{"a template of something else", with("x", "example.org/x", "{{.Commit}}"),
			[]string{"siblings[1].version: can't evaluate field Commit"}},
		{"a place outside the tree", with("../x", "example.org/x", "v1"), []string{"siblings[1].place: "}},
		{"an absolute place", with("/x", "example.org/x", "v1"), []string{"siblings[1].place: "}},
		{"the root's place", with(".", "example.org/x", "v1"), []string{"siblings[1].place: "}},
		{"a roundabout place", with("x/../y", "example.org/x", "v1"), []string{"siblings[1].place: "}},
		{"several", Layout{Versions: "new ones", Siblings: []Sibling{{"a", "b", "{{"}, {"a*", "b", "v1"}}},
			[]string{"versions: ", "siblings[0].version: ", "siblings[1]: "}},
	} {
		got := c.layout.Validate()
		for i := range got {
			// The template package says where it was; the rest of its words are enough.
			if _, after, ok := strings.Cut(got[i].Message, ": can't"); ok {
				got[i].Message = "can't" + after
			}
		}
		testkit.Faults(t, c.name, got, c.want...)
	}
}

func TestMatches(t *testing.T) {
	places := []string{".", "staging/src/k8s.io/api", "staging/src/k8s.io/client-go", "staging/src/other", "vendor/x",
		"server/v3"}
	for pattern, want := range map[string][]string{
		"staging/src/k8s.io/*":  {"staging/src/k8s.io/api=api", "staging/src/k8s.io/client-go=client-go"},
		"staging/src/k8s.io/c*": {"staging/src/k8s.io/client-go=lient-go"},
		"*/v3":                  {"server/v3=server"},
		"staging/src/*/api":     {"staging/src/k8s.io/api=k8s.io"},
		"absent/*":              nil,
		"server/v3*":            nil, // a * matches something
		"api":                   {"api="},
		"vendor/x":              {"vendor/x="},
	} {
		var got []string
		for place, stem := range matches(pattern, places) {
			got = append(got, place+"="+stem)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s matches %q, want %q", pattern, got, want)
		}
	}
}
