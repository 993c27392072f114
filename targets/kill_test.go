package targets_test

import (
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
)

var seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "decides the moments at which runs are killed")

// A run that is killed at any moment leaves nothing that a later run takes for
// finished: the next one ends with the bytes of a run that nobody disturbed.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	began := time.Now()
	p.must(t, "cross")
	length := time.Since(began)
	states := []*state{remembered(t, p)}
	editMotto(t, p, "Any wind, and whoever is asleep.")
	p.must(t, "patches:lock")
	p.must(t, "cross")
	states = append(states, remembered(t, p))

	atRandomMoments(t, 36, length, func(round int, moment time.Duration) {
		// Half of the rounds start from nothing, a quarter even without modules, the rest from the other state's end.
		if round%2 == 0 {
			remove(t, p.path("dist"))
		}
		if round%4 == 0 {
			remove(t, p.path(".home", "mod"))
		}
		now := states[round/2%2]
		now.write(t, p)
		killAfter(t, p, moment, "cross")
		p.must(t, "cross")
		sameAs(t, now.built, p.path("dist", "ship-1.4"))
		if err := checkWhole(p.path("dist")); err != nil {
			t.Error(err)
		}
		p.must(t, "patches:verify")
	})
}

// The tree that patches:apply leaves is a person's to read: a run that is killed
// must not make the next one believe that they changed it.
func TestApplyKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	began := time.Now()
	p.must(t, "patches:apply")
	length := time.Since(began)
	files := func() listing {
		found := mustList(t, p.path("dist", "ship-1.4", "src"))
		maps.DeleteFunc(found, func(name, _ string) bool { return strings.HasPrefix(name, "/.git/") }) // its index has times
		return found
	}
	want := files()
	atRandomMoments(t, 36, length, func(_ int, moment time.Duration) {
		killAfter(t, p, moment, "patches:apply", "-until=none")
		p.must(t, "patches:apply")
		for _, line := range want.differ(files()) {
			t.Error(line)
		}
	})
}

// Commands that rewrite a fork leave it as it was or complete, whenever they are
// killed, and nothing that keeps them from running again.
func TestRewritingKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	p.must(t, "patches:lock")
	for _, c := range []struct {
		name  string
		ready func(t *testing.T) // what has to be there, once the fork is as it was
		args  []string
	}{
		{"rebase", func(*testing.T) {}, []string{"patches:rebase", "-onto=1.4.0", "-write"}},
		{"refresh", func(t *testing.T) {
			p.must(t, "patches:apply")
			commit(t, p.path("dist", "ship-1.4", "src"), "a chart")
		}, []string{"patches:refresh"}},
		{"import", func(*testing.T) {}, []string{"patches:import", "-from=somebody", "-commits=" + somebody(t, p)}},
	} {
		t.Run(c.name, func(t *testing.T) { killRewriting(t, p, c.ready, c.args) })
	}
}

func killRewriting(t *testing.T, p *project, ready func(*testing.T), args []string) {
	fork, kept := p.path("forks", "ship-1.4"), t.TempDir()
	if err := os.CopyFS(kept, os.DirFS(fork)); err != nil {
		t.Fatal(err)
	}
	before := mustList(t, fork)
	restore := func() {
		remove(t, fork)
		remove(t, p.path("dist", "ship-1.4", "src"))
		if err := os.CopyFS(fork, os.DirFS(kept)); err != nil {
			t.Fatal(err)
		}
	}
	defer restore()
	ready(t)
	began := time.Now()
	p.must(t, args...)
	length := time.Since(began)
	after := mustList(t, fork)
	if len(before.differ(after)) == 0 {
		t.Fatalf("mage %s changes nothing", args[0])
	}
	atRandomMoments(t, 16, length, func(_ int, moment time.Duration) {
		restore()
		ready(t)
		killAfter(t, p, moment, args...)
		now := mustList(t, fork)
		if len(before.differ(now)) > 0 && len(after.differ(now)) > 0 {
			t.Errorf("the fork is neither as it was nor complete: %q", before.differ(now))
		}
		if entries, err := os.ReadDir(p.path("forks")); err != nil || len(entries) != 1 {
			t.Errorf("beside the fork lies %v (%v)", entries, err)
		}
		p.must(t, "patches:verify")
		if len(before.differ(now)) == 0 {
			p.must(t, args...)
		}
		sameAs(t, after, fork)
	})
}

// somebody makes a repository with a commit to carry, and returns the range that
// is the commit.
func somebody(t *testing.T, p *project) string {
	t.Helper()
	dir := p.path("somebody")
	testkit.Git(t, ".", "init", "-q", dir)
	base := commit(t, dir, "nothing to carry")
	return base + ".." + commit(t, dir, "a logbook")
}

// commit adds a file and commits it. It returns the commit.
func commit(t *testing.T, dir, name string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name+".md"), []byte(name+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	testkit.Git(t, dir, "add", "-A")
	testkit.Git(t, dir, "commit", "-q", "-m", name)
	return strings.TrimSpace(testkit.Git(t, dir, "rev-parse", "HEAD"))
}

// Packages stand beside their record or not at all, whenever the run that makes
// them is killed.
func TestPackagesKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("packages are made on Linux")
	}
	p := newProject(t, t.TempDir())
	p.must(t, "cross")
	began := time.Now()
	p.must(t, "deb")
	length := time.Since(began)
	want := mustList(t, p.path("dist", "ship-1.4"))
	atRandomMoments(t, 16, length, func(round int, moment time.Duration) {
		if round%2 == 0 {
			remove(t, p.path("dist", "ship-1.4", "deb"))
		} else {
			remove(t, p.path("dist", "ship-1.4", "deb", runtime.GOOS+"_"+runtime.GOARCH, "packages.json"))
		}
		killAfter(t, p, moment, "deb")
		p.must(t, "deb")
		sameAs(t, want, p.path("dist", "ship-1.4"))
		if err := checkWhole(p.path("dist")); err != nil {
			t.Error(err)
		}
	})
}

// What a clean that was killed has left is none of what a later run keeps.
func TestCleanKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	p.must(t, "cross")
	want := mustList(t, p.path("dist", "ship-1.4"))
	began := time.Now()
	p.must(t, "clean")
	length := time.Since(began)
	p.must(t, "cross")
	atRandomMoments(t, 12, length, func(_ int, moment time.Duration) {
		killAfter(t, p, moment, "clean")
		p.must(t, "cross")
		sameAs(t, want, p.path("dist", "ship-1.4"))
		if err := checkWhole(p.path("dist")); err != nil {
			t.Error(err)
		}
		p.must(t, "patches:verify")
	})
}

// atRandomMoments calls f with moments that spread over a run's length and a
// little more, for some runs take longer.
func atRandomMoments(t *testing.T, rounds int, length time.Duration, f func(round int, moment time.Duration)) {
	t.Helper()
	random := rand.New(rand.NewPCG(*seed, 0))
	for round := range rounds {
		part := (float64(round) + random.Float64()) / float64(rounds)
		moment := time.Duration(1.2 * part * float64(length))
		f(round, moment)
		if t.Failed() {
			t.Fatalf("that was in round %d, killed after %v of about %v; for the same moments: -seed=%d", round, moment, length, *seed)
		}
	}
}

// A state is what a project's patches and lock were, and what they came to.
type state struct {
	files map[string][]byte
	built listing
}

func remembered(t *testing.T, p *project) *state {
	t.Helper()
	s := &state{files: map[string][]byte{}}
	for _, name := range []string{"fork.lock", "patches/0001-crew.patch"} {
		data, err := os.ReadFile(p.path("forks", "ship-1.4", name))
		if err != nil {
			t.Fatal(err)
		}
		s.files[name] = data
	}
	s.built = mustList(t, p.path("dist", "ship-1.4"))
	return s
}

func (s *state) write(t *testing.T, p *project) {
	t.Helper()
	for name, data := range s.files {
		if err := os.WriteFile(p.path("forks", "ship-1.4", name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// editMotto makes the first patch one that gives the crew this motto.
func editMotto(t *testing.T, p *project, motto string) {
	t.Helper()
	patch := p.path("forks", "ship-1.4", "patches", "0001-crew.patch")
	text, err := os.ReadFile(patch)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "Any wind, and whoever is awake.", motto, 1))
	if err := os.WriteFile(patch, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// killAfter starts mage and kills it with its process group, unless it has ended
// by then.
func killAfter(t *testing.T, p *project, delay time.Duration, args ...string) {
	t.Helper()
	cmd, out := p.command(args...)
	ended := start(t, cmd)
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("mage %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	case <-time.After(delay):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	}
}

// start starts a command and returns where its end will be told.
func start(t *testing.T, cmd *exec.Cmd) <-chan error {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return ended
}
