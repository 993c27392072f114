// Package lock reads and writes fork.lock, which pins what a fork is made of by
// digest: its upstream, each patch, and the patched tree they result in.
package lock

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/lineerr"
)

// A Lock is what fork.lock says.
type Lock struct {
	Upstream string    // exactly: k8s.io/kubernetes@v1.36.1, URL@COMMIT or URL@sha256:…
	Time     time.Time // when that version was made, UTC, to the second
	Go       string    // the oldest Go that the patched tree says it builds with: 1.26.0
	Modules  []Module  // of an upstream that is a module: all that it is put together from, sorted by place
	Dropped  []Module  // those that were never published and that nothing needs; no sums
	Source   string    // digest of the upstream tree: sha256:…
	Carried  []Carried // ranges of commits and series of the library, in the order they are applied
	Patches  []Patch   // those of these, then the files of the series, in the order they are applied
	Deps     []Dep     // modules whose version is changed after the patches, sorted by path
	Tree     string    // digest of the patched tree: sha256:…
}

// A Module is a Go module and its folder in the tree.
type Module struct {
	Place   string `json:"place"` // slash-separated; "." is the root
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum,omitempty"` // h1:…
}

// Carried is a range of commits of a git repository, or a series of Slipway's patch library.
type Carried struct {
	Library string // slipway:NAME; empty for a range, and the others are for a series
	Git     string // URL or path
	Commits string // BASE..TIP
	Merges  string // how merges in it are taken, "" where there is none
}

// A Patch is a file of the series, one of the patch library, or a carried commit.
type Patch struct {
	Name   string `json:"name"` // of the file, slipway:NAME/FILE, or the commit's 40 hex digits
	Strip  int    `json:"strip"`
	SHA256 string `json:"sha256"` // hex
}

// A Dep is a module that the tree is built with.
type Dep struct{ Path, Version string }

var commit = regexp.MustCompile(`^[0-9a-f]{40}$`)

// Carried reports whether the patch is a carried commit.
func (p Patch) Carried() bool { return commit.MatchString(p.Name) }

// Library reports whether the patch is one of the patch library.
func (p Patch) Library() bool { return strings.HasPrefix(p.Name, "slipway:") }

// Files returns the patches that are files of the series.
func (l Lock) Files() []Patch {
	for i, p := range l.Patches {
		if !p.Carried() && !p.Library() {
			return l.Patches[i:]
		}
	}
	return nil
}

const header = "# What this fork is made of. \"mage patches:lock\" writes this file; commit it.\n"

// Encode returns the lock as fork.lock holds it: a line for each fact.
func (l Lock) Encode() []byte {
	var b bytes.Buffer
	b.WriteString(header)
	fmt.Fprintf(&b, "upstream %s\n", l.Upstream)
	fmt.Fprintf(&b, "time %s\n", l.Time.Format(time.RFC3339))
	for _, m := range l.Modules {
		fmt.Fprintf(&b, "module %s %s %s %s\n", m.Place, m.Path, m.Version, m.Sum)
	}
	for _, m := range l.Dropped {
		fmt.Fprintf(&b, "dropped %s %s %s\n", m.Place, m.Path, m.Version)
	}
	fmt.Fprintf(&b, "source %s\n", l.Source)
	for _, c := range l.Carried {
		if c.Library != "" {
			fmt.Fprintf(&b, "library %s\n", c.Library)
			continue
		}
		fmt.Fprintln(&b, strings.TrimSuffix(fmt.Sprintf("carried %s %s %s", c.Git, c.Commits, c.Merges), " "))
	}
	for _, p := range l.Patches {
		fmt.Fprintf(&b, "patch %s -p%d sha256:%s\n", p.Name, p.Strip, p.SHA256)
	}
	for _, d := range l.Deps {
		fmt.Fprintf(&b, "dep %s %s\n", d.Path, d.Version)
	}
	fmt.Fprintf(&b, "tree %s\n", l.Tree)
	if l.Go != "" {
		fmt.Fprintf(&b, "go %s\n", l.Go)
	}
	return b.Bytes()
}

// Read reads the lock at path. One that is not byte for byte what Encode writes
// is refused, with the line that is not.
func Read(path string) (Lock, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Lock{}, fmt.Errorf("%s is missing", path)
	}
	if err != nil {
		return Lock{}, err
	}
	l, err := Decode(data)
	if at, ok := errors.AsType[*lineerr.Error](err); ok {
		return Lock{}, &lineerr.Error{File: path, Line: at.Line, Err: at.Err}
	}
	return l, err
}

// Decode is the inverse of Encode. An error is a *lineerr.Error with the line.
func Decode(data []byte) (Lock, error) {
	var l Lock
	rest, ok := strings.CutPrefix(string(data), header)
	if !ok {
		return l, &lineerr.Error{Line: 1, Err: errors.New("this is not a fork.lock")}
	}
	for n := 2; rest != ""; n++ {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if err := l.add(strings.Split(line, " ")); err != nil {
			return l, &lineerr.Error{Line: n, Err: err}
		}
	}
	if n := firstDifference(l.Encode(), data); n > 0 {
		return l, &lineerr.Error{Line: n, Err: errors.New("the line is not formatted as in a fork.lock")}
	}
	return l, nil
}

// add takes one line's words into the lock.
func (l *Lock) add(words []string) error {
	counts := map[string]int{"upstream": 2, "time": 2, "module": 5, "dropped": 4, "source": 2, "carried": 3, "library": 2,
		"patch": 4, "dep": 3, "tree": 2, "go": 2}
	want, ok := counts[words[0]]
	if !ok {
		return fmt.Errorf("unknown word %q", words[0])
	}
	if words[0] == "carried" && len(words) == want+1 {
		want++ // how merges are taken
	}
	if len(words) != want {
		return fmt.Errorf("%q takes %d words, not %d", words[0], want-1, len(words)-1)
	}
	if err := wellFormed(words); err != nil {
		return err
	}
	if words[0] == "dropped" && len(l.Modules) == 0 {
		return errors.New("the upstream's module must come before this line")
	}
	switch words[0] {
	case "upstream":
		l.Upstream = words[1]
	case "time":
		t, err := time.Parse(time.RFC3339, words[1])
		if err != nil {
			return err
		}
		l.Time = t.UTC()
	case "module":
		l.Modules = append(l.Modules, Module{words[1], words[2], words[3], words[4]})
	case "dropped":
		l.Dropped = append(l.Dropped, Module{Place: words[1], Path: words[2], Version: words[3]})
	case "source":
		l.Source = words[1]
	case "carried":
		l.Carried = append(l.Carried, Carried{Git: words[1], Commits: words[2], Merges: strings.Join(words[3:], "")})
	case "library":
		l.Carried = append(l.Carried, Carried{Library: words[1]})
	case "patch":
		strip, err := strconv.Atoi(strings.TrimPrefix(words[2], "-p"))
		if err != nil {
			return fmt.Errorf("bad strip option %q", words[2])
		}
		l.Patches = append(l.Patches, Patch{words[1], strip, strings.TrimPrefix(words[3], "sha256:")})
	case "dep":
		l.Deps = append(l.Deps, Dep{words[1], words[2]})
	case "tree":
		l.Tree = words[1]
	case "go":
		l.Go = words[1]
	}
	return nil
}

var (
	digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	sum    = regexp.MustCompile(`^h1:[A-Za-z0-9+/]{43}=$`)
	strip  = regexp.MustCompile(`^-p[0-9]{1,3}$`)
)

// wellFormed checks the words of a line that have one form.
func wellFormed(words []string) error {
	last := words[len(words)-1]
	switch words[0] {
	case "source", "tree", "patch":
		if !digest.MatchString(last) {
			return fmt.Errorf("%q is not a digest: want sha256: and 64 hex digits", last)
		}
		if words[0] == "patch" && !strip.MatchString(words[2]) {
			return fmt.Errorf("bad strip option %q", words[2])
		}
	case "module":
		if !sum.MatchString(last) {
			return fmt.Errorf("%q is not the sum of a module: want h1: and 44 base64 digits", last)
		}
	}
	return nil
}

// firstDifference returns the number of the first line in which a and b differ,
// or 0.
func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return 0
	}
	as, bs := bytes.SplitAfter(a, []byte("\n")), bytes.SplitAfter(b, []byte("\n"))
	for i := range min(len(as), len(bs)) {
		if !bytes.Equal(as[i], bs[i]) {
			return i + 1
		}
	}
	return min(len(as), len(bs)) + 1
}

// Line returns the number of the line in fork.lock that holds a module's or a
// patch's pin, or one of the words source, tree and go; 0 if none does.
func (l Lock) Line(word, name string) int {
	for i, line := range strings.Split(string(l.Encode()), "\n") {
		words := strings.Split(line, " ")
		if words[0] == word && (name == "" || words[1] == name) {
			return i + 1
		}
	}
	return 0
}

// Write puts the lock at path in one step.
func (l Lock) Write(path string) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, l.Encode(), 0o644); err != nil {
		_ = os.Remove(tmp)
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		_ = os.Remove(tmp)
		return err
	}
	return nil
}

// ByPlace orders modules by their places.
func ByPlace(a, b Module) int { return cmp.Compare(a.Place, b.Place) }
