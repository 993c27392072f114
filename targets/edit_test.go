package targets_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/event"
)

// After an edit to one patch, cross touches only the files that differ, and
// compiles only the packages above them.
func TestEditOfAPatchRedoesWhatDiffers(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	p.must(t, "cross", "-components=captain,bosun,deckhand")
	tree := p.path("dist", ".cache", "patched", "ship-1.4", "tree")
	before := inodes(t, tree)

	// Words that no run has had before, for Go's build cache not to know them.
	editMotto(t, p.dir, fmt.Sprintf("Any wind, at %d.", time.Now().UnixNano()))
	p.must(t, "patches:lock")
	out := p.must(t, "cross", "-json", "-components=captain,bosun,deckhand")

	var touched []string
	for name, file := range inodes(t, tree) {
		if !os.SameFile(file, before[name]) || !file.ModTime().Equal(before[name].ModTime()) {
			touched = append(touched, name)
		}
	}
	if want := []string{"pkg/crew/crew.go"}; !reflect.DeepEqual(touched, want) {
		t.Errorf("cross wrote %v, want %v", touched, want)
	}
	// Package crew, and the mains of captain and bosun. The new stamps concern the linker only.
	if got := compiled(t, out); got != 3 {
		t.Errorf("cross compiled %d packages, want 3:\n%s", got, out)
	}
}

func inodes(t *testing.T, dir string) map[string]fs.FileInfo {
	t.Helper()
	found := map[string]fs.FileInfo{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		found[filepath.ToSlash(rel)], err = d.Info()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// compiled returns how many packages the events of a run say were compiled.
func compiled(t *testing.T, lines string) int {
	t.Helper()
	n := 0
	for line := range strings.Lines(lines) {
		var e event.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e.Kind == event.Progress && e.Stage == "cross" {
			n++
		}
	}
	return n
}
