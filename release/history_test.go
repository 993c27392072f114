package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/output"
)

// earlierOf reads what a project has of earlier releases: records by their paths in it.
func earlierOf(t *testing.T, v, last string, files map[string]string) (e Earlier, said []string, err error) {
	t.Helper()
	dir := t.TempDir()
	data := map[string][]byte{}
	for name, text := range files {
		data[name] = []byte(text)
	}
	if err := output.WriteFiles(dir, data); err != nil {
		t.Fatal(err)
	}
	f := fork.Fork{ID: "ship-1.4", Project: fork.Project{Dir: dir}}
	f.Version = v
	e, err = ReadEarlier(f, Request{Last: last}, func(e event.Event) { said = append(said, e.Detail) })
	return e, said, err
}

func record(v string) string { return `{"schema": 1, "version": "` + v + `"}` }

// TestReadEarlier holds which release comes before a version, and what is said where it is
// not the newest.
func TestReadEarlier(t *testing.T) {
	const dir = "dist/ship-1.4/releases/"
	all := map[string]string{
		dir + "1.4.0+acme.9.json": record("1.4.0+acme.9"), dir + "1.4.1+acme.2.json": record("1.4.1+acme.2"),
		dir + "1.4.1+acme.10.json": record("1.4.1+acme.10"), dir + "notes": "of a person",
		"old/artifacts.json": record("1.3.0+acme.1"),
	}
	for _, c := range []struct {
		v, last    string
		same, want string
		said       string
	}{
		{"1.4.1+acme.11", "", "", "1.4.1+acme.10", ""},
		{"1.4.1+acme.10", "", "1.4.1+acme.10", "1.4.1+acme.2", ""},
		{"1.4.1+acme.3", "", "", "1.4.1+acme.2", "1.4.1+acme.10 is released already: 1.4.1+acme.3 is older"},
		{"1.3.9", "", "", "", "1.4.1+acme.10 is released already"},
		{"1.5.0", "old", "", "1.3.0+acme.1", ""},
		{"1.5.0", "old/artifacts.json", "", "1.3.0+acme.1", ""},
	} {
		e, said, err := earlierOf(t, c.v, c.last, all)
		if err != nil || versionOf(e.same) != c.same || versionOf(e.last) != c.want {
			t.Errorf("%s: %q comes before it, and %q is the same: %v", c.v, versionOf(e.last), versionOf(e.same), err)
		}
		if text := strings.Join(said, "\n"); !strings.Contains(text, c.said) || c.said == "" && text != "" {
			t.Errorf("%s: %q is said, want %q", c.v, text, c.said)
		}
	}
}

func versionOf(r *artifact.Release) string {
	if r == nil {
		return ""
	}
	return r.Version
}

// TestReadEarlierRefuses holds what is said of records that cannot be read.
func TestReadEarlierRefuses(t *testing.T) {
	const at = "dist/ship-1.4/releases/1.4.0.json"
	const damaged = at + " is damaged, or no record of a release: "
	for name, c := range map[string]struct {
		last  string
		files map[string]string
		want  string
	}{
		"cut off": {"", map[string]string{at: `{"schema": 1`},
			damaged + "unexpected end of JSON input\n  It is the record"},
		"another":      {"", map[string]string{at: `{}`}, at + ": its schema is 0"},
		"no folder":    {"old", nil, "old/artifacts.json does not exist: want the folder of a release"},
		"a folder":     {"old", map[string]string{"old/x": ""}, "old/artifacts.json does not exist"},
		"a file":       {"old", map[string]string{"old": "text"}, "old/artifacts.json does not exist"},
		"another JSON": {"x.json", map[string]string{"x.json": "[]"}, "x.json is damaged, or no record of a release"},
		"out of itself": {"x.json", map[string]string{"x.json": `{"schema": 1, "artifacts": [{"path": "../x"}]}`},
			"leads out of"},
	} {
		if _, _, err := earlierOf(t, "1.4.1", c.last, c.files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestPublish holds that a version stays known with all that it was released as, until it is
// forced to be another.
func TestPublish(t *testing.T) {
	deb := func(arch, digest string) artifact.Released {
		return artifact.Released{Kind: artifact.Package, Name: "captain", Path: "deb/" + arch, Digest: digest}
	}
	before := &artifact.Release{Version: "1.4.1", Artifacts: []artifact.Released{deb("amd64", "a"), deb("arm64", "b")}}
	for force, want := range map[bool]string{false: "deb/amd64 a2, deb/arm64 b", true: "deb/amd64 a2"} {
		dir := t.TempDir()
		r := Releaser{Dist: output.Dist{Project: dir}, Earlier: Earlier{same: before}}
		r.Dist.Cache.Dir = filepath.Join(dir, "dist", ".cache")
		f := fork.Fork{ID: "ship-1.4", Project: fork.Project{Dir: dir}}
		now := artifact.Release{Schema: 1, Version: "1.4.1", Artifacts: []artifact.Released{deb("amd64", "a2")}}
		if err := r.publish(f, now, force); err != nil {
			t.Fatal(err)
		}
		got, err := artifact.ReadRelease(filepath.Join(dir, "dist/ship-1.4/releases/1.4.1.json"))
		var texts []string
		for _, a := range got.Artifacts {
			texts = append(texts, a.Path+" "+a.Digest)
		}
		if text := strings.Join(texts, ", "); err != nil || text != want {
			t.Errorf("force %v: it is known with %q, want %q: %v", force, text, want, err)
		}
		if left, err := os.ReadDir(filepath.Join(dir, "dist/.cache/tmp")); err == nil && len(left) > 0 {
			t.Errorf("%v is left in the cache", left)
		}
	}
}
