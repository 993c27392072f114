//go:build acceptance && linux

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/folder"
)

// shipSuites are the suites of the sample project.
var shipSuites = []string{"ship-1.4-candidate", "ship-1.4"}

// A fleet is the sample project with releases of several versions.
type fleet struct {
	harbour
	key      signtest.Pair
	verify   sign.Verifier
	releases []string // their folders, by version
}

// newFleet releases a number of versions, without images and tarballs.
func newFleet(t *testing.T, versions int) *fleet {
	t.Helper()
	f := &fleet{harbour: newHarbour(t), key: signtest.OpenPGP(t, "captain")}
	mustRun(t, f.dir, "rm", "profiles/ship/tarballs.yaml")
	const settings = "forks/ship-1.4/fork.yaml"
	mustRun(t, f.dir, "sed", "-i", "s|platforms: .*|platforms: [linux/"+runtime.GOARCH+"]|", settings)
	mustRun(t, f.dir, "sh", "-ec", `printf 'release: {artifacts: [%s]}\nrepository: {downloads: release}\n' "$0" >>"$1"`,
		"binaries, deb, rpm, ebuild", settings)
	for i := range versions {
		mustRun(t, f.dir, "sed", "-i", fmt.Sprintf("s/^version: .*/version: 1.4.1+test.%d/", i+1), settings)
		f.run("patches:lock")
		f.run("release", "-key="+f.key.Secret)
		to := f.at(fmt.Sprintf("releases/%d", i+1))
		mustRun(t, f.dir, "mkdir", "-p", "releases")
		mustRun(t, f.dir, "mv", f.release(), to)
		f.releases = append(f.releases, to)
	}
	var err error
	if f.verify, err = sign.OpenVerifier([]string{f.key.Public}); err != nil {
		t.Fatal(err)
	}
	return f
}

// A keeper is a checkout of the sample project that keeps a repository, and its clock.
type keeper struct {
	*slipway.Project
	t   *testing.T
	by  slipway.RepoRequest
	now time.Time
}

// keeper makes a checkout, whose repository is found at a URL.
func (f *fleet) keeper(t *testing.T, url, keep string) *keeper {
	t.Helper()
	k := &keeper{t: t, by: slipway.RepoRequest{Keys: []string{f.key.Secret}}, now: signtest.Release.AddDate(0, 1, 0)}
	k.Project = &slipway.Project{Dir: t.TempDir(), Env: f.env, Now: func() time.Time { return k.now }}
	mustRun(t, f.dir, "cp", "-r", "forks", "profiles", k.Dir)
	text := fmt.Sprintf("name: acme\norigin: Acme\nurl: %s\nmaintainer: Ada <ada@example.org>\n"+
		"channels: [candidate, stable]\nkeep: {%s}\n", url, keep)
	if err := os.WriteFile(filepath.Join(k.Dir, "repo.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return k
}

// copy returns another checkout of the same repository, with an environment of its own.
func (k *keeper) copy(t *testing.T, env ...string) *keeper {
	t.Helper()
	other := &keeper{t: t, by: k.by, now: k.now}
	other.Project = &slipway.Project{Dir: t.TempDir(), Env: slices.Concat(k.Env, env),
		Now: func() time.Time { return other.now }}
	mustRun(t, k.Dir, "cp", "-r", "forks", "profiles", "repo.yaml", other.Dir)
	mustRun(t, k.Dir, "cp", "-r", "--parents", "dist/repo", other.Dir)
	return other
}

// with returns the checkout for a part of the test.
func (k *keeper) with(t *testing.T) *keeper {
	k.t = t
	return k
}

// newest is the ID of the snapshot that the repository shows.
func (k *keeper) newest() string {
	k.t.Helper()
	has, err := k.Repo().Status(k.t.Context())
	k.done(err)
	return has.Snapshots[0].ID
}

func (k *keeper) root() string { return filepath.Join(k.Dir, "dist/repo") }

// step is how far the clock moves before each change.
const step = 8 * time.Hour

func (k *keeper) add(release string) {
	k.t.Helper()
	k.now = k.now.Add(step)
	_, err := k.Repo().Add(k.t.Context(), slipway.RepoAddRequest{Request: k.by, From: release})
	k.done(err)
}

func (k *keeper) promote() {
	k.t.Helper()
	k.now = k.now.Add(step)
	_, err := k.Repo().Promote(k.t.Context(), "candidate", "stable", "", k.by)
	k.done(err)
}

func (k *keeper) publish(to string) publish.Report {
	k.t.Helper()
	report, err := k.Repo().Publish(k.t.Context(), to, slipway.RepoRequest{})
	k.done(err)
	return report
}

func (k *keeper) done(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

// rollBack goes back to the earliest snapshot that is kept.
func (k *keeper) rollBack() {
	k.t.Helper()
	k.now = k.now.Add(step)
	has, err := k.Repo().Status(k.t.Context())
	k.done(err)
	_, err = k.Repo().Rollback(k.t.Context(), has.Snapshots[len(has.Snapshots)-1].ID, k.by)
	k.done(err)
}

// resign signs all indexes again.
func (k *keeper) resign() {
	k.t.Helper()
	k.now = k.now.Add(step)
	_, err := k.Repo().Resign(k.t.Context(), k.by)
	k.done(err)
}

// files returns the files of the snapshot that the repository shows.
func (k *keeper) files() map[string]string {
	k.t.Helper()
	target, err := folder.At(k.root())
	k.done(err)
	shown, err := publish.Read(k.t.Context(), target)
	k.done(err)
	all := map[string]string{}
	for _, e := range shown.Files {
		data, err := os.ReadFile(filepath.Join(k.root(), e.Path))
		k.done(err)
		all[e.Path] = string(data)
	}
	k.done(target.Close())
	return all
}
