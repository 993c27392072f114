package build

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/deps"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/source"
)

// hasKey checks the folder, the JSON of the input and the key of a stage.
func hasKey[In, Out any](t *testing.T, st Stage[In, Out], in In, dir, input, key string) {
	t.Helper()
	data, err := json.Marshal(in)
	must(t, err)
	if string(data) != input {
		t.Errorf("the input of %s is\n%s, want\n%s", st.Name, data, input)
	}
	if st.dir() != dir || string(Key(st, in)) != key {
		t.Errorf("the output of %s is kept in %s as\n%s, want %s as\n%s", st.Name, st.dir(), Key(st, in), dir, key)
	}
}

// TestKeys holds the keys of what projects keep: where one changes, every user
// makes everything again. Only a Revision that counts up is meant to change one.
func TestKeys(t *testing.T) {
	f := newYard(t).fork
	hasKey(t, upstreamStage, upstreamOf(f, nil), "source", `{"Upstream":{"module":"example.org/ship@v1.4.1"},`+
		`"Siblings":[{"place":"staging/src/example.org/*","module":"example.org/*",`+
		`"version":"v0.{{.Minor}}.{{.Patch}}{{with .Prerelease}}-{{.}}{{end}}"}]}`,
		"539bd3fff532c03e151110ce4c0e17a5829f48093005639b382784e86f7d9b0e")
	carry := source.Carry{
		Git: "https://example.org/ship", Commits: strings.Repeat("a", 40) + ".." + strings.Repeat("b", 40),
	}
	hasKey(t, carriedStage, carriedInput{carry, []string{"vendor/*"}}, "carried",
		`{"git":"https://example.org/ship","commits":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..`+
			`bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","Exclude":["vendor/*"]}`,
		"462429690cdf60de50dccdaa84c2897ae33324b840ca927c9df0a8a689b8d14f")
	hasKey(t, carriedStage, carriedInput{carry, nil}, "carried",
		`{"git":"https://example.org/ship","commits":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..`+
			`bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","Exclude":null}`,
		"402f2aa9808335d508f499cddd895b6f835d8d7d2dbd0d48887219814d82187f")
	hasKey(t, depsStage, depsInput{
		Tree: "sha256:00", Deps: deps.Deps{"example.com/rope": "v1.3.0"}, Go: "go1.26.8", goCmd: &gotool.Go{},
	}, "deps", `{"Tree":"sha256:00","Deps":{"example.com/rope":"v1.3.0"},"Go":"go1.26.8"}`,
		"c14f8898752cc6e04823233f9fc454776b7039acb9b70b2529ba192cccae90ea")
	hasKey(t, documentsStage, documentsInput{sum: "00", name: "captain", shells: []string{"bash"}, path: "/bin/captain"},
		"documents", `["00","captain",["bash"]]`,
		"be7c376f9694e64481641c9a793d02ee802e72755f7d93d262723bccedd2f3fa")
	hasKey(t, documentsStage, documentsInput{sum: "00", name: "captain"}, "documents", `["00","captain",null]`,
		"cd18de1e9180c6069a44becdd0a6f418d25395d731266b2ebfc90c2575b094f7")
}

// TestBinaryKeys holds the keys of binaries in dist.
func TestBinaryKeys(t *testing.T) {
	y := newYard(t)
	s := pinned(y)
	in, _, err := s.Input(amd64)
	must(t, err)
	b := cross.Builder{Go: s.goFork, C: cross.Compiler{Path: "/bin/cc", Version: "cc 14"}}
	for _, c := range []struct{ name, gopath, want string }{
		{"captain", "", "eecb50245562e61d45e2e7b6a31914f464baa1cc1de07783dac32f94fff4cc85"},
		{"captain", "example.org/ship", "d7d422b86129c1fcb7f235c0c50445d2b41a857db6ba25685d7e608d3e1390df"},
		{"anchor", "", "3f19efd9191475e95e7cd030aa7d3a55657eac5b5e4ef8b6fdb915652c8bf4b1"},
	} {
		in.GOPATH = c.gopath
		if got := string(b.Key(in, y.component(c.name))); got != c.want {
			t.Errorf("the key of %s in the GOPATH %q is %s, want %s", c.name, c.gopath, got, c.want)
		}
	}
}
