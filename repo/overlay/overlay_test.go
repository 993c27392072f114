package overlay

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/repo/tree"
)

// began is when the first release is added.
var began = signtest.Release

// day is the n-th day of a test.
func day(n int) time.Time { return began.AddDate(0, 0, n) }

// ship is a release of the fork ship-1.4, whose ebuilds are of a version such as 1.4.1_p2.
func ship(t testing.TB, gentoo string) Release { return of(t, "ship", "ship-1.4", gentoo) }

// of is a release of a fork of a project.
func of(t testing.TB, project, fork, gentoo string) Release {
	t.Helper()
	dist := func(name string) ebuilds.Distfile {
		return ebuilds.Distfile{Name: name, Size: 1, SHA512: strings.Repeat("5", 128), BLAKE: strings.Repeat("b", 128)}
	}
	upstream, revision, _ := strings.Cut(gentoo, "_p")
	o := ebuilds.Overlay{Name: "acme", Maintainer: mate, Forks: []ebuilds.Fork{{
		Project: ebuilds.Project{Category: "app-misc", Name: project, Summary: "Sails any sea"},
		Version: gentoo, Summary: "Sails any sea", Homepage: "https://example.org", License: []string{"MIT"}, Year: 2026,
		Arches: []string{"amd64"}, BaseURL: "https://packages.example.org/distfiles",
		Packages: []packaging.Package{{Name: "bosun", Platform: platform.Platform{OS: "linux", Arch: "amd64"},
			Files: []packaging.File{{Path: "/usr/bin/bosun", Mode: 0o755, Source: "/built/bosun"}}}},
		Build: ebuilds.Build{Go: "1.26.0", Components: []ebuilds.Component{{Name: "bosun", Main: "./cmd/bosun"}}},
		Distfiles: map[string]ebuilds.Distfile{
			"source": dist(project + "-" + upstream + ".tar.xz"), "deps": dist(project + "-" + gentoo + "-deps.tar.xz"),
			"files": dist(project + "-" + gentoo + "-files.tar.xz"),
			"amd64": dist(project + "-" + gentoo + "-amd64.tar.xz"),
		},
	}}}
	files, _, err := o.Merge(nil)
	if err != nil {
		t.Fatal(err)
	}
	return Release{Fork: fork, Version: upstream + "+acme." + revision, Date: began, Files: files}
}

const mate = "Mate <mate@example.org>"

// stable is an update in which there is one channel.
func stable(n int, releases ...Release) Update {
	return Update{Maintainer: mate, Time: day(n), Branches: []Branch{{"stable", releases}}}
}

// open returns a repository in a new folder.
func open(t testing.TB) Repository {
	t.Helper()
	testkit.Need(t, "git")
	env := run.Env(testkit.GitEnv(t.TempDir()))
	return Repository{Git: gitrepo.Git{Env: env}, Dir: filepath.Join(t.TempDir(), "git")}
}

// signer opens OpenPGP keys by their names.
func signer(t testing.TB, names ...string) *sign.Signer {
	t.Helper()
	var keys []string
	for _, name := range names {
		keys = append(keys, signtest.OpenPGP(t, name).Secret)
	}
	env := run.Env{"PATH=" + testkit.Path(), "HOME=" + t.TempDir()}
	s, err := sign.Open(t.Context(), sign.Settings{Keys: keys, Time: began, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A site is a folder that a web server has, and nothing but files.
type site struct {
	t    testing.TB
	root string
	url  string
	// before is called before a request is answered; one at a time.
	before func()
	mu     sync.Mutex
}

func serve(t testing.TB) *site {
	t.Helper()
	s := &site{t: t, root: t.TempDir()}
	files := http.FileServer(http.Dir(s.root))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if s.before != nil {
			s.before()
		}
		s.mu.Unlock()
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// put publishes files one after another.
func (s *site) put(files ...tree.File) {
	s.t.Helper()
	for _, f := range files {
		s.putOne(f)
	}
}

func (s *site) putOne(f tree.File) {
	s.t.Helper()
	data := f.Data
	if f.From != "" {
		var err error
		if data, err = os.ReadFile(f.From); err != nil {
			s.t.Fatal(err)
		}
	}
	name := filepath.Join(s.root, filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name+".new", data, 0o644); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		s.t.Fatal(err)
	}
}

// get is a Getter.
func (s *site) get(_ context.Context, path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(s.root, filepath.FromSlash(path)))
}

// update commits an update, and publishes it.
func (s *site) update(r Repository, u Update) {
	s.t.Helper()
	commit(s.t, r, u)
	s.put(files(s.t, r)...)
}

// clone clones what is published.
func (s *site) clone() string {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "clone")
	testkit.Git(s.t, s.t.TempDir(), "clone", "-q", s.url+"/"+Dir, dir)
	return dir
}

func commit(t testing.TB, r Repository, u Update) (changed bool) {
	t.Helper()
	changed, err := r.Commit(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func files(t testing.TB, r Repository) []tree.File {
	t.Helper()
	all, err := r.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// git runs git in a repository and returns what it says, without the last line's end.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return strings.TrimSpace(testkit.Git(t, dir, args...))
}
