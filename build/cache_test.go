package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// log is a stage that writes an entry of the log, and counts how often.
func log(made *int) Stage[int, string] {
	return Stage[int, string]{
		Name: "log", Revision: 1, Keep: 2,
		Run: func(_ context.Context, _ *Session, in int, dst string) error {
			*made++
			return WriteJSON(dst, "entry", fmt.Sprintf("day %d", in))
		},
		Read: ReadJSON[string]("entry"),
	}
}

func TestDo(t *testing.T) {
	y := newYard(t)
	s := y.open()
	var made int
	stage := log(&made)
	for i, want := range []bool{false, true, true} {
		out, kept, err := Do(t.Context(), s, stage, 7)
		if out != "day 7" || kept != want || err != nil || made != 1 {
			t.Errorf("time %d: got %q, kept %v, %v, and was made %d times", i, out, kept, err, made)
		}
	}
	for _, c := range []struct {
		about  string
		change func(*Stage[int, string])
		in     int
		made   int // in all
	}{
		{"the same", func(*Stage[int, string]) {}, 7, 1},
		{"another input", func(*Stage[int, string]) {}, 8, 2},
		{"another revision", func(st *Stage[int, string]) { st.Revision = 2 }, 7, 3},
		{"another name", func(st *Stage[int, string]) { st.Name = "diary" }, 7, 4},
		{"another name in the same folder", func(st *Stage[int, string]) { st.Name, st.Dir = "notes", "log" }, 7, 5},
		{"another folder", func(st *Stage[int, string]) { st.Dir = "shelf" }, 7, 6},
		{"how many are kept", func(st *Stage[int, string]) { st.Keep = 5 }, 7, 6},
	} {
		other := stage
		c.change(&other)
		if out, _, err := Do(t.Context(), s, other, c.in); err != nil || made != c.made || !strings.HasPrefix(out, "day") {
			t.Errorf("%s: got %q, %v, and was made %d times, want %d", c.about, out, err, made, c.made)
		}
	}
	must(t, Forget(s, stage, 7))
	if _, kept, err := Do(t.Context(), s, stage, 7); kept || err != nil {
		t.Errorf("after Forget: kept %v, %v", kept, err)
	}
}

func TestKeyIsTheFolder(t *testing.T) {
	s := newYard(t).open()
	var made int
	stage := log(&made)
	if _, _, err := Do(t.Context(), s, stage, 7); err != nil {
		t.Fatal(err)
	}
	dir := s.CacheDir("log", string(Key(stage, 7))[:32])
	if got := read(t, filepath.Join(dir, "entry")); got != `"day 7"` {
		t.Errorf("the entry holds %s", got)
	}
}

// TestDoAgain damages what was kept.
func TestDoAgain(t *testing.T) {
	for _, c := range []struct {
		about, note string
		damage      func(name string) error
	}{
		{"missing", "no such file or directory: making it again", os.Remove},
		{"empty", "entry: unexpected end of JSON input: making it again", func(name string) error {
			return os.Truncate(name, 0)
		}},
		{"of another kind", "entry: json: cannot unmarshal number", func(name string) error {
			return os.WriteFile(name, []byte("7"), 0o644)
		}},
	} {
		t.Run(c.about, func(t *testing.T) {
			y := newYard(t)
			s := y.open()
			var made int
			stage := log(&made)
			if _, _, err := Do(t.Context(), s, stage, 7); err != nil {
				t.Fatal(err)
			}
			must(t, c.damage(filepath.Join(s.hold.cache.Path("log", Key(stage, 7)), "entry")))
			out, kept, err := Do(t.Context(), s, stage, 7)
			if out != "day 7" || kept || err != nil || made != 2 {
				t.Errorf("got %q, kept %v, %v, and was made %d times", out, kept, err, made)
			}
			notes := y.notes()
			if len(notes) != 1 || !strings.Contains(notes[0], c.note) || strings.Contains(notes[0], y.fork.Project.Dir) {
				t.Errorf("the notes are %q, want one …%s…", notes, c.note)
			}
		})
	}
}

func TestDoFails(t *testing.T) {
	s := newYard(t).open()
	fails := errors.New("no ink")
	var made int
	stage := log(&made)
	run := stage.Run
	stage.Run = func(ctx context.Context, s *Session, in int, dst string) error {
		return errors.Join(run(ctx, s, in, dst), fails)
	}
	if _, kept, err := Do(t.Context(), s, stage, 7); !errors.Is(err, fails) || kept {
		t.Errorf("got kept %v, %v", kept, err)
	}
	if _, err := os.Stat(s.hold.cache.Path("log", Key(stage, 7))); !os.IsNotExist(err) {
		t.Errorf("what failed is in the cache: %v", err)
	}
	// What cannot be read although it was just made is not made again and again.
	stage.Run = run
	stage.Read = func(string) (string, error) {
		if made > 9 {
			t.Fatal("it is made again and again")
		}
		return "", fails
	}
	if _, _, err := Do(t.Context(), s, stage, 8); !errors.Is(err, fails) || made != 2 {
		t.Errorf("got %v, and was made %d times in all", err, made)
	}
}

// TestCloseKeeps makes outputs in one run, of which a second one uses the oldest.
func TestCloseKeeps(t *testing.T) {
	y := newYard(t)
	s := y.open()
	var made int
	stage := log(&made)
	stage.Dir = "shelf"
	kept := func(want ...bool) {
		t.Helper()
		for day, want := range want {
			if _, err := os.Stat(s.hold.cache.Path("shelf", Key(stage, day))); (err == nil) != want {
				t.Errorf("day %d is kept: %v, want %v", day, err == nil, want)
			}
		}
	}
	for day := range 4 {
		if _, _, err := Do(t.Context(), s, stage, day); err != nil {
			t.Fatal(err)
		}
		dir := s.hold.cache.Path("shelf", Key(stage, day))
		must(t, os.Chtimes(dir, y.lock.Time, y.lock.Time.AddDate(0, 0, day)))
	}
	untouched := s.CacheDir("diary", "old")
	must(t, os.MkdirAll(untouched, 0o755))
	s = y.again(s)
	kept(true, true, true, true) // the run that ended took them all
	if _, again, err := Do(t.Context(), s, stage, 0); err != nil || !again {
		t.Fatalf("the output of day 0 was kept: %v, %v", again, err)
	}
	s = y.again(s)
	kept(true, false, false, true)
	if _, err := os.Stat(untouched); err != nil {
		t.Errorf("a stage that did not run lost an output: %v", err)
	}
}

func TestJSONFails(t *testing.T) {
	dir := t.TempDir()
	says(t, WriteJSON(dir, "x", func() {}), "unsupported type")
	says(t, WriteJSON(filepath.Join(dir, "absent"), "x", 1), "no such file")
	_, err := ReadJSON[int]("x")(dir)
	says(t, err, filepath.Join(dir, "x")+": open")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the error is %v, want one of a missing file", err)
	}
}
