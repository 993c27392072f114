package show

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/event"
)

// A desk is a printer with a clock that only the test moves, and what it writes.
type desk struct {
	*Printer
	now time.Time
	out strings.Builder
}

// open opens a printer. columns is the width of its terminal, 0 where it has none.
func open(columns int, o Options) *desk {
	d := &desk{now: time.Unix(1e9, 0)}
	o.Out, o.Now = &d.out, func() time.Time { return d.now }
	if columns > 0 {
		o.Size = func() (int, int) { return columns, 24 }
	}
	d.Printer = New(o)
	return d
}

// tell sends events. A number in between lets that many seconds pass, with a tick after each.
func (d *desk) tell(story ...any) *desk {
	for _, s := range story {
		switch s := s.(type) {
		case event.Event:
			d.Event(s)
		case int:
			for range s {
				d.now = d.now.Add(time.Second)
				d.Tick()
			}
		}
	}
	return d
}

// seen returns what a person sees of what was written.
func (d *desk) seen() string { return seen(d.out.String()) }

// seen is a terminal, as far as a Printer uses one.
func seen(written string) string {
	lines, at := []string{""}, 0
	for rest := written; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "\r\x1b[K"):
			lines[at], rest = "", rest[len("\r\x1b[K"):]
		case strings.HasPrefix(rest, "\x1b[1A"):
			at, rest = at-1, rest[len("\x1b[1A"):]
		case rest[0] == '\n':
			if at++; at == len(lines) {
				lines = append(lines, "")
			}
			rest = rest[1:]
		default:
			lines[at], rest = lines[at]+rest[:1], rest[1:]
		}
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func started(stage, subject, detail string) event.Event {
	return event.Event{Kind: event.Started, Stage: stage, Subject: subject, Detail: detail}
}

func progress(stage, subject string, done, total int, unit string) event.Event {
	return event.Event{Kind: event.Progress, Stage: stage, Subject: subject, Done: done, Total: total, Unit: unit}
}

func finished(stage, subject, detail string) event.Event {
	return event.Event{Kind: event.Finished, Stage: stage, Subject: subject, Detail: detail}
}

const on = "linux/amd64"

// compile is a story of 20 seconds of a compile that is half done.
func compile() []any {
	return []any{
		event.Event{Kind: event.Fork, Fork: "ship-1.4", Version: "1.4.1+acme.1", Upstream: "example.org/ship@v1.4.1",
			Total: 2},
		started("cross", on, "captain"), started("source", "", ""), 2, finished("source", "", "3 modules"),
		started("patches", "", "2 applied"), finished("patches", "", "2 applied"),
		progress("cross", on, 0, 200, "packages"), 10, progress("cross", on, 50, 200, "packages"),
		10, progress("cross", on, 100, 200, "packages"),
	}
}

const before = `ship-1.4  1.4.1+acme.1  from example.org/ship@v1.4.1, 2 patches
  source   3 modules                                  2.0s
  patches  2 applied                                  0.0s
`

func TestTerminal(t *testing.T) {
	for name, c := range map[string]struct {
		columns int
		story   []any
		want    string
	}{
		"wide": {120, append(compile(), 1), before +
			"  cross    linux/amd64 captain  ━━━━━━━━━━━━━━━───────────────  100/200 packages  4.8/s  21s  ~21s left"},
		"usual": {80, append(compile(), 1), before +
			"  cross    linux/amd64 captain  ━━━━━━───────  100/200 packages  21s  ~21s left"},
		"narrow":      {50, append(compile(), 1), before + "  cross    linux/amd64  100/200 packages  21s"},
		"very narrow": {24, append(compile(), 1), before + "  cross    linux/amd64 "},
		"what comes before is what it waits for": {100, []any{
			started("cross", on, "captain"), started("source", "", ""), 1}, "  source   1.0s"},
		"modules by their name": {100, []any{
			started("cross", on, "captain"), started("source", "", ""), 1,
			progress("source", "example.org/hull", 1, 3, "modules"), 1},
			"  source   example.org/hull  ━━━━━━━━━━────────────────────  1/3 modules  2.0s"},
		"two at once": {100, []any{
			started("deb", on, ""), started("rpm", on, ""), progress("deb", on, 1, 10, "packages"),
			progress("rpm", on, 0, 10, "packages"), 1, finished("rpm", on, "10 packages"), 1, 1},
			"  rpm      linux/amd64 10 packages                    1.0s\n" +
				"  deb      linux/amd64  ━━━───────────────────────────  1/10 packages  3.0s"},
		"one that two ask for": {100, []any{
			started("cross", on, "captain"), started("cross", on, "captain"), 1, finished("cross", on, "captain"), 1},
			"  cross    linux/amd64 captain                        1.0s"},
		"more than has room": {100, func() (story []any) {
			for i := range 9 {
				name := fmt.Sprint(i)
				story = append(story, started("image", name, ""), progress("image", name, 0, 0, "layers"))
			}
			return append(story, 1)
		}(), "  image    0  0 layers  1.0s\n  image    1  0 layers  1.0s\n  image    2  0 layers  1.0s\n" +
			"  image    3  0 layers  1.0s\n  image    4  0 layers  1.0s\n  and 4 more"},
		"one that nobody started": {100, []any{progress("push", "example.org/ship", 1, 12, "MiB"), 1},
			"  push     example.org/ship  ━━────────────────────────────  1/12 MiB  1.0s"},
		"and that ends with the next": {100, []any{
			progress("push", "example.org/ship", 1, 12, "MiB"), 1, started("cross", on, "captain"), 1},
			"  cross    linux/amd64 captain  1.0s"},
		"a size that nobody knew": {100, []any{started("source", "", ""),
			progress("source", "https://example.org/ship.tar", 3, 0, "MiB"), 3},
			"  source   https://example.org/ship.tar  3 MiB  3.0s"},
		"a failure": {100, []any{started("cross", on, "captain"), 1,
			event.Event{Kind: event.Finished, Stage: "cross", Subject: on, Failed: true}, 1}, ""},
		"a note goes above": {100, []any{started("cross", on, "captain"), 1, event.Event{Kind: event.Note,
			Detail: "vendor/ is left out"}, 1}, "  note     vendor/ is left out\n  cross    linux/amd64 captain  2.0s"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := open(c.columns, Options{}).tell(c.story...).seen(); got != c.want {
				t.Errorf("the terminal shows\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A pipe is told of a stage each half minute, and of nothing that is shorter.
func TestPipe(t *testing.T) {
	d := open(0, Options{})
	d.tell(compile()...)
	d.tell(30, progress("cross", on, 150, 200, "packages"), 35, finished("cross", on, "captain"), 60)
	want := before + `  cross    linux/amd64 captain  100/200 packages  30s
  cross    linux/amd64 captain  150/200 packages  1m00s
  cross    linux/amd64 captain                        1m25s
`
	if got := d.out.String(); got != want {
		t.Errorf("the pipe is told\n%s\nwant\n%s", got, want)
	}
}

// With the same events, a terminal ends as a pipe does.
func TestEnd(t *testing.T) {
	story := append(compile(), 5, finished("cross", on, "captain"),
		event.Event{Kind: event.Artifact, Component: "captain", Platform: on, Path: "dist/captain", Size: 3 << 20,
			SHA256: strings.Repeat("ab", 32)},
		started("cross", "linux/arm64", "captain"), 1)
	const want = before + `  cross    linux/amd64 captain                        25s
  captain  linux/amd64  3 MiB  built in 25s  dist/captain  sha256:abababababab…`
	for _, columns := range []int{0, 30, 80} {
		d := open(columns, Options{}).tell(story...)
		d.Close()
		if got := d.seen(); got != want {
			t.Errorf("in %d columns it ends as\n%s\nwant\n%s", columns, got, want)
		}
	}
}

// A display that was ended writes nothing any more.
func TestAbort(t *testing.T) {
	d := open(80, Options{}).tell(compile()...).tell(1)
	d.Abort()
	if got := d.tell(10).seen() + "\n"; got != before {
		t.Errorf("the terminal shows\n%s\nwant\n%s", got, before)
	}
}

func TestJSON(t *testing.T) {
	d := open(0, Options{JSON: true, Color: true})
	d.tell(compile()[1:]...).tell(100)
	d.Close()
	const first = `{"kind":"started","stage":"cross","subject":"linux/amd64","detail":"captain"}` + "\n"
	if got := d.out.String(); !strings.HasPrefix(got, first) || strings.Count(got, "\n") != 8 {
		t.Errorf("it writes\n%s\nwant 8 lines, from\n%s", got, first)
	}
}

func TestColor(t *testing.T) {
	for _, on := range []bool{false, true} {
		d := open(80, Options{Color: on}).tell(compile()...).tell(1)
		if got := strings.Contains(d.out.String(), "\x1b[36m"); got != on {
			t.Errorf("with color %t, there are colors: %t", on, got)
		}
	}
}

// run is a run of a compile of so many seconds a quarter, and of a linker after it.
func run(d *desk, quarter, link int) {
	d.tell(event.Event{Kind: event.Fork, Fork: "ship-1.4"}, started("cross", on, "captain"),
		progress("cross", on, 0, 4, "packages"))
	for i := range 4 {
		d.tell(quarter, progress("cross", on, i+1, 4, "packages"))
	}
	d.tell(link, finished("cross", on, "captain"))
	d.Close()
}

// What is left is known from the last run, by how much faster this one is.
func TestLeft(t *testing.T) {
	for name, c := range map[string]struct {
		before        int // seconds of a quarter in the last run; 0: there was none
		quarter, more int // seconds of the first quarter now, and since then
		want          string
	}{
		"as the last time":           {10, 10, 0, "~50s left"},
		"some seconds later":         {10, 10, 4, "~46s left"},
		"twice as fast":              {10, 5, 0, "~25s left"},
		"half as fast":               {10, 20, 0, "~1m40s left"},
		"without a last time":        {0, 10, 0, "~30s left"},
		"of another kind":            {1, 40, 0, "~2m00s left"},
		"too early to say":           {0, 2, 0, ""},
		"early, with a last time":    {4, 4, 0, "~32s left"},
		"longer than the last time":  {10, 10, 100, ""},
		"of a last time that is bad": {-1, 10, 0, "~30s left"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "times.json")
			if c.before > 0 {
				run(open(0, Options{Times: file}), c.before, 20)
			} else if c.before < 0 {
				write(t, file, `[{"fork":"ship-1.4","stage":"cross","subject":"linux/amd64","detail":"captain","curve":[1]}]`)
			}
			d := open(120, Options{Times: file})
			d.tell(event.Event{Kind: event.Fork, Fork: "ship-1.4"}, started("cross", on, "captain"),
				progress("cross", on, 0, 4, "packages"), c.quarter, progress("cross", on, 1, 4, "packages"))
			d.tell(c.more)
			d.Tick()
			got := d.seen()
			if c.want == "" && strings.Contains(got, "left") || !strings.HasSuffix(got, c.want) {
				t.Errorf("it shows %q, want %q", got, c.want)
			}
		})
	}
}
