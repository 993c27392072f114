package publish_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/publishtest"
	"github.com/slipway-build/slipway/repo/tree"
)

// TestAnotherRepository publishes to where another repository is: one of another name, or one that
// was begun anew. It is refused, even by force.
func TestAnotherRepository(t *testing.T) {
	one, _, _, _ := publishtest.Voyage(t)
	for name, c := range map[string]struct {
		edit func(n *publish.Next)
		says string
	}{
		"another name":   {func(n *publish.Next) { n.Snapshot.Identity.Name = "bosun" }, "and this one is bosun"},
		"another origin": {func(n *publish.Next) { n.Snapshot.Identity.Origin = "Bosun" }, "origin Bosun): its clients"},
		"begun anew":     {func(*publish.Next) {}, "has no snapshot in common with this one"},
	} {
		for _, force := range []bool{false, true} {
			o := published(t, one)
			next := publishtest.Snapshot(t, 9, publishtest.Fleet{"ship-1.4": {"1.4.9"}})
			c.edit(&next)
			r := publish.Request{Now: publishtest.At(9), Keep: publishtest.Keep, Repair: force}
			_, err := publish.Publish(t.Context(), &memory{objects: o}, next, r)
			if other := (*publish.OtherError)(nil); !errors.As(err, &other) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, by force %v: %v, want an OtherError: %q", name, force, err, c.says)
			}
			o.at.Shows(t, name, &memory{objects: o}, one)
		}
	}
}

// TestChangedSource publishes from a folder where somebody changed a file: nothing is brought
// anywhere.
func TestChangedSource(t *testing.T) {
	one, _, _, _ := publishtest.Voyage(t)
	for class, path := range map[tree.Class]string{
		tree.Commit: "index.json", tree.Content: "apt/pool/1.4.1/ship.deb",
	} {
		for how, change := range map[string]func(name string, f tree.File) error{
			"as it was": func(name string, f tree.File) error { return os.WriteFile(name, f.Data, 0o644) },
			"flipped": func(name string, f tree.File) error {
				return os.WriteFile(name, append([]byte("x"), f.Data[1:]...), 0o644)
			},
			"truncated":   func(name string, f tree.File) error { return os.WriteFile(name, f.Data[1:], 0o644) },
			"not a file":  func(name string, _ tree.File) error { return os.Mkdir(name, 0o755) },
			"not there":   func(string, tree.File) error { return nil },
			"not allowed": func(name string, f tree.File) error { return os.Symlink(name, name) },
		} {
			next := one
			next.Files = append([]tree.File(nil), one.Files...)
			from := filepath.Join(t.TempDir(), "file")
			found := false
			for i, f := range next.Files {
				if f.Path != path {
					continue
				}
				found = true
				if err := change(from, f); err != nil {
					t.Fatal(err)
				}
				next.Files[i].From, next.Files[i].Data = from, nil
			}
			if !found {
				t.Fatalf("there is no %s", path)
			}
			o := published(t)
			_, err := publishtest.Publish(t, &memory{objects: o}, next, 1)
			source := (*publish.SourceError)(nil)
			if want := how != "as it was"; errors.As(err, &source) != want || want && len(o.at) > 0 {
				t.Errorf("a file of class %v, %s: %v, and the target has %d objects", class, how, err, len(o.at))
			}
		}
	}
}
