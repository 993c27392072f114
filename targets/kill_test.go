package targets_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
)

var seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "decides the moments at which runs are killed")

// What the steps of TestKilledAtEachStep do not show is found by chance: a run that
// is killed at any moment leaves nothing that a later run takes for finished, and the
// next one ends with the bytes of a run that nobody disturbed.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	began := time.Now()
	p.must(t, "cross")
	length := time.Since(began)
	states := []*state{remembered(t, p)}
	editMotto(t, p.dir, "Any wind, and whoever is asleep.")
	p.must(t, "patches:lock")
	p.must(t, "cross")
	states = append(states, remembered(t, p))

	atRandomMoments(t, 6, length, func(round int, moment time.Duration) {
		// Half of the rounds start from nothing, one even without modules, the rest from the other state.
		if round%2 == 0 {
			remove(t, p.path("dist"))
		}
		if round == 2 {
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

// A command that rewrites a fork leaves it as it was or complete, whenever it is
// killed, and nothing that keeps it from running again.
func TestRewritingKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	before, rebase := p.copyTo(t, t.TempDir()), []string{"patches:rebase", "-onto=1.4.0", "-write"}
	began := time.Now()
	p.must(t, rebase...)
	length := time.Since(began)
	was, after := before.outcome(t), p.outcome(t)
	atRandomMoments(t, 4, length, func(_ int, moment time.Duration) {
		p := before.copyTo(t, t.TempDir())
		killAfter(t, p, moment, rebase...)
		now := p.outcome(t)
		complete := len(after.sources.differ(now.sources)) == 0
		if lines := was.sources.differ(now.sources); len(lines) > 0 && !complete {
			t.Errorf("the fork is neither as it was nor complete: %q", lines)
		}
		p.must(t, "patches:verify")
		if !complete {
			p.must(t, rebase...)
		}
		p.compare(t, after, nil, nil)
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
			t.Fatalf("that was in round %d, killed after %v of about %v; for the same moments: -seed=%d",
				round, moment, length, *seed)
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
func editMotto(t *testing.T, dir, motto string) {
	t.Helper()
	patch := filepath.Join(dir, "forks", "ship-1.4", "patches", "0001-crew.patch")
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
