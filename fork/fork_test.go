package fork

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/deps"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
	"github.com/slipway-build/slipway/version"
)

const forkYAML = `name: ship
version: 1.4.1+test.1
upstream:
  module: example.org/ship@v1.4.1
build:
  components: [captain, bosun]
  platforms: [linux/amd64, darwin/arm64]
`

// project writes a project with the profile of the ship, and files by their paths.
// It has no fork but those.
func project(t *testing.T, files map[string]string) Project {
	t.Helper()
	p := Project{Dir: t.TempDir()}
	if err := errors.Join(testfork.WriteProject(p.Dir), os.RemoveAll(p.Path("forks"))); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		put(t, p.Path(name), text)
	}
	return p
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// says checks that an error has just this text; "" is no error.
func says(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("the error is\n%s\nwant\n%s", got, want)
	}
}

// TestDropped holds when the lock tells what was not published.
func TestDropped(t *testing.T) {
	const upstream = "example.org/ship@v1.4.1"
	other := source.Upstream{Module: "example.org/ship@v1.4.2"}
	missing := lock.Module{Place: "lantern", Path: "example.org/lantern", Version: "v0.4.1"}
	root := lock.Module{Place: ".", Path: "example.org/ship", Version: "v1.4.1", Sum: sumA}
	for name, c := range map[string]struct {
		lock  *lock.Lock
		edit  func(Fork) (Fork, error)
		want  []lock.Module
		known bool
	}{
		"no lock": {},
		"none":    {lock: &lock.Lock{Upstream: upstream}, known: true},
		"one": {
			lock: &lock.Lock{Upstream: upstream, Dropped: []lock.Module{missing}}, want: []lock.Module{missing}, known: true,
		},
		"another pin": {lock: &lock.Lock{Upstream: other.Pin(), Dropped: []lock.Module{missing}}},
		"on another upstream": {
			lock: &lock.Lock{Upstream: upstream, Dropped: []lock.Module{missing}},
			edit: func(f Fork) (Fork, error) { return f.On(other) },
		},
		"on the same": {
			lock: &lock.Lock{Upstream: upstream, Dropped: []lock.Module{missing}},
			edit: func(f Fork) (Fork, error) { return f.On(f.Upstream) }, want: []lock.Module{missing}, known: true,
		},
		"unpinned": {
			lock: &lock.Lock{Upstream: upstream, Dropped: []lock.Module{missing}},
			edit: func(f Fork) (Fork, error) { return f.Unpinned(), nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := project(t, map[string]string{"forks/ship/fork.yaml": forkYAML})
			if l := c.lock; l != nil {
				l.Modules, l.Source, l.Tree = []lock.Module{root}, "sha256:"+sha256B, "sha256:"+sha256C
				put(t, p.Path("forks/ship/fork.lock"), string(l.Encode()))
			}
			f, err := p.Fork("ship")
			if err == nil && c.edit != nil {
				f, err = c.edit(f)
			}
			if got := f.Dropped(); err != nil || !slices.Equal(got, c.want) || (got != nil) != c.known {
				t.Errorf("got %#v, %v, want %v", got, err, c.want)
			}
		})
	}
}

// TestIDsInOddFolder has a project in a folder whose name is a pattern of none.
func TestIDsInOddFolder(t *testing.T) {
	p := Project{Dir: filepath.Join(t.TempDir(), "ships [old]")}
	put(t, p.Path("forks/boat/fork.yaml"), forkYAML)
	if got, err := p.IDs(); err != nil || !slices.Equal(got, []string{"boat"}) {
		t.Errorf("IDs() = %q, %v", got, err)
	}
}

func TestIDs(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
		err   string
	}{
		"sorted": {
			files: map[string]string{"forks/ship-1.5/fork.yaml": "", "forks/boat/fork.yaml": "", "forks/ship-1.4/fork.yaml": ""},
			want:  []string{"boat", "ship-1.4", "ship-1.5"},
		},
		"only folders with a fork.yaml": {
			files: map[string]string{"forks/boat/fork.yaml": "", "forks/notes/README.md": "", "forks/fork.yaml": ""},
			want:  []string{"boat"},
		},
		"none": {err: "DIR has no forks: a fork is a folder forks/NAME with a fork.yaml in it"},
		"a space": {
			files: map[string]string{"forks/my ship/fork.yaml": ""},
			err: "forks/my ship: rename the folder: a fork's name has letters a to z, digits and . _ + -, and " +
				"begins with a letter or a digit",
		},
		"a colon": {
			files: map[string]string{"forks/ship:1/fork.yaml": ""},
			err: "forks/ship:1: rename the folder: a fork's name has letters a to z, digits and . _ + -, and " +
				"begins with a letter or a digit",
		},
		"a quote": {
			files: map[string]string{"forks/mate's/fork.yaml": ""},
			err: "forks/mate's: rename the folder: a fork's name has letters a to z, digits and . _ + -, and " +
				"begins with a letter or a digit",
		},
		"the name of the overlay": {
			files: map[string]string{"forks/Overlay/fork.yaml": ""},
			err:   "forks/Overlay: rename the folder: dist/Overlay is not for the outputs of one fork",
		},
		"the name of the distfiles": {
			files: map[string]string{"forks/distfiles/fork.yaml": ""},
			err:   "forks/distfiles: rename the folder: dist/distfiles is not for the outputs of one fork",
		},
		"the name of the shards": {
			files: map[string]string{"forks/shards/fork.yaml": ""},
			err:   "forks/shards: rename the folder: dist/shards is not for the outputs of one fork",
		},
		"the name of the cache": {
			files: map[string]string{"forks/.cache/fork.yaml": ""},
			err:   "forks/.cache: rename the folder: dist/.cache is not for the outputs of one fork",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := project(t, c.files)
			got, err := p.IDs()
			says(t, err, strings.Replace(c.err, "DIR", p.Dir, 1))
			if !slices.Equal(got, c.want) {
				t.Errorf("IDs() = %q, want %q", got, c.want)
			}
		})
	}
}

func TestFork(t *testing.T) {
	const byDefault = "default: true\n" + forkYAML
	three := func(boat, old, now string) map[string]string {
		return map[string]string{
			"forks/boat/fork.yaml": boat, "forks/ship-1.4/fork.yaml": old, "forks/ship-1.5/fork.yaml": now,
		}
	}
	for name, c := range map[string]struct {
		files         map[string]string
		id, want, err string
	}{
		"the only one":        {files: map[string]string{"forks/boat/fork.yaml": forkYAML}, want: "boat"},
		"by its name":         {files: three(byDefault, forkYAML, forkYAML), id: "ship-1.5", want: "ship-1.5"},
		"the default":         {files: three(forkYAML, byDefault, forkYAML), want: "ship-1.4"},
		"a broken other fork": {files: three("name: [", forkYAML, forkYAML), id: "ship-1.5", want: "ship-1.5"},
		"of an unknown name": {
			files: three(forkYAML, forkYAML, forkYAML), id: "raft",
			err: `no fork "raft": this project has boat, ship-1.4, ship-1.5`,
		},
		"no default": {
			files: three(forkYAML, forkYAML, forkYAML),
			err: "this project has several forks: name one with -fork, or write default: true into the fork.yaml of one: " +
				"boat, ship-1.4, ship-1.5",
		},
		"two defaults": {
			files: three(byDefault, forkYAML, byDefault),
			err:   "forks/boat/fork.yaml and forks/ship-1.5/fork.yaml both say default: true: remove it from one",
		},
		"a fault": {
			files: map[string]string{"forks/boat/fork.yaml": strings.Replace(forkYAML, "bosun", "purser", 1)},
			err: `forks/boat/fork.yaml:6: build.components[1]: unknown component "purser": ` +
				"ship has captain, deckhand, bosun, anchor, logline",
		},
		"a series without its patch": {
			files: map[string]string{"forks/boat/fork.yaml": forkYAML, "forks/boat/patches/series": "0001-crew.patch\n"},
			err:   "forks/boat/patches/series:1: 0001-crew.patch does not exist; add the file or remove the line",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := project(t, c.files).Fork(c.id)
			says(t, err, c.err)
			if err == nil && f.ID != c.want {
				t.Errorf("Fork(%q) is %s, want %s", c.id, f.ID, c.want)
			}
		})
	}
}

// TestForkIsRead checks what is read beside fork.yaml: the series, and from the
// lock how many commits come before it.
func TestForkIsRead(t *testing.T) {
	const commits = "0000000000000000000000000000000000000001..0000000000000000000000000000000000000002"
	carrying := forkYAML + "patches:\n  - {git: ../mate, commits: " + commits + "}\n"
	l := wholeLock()
	l.Carried = []lock.Carried{{Git: "../mate", Commits: commits}}
	other := l
	other.Carried = []lock.Carried{{Git: "../cook", Commits: commits}}
	for name, c := range map[string]struct {
		yaml, lock string
		want       int
	}{
		"no lock":               {carrying, "", 2},
		"a lock":                {carrying, string(l.Encode()), 3},
		"a lock of others":      {carrying, string(other.Encode()), 2},
		"a lock that is broken": {carrying, "upstream\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			p := project(t, map[string]string{
				"forks/ship/fork.yaml": c.yaml, "forks/ship/patches/series": "a.patch\nsub/b.patch -p0\n",
				"forks/ship/patches/a.patch": "A", "forks/ship/patches/sub/b.patch": "B",
			})
			if c.lock != "" {
				put(t, p.Path("forks/ship/fork.lock"), c.lock)
			}
			f, err := p.Fork("")
			if err != nil {
				t.Fatal(err)
			}
			if want := wholeFork().Series; !reflect.DeepEqual(f.Series, want) || f.Patches() != c.want {
				t.Errorf("the series is %v, with %d patches in total; want %v, %d", f.Series, f.Patches(), want, c.want)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	p := project(t, map[string]string{"forks/boat/fork.yaml": forkYAML, "forks/boat/files/bosun/motd": "Ahoy"})
	f, err := p.Fork("")
	if err != nil {
		t.Fatal(err)
	}
	files, has := f.UserFiles("bosun")
	none, hasNone := f.UserFiles("captain")
	for _, c := range []struct{ what, got, want string }{
		{"File", f.File("patches/series"), "forks/boat/patches/series"},
		{"Abs", f.Abs("fork.lock"), p.Dir + "/forks/boat/fork.lock"},
		{"Dist", f.Dist(), "dist/boat"},
		{"Dist", f.Dist("bin", "linux_amd64"), "dist/boat/bin/linux_amd64"},
		{"UserFiles", fmt.Sprint(files, " ", has), "forks/boat/files/bosun true"},
		{"UserFiles", fmt.Sprint(none, " ", hasNone), "forks/boat/files/captain false"},
	} {
		if got := filepath.ToSlash(c.got); got != c.want {
			t.Errorf("%s is %q, want %q", c.what, got, c.want)
		}
	}
}

func TestLinux(t *testing.T) {
	linux, darwin, arm := platform.Platform{OS: "linux", Arch: "amd64"}, platform.Platform{OS: "darwin", Arch: "arm64"},
		platform.Platform{OS: "linux", Arch: "arm64"}
	for name, c := range map[string]struct {
		platforms, want []platform.Platform
		err             string
	}{
		"all":  {platforms: []platform.Platform{arm, linux}, want: []platform.Platform{arm, linux}},
		"some": {platforms: []platform.Platform{arm, darwin, linux}, want: []platform.Platform{arm, linux}},
		"none": {
			platforms: []platform.Platform{darwin},
			err:       "forks/ship/fork.yaml: build.platforms has no Linux platform, and images are made for no other system",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := Fork{ID: "ship", Loaded: spec.Loaded{Platforms: c.platforms}}
			before := slices.Clone(c.platforms)
			got, err := f.Linux("images are made")
			says(t, err, c.err)
			if !slices.Equal(got, c.want) || !slices.Equal(f.Platforms, before) {
				t.Errorf("Linux() = %v, want %v; the fork has %v", got, c.want, f.Platforms)
			}
		})
	}
}

func TestOn(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for name, c := range map[string]struct {
		version string
		to      source.Upstream
		want    string
	}{
		"a newer release":   {"1.4.1+test.1", source.Upstream{Module: "example.org/ship@v1.4.2"}, "1.4.2+test.1"},
		"a pre-release":     {"1.4.1+test.1", source.Upstream{Module: "example.org/ship@v1.5.0-rc.1"}, "1.5.0-rc.1+test.1"},
		"no revision":       {"1.4.1", source.Upstream{Module: "example.org/ship@v1.4.2"}, "1.4.2"},
		"before modules":    {"1.4.1+a", source.Upstream{Module: "example.org/ship@v2.0.0+incompatible"}, "2.0.0+a"},
		"a tag":             {"1.4.1+a", source.Upstream{Git: "../ship", Commit: commit, Tag: "v1.6.0"}, "1.6.0+a"},
		"a commit":          {"1.4.1+a", source.Upstream{Git: "../ship", Commit: commit}, "1.4.1+a"},
		"a tag of no sense": {"1.4.1+a", source.Upstream{Git: "../ship", Commit: commit, Tag: "latest"}, "1.4.1+a"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := version.Parse(c.version)
			if err != nil {
				t.Fatal(err)
			}
			f := Fork{Loaded: spec.Loaded{Fork: spec.Fork{Version: c.version}, Parsed: v}}
			got, err := f.On(c.to)
			if err != nil || got.Version != c.want || got.Parsed.String() != c.want || !reflect.DeepEqual(got.Upstream, c.to) {
				t.Errorf("On(%v) is %s (%s) on %v, %v; want %s", c.to, got.Version, got.Parsed, got.Upstream, err, c.want)
			}
			if f.Version != c.version || f.Upstream.Module != "" {
				t.Errorf("On changed the fork: %+v", f.Loaded.Fork)
			}
		})
	}
}

func TestLockedDeps(t *testing.T) {
	f := Fork{Loaded: spec.Loaded{Fork: spec.Fork{Deps: deps.Deps{
		"example.org/rope": "v1.3.0", "example.com/tar": "v0.1.0", "example.org/chain": "v2.0.0+incompatible",
	}}}}
	want := []lock.Dep{
		{Path: "example.com/tar", Version: "v0.1.0"}, {Path: "example.org/chain", Version: "v2.0.0+incompatible"},
		{Path: "example.org/rope", Version: "v1.3.0"},
	}
	if got := f.LockedDeps(); !slices.Equal(got, want) {
		t.Errorf("LockedDeps() = %v, want %v", got, want)
	}
}

func TestRelative(t *testing.T) {
	p := Project{Dir: "/src/ship"}
	for text, want := range map[string]string{
		"/src/ship/forks/a: gone":            "forks/a: gone",
		"open /src/ship/dist/x: /src/ship/y": "open dist/x: y",
		"GOFLAGS=/src/ship/x (/src/ship/y)":  "GOFLAGS=x (y)",
		`"/src/ship/x"` + "\n/src/ship/y":    `"x"` + "\ny",
		"/src/shipyard/x":                    "/src/shipyard/x",
		"/home/src/ship/x and /src/ship/y":   "/home/src/ship/x and y",
		"file:///src/ship/proxy":             "file:///src/ship/proxy",
		"/src/ship is the project":           "/src/ship is the project",
	} {
		says(t, p.Relative(errors.New(text)), want)
	}
	if err := p.Relative(nil); err != nil {
		t.Errorf("Relative(nil) = %v", err)
	}
}

// TestRelativeKeepsTheError checks that what was wrapped is still found.
func TestRelativeKeepsTheError(t *testing.T) {
	p := Project{Dir: "/src/ship"}
	path := &fs.PathError{Op: "open", Path: "/src/ship/fork.yaml", Err: fs.ErrNotExist}
	err := p.Relative(fmt.Errorf("reading: %w", errors.Join(path, &StaleError{Fork: "ship"})))
	if at, ok := errors.AsType[*fs.PathError](err); !ok || at.Path != path.Path {
		t.Errorf("the path's error is lost in %v", err)
	}
	if stale, ok := errors.AsType[*StaleError](err); !ok || stale.Fork != "ship" {
		t.Errorf("the lock's error is lost in %v", err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not ErrNotExist", err)
	}
}
