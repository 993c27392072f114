package build

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/platform"
)

// TestCross builds several times in one project, as runs after another.
func TestCross(t *testing.T) {
	y := newYard(t)
	var made []string
	y.opts.Compile = writes(&made)
	s := y.open()
	for _, c := range []struct {
		about      string
		change     func()
		components []string
		made       string
		ended      []string // stages
		artifacts  string
	}{
		{"the first run", func() {}, []string{"captain", "bosun"}, "captain bosun",
			[]string{"source 3 modules, 0 MB", "patches 2 applied", "cross linux/amd64 captain bosun"}, "captain bosun"},
		{"nothing to do", func() {}, []string{"captain", "bosun"}, "",
			[]string{"source 3 modules kept", "patches 2 applied kept", "cross linux/amd64 captain bosun kept"},
			"captain=kept bosun=kept"},
		{"one more, which keeps the others", func() {}, []string{"deckhand", "captain"}, "deckhand",
			[]string{"source 3 modules, 0 MB kept", "patches 2 applied kept", "cross linux/amd64 deckhand captain"},
			"deckhand captain=kept"},
		{"a damaged one", func() { put(t, y.fork.Project.Path(bin+"/bosun"), "damaged") }, []string{"captain", "bosun"},
			"bosun", []string{"source 3 modules, 0 MB kept", "patches 2 applied kept", "cross linux/amd64 captain bosun"},
			"captain=kept bosun"},
		{"a damaged one that nobody asks for", func() { put(t, y.fork.Project.Path(bin+"/bosun"), "damaged") },
			[]string{"captain"}, "",
			[]string{"source 3 modules kept", "patches 2 applied kept", "cross linux/amd64 captain kept"}, "captain=kept"},
		{"it, after that", func() {}, []string{"bosun"}, "bosun",
			[]string{"source 3 modules, 0 MB kept", "patches 2 applied kept", "cross linux/amd64 bosun"}, "bosun"},
	} {
		s, made = y.again(s), nil
		c.change()
		set, err := s.Cross(t.Context(), []fork.Job{y.job(c.components...)})
		must(t, err)
		equal(t, c.about+": compiled", made, strings.Fields(c.made))
		equal(t, c.about+": stages", y.ended(), c.ended)
		equal(t, c.about+": artifacts", y.artifacts(), strings.Fields(c.artifacts))
		if len(set) != len(c.components) {
			t.Errorf("%s: got %d artifacts", c.about, len(set))
		}
	}
	y.complete(s, "bosun", "captain", "deckhand")
}

// artifacts returns the components whose artifacts were told of, in that order.
func (y *yard) artifacts() []string {
	var out []string
	for _, e := range y.events {
		if e.Kind != event.Artifact {
			continue
		}
		if e.Path != filepath.Join(bin, e.Component) || e.Platform != "linux/amd64" || len(e.SHA256) != 64 {
			y.Errorf("the event %+v is not of a binary in %s", e, bin)
		}
		if e.Kept {
			e.Component += "=kept"
		}
		out = append(out, e.Component)
	}
	return out
}

// complete checks that dist holds these binaries and a record of just them.
func (y *yard) complete(s *Session, names ...string) {
	y.Helper()
	var r Record
	must(y.T, json.Unmarshal([]byte(read(y.T, s.dist.Abs(filepath.Join(bin, "build.json")))), &r))
	var recorded []string
	for _, b := range r.Binaries {
		recorded = append(recorded, b.Component)
		if got := read(y.T, s.dist.Abs(filepath.Join(bin, b.File))); got != "program "+b.Component {
			y.Errorf("%s holds %q", b.File, got)
		}
	}
	equal(y.T, "recorded", recorded, names)
	entries, err := os.ReadDir(s.dist.Abs(bin))
	must(y.T, err)
	if len(entries) != len(names)+1 {
		y.Errorf("%s holds %v", bin, entries)
	}
}

// TestCrossOfSeveral holds that each platform is a stage and has a folder, and that
// only the first tells of the stages before.
func TestCrossOfSeveral(t *testing.T) {
	y := newYard(t)
	var made []string
	y.opts.Compile = writes(&made)
	s := y.open()
	jobs := []fork.Job{y.job("deckhand"), y.job("deckhand")}
	jobs[1].Platform = platform.Platform{OS: "windows", Arch: "arm64"}
	_, err := s.Cross(t.Context(), jobs)
	must(t, err)
	s = y.again(s)
	set, err := s.Cross(t.Context(), jobs)
	must(t, err)
	equal(t, "stages", y.ended(), []string{"source 3 modules kept", "patches 2 applied kept",
		"cross linux/amd64 deckhand kept", "cross windows/arm64 deckhand kept"})
	if len(made) != 2 || set[1].Path != "dist/ship-1.4/bin/windows_arm64/deckhand.exe" {
		t.Errorf("%d were made, the second as %+v", len(made), set[1])
	}
}

// TestRecordIsRewritten holds that a record that says less than the truth is
// written again, although nothing is compiled.
func TestRecordIsRewritten(t *testing.T) {
	y := newYard(t)
	var made []string
	y.opts.Compile = writes(&made)
	s := y.open()
	_, err := s.Binaries(t.Context(), y.job("captain"))
	must(t, err)
	name := y.fork.Project.Path(filepath.Join(bin, "build.json"))
	want := read(t, name)
	y.rewrite(func(r *Record) { r.Name = "boat" })
	s = y.again(s)
	b, err := s.Binaries(t.Context(), y.job("captain"))
	if err != nil || len(made) != 1 || len(b.All) != 1 || read(t, name) != want {
		t.Errorf("got %+v, %v, and %d were made; the record is\n%s", b, err, len(made), read(t, name))
	}
	y.complete(s, "captain")
}

var errNoWind = errors.New("no wind")

// TestBuildAgain holds that the trees are laid out again, once, where a build fails
// and somebody else had changed the patched tree.
func TestBuildAgain(t *testing.T) {
	change := func(tree filetree.Dir) error {
		name := filepath.Join(tree.Path, "README.md")
		return errors.Join(os.Remove(name), os.WriteFile(name, []byte("mutiny"), 0o644))
	}
	through := func(tree filetree.Dir) error { // into the upstream's file, which is the same one
		return os.WriteFile(filepath.Join(tree.Path, "README.md"), []byte("mutiny"), 0o644)
	}
	for _, c := range []struct {
		about        string
		change       func(filetree.Dir) error
		bad          int // how many builds fail
		builds       int
		err          string
		cancel, note bool
	}{
		{about: "it fails, and nothing was changed", bad: 9, builds: 1, err: "no wind"},
		{about: "the tree was changed", change: change, bad: 1, builds: 2, note: true},
		{about: "both trees were changed", change: through, bad: 1, builds: 2, note: true},
		{about: "the tree is changed each time", change: change, bad: 9, builds: 2, err: "no wind", note: true},
		{about: "the run is cancelled", change: change, bad: 9, builds: 1, err: "no wind", cancel: true},
	} {
		t.Run(c.about, func(t *testing.T) {
			y := newYard(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var made []string
			builds, compile := 0, writes(&made)
			y.opts.Compile = func(ctx context.Context, b cross.Builder, r cross.Request) (cross.Built, error) {
				out, err := compile(ctx, b, r)
				if builds++; err != nil || builds > c.bad {
					return out, errors.Join(err, r.Dir.Verify(ctx, nil))
				}
				if c.cancel {
					cancel()
				}
				if c.change != nil {
					must(t, c.change(r.Dir))
				}
				return cross.Built{}, errNoWind
			}
			s := y.open()
			_, err := s.Binaries(ctx, y.job("captain"))
			if says(t, err, c.err); builds != c.builds {
				t.Errorf("it was built %d times, want %d", builds, c.builds)
			}
			noted := slices.ContainsFunc(y.notes(), func(n string) bool {
				return n == "dist/.cache/patched/ship-1.4/tree was changed by something else: README.md (1 file): making it again"
			})
			if noted != c.note {
				t.Errorf("the notes are %q", y.notes())
			}
			if _, statErr := os.Stat(s.dist.Abs(bin)); (statErr == nil) != (err == nil) {
				t.Errorf("after %v, there are binaries: %v", err, statErr == nil)
			}
			if ended := y.ended(); (err == nil) == strings.HasSuffix(ended[len(ended)-1], "failed") {
				t.Errorf("after %v, the stages are %q", err, ended)
			}
		})
	}
}

// TestFailureKeeps holds that what cannot be built leaves dist as it was.
func TestFailureKeeps(t *testing.T) {
	y := newYard(t)
	var made []string
	compile := writes(&made)
	y.opts.Compile = func(ctx context.Context, b cross.Builder, r cross.Request) (cross.Built, error) {
		out, err := compile(ctx, b, r)
		if r.Components[0].Name == "bosun" {
			return cross.Built{}, errNoWind
		}
		return out, err
	}
	s := y.open()
	_, err := s.Binaries(t.Context(), y.job("captain"))
	must(t, err)
	if _, err := s.Binaries(t.Context(), y.job("bosun")); !errors.Is(err, errNoWind) {
		t.Errorf("got %v", err)
	}
	y.complete(s, "captain")
}
