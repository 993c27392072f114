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
		"947b2c6c1ed045bd04ee31721c35c3c59c391dc84e66e03d1cfdf1761c13f5e0")
	hasKey(t, documentsStage, documentsInput{sum: "00", name: "captain"}, "documents", `["00","captain",null]`,
		"485ee8a3979b25c5b49bb75a104eecf0b608d480f642a3b0b4b1cf1b6942a2d9")
}

// TestBinaryKeys holds the keys of binaries in dist.
func TestBinaryKeys(t *testing.T) {
	y := newYard(t)
	s := pinned(y)
	in, _, err := s.Input(amd64)
	must(t, err)
	b := cross.Builder{Go: s.goFork, C: cross.Compiler{Path: "/bin/cc", Version: "cc 14"}}
	for name, want := range map[string]string{
		"captain": "eecb50245562e61d45e2e7b6a31914f464baa1cc1de07783dac32f94fff4cc85",
		"anchor":  "40bbc1ddfbc03699e82754b3143a81733f68f76ca8a759c0e6e78fe740c992cb",
	} {
		if got := string(b.Key(in, y.component(name))); got != want {
			t.Errorf("the key of %s is %s, want %s", name, got, want)
		}
	}
}
