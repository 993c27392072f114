package cross

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const graph = `[{"ID": 0, "Mode": "link-install", "Package": "a"}, {"ID": 1, "Mode": "build"}, {"Mode": "build"}, ` +
	`{"Mode": "nop"}, {"Mode": "build"}]`

func TestWatcher(t *testing.T) {
	for _, c := range []struct {
		name, graph, out string
		progress         []string
		complaints       string
	}{
		{"packages", graph, "internal/abi\nexample.org/ship/cmd/captain\n", []string{"1/3", "2/3"}, ""},
		{"more than the graph says", graph, "a\nb\nc\nd\ne\n", []string{"1/3", "2/3", "3/3", "4/4", "5/5"}, ""},
		{"no graph", "", "a\nb\n", []string{"1/1", "2/2"}, ""},
		{"a broken graph", "[{", "a\n", []string{"1/1"}, ""},
		{"downloads", graph, "go: downloading example.com/rope v1.2.3\na\n", []string{"1/3"}, ""},
		{"a complaint", graph,
			"a\n# example.org/ship/cmd/captain\ncmd/captain/captain.go:3:2: undefined: x\n\tin two lines\nb\n",
			[]string{"1/3", "2/3"}, "# example.org/ship/cmd/captain\ncmd/captain/captain.go:3:2: undefined: x\n\tin two lines"},
		{"a complaint without an end", graph, "go: no such tool", nil, "go: no such tool"},
		{"an empty line within", graph, "x: y\n\nz: w\n", nil, "x: y\n\nz: w"},
		{"nothing", graph, "", nil, ""},
	} {
		for _, chunk := range []int{1, 3, 1 << 10} {
			file := filepath.Join(t.TempDir(), "graph")
			if c.graph != "" {
				if err := os.WriteFile(file, []byte(c.graph), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var progress []string
			w := &watcher{graph: file, emit: func(done, total int) {
				progress = append(progress, fmt.Sprintf("%d/%d", done, total))
			}}
			for part := range slices.Chunk([]byte(c.out), chunk) {
				if n, err := w.Write(part); n != len(part) || err != nil {
					t.Fatalf("Write() = %d, %v", n, err)
				}
			}
			if !slices.Equal(progress, c.progress) || w.complaints() != c.complaints || w.complaints() != c.complaints {
				t.Errorf("%s, %d bytes at a time: progress %q and complaints %q, want %q and %q",
					c.name, chunk, progress, w.complaints(), c.progress, c.complaints)
			}
		}
	}
}

func TestWatcherShowsTheFirstComplaints(t *testing.T) {
	for _, n := range []int{maxComplaints - 1, maxComplaints, maxComplaints + 1, 10 * maxComplaints} {
		w := &watcher{emit: func(int, int) {}}
		for i := range n {
			fmt.Fprintf(w, "line %d\n", i)
		}
		lines := strings.Split(w.complaints(), "\n")
		if want := min(n, maxComplaints+1); len(lines) != want || lines[0] != "line 0" {
			t.Errorf("of %d complaints, %d lines are shown from %q on, want %d", n, len(lines), lines[0], want)
		}
		if cut := lines[len(lines)-1] == "…"; cut != (n > maxComplaints) {
			t.Errorf("of %d complaints, the last line is %q", n, lines[len(lines)-1])
		}
	}
}

func TestPackagesOf(t *testing.T) {
	for _, c := range []struct {
		graph string
		want  []string
	}{
		{`[{"Mode": "link", "Package": "a"}, {"Mode": "build", "Package": "a"}, ` +
			`{"Mode": "build check cache", "Package": "b"}, {"Mode": "build", "Package": "c"}]`, []string{"a", "c"}},
		{"[{", nil},
		{"[]", nil},
	} {
		file := filepath.Join(t.TempDir(), "graph")
		if err := os.WriteFile(file, []byte(c.graph), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := packagesOf(file); !slices.Equal(got, c.want) {
			t.Errorf("packagesOf(%s) = %q, want %q", c.graph, got, c.want)
		}
	}
	if got := packagesOf(filepath.Join(t.TempDir(), "absent")); got != nil {
		t.Errorf("a graph that is missing has %q", got)
	}
}
