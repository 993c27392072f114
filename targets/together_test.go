package targets_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// Runs in one project, at the same time, all end well, and one of them builds.
func TestSeveralRunsAtOnce(t *testing.T) {
	t.Parallel()
	const runs = 3
	p := newProject(t, t.TempDir())
	p.must(t, "cross")
	want := mustList(t, p.path("dist", "ship-1.4"))
	remove(t, p.path("dist"))
	var ended [runs]<-chan error
	var outs [runs]*bytes.Buffer
	for i := range runs {
		var cmd *exec.Cmd
		cmd, outs[i] = p.command("cross")
		ended[i] = start(t, cmd)
	}
	builders := 0
	for i := range runs {
		if err := <-ended[i]; err != nil {
			t.Errorf("%v\n%s", err, outs[i])
		}
		if strings.Contains(outs[i].String(), "built in") {
			builders++
		}
	}
	if builders != 1 {
		t.Errorf("%d of %d runs say that they built, want one", builders, runs)
	}
	sameAs(t, want, p.path("dist", "ship-1.4"))
	if err := checkWhole(p.path("dist")); err != nil {
		t.Error(err)
	}
}

// A run that has to wait for another says so, can be interrupted, and goes on when the other has
// ended. One that names something that there is none of does not wait.
func TestWaitForAnotherRunIsSaid(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	other := flock.New(p.path("dist", ".cache", "lock"))
	if ok, err := other.TryLock(); err != nil || !ok {
		t.Fatalf("locking the project: %v %v", ok, err)
	}
	for _, words := range [][]string{
		{"cross", "-components=captian"}, {"deb", "-packages=captian"}, {"image", "-images=shpi"},
		{"cross", "-fork=ship-1.5"},
	} { // they do not wait
		p.fails(t, words, "did you mean")
	}
	impatient, ended, log := p.waits(t, "cross")
	if err := impatient.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Errorf("interrupted while it waits, mage ends as if all were well:\n%s", content(t, log))
	}

	_, crossed, crossLog := p.waits(t, "cross")
	_, cleaned, cleanLog := p.waits(t, "clean")
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-crossed; err != nil {
		t.Errorf("%v\n%s", err, content(t, crossLog))
	}
	if err := <-cleaned; err != nil {
		t.Errorf("%v\n%s", err, content(t, cleanLog))
	}
}

// A clean takes the lock away with all the rest of dist. A run that waited for it
// begins anew.
func TestWaitForACleanIsNoTrap(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	cleaner := flock.New(p.path("dist", ".cache", "lock"))
	if ok, err := cleaner.TryLock(); err != nil || !ok {
		t.Fatalf("locking the project: %v %v", ok, err)
	}
	_, ended, log := p.waits(t, "cross")
	if err := os.Rename(p.path("dist"), p.path("gone")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // for the run to look in between, too
	if err := cleaner.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("%v\n%s", err, content(t, log))
	}
	if err := checkWhole(p.path("dist")); err != nil {
		t.Error(err)
	}
}

// waits starts mage and returns when it says that it waits for another run. Its
// output goes to log.
func (p *project) waits(t *testing.T, target string) (_ *exec.Cmd, ended <-chan error, log *os.File) {
	t.Helper()
	cmd, _ := p.command(target)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	cmd.Stdout, cmd.Stderr = log, log
	ended = start(t, cmd)
	waitFor(t, "mage "+target+" to wait", func() bool {
		return strings.Contains(content(t, log), "waiting for another run in this project to end")
	})
	return cmd, ended, log
}

func content(t *testing.T, f *os.File) string {
	t.Helper()
	data, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
