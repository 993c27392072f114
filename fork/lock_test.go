package fork

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/deps"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
)

const (
	commitA = "0123456789abcdef0123456789abcdef01234567"
	commitB = "89abcdef0123456789abcdef0123456789abcdef"
	sumA    = "h1:Mt7NKigaZ2KmOmCLhX81lGlH9JU5wjXnYhXnxAun9XA="
	sumB    = "h1:XbL/EMj8K2aJpJtePmqUyQMsM0D4QI2pvl7YKJ20FTY="
	hull    = "staging/src/example.org/hull"
	// The sums of the letters by themselves.
	sha256A = "559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd"
	sha256B = "df7e70e5021544f4834bbee64a9e3789febc4be81470df629cad6ddb03320a5c"
	sha256C = "6b23c0d5f35d1b11f9b683f0b0a617355deb11277d91ae091d399c655b87940d"
	repin   = "\n  To pin this fork as it is now: mage patches:lock -fork=ship"
)

// wholeFork is a fork of the ship with two patches.
func wholeFork() Fork {
	return Fork{
		ID: "ship", Loaded: spec.Loaded{Fork: spec.Fork{Upstream: source.Upstream{Module: "example.org/ship@v1.4.1"}}},
		Series: []patches.Patch{
			{Name: "a.patch", Strip: 1, Data: []byte("A")}, {Name: "sub/b.patch", Strip: 0, Data: []byte("B")},
		},
	}
}

// wholeLock pins wholeFork, and a carried commit before its series. In the file,
// upstream is line 2, time 3, the modules are 4 and 5, dropped is 6, source 7, the
// patches are 8 to 10, tree is 11 and go 12; a line of carried moves the patches down.
func wholeLock() lock.Lock {
	return lock.Lock{
		Upstream: "example.org/ship@v1.4.1", Time: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Go: "1.24.0",
		Modules: []lock.Module{
			{Place: ".", Path: "example.org/ship", Version: "v1.4.1", Sum: sumA},
			{Place: hull, Path: "example.org/hull", Version: "v0.4.1", Sum: sumB},
		},
		Dropped: []lock.Module{{Place: "lantern", Path: "example.org/lantern", Version: "v0.4.1"}},
		Source:  someTree().Digest(), Tree: "sha256:" + sha256B,
		Patches: []lock.Patch{
			{Name: commitA, Strip: 1, SHA256: sha256C}, {Name: "a.patch", Strip: 1, SHA256: sha256A},
			{Name: "sub/b.patch", Strip: 0, SHA256: sha256B},
		},
	}
}

func someTree() filetree.Tree { return filetree.Tree{{Path: "go.mod", Mode: filetree.Regular}} }

// stale checks an error's text as says does, and that it is a *StaleError of the ship.
func stale(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		says(t, err, "")
		return
	}
	says(t, err, want+repin)
	if e, ok := errors.AsType[*StaleError](err); !ok || e.Fork != "ship" {
		t.Errorf("%#v is no *StaleError of the ship", err)
	}
}

// ranges returns the section patches with one range of commits.
func ranges(git, commits string) []spec.Carried {
	return []spec.Carried{{Carry: source.Carry{Git: git, Commits: commits}}}
}

// lines returns the text of faults, a line or more each.
func lines(faults []error) string {
	if len(faults) == 0 {
		return ""
	}
	return errors.Join(faults...).Error()
}

func TestReadLock(t *testing.T) {
	for name, c := range map[string]struct {
		fork func(*Fork)
		lock func(*lock.Lock)
		want string
	}{
		"as it is": {},
		"another upstream": {
			fork: func(f *Fork) { f.Upstream.Module = "example.org/ship@v1.4.2" },
			want: "forks/ship/fork.lock:2: the upstream is pinned as example.org/ship@v1.4.1, " +
				"but fork.yaml says example.org/ship@v1.4.2",
		},
		"a range that is not pinned": {
			fork: func(f *Fork) { f.Carried = ranges("../mate", commitA+".."+commitB) },
			want: `forks/ship/fork.lock: the commits that it pins as carried are not those of "patches" in fork.yaml`,
		},
		"a range that is pinned": {
			fork: func(f *Fork) { f.Carried = ranges("../mate", commitA+".."+commitB) },
			lock: func(l *lock.Lock) { l.Carried = []lock.Carried{{Git: "../mate", Commits: commitA + ".." + commitB}} },
		},
		"a series of the library that is not pinned": {
			fork: func(f *Fork) { f.Carried, f.Profile = []spec.Carried{{Library: "slipway:bosun"}}, "ship" },
			want: "forks/ship/fork.lock: the commits and series that it pins as carried and library are not those of " +
				"\"patches\" in fork.yaml\n" +
				`fork.yaml: patches[0]: unknown series "slipway:bosun": Slipway has no series for profile ship`,
		},
		"a dep that is not pinned": {
			fork: func(f *Fork) { f.Deps = deps.Deps{"example.com/rope": "v1.3.0"} },
			want: `forks/ship/fork.lock: the versions that it pins as dep are not those of "deps" in fork.yaml`,
		},
		"a dep that is pinned": {
			fork: func(f *Fork) { f.Deps = deps.Deps{"example.com/rope": "v1.3.0"} },
			lock: func(l *lock.Lock) { l.Deps = []lock.Dep{{Path: "example.com/rope", Version: "v1.3.0"}} },
		},
		"several faults": {
			fork: func(f *Fork) { f.Upstream.Module, f.Series = "example.org/ship@v1.4.2", f.Series[:1] },
			want: "forks/ship/fork.lock:2: the upstream is pinned as example.org/ship@v1.4.1, " +
				"but fork.yaml says example.org/ship@v1.4.2\n" +
				"forks/ship/fork.lock:10: sub/b.patch is pinned, but the series does not name it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, l := wholeFork(), wholeLock()
			f.Project.Dir = t.TempDir()
			if c.fork != nil {
				c.fork(&f)
			}
			if c.lock != nil {
				c.lock(&l)
			}
			put(t, f.Abs("fork.lock"), string(l.Encode()))
			got, err := f.ReadLock()
			stale(t, err, c.want)
			if string(got.Encode()) != string(l.Encode()) {
				t.Errorf("the lock is\n%s", got.Encode())
			}
		})
	}
}

func TestReadLockThatIsNone(t *testing.T) {
	f := wholeFork()
	f.Project.Dir = t.TempDir()
	_, err := f.ReadLock()
	stale(t, err, "forks/ship/fork.lock is missing")
	put(t, f.Abs("fork.lock"), strings.Replace(string(wholeLock().Encode()), "source ", "sauce ", 1))
	_, err = f.ReadLock()
	stale(t, err, `forks/ship/fork.lock:7: unknown word "sauce"`)
	if err := errors.Join(os.Remove(f.Abs("fork.lock")), os.Mkdir(f.Abs("fork.lock"), 0o755)); err != nil {
		t.Fatal(err)
	}
	_, err = f.ReadLock()
	stale(t, err, "read forks/ship/fork.lock: is a directory")
}

func TestCheckSeries(t *testing.T) {
	a, b := wholeFork().Series[0], wholeFork().Series[1]
	for name, c := range map[string]struct {
		series []patches.Patch
		want   string
	}{
		"as pinned": {series: []patches.Patch{a, b}},
		"one more": {
			series: []patches.Patch{a, {Name: "c.patch", Strip: 1, Data: []byte("C")}, b},
			want:   "forks/ship/patches/c.patch is in the series, but forks/ship/fork.lock does not pin it",
		},
		"one less": {
			series: []patches.Patch{b}, want: "forks/ship/fork.lock:9: a.patch is pinned, but the series does not name it",
		},
		"other bytes": {
			series: []patches.Patch{{Name: "a.patch", Strip: 1, Data: []byte("C")}, b},
			want: "forks/ship/patches/a.patch is not the patch that forks/ship/fork.lock:9 pins\n" +
				"    expected  -p1 sha256:" + sha256A + "\n    found     -p1 sha256:" + sha256C,
		},
		"another strip": {
			series: []patches.Patch{a, {Name: "sub/b.patch", Strip: 2, Data: []byte("B")}},
			want: "forks/ship/patches/sub/b.patch is not the patch that forks/ship/fork.lock:10 pins\n" +
				"    expected  -p0 sha256:" + sha256B + "\n    found     -p2 sha256:" + sha256B,
		},
		"another order": {
			series: []patches.Patch{b, a},
			want:   "forks/ship/patches/series: its order is not the one in forks/ship/fork.lock",
		},
		"a new name": {
			series: []patches.Patch{a, {Name: "c.patch", Data: []byte("B")}},
			want: "forks/ship/patches/c.patch is in the series, but forks/ship/fork.lock does not pin it\n" +
				"forks/ship/fork.lock:10: sub/b.patch is pinned, but the series does not name it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := wholeFork()
			f.Series = c.series
			if got := lines(f.checkSeries(wholeLock())); got != c.want {
				t.Errorf("the faults are\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestCheckCarried(t *testing.T) {
	commit := func(id, data string) patches.Patch { return patches.Patch{Name: id, Strip: 1, Data: []byte(data)} }
	for name, c := range map[string]struct {
		commits []patches.Patch
		want    string
	}{
		"as pinned": {commits: []patches.Patch{commit(commitA, "C")}},
		"another commit": {
			commits: []patches.Patch{commit(commitB, "C")},
			want: "forks/ship/fork.lock:8: commit " + commitA + " with sha256:" + sha256C + " is pinned, but the range has " +
				commitB + " with sha256:" + sha256C,
		},
		"another content": {
			commits: []patches.Patch{commit(commitA, "B"), commit(commitB, "C")},
			want: "forks/ship/fork.lock:8: commit " + commitA + " with sha256:" + sha256C + " is pinned, but the range has " +
				commitA + " with sha256:" + sha256B,
		},
		"one more": {
			commits: []patches.Patch{commit(commitA, "C"), commit(commitB, "C")},
			want:    "forks/ship/fork.lock: pins 1 carried commits, but the ranges in fork.yaml have 2",
		},
		"none": {want: "forks/ship/fork.lock: pins 1 carried commits, but the ranges in fork.yaml have 0"},
	} {
		t.Run(name, func(t *testing.T) {
			f := wholeFork()
			stale(t, f.CheckCarried(wholeLock(), append(c.commits, f.Series...)), c.want)
		})
	}
}
