package lock

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	digestA = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
	digestB = "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"
	sumA    = "h1:Mt7NKigaZ2KmOmCLhX81lGlH9JU5wjXnYhXnxAun9XA="
	sumB    = "h1:XbL/EMj8K2aJpJtePmqUyQMsM0D4QI2pvl7YKJ20FTY="
)

func sample() Lock {
	return Lock{
		Upstream: "example.org/ship@v1.4.1",
		Time:     time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
		Go:       "1.24.0",
		Modules: []Module{
			{".", "example.org/ship", "v1.4.1", sumA},
			{"staging/src/example.org/hull", "example.org/hull", "v0.4.1", sumB},
		},
		Dropped: []Module{{Place: "staging/src/example.org/sample-lantern", Path: "example.org/sample-lantern",
			Version: "v0.4.1"}},
		Source:  "sha256:" + digestA,
		Patches: []Patch{{"0001-crew.patch", 1, digestB}, {"hull/0002-bosun.patch", 0, digestA}},
		Tree:    "sha256:" + digestB,
	}
}

// encoded is the sample as its file, a literal because such files are in people's repositories.
const encoded = `# What this fork is made of. "mage patches:lock" writes this file; commit it.
upstream example.org/ship@v1.4.1
time 2026-02-03T04:05:06Z
module . example.org/ship v1.4.1 ` + sumA + `
module staging/src/example.org/hull example.org/hull v0.4.1 ` + sumB + `
dropped staging/src/example.org/sample-lantern example.org/sample-lantern v0.4.1
source sha256:` + digestA + `
patch 0001-crew.patch -p1 sha256:` + digestB + `
patch hull/0002-bosun.patch -p0 sha256:` + digestA + `
tree sha256:` + digestB + `
go 1.24.0
`

func TestEncode(t *testing.T) {
	if got := string(sample().Encode()); got != encoded {
		t.Errorf("Encode() writes\n%s\nwant\n%s", got, encoded)
	}
}

// TestFiles tells the files of the series from what comes before them.
func TestFiles(t *testing.T) {
	commit, shared := Patch{Name: strings.Repeat("a", 40)}, Patch{Name: "slipway:bosun/0001-bosun.patch"}
	file := Patch{Name: "0001-crew.patch"}
	for name, c := range map[string]struct {
		patches []Patch
		want    int
	}{
		"none": {nil, 0}, "a commit": {[]Patch{commit}, 0}, "of the library": {[]Patch{shared, commit, shared}, 0},
		"a file": {[]Patch{file, file}, 2}, "all kinds": {[]Patch{commit, shared, file}, 1},
	} {
		if got := (Lock{Patches: c.patches}).Files(); len(got) != c.want {
			t.Errorf("%s: the files are %v, want %d", name, got, c.want)
		}
	}
	if shared.Carried() || !shared.Library() || commit.Library() || file.Library() {
		t.Error("a patch is taken for one of another kind")
	}
}

func TestRoundTrip(t *testing.T) {
	for name, change := range map[string]func(*Lock){
		"the sample":       func(*Lock) {},
		"no patches":       func(l *Lock) { l.Patches = nil },
		"nothing dropped":  func(l *Lock) { l.Dropped = nil },
		"one module":       func(l *Lock) { l.Modules = l.Modules[:1] },
		"no go line":       func(l *Lock) { l.Go = "" },
		"a pseudo-version": func(l *Lock) { l.Upstream = "example.org/ship@v0.0.0-20260203040506-14100d3c2b1a" },
		"of the library": func(l *Lock) {
			l.Carried = []Carried{{Git: "../mate", Commits: "1..2"}, {Library: "slipway:bosun"}}
			l.Patches = append([]Patch{{"slipway:bosun/0001-bosun.patch", 1, digestA}}, l.Patches...)
		},
		"a great strip": func(l *Lock) { l.Patches[0].Strip = 255 },
	} {
		want := sample()
		change(&want)
		got, err := Decode(want.Encode())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: Decode(Encode()) = %+v, %v, want %+v", name, got, err, want)
		}
	}
}

// TestEveryFlippedBit flips each bit of each byte of a lock, and some bytes
// whole. Each must be refused with its line, or be another lock, which then is
// compared with what is there.
func TestEveryFlippedBit(t *testing.T) {
	refused := 0
	for i := range len(encoded) {
		line := 1 + strings.Count(encoded[:i], "\n")
		for _, flip := range []byte{1, 2, 4, 8, 16, 32, 64, 128, 0xff} {
			data := []byte(encoded)
			data[i] ^= flip
			if !checkFlipped(t, data, line, data[i] == '\n') {
				refused++
			}
		}
	}
	if refused == 0 {
		t.Error("no flip was refused")
	}
}

// checkFlipped reports whether data, which differs from the sample in the line,
// decodes. Where a line break was made, the fault may be in what it broke off.
func checkFlipped(t *testing.T, data []byte, line int, broken bool) bool {
	l, err := Decode(data)
	if err == nil {
		if reflect.DeepEqual(l, sample()) {
			t.Errorf("line %d as %q is read as if nothing had changed", line, bytes.Split(data, []byte("\n"))[line-1])
		}
		return true
	}
	number, _, _ := strings.Cut(err.Error(), ":")
	if got, _ := strconv.Atoi(number); got != line && (!broken || got != line+1) {
		t.Errorf("line %d as %q: Decode() = %v", line, bytes.Split(data, []byte("\n"))[line-1], err)
	}
	return false
}

func TestDecodeRefuses(t *testing.T) {
	lines := strings.SplitAfter(encoded, "\n")
	without := func(n int) string { return strings.Join(slices.Delete(slices.Clone(lines), n-1, n), "") }
	replace := func(old, new string) string { return strings.Replace(encoded, old, new, 1) }
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "1: this is not a fork.lock"},
		{"another header", without(1), "1: this is not a fork.lock"},
		{"the header alone", lines[0], "2: "},
		{"carriage returns", strings.ReplaceAll(encoded, "\n", "\r\n"), "1: "},
		{"a conflict that git left", replace("source ", "<<<<<<< HEAD\nsource "), `7: unknown word "<<<<<<<"`},
		{"an empty line", replace("source ", "\nsource "), `7: unknown word ""`},
		{"a word too many", replace("v0.4.1 h1:", "v0.4.1 new h1:"), `5: "module" takes 4 words, not 5`},
		{"a word too few", replace(" -p1", ""), `8: "patch" takes 3 words, not 2`},
		{"a strip that is none", replace("-p1", "-px"), `8: bad strip option "-px"`},
		{"a strip below nothing", replace("-p1", "-p-1"), "8: "},
		{"a time that is none", replace("2026-02-03", "2026-02-33"), "3: "},
		{"a time with a fraction", replace("04:05:06Z", "04:05:06.5Z"), "3: "},
		{"a time of another zone", replace("04:05:06Z", "05:05:06+01:00"), "3: "},
		{"lines that changed places", lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], ""), "2: "},
		{"a line twice", replace(lines[2], lines[2]+lines[2]), "4: "},
		{"no line break at the end", strings.TrimSuffix(encoded, "\n"), "11: "},
		{"no upstream", without(2), "2: "},
		{"no time", without(3), "3: "},
		{"no source", without(7), "7: "},
		{"no tree", without(10), "10: "},
		{"a short tree", replace("tree sha256:fc", "tree sha256:"), "10: "},
		{"a tree of another kind", replace("tree sha256:", "tree sha512:"), "10: "},
		{"a source that is no hex", replace("source sha256:2c", "source sha256:2g"), "7: "},
		{"a patch's digest in capitals", replace("-p1 sha256:fc", "-p1 sha256:FC"), "8: "},
		{"a sum of another kind", replace(sumA, "h2"+sumA[2:]), "4: "},
		{"a short sum", replace(sumB, sumB[:20]), "5: "},
	} {
		if l, err := Decode([]byte(c.data)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: Decode() = %+v, %v, want an error that begins with %q", c.name, l, err, c.want)
		}
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "fork.lock")
	for _, c := range []struct {
		name, data string
		want       []string // parts of the error, in order
	}{
		{"good", encoded, nil},
		{"bad", strings.Replace(encoded, "dropped", "drooped", 1),
			[]string{path + `:6: unknown word "drooped"`}},
		{"empty", "", []string{path + ":1: "}},
	} {
		if err := os.WriteFile(path, []byte(c.data), 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := Read(path)
		checkError(t, c.name, err, c.want)
		if c.want == nil && !reflect.DeepEqual(l, sample()) {
			t.Errorf("%s: Read() = %+v", c.name, l)
		}
	}
	absent := filepath.Join(dir, "absent", "fork.lock")
	_, err := Read(absent)
	checkError(t, "absent", err, []string{absent + " is missing"})
	_, err = Read(dir)
	checkError(t, "a folder", err, []string{dir, "is a directory"})
}

// checkError checks that err has each of the parts, in their order, or is nil if there are none.
func checkError(t *testing.T, name string, err error, parts []string) {
	t.Helper()
	if (err == nil) != (parts == nil) {
		t.Errorf("%s: got the error %v, want one that says %q", name, err, parts)
		return
	}
	rest := fmt.Sprint(err)
	for _, part := range parts {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Errorf("%s: got the error %v, want one that says %q", name, err, parts)
			return
		}
		rest = after
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "fork.lock")
	for _, old := range []string{"", "an old lock\n"} {
		if old != "" {
			if err := os.WriteFile(path, []byte(old), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := sample().Write(path); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != encoded {
			t.Errorf("over %q, Write() left %q (%v)", old, data, err)
		}
	}
	// Where it cannot be put in its place, nothing is left beside it.
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := sample().Write(taken); err == nil {
		t.Error("Write() onto a folder says nothing")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.new")); err != nil || len(left) > 0 {
		t.Errorf("Write() left %q (%v)", left, err)
	}
}

func TestLine(t *testing.T) {
	for _, c := range []struct {
		word, name string
		want       int
	}{
		{"upstream", "", 2},
		{"time", "", 3},
		{"module", ".", 4},
		{"module", "staging/src/example.org/hull", 5},
		{"dropped", "staging/src/example.org/sample-lantern", 6},
		{"source", "", 7},
		{"patch", "0001-crew.patch", 8},
		{"patch", "hull/0002-bosun.patch", 9},
		{"tree", "", 10},
		{"go", "", 11},
		{"module", "example.org/hull", 0},
		{"patch", "0001", 0},
		{"absent", "", 0},
	} {
		if got := sample().Line(c.word, c.name); got != c.want {
			t.Errorf("Line(%q, %q) = %d, want %d", c.word, c.name, got, c.want)
		}
	}
}

func TestByPlace(t *testing.T) {
	modules := []Module{{Place: "b"}, {Place: "a/b"}, {Place: "."}, {Place: "a"}}
	slices.SortFunc(modules, ByPlace)
	if got := fmt.Sprint(modules); got != "[{.   } {a   } {a/b   } {b   }]" {
		t.Errorf("by place, the modules are %s", got)
	}
}

// FuzzDecode holds that a lock that Decode takes is, byte for byte, what Encode writes of it.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(encoded))
	f.Add([]byte(header))
	f.Add([]byte(strings.Replace(encoded, "-p1", "-p01", 1)))
	f.Add([]byte(strings.Replace(encoded, "06Z", "06+00:00", 1)))
	f.Add([]byte(strings.Replace(encoded, "go 1.24.0\n", "", 1)))
	f.Add([]byte(encoded + encoded))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Decode(data)
		if err != nil {
			if number, _, ok := strings.Cut(err.Error(), ":"); !ok || strings.Trim(number, "0123456789") != "" {
				t.Errorf("Decode(%q): %q does not begin with a line", data, err)
			}
			return
		}
		if got := l.Encode(); !bytes.Equal(got, data) {
			t.Errorf("Decode takes %q, which Encode writes as %q", data, got)
		}
		for _, p := range l.Patches {
			if l.Line("patch", p.Name) == 0 {
				t.Errorf("Line does not find the patch %q", p.Name)
			}
		}
	})
}

// TestMergesOfARange has a range with and one without a word on its merges.
func TestMergesOfARange(t *testing.T) {
	want := Lock{
		Upstream: "a@v1", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Source: "sha256:" + digestA,
		Tree: "sha256:" + digestB, Carried: []Carried{
			{Git: "ship", Commits: strings.Repeat("1", 40) + ".." + strings.Repeat("2", 40)},
			{Git: "ship", Commits: strings.Repeat("2", 40) + ".." + strings.Repeat("3", 40), Merges: "first-parent"},
		},
	}
	data := want.Encode()
	if !strings.Contains(string(data), strings.Repeat("3", 40)+" first-parent\n") ||
		!strings.Contains(string(data), strings.Repeat("2", 40)+"\n") {
		t.Errorf("it is written as\n%s", data)
	}
	if got, err := Decode(data); err != nil || !slices.Equal(got.Carried, want.Carried) {
		t.Errorf("it is read as %v, %v", got.Carried, err)
	}
}
