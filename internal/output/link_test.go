package output

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
)

// TestLink checks that a file is one with that in the cache, whatever was there
// before, and that what it replaces is left alone if it cannot be.
func TestLink(t *testing.T) {
	for name, c := range map[string]struct {
		old  string // what is there: a file's content, or "" for nothing
		from string // the file in the cache
		want string
	}{
		"nothing there":     {from: "kept", want: "new"},
		"something there":   {old: "damaged", from: "kept", want: "new"},
		"none in the cache": {old: "old", from: "none", want: "old"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := Dist{Project: dir, Cache: action.Cache{Dir: filepath.Join(dir, "dist", ".cache")}}
			from, path := d.Abs("dist/.cache/"+c.from), "dist/distfiles/ship.tar.xz"
			err := os.MkdirAll(filepath.Dir(d.Abs(path)), 0o755)
			err = errors.Join(err, os.MkdirAll(filepath.Dir(from), 0o755))
			err = errors.Join(err, os.WriteFile(d.Abs("dist/.cache/kept"), []byte("new"), 0o644))
			if c.old != "" {
				err = errors.Join(err, os.WriteFile(d.Abs(path), []byte(c.old), 0o644))
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Link(from, path, filetree.Regular); (err == nil) != (c.want == "new") {
				t.Errorf("error %v", err)
			}
			if !d.Holds(path, []byte(c.want)) {
				t.Errorf("%s does not hold %q", path, c.want)
			}
		})
	}
}
