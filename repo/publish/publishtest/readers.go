package publishtest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/tree"
)

// Objects are what a target holds, by path.
type Objects map[string][]byte

// Content is the bytes of all files of snapshots.
func Content(t testing.TB, snapshots ...publish.Next) Objects {
	t.Helper()
	all := Objects{}
	for _, n := range snapshots {
		for _, f := range n.Files {
			data, err := f.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			all[f.Path] = data
		}
	}
	return all
}

// Folder returns the files in a folder, but for the lock and temporary files of one that is published to.
func Folder(t testing.TB, root string) Objects {
	t.Helper()
	all := Objects{}
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		return all
	}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path == "state/lock" || strings.HasPrefix(path, "state/tmp/") {
			return err
		}
		all[path], err = os.ReadFile(filepath.Join(root, path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Clear removes what is published in a folder, and leaves what runs have there for themselves.
func Clear(t testing.TB, root string) {
	t.Helper()
	for path := range Folder(t, root) {
		if err := os.Remove(filepath.Join(root, path)); err != nil {
			t.Fatal(err)
		}
	}
}

// Read is what readers do: whatever is named has to be there, and what they start at is that of
// one of the snapshots.
func (o Objects) Read(t testing.TB, name string, snapshots ...publish.Next) {
	t.Helper()
	known := map[string]bool{}
	for _, n := range snapshots {
		for _, f := range n.Files {
			known[f.Path+"\n"+string(f.Data)] = true
		}
	}
	for _, n := range snapshots {
		for _, f := range n.Files {
			now, ok := o[f.Path]
			if !ok || f.Class == tree.Content {
				continue
			}
			if !known[f.Path+"\n"+string(now)] {
				t.Errorf("%s: %s is of no snapshot: %q", name, f.Path, now)
			}
			o.follow(t, name, f.Path)
		}
	}
}

func (o Objects) follow(t testing.TB, name, path string) {
	t.Helper()
	for line := range strings.Lines(string(o[path])) {
		line = strings.TrimSpace(line)
		if !strings.Contains(line, "/") {
			continue
		}
		if _, ok := o[line]; !ok {
			t.Errorf("%s: %s names %s, which is not there", name, path, line)
		}
		o.follow(t, name, line)
	}
}

// Has checks that everything of the snapshots is there, for readers with an older index too.
func (o Objects) Has(t testing.TB, name string, snapshots ...publish.Next) {
	t.Helper()
	for path := range Content(t, snapshots...) {
		if _, ok := o[path]; !ok {
			t.Errorf("%s: %s is gone", name, path)
		}
	}
}

// Shows checks that a target, which holds these objects, shows just this snapshot.
func (o Objects) Shows(t testing.TB, name string, target publish.Target, n publish.Next) *publish.Shown {
	t.Helper()
	o.Read(t, name, n)
	shown, err := publish.Read(context.Background(), target)
	if err != nil || shown == nil || shown.Head.Snapshot != n.Snapshot.ID || shown.Head.Pending {
		t.Fatalf("%s: the target shows %+v, %v", name, shown, err)
	}
	for path, data := range Content(t, n) {
		if got, ok := o[path]; !ok || !bytes.Equal(got, data) {
			t.Errorf("%s: %s is %q, want %q", name, path, got, data)
		}
	}
	return shown
}

// ShowsAlone is Shows, and checks that there is nothing besides but what ends.
func (o Objects) ShowsAlone(t testing.TB, name string, target publish.Target, n publish.Next) {
	t.Helper()
	shown := o.Shows(t, name, target, n)
	known := map[string]bool{publish.HeadFile: true, publish.ListingFile(shown.Head.Ending): true}
	for _, e := range shown.Ending {
		known[e.Path] = true
	}
	for path := range Content(t, n) {
		known[path] = true
	}
	for path := range o {
		if !known[path] {
			t.Errorf("%s: %s is left over", name, path)
		}
	}
}

// Held asks a target for the files of snapshots.
func Held(t testing.TB, target publish.Target, snapshots ...publish.Next) Objects {
	t.Helper()
	held := Objects{}
	paths := Content(t, snapshots...)
	paths[publish.HeadFile] = nil
	for path := range paths {
		data, _, err := target.Get(t.Context(), path)
		if err == nil {
			held[path] = data
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return held
}
