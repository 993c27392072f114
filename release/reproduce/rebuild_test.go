package reproduce

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/provenance"
)

// release is a command that stands in for mage release: it says how it is run, and leaves a
// folder.
const release = `umask; echo $HOME $LC_ALL $TZ $GOCACHE $SOURCE_DATE_EPOCH $MATE; pwd; ls -A; cat forks/ship/fork.yaml
echo >&2 heave; mkdir -p dist/ship/release && echo '{}' > dist/ship/release/artifacts.json && test "$1" = ship`

// project lays out a project, and what a release of it was built from.
func project(t *testing.T) (string, provenance.Record) {
	t.Helper()
	dir := testkit.Lay(t, map[string]string{
		"forks/ship/fork.yaml": "name: ship\n", "forks/ship/patches/series": "", "profiles": ">forks",
		"dist/ship/bin/captain": "old", ".git/HEAD": "ref: refs/heads/main\n", "run.sh": "#!/bin/sh\n",
	})
	sources, err := provenance.ReadSources(dir, "forks/ship", "profiles")
	if err != nil {
		t.Fatal(err)
	}
	return dir, provenance.Record{Fork: "ship", Version: "1.2.3", Date: "2026-02-03T04:05:06Z", Sources: sources}
}

func request(t *testing.T) Request {
	dir, record := project(t)
	home := t.TempDir()
	if err := output.WriteFiles(home, map[string][]byte{telemetryMode: []byte("off\n")}); err != nil {
		t.Fatal(err)
	}
	return Request{
		Project: dir, Record: record, Work: filepath.Join(t.TempDir(), "again"),
		Command: []string{"sh", "-c", release, "sh", "ship"},
		Env: run.Env{"PATH=" + testkit.Path(), "HOME=" + home, "LC_ALL=C", "LC_CTYPE=x", "MATE=kept", "TZ=UTC",
			"GOMODCACHE=" + t.TempDir(), "GOCACHE=" + t.TempDir(), "GOENV=off"},
	}
}

func TestRebuild(t *testing.T) {
	r := request(t)
	var out, said bytes.Buffer
	r.Stdout, r.Stderr = &out, &said
	got, err := Rebuild(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	work := r.Work
	want := strings.Join([]string{"0077", filepath.Join(work, "home") + " tr_TR.UTF-8 Pacific/Chatham " +
		filepath.Join(work, "gocache") + " 1770091506 kept", filepath.Join(work, "project"),
		"forks\nprofiles\nrun.sh", "name: ship\n"}, "\n")
	if out.String() != want || said.String() != "heave\n" {
		t.Errorf("the command wrote\n%s%s\nwant\n%s", out.String(), said.String(), want)
	}
	if got.Dir != filepath.Join(work, "project/dist/ship/release") {
		t.Errorf("the release is in %s", got.Dir)
	}
	if _, err := os.Stat(filepath.Join(got.Dir, "artifacts.json")); err != nil {
		t.Error(err)
	}
	if old, err := os.ReadFile(filepath.Join(r.Project, "dist/ship/bin/captain")); err != nil || string(old) != "old" {
		t.Errorf("the project's dist was touched: %q, %v", old, err)
	}
	differs := map[string]bool{}
	for _, c := range got.Changes {
		differs[c.What] = c.Differ
	}
	for what, want := range map[string]bool{"folder": true, "home": true, "umask": true, "locale": true,
		"time zone": true, "build cache": true, "module cache": false, "clock": false} {
		if d, ok := differs[what]; !ok || d != want {
			t.Errorf("%s: differs = %v, %v", what, d, ok)
		}
	}
}

func TestRebuildAsAnotherUser(t *testing.T) {
	r := request(t)
	err := r.Runner.Run(t.Context(), run.Cmd{Args: []string{"true"}, Env: r.Env, User: otherUser})
	if err != nil {
		t.Skipf("this system has no user namespaces: %v", err)
	}
	var out bytes.Buffer
	r.Stdout, r.Command = &out, []string{"sh", "-c", "id -u; stat -c %u run.sh"}
	got, err := Rebuild(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != "4711\n4711\n" {
		t.Errorf("the command wrote %q", out.String())
	}
	told := func(c Change) bool { return c.What == "user" && c.Differ && c.There == "4711" }
	if !slices.ContainsFunc(got.Changes, told) {
		t.Errorf("the user is not told: %+v", got.Changes)
	}
}

func TestRebuildElsewhere(t *testing.T) {
	r := request(t)
	r.Env = r.Env.With("LC_ALL=tr_TR.UTF-8", "TZ=Pacific/Chatham")
	r.Command = []string{"sh", "-c", `test "$LC_ALL $TZ" = "C America/St_Johns"`}
	if _, err := Rebuild(t.Context(), r); err != nil {
		t.Error(err)
	}
}

func TestRebuildRefuses(t *testing.T) {
	for want, change := range map[string]func(*Request){
		"exists already":         func(r *Request) { r.Work = t.TempDir() },
		"is in the project":      func(r *Request) { r.Work = filepath.Join(r.Project, "dist") },
		"the rebuild failed: sh": func(r *Request) { r.Command = []string{"sh", "-c", "exit 3"} },
		"no such program":        func(r *Request) { r.Env = run.Env{"PATH=/absent"} },
		"cannot parse":           func(r *Request) { r.Record.Date = "today" },
	} {
		r := request(t)
		change(&r)
		if _, err := Rebuild(t.Context(), r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestCheckSources(t *testing.T) {
	dir, record := project(t)
	if err := checkSources(dir, record.Sources); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"forks/ship/fork.yaml": "name: boat\n", "forks/ship/files/x": "x",
		"run.sh": "is of no fork"} {
		at := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "forks/ship/patches/series")); err != nil {
		t.Fatal(err)
	}
	var of *SourcesError
	if err := checkSources(dir, record.Sources); !errors.As(err, &of) {
		t.Fatal(err)
	}
	want := []string{"forks/ship/files/x: was added, with " + sha([]byte("x")),
		"forks/ship/fork.yaml: has " + sha([]byte("name: boat\n")) + ", want " + sha([]byte("name: ship\n")),
		"forks/ship/patches/series: is missing, want " + sha(nil)}
	if !slices.Equal(of.Faults, want) {
		t.Errorf("%q, want %q", of.Faults, want)
	}
}
