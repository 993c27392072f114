package build

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/source"
)

// TestUpstreamOf holds what of fork.yaml decides the upstream tree, and what does
// not.
func TestUpstreamOf(t *testing.T) {
	f := newYard(t).fork
	commit := strings.Repeat("c", 40)
	for _, c := range []struct {
		about    string
		upstream source.Upstream
		want     string // the input's Upstream
		siblings int
	}{
		{"a module", source.Upstream{Module: "example.org/ship@v1.4.1"}, `{"module":"example.org/ship@v1.4.1"}`, 1},
		{"with its commit, which is only told", source.Upstream{Module: "example.org/ship@v1.4.1", Commit: commit},
			`{"module":"example.org/ship@v1.4.1"}`, 1},
		{"a module before the layout", source.Upstream{Module: "example.org/ship@v0.9.0"},
			`{"module":"example.org/ship@v0.9.0"}`, 0},
		{"a repository", source.Upstream{Git: "https://example.org/ship", Commit: commit, Tag: "v1.4.1"},
			`{"git":"https://example.org/ship","commit":"` + commit + `"}`, 0},
		{"less some files", source.Upstream{Git: "../ship", Commit: commit, Exclude: []string{"vendor/*"}},
			`{"git":"../ship","commit":"` + commit + `","exclude":["vendor/*"]}`, 0},
		{"an archive", source.Upstream{Archive: "ship.tar.xz", SHA256: "00", Strip: 1, Commit: commit},
			`{"archive":"ship.tar.xz","sha256":"00","strip":1}`, 0},
	} {
		f.Upstream = c.upstream
		in := upstreamOf(f, nil)
		got, err := json.Marshal(in.Upstream)
		must(t, err)
		if string(got) != c.want || len(in.Siblings) != c.siblings || in.tag != c.upstream.Tag {
			t.Errorf("%s: got %s, %d siblings, tag %q, want %s, %d, %q",
				c.about, got, len(in.Siblings), in.tag, c.want, c.siblings, c.upstream.Tag)
		}
	}
}
