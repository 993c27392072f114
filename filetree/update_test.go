package filetree

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// shapes are trees that differ in every way one tree can from another.
func shapes() map[string][]file {
	return map[string][]file{
		"empty":  nil,
		"flat":   {{"a", Regular, "1"}, {"b", Executable, "2"}, {"c", Link, "a"}},
		"modes":  {{"a", Executable, "1"}, {"b", Link, "2"}, {"c", Regular, "a"}},
		"deep":   {{"a/b/c", Regular, "3"}, {"a/d", Regular, "4"}, {"b/c", Link, "../a"}},
		"deeper": {{"a/b/c/d", Regular, "5"}, {"a/d/e", Executable, "4"}, {"c/c/c", Regular, ""}},
		"near":   {{"a-b", Regular, "6"}, {"a.b", Regular, "7"}, {"a/b", Regular, "8"}, {"a0", Link, "elsewhere"}},
		"links":  {{"a", Link, "b"}, {"b/x", Regular, "9"}, {"c", Link, "/etc"}},
	}
}

// edits are the changes that are made on the way from one shape to another.
func edits() map[string][]Change {
	return map[string][]Change{
		"nothing": nil,
		"edited": {
			{Path: "new/file", Mode: Executable, Content: []byte("new")},
			{Path: "edited", Mode: Regular, Content: []byte("edited")},
			{Path: "ln", Mode: Link, Content: []byte("new/file")},
		},
	}
}

func TestUpdate(t *testing.T) {
	for from, have := range shapes() {
		for to, want := range shapes() {
			for how, changes := range edits() {
				t.Run(from+" to "+to+" "+how, func(t *testing.T) { checkUpdate(t, have, want, changes) })
			}
		}
	}
}

func checkUpdate(t *testing.T, have, want []file, changes []Change) {
	d, base := lay(t, have...), lay(t, want...)
	before := contents(t, base)
	got, err := d.Update(t.Context(), base, changes)
	if err != nil {
		t.Fatal(err)
	}
	if expected := base.Tree.Changed(changes); !slices.Equal(got.Tree, expected) || got.Path != d.Path {
		t.Errorf("Update() = %v, want %v", got.Tree, expected)
	}
	if err := got.Verify(t.Context(), nil); err != nil {
		t.Errorf("the folder is not what Update() says: %v", err)
	}
	if after := contents(t, base); !maps.Equal(before, after) {
		t.Errorf("Update() made %v of the base, which was %v", after, before)
	}
	checkNoEmptyFolders(t, d.Path)
}

func checkNoEmptyFolders(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || name == root {
			return err
		}
		entries, err := os.ReadDir(name)
		if len(entries) == 0 {
			t.Errorf("the empty folder %s was left", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestUpdateDoesNotWriteThroughLinks updates a folder whose files are one with
// its base's, over and over: the base must keep its bytes.
func TestUpdateDoesNotWriteThroughLinks(t *testing.T) {
	base := lay(t, file{"a", Regular, "base a"}, file{"b", Executable, "base b"}, file{"c/d", Regular, "base d"})
	before := contents(t, base)
	d, err := Dir{Path: filepath.Join(t.TempDir(), "new", "folder")}.Update(t.Context(), base, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !sameFile(t, filepath.Join(base.Path, "a"), filepath.Join(d.Path, "a")) {
		t.Error("an untouched file is a copy, not a hard link")
	}
	for _, changes := range [][]Change{
		{{Path: "a", Mode: Regular, Content: []byte("edited")}, {Path: "b", Mode: Regular, Content: []byte("base b")}},
		{{Path: "a", Mode: Regular, Content: []byte("edited again")}, {Path: "c/d", Deleted: true}},
		{{Path: "c", Mode: Regular, Content: []byte("a file now")}, {Path: "c/d", Deleted: true}},
		nil,
	} {
		if d, err = d.Update(t.Context(), base, changes); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.Verify(t.Context(), nil), base.Verify(t.Context(), nil)); err != nil {
			t.Fatal(err)
		}
	}
	if after := contents(t, base); !maps.Equal(before, after) {
		t.Errorf("the base became %v, and was %v", after, before)
	}
}

func TestUpdateTouchesOnlyWhatDiffers(t *testing.T) {
	base := lay(t, file{"a", Regular, "a"}, file{"b", Regular, "b"}, file{"c", Regular, "c"})
	d, err := base.Copy(t.Context(), filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	if d, err = d.Update(t.Context(), base, []Change{{Path: "b", Mode: Regular, Content: []byte("!")}}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "c"} {
		if sameFile(t, filepath.Join(base.Path, name), filepath.Join(d.Path, name)) {
			t.Errorf("%s was laid anew, though it did not differ", name)
		}
	}
}

// TestUpdateWhereSomethingLies finds a file that its tree does not have, which
// is one with a file of the base. The base must keep its bytes even then.
func TestUpdateWhereSomethingLies(t *testing.T) {
	base := lay(t, file{"a", Regular, "base"})
	d := Dir{Path: t.TempDir()}
	if err := os.Link(filepath.Join(base.Path, "a"), filepath.Join(d.Path, "new")); err != nil {
		t.Fatal(err)
	}
	_, err := d.Update(t.Context(), base, []Change{{Path: "new", Mode: Regular, Content: []byte("written through")}})
	if now := base.Verify(t.Context(), nil); now != nil {
		t.Errorf("%v (Update() = %v)", now, err)
	}
}

func TestUpdateInPlace(t *testing.T) {
	d := lay(t, file{"a", Regular, "a"}, file{"b/c", Regular, "c"}, file{"d", Link, "a"})
	got, err := d.Update(t.Context(), d, []Change{
		{Path: "b/c", Deleted: true}, {Path: "b", Mode: Executable, Content: []byte("b")},
		{Path: "d", Mode: Regular, Content: []byte("d")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a": "100644 a", "b": "100755 b", "d": "100644 d"}
	if found := contents(t, got); !maps.Equal(found, want) {
		t.Errorf("the folder holds %v, want %v", found, want)
	}
}

func TestUpdateEnds(t *testing.T) {
	base := lay(t, file{"f", Regular, "x"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Dir{Path: t.TempDir()}).Update(ctx, base, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Update() in a context that has ended returns %v", err)
	}
}

func TestCopySharesNothing(t *testing.T) {
	d := lay(t, file{"a", Regular, "a"}, file{"b/c", Executable, "c"}, file{"l", Link, "b/c"})
	before := contents(t, d)
	for _, dst := range []string{t.TempDir(), filepath.Join(t.TempDir(), "not", "there", "yet")} {
		twin, err := d.Copy(t.Context(), dst)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(twin.Tree, d.Tree) || !maps.Equal(contents(t, twin), before) {
			t.Errorf("the copy holds %v, want %v", contents(t, twin), before)
		}
		for _, e := range d.Tree {
			if sameFile(t, filepath.Join(d.Path, e.Path), filepath.Join(twin.Path, e.Path)) {
				t.Errorf("%s of the copy is the same file", e.Path)
			}
		}
	}
}

func TestCopyCanBeWritten(t *testing.T) {
	d := lay(t, file{"a", Regular, "a"}, file{"x", Executable, "x"})
	// The module cache's files are read-only.
	for name, perm := range map[string]fs.FileMode{"a": 0o444, "x": 0o555} {
		if err := os.Chmod(filepath.Join(d.Path, name), perm); err != nil {
			t.Fatal(err)
		}
	}
	twin, err := d.Copy(t.Context(), filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"a": 0o200, "x": 0o300} {
		info, err := os.Stat(filepath.Join(twin.Path, name))
		if err != nil || info.Mode()&0o300 != want {
			t.Errorf("the copy's %s has permissions %v (%v)", name, info.Mode(), err)
		}
	}
}

func TestCopyRefusesWhatIsThere(t *testing.T) {
	d := lay(t, file{"a", Regular, "new"})
	for _, there := range []file{{"a", Regular, "old"}, {"a", Link, "elsewhere"}, {"a/b", Regular, "old"}} {
		dst := lay(t, there)
		if _, err := d.Copy(t.Context(), dst.Path); err == nil {
			t.Errorf("Copy() onto a folder with %v says nothing", there)
		}
		if err := dst.Verify(t.Context(), nil); err != nil {
			t.Errorf("Copy() onto a folder with %v wrote: %v", there, err)
		}
	}
}

func sameFile(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := os.Lstat(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.Lstat(b)
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(x, y)
}
