package gitrepo

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
)

// bare is a bare repository, whose branch main has one commit with files.
func bare(t *testing.T, files map[string]string) (*Bare, string) {
	t.Helper()
	testkit.Need(t, "git")
	dir := filepath.Join(t.TempDir(), "below", "ship.git")
	b, err := Git{Env: run.Env(testkit.GitEnv(t.TempDir()))}.Bare(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for path, data := range files {
		ids[path] = BlobID([]byte(data))
		if err := b.WriteBlobs(t.Context(), []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := b.WriteTree(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	const who = "Mate <mate@example.org> 1770000000 +0000\n"
	id, err := b.WriteCommit(t.Context(), []byte("tree "+tree+"\nauthor "+who+"committer "+who+"\nSail\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SetHeads(t.Context(), map[string]string{"main": id, "other": id}); err != nil {
		t.Fatal(err)
	}
	return b, id
}

func TestBare(t *testing.T) {
	files := map[string]string{"crew": "bosun\n", "hold/cargo": "", "hold/odd name\n": "x\x00\n"}
	b, id := bare(t, files)
	if err := b.Pack(t.Context(), 50); err != nil {
		t.Fatal(err)
	}
	if loose, _ := filepath.Glob(filepath.Join(b.dir, "objects", "??", "*")); len(loose) > 0 || len(b.Packs()) != 1 {
		t.Errorf("there are the packs %q, and %q beside them", b.Packs(), loose)
	}
	ids, err := b.ReadTree(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	contents, err := b.ReadBlobs(t.Context(), append(slices.Sorted(maps.Values(ids)), id+":none", id+":crew"))
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range files {
		if got, ok := contents[ids[path]]; !ok || string(got) != data {
			t.Errorf("%q is %q, want %q", path, got, data)
		}
	}
	if _, ok := contents[id+":none"]; ok || string(contents[id+":crew"]) != files["crew"] {
		t.Errorf("by name, the files are %q", contents)
	}
	moments, err := b.First(t.Context(), "main")
	if err != nil || len(moments) != 1 || moments[0].Commit != id || moments[0].Time.Unix() != 1770000000 {
		t.Errorf("the branch is %v, %v", moments, err)
	}
	if none, err := b.First(t.Context(), "none"); err != nil || none != nil {
		t.Errorf("a branch that is not there has %v, %v", none, err)
	}
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSetHeads(t *testing.T) {
	b, id := bare(t, map[string]string{"crew": "bosun\n"})
	want := map[string]string{"main": id}
	for _, c := range []struct {
		heads map[string]string
		fault string
	}{
		{want, ""},
		{map[string]string{"new": id, "main": strings.Repeat("1", 40)}, "nonexistent object"},
		{map[string]string{"new": id, "a..b": id}, "invalid ref"},
	} {
		err := b.SetHeads(t.Context(), c.heads)
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%v: the error is %v, want one with %q", c.heads, err, c.fault)
		}
		if got, err := b.Heads(t.Context()); err != nil || !maps.Equal(got, want) {
			t.Errorf("%v: the branches are %v, %v, want %v", c.heads, got, err, want)
		}
	}
}
