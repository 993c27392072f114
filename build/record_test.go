package build

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
)

// pinned returns a session with a made-up lock, so that what follows from it
// does not change with the ship.
func pinned(y *yard) *Session {
	l := lock.Lock{
		Upstream: "example.org/ship@v1.4.1", Time: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Go: "1.24.0",
		Modules: []lock.Module{{Place: ".", Path: "example.org/ship", Version: "v1.4.1", Sum: "h1:47DE="}},
		Source:  "sha256:" + strings.Repeat("50", 32), Tree: "sha256:" + strings.Repeat("7e", 32),
		Patches: []lock.Patch{{Name: "0001-crew.patch", Strip: 1, SHA256: "01"}, {Name: "0002-bosun.patch", SHA256: "02"}},
	}
	return &Session{
		fork: y.fork, lock: l, goFork: &gotool.Go{Settings: gotool.Settings{GOVERSION: "go1.26.8"}},
	}
}

// TestInput holds what the compiler is told, and what build.json says of it.
func TestInput(t *testing.T) {
	const input = `{"Tree":"sha256:7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e",` +
		`"Lock":"593b8c30fb6f2b70213ef2adb0ceb78bc96d437c9031a1acb6c733e792796d66",` +
		`"Platform":{"OS":"linux","Arch":"amd64"},"Tags":["sail"],"Stamps":{` +
		`"example.org/hull/version.buildDate":"2026-02-03T04:05:06Z",` +
		`"example.org/hull/version.gitCommit":"7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e",` +
		`"example.org/hull/version.gitMajor":"1","example.org/hull/version.gitMinor":"4",` +
		`"example.org/hull/version.gitTreeState":"clean","example.org/hull/version.gitVersion":"v1.4.1+test.1"},` +
		`"Symbols":false}`
	y := newYard(t)
	s := pinned(y)
	in, r, err := s.Input(amd64)
	must(t, err)
	if got, err := json.Marshal(in); err != nil || string(got) != input {
		t.Errorf("the input is\n%s, %v, want\n%s", got, err, input)
	}
	r.Binaries = []cross.Binary{
		{Component: "captain", File: "captain", Size: 7, SHA256: "07", Inputs: "70"},
		{Component: "anchor", File: "anchor", Size: 8, SHA256: "08", Compiler: "cc 14", Inputs: "80"},
	}
	got, err := encode(&r)
	must(t, err)
	golden.Check(t, "testdata/build.json", got)
}

// TestInputChanges holds what changes the input of binaries.
func TestInputChanges(t *testing.T) {
	commit := strings.Repeat("c", 40)
	for _, c := range []struct {
		about  string
		change func(*Session)
		want   string // part of the record, or error
	}{
		{"the commit that fork.yaml tells", func(s *Session) { s.fork.Upstream.Commit = commit },
			`"commit":"` + commit + `","commit_of":"upstream"`},
		{"the fork's commit", func(s *Session) {
			s.fork.Build.CommitOf, s.fork.Upstream.Commit = "fork", strings.Repeat("b", 40)
			carry := source.Carry{Commits: strings.Repeat("b", 40) + ".." + commit}
			s.fork.Carried, s.fork.Series = []spec.Carried{{Carry: carry}}, nil
		}, `"commit":"` + commit + `","commit_of":"fork","upstream_commit":"` + strings.Repeat("b", 40) + `"`},
		{"no commit", func(s *Session) { s.fork.Build.CommitOf, s.fork.Upstream.Commit = "tree", commit },
			`"commit":"` + strings.Repeat("7e", 20) + `","commit_of":"tree","upstream_commit":"` + commit + `"`},
		{"a commit of the fork that there is not", func(s *Session) { s.fork.Build.CommitOf = "fork" },
			"fork.yaml:6: build.commit_of: the fork carries no commits"},
		{"a date", func(s *Session) { s.opts.Env = []string{"SOURCE_DATE_EPOCH=0"} }, `"date":"1970-01-01T00:00:00Z"`},
		{"a bad date", func(s *Session) { s.opts.Env = []string{"SOURCE_DATE_EPOCH=noon"} }, "SOURCE_DATE_EPOCH=noon"},
		{"symbols", func(s *Session) { s.fork.Build.Symbols = true }, `-ldflags=-buildid= -X `},
		{"newer processors", func(s *Session) { s.fork.Build.AMD64 = "v3" }, `"environment":["GOAMD64=v3",`},
		{"newer processors of another architecture", func(s *Session) { s.fork.Build.ARM64 = "v9.0" },
			`"environment":["GOAMD64=v1","GOEXPERIMENT=,","GOFIPS140=off","GOFLAGS=-trimpath","GO_EXTLINK_ENABLED=auto"]`},
		{"no tags", func(s *Session) { s.fork.Settings.Tags = nil }, `v1.4.1+test.1"],"environment"`},
		{"no stamps", func(s *Session) { s.fork.Settings.Stamps = cross.Stamps{} }, `-ldflags=-buildid= -s -w"`},
		{"a stamp of nothing", func(s *Session) {
			s.fork.Settings.Stamps.Values = map[string]string{"home": "{{.Harbour}}"}
		}, "stamp home of profile ship: "},
		{"a repository", func(s *Session) {
			s.lock.Upstream, s.lock.Modules, s.lock.Source = "https://example.org/ship@"+commit, nil, "sha256:50"
		}, `"upstream":{"name":"https://example.org/ship@` + commit + `","digest":"sha256:50"}`},
	} {
		s := pinned(newYard(t))
		c.change(s)
		_, r, err := s.Input(amd64)
		got, _ := json.Marshal(r)
		if err != nil {
			got = []byte(err.Error())
		}
		if !strings.Contains(string(got), c.want) {
			t.Errorf("%s: got\n%s, want …%s…", c.about, got, c.want)
		}
	}
}

// TestInputOfGOPATH holds what a tree from before modules is compiled with.
func TestInputOfGOPATH(t *testing.T) {
	s := pinned(newYard(t))
	s.hold = &Held{}
	s.fork.Settings.Mode, s.fork.Settings.ImportPath = cross.GOPATH, "example.org/ship"
	in, _, err := s.Input(amd64)
	if err != nil || in.GOPATH != "example.org/ship" || s.treePlace() != "gopath/src/example.org/ship" {
		t.Errorf("got GOPATH %q, %v, and the tree in %s", in.GOPATH, err, s.treePlace())
	}
}
