package show

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-build/slipway/event"
)

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What is remembered is a stage of a fork that took a while and was not kept.
func TestPast(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "times.json")
	fork := event.Event{Kind: event.Fork, Fork: "ship-1.4"}
	d := open(0, Options{Times: file}).tell(fork,
		started("source", "", ""), finished("source", "", "3 modules"),
		started("cross", on, "captain"), 5, event.Event{Kind: event.Finished, Stage: "cross", Subject: on, Kept: true},
		started("deb", on, ""), 7, event.Event{Kind: event.Finished, Stage: "deb", Subject: on, Failed: true},
		started("rpm", on, ""), 9, finished("rpm", on, "2 packages"),
		started("rpm", on, ""), 8, finished("rpm", on, "2 packages"))
	d.Close()
	got := readPast(file).stages
	if len(got) != 1 || got[0].Took != 8*time.Second || got[0].Stage != "rpm" || got[0].Fork != "ship-1.4" {
		t.Errorf("it remembers %+v, want the last rpm", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "tmp", "*")); len(left) > 0 {
		t.Errorf("left over: %s", left)
	}
	for i := range 2 * remembered {
		d := open(0, Options{Times: file}).tell(started("image", fmt.Sprint(i), ""), 2)
		if i%100 == 0 {
			d.tell(finished("image", fmt.Sprint(i), ""))
			d.Close()
		}
	}
	var many past
	for i := range 2 * remembered {
		many.note(took{Subject: fmt.Sprint(i), Took: time.Minute})
	}
	if n := len(many.stages); n != remembered || many.stages[n-1].Subject != fmt.Sprint(2*remembered-1) {
		t.Errorf("it remembers %d stages, up to %+v", n, many.stages[n-1])
	}
}

// Nothing is written where a run made no cache, and what is damaged is replaced.
func TestPastFiles(t *testing.T) {
	story := []any{started("rpm", on, ""), 9, finished("rpm", on, "")}
	for name, prepare := range map[string]func(dir string) error{
		"no folder": func(dir string) error { return nil },
		"a file":    func(dir string) error { return os.WriteFile(dir, nil, 0o644) },
	} {
		dir := filepath.Join(t.TempDir(), "cache")
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		open(0, Options{Times: filepath.Join(dir, "times.json")}).tell(story...).Close()
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			t.Errorf("%s: it made the folder", name)
		}
	}
	for _, text := range []string{"", "{", `{"stage":1}`, `[{"took":"x"}]`, "null"} {
		file := filepath.Join(t.TempDir(), "times.json")
		write(t, file, text)
		open(0, Options{Times: file}).tell(story...).Close()
		if got := readPast(file).stages; len(got) != 1 {
			t.Errorf("over %q, it remembers %v", text, got)
		}
	}
}
