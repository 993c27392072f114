package targets_test

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/release/sign/signtest"
)

// A killing is a verb that is killed at each moment at which it changes the disk.
type killing struct {
	name  string
	from  string // what the project is at first: written, pinned or built
	ready []verb // done before
	run   verb   // killed
	again verb   // done afterwards; nil: run
	once  bool   // where run is complete, it is not done again
	then  verb   // done at the end; may be nil
	only  string // killed only at moments whose names have this part
	back  int    // if not 0, run is done anew with the fork as it was after so many of ready, too
}

// placing is when a release has what it is made of, and takes its place.
const placing = "about to place dist/ship-1.4/release"

// killings are the verbs that change the disk, each from the states in which it
// has something else to change.
func killings() []killing {
	return []killing{
		{name: "lock", from: "written", run: pin},
		{name: "lock after an edit", from: "pinned", ready: []verb{editPatch}, run: pin},
		{name: "cross", from: "pinned", run: cross},
		{name: "cross after an edit", from: "built", ready: []verb{cross, editPatch, pin}, run: cross, back: 1},
		{name: "deb", from: "built", run: deb},
		{name: "deb after an edit", from: "built", ready: []verb{deb, editPatch, pin, cross}, run: deb, back: 1},
		{name: "image after an edit", from: "built", ready: []verb{image, editPatch, pin}, run: image, only: "place"},
		{name: "ebuild after an edit", from: "built", ready: []verb{ebuild, editPatch, pin, cross}, run: ebuild,
			only: "place"},
		{name: "release after an edit", from: "built", ready: []verb{release, editPatch, nextVersion, pin}, run: release,
			only: placing},
		{name: "release of shards", from: "built", ready: []verb{shard, moveShard}, run: merge, only: placing},
		{name: "apply less", from: "pinned", ready: []verb{applyAll}, run: applyNone, again: applyAll},
		{name: "apply more", from: "pinned", ready: []verb{applyNone}, run: applyAll},
		{name: "rebase", from: "pinned", ready: []verb{applyAll}, run: rebase, once: true,
			then: applyAll, only: "place"},
		{name: "rebase with conflicts", from: "pinned", run: rebaseInVain, then: applyAll, only: "place"},
		{name: "refresh", from: "pinned", ready: []verb{applyAll, addCommit}, run: refresh, then: applyAll},
		{name: "import", from: "pinned", run: importCommit, once: true},
		{name: "clean", from: "built", ready: []verb{applyAll}, run: clean, again: cross},
	}
}

// A verb that is killed leaves nothing that a later one takes for finished or for a
// person's work, and nothing that keeps it from being done again.
func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("packages and images are made on Linux")
	}
	from := prepare(t)
	for _, k := range killings() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			k.test(t, from[k.from].copyTo(t, t.TempDir()))
		})
	}
}

// prepare returns projects by what has been done in them.
func prepare(t *testing.T) map[string]*project {
	t.Helper()
	dir := t.TempDir()
	p := emptyProject(t, dir)
	t.Cleanup(func() { removable(p.path(".home")) })
	if err := writeProject(dir); err != nil {
		t.Fatal(err)
	}
	somebody(t, p)
	onlyHere(t, p)
	p = p.withKeys(t)
	from := map[string]*project{"written": p}
	p = p.copyTo(t, t.TempDir())
	p.do(t, pin)
	from["pinned"] = p
	p = p.copyTo(t, t.TempDir())
	p.do(t, cross)
	from["built"] = p
	return from
}

// onlyHere has the project's fork built for this machine alone: that takes less time.
func onlyHere(t *testing.T, p *project) {
	t.Helper()
	name := p.path("forks", "ship-1.4", "fork.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	all, one := "[linux/amd64, linux/arm64]", "[linux/"+runtime.GOARCH+"]"
	if !strings.Contains(string(data), all) {
		t.Fatalf("%s is not for %s", name, all)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(data), all, one, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// withKeys returns the project with keys in its variables.
func (p *project) withKeys(t *testing.T) *project {
	t.Helper()
	armored, errA := os.ReadFile(signtest.OpenPGP(t, "harbour").Secret)
	inPEM, errB := os.ReadFile(signtest.PEM(t).Secret)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	return p.with("OPENPGP="+string(armored), "PEM="+string(inPEM))
}

// A trial is what is known of a killing before the first of its moments is looked at.
type trial struct {
	killing
	before, after, want outcome  // of the run that was not killed, and of what comes after it
	notes               []string // that it makes
	old                 *project // the project as it was after some of ready
	earlier             outcome  // of that
}

// test kills the verb at each step in the project p, and has copies of it go on.
func (k killing) test(t *testing.T, p *project) {
	tr := trial{killing: k}
	for i, v := range k.ready {
		p.do(t, v)
		if i+1 == k.back {
			tr.old, tr.earlier = p.copyTo(t, t.TempDir()), p.outcome(t)
		}
	}
	tr.before = p.outcome(t)
	r := newRecorder(t, p, k.only)
	tr.notes = p.steps(t, r.step, k.run)
	tr.after = p.outcome(t)
	if len(r.moments) < 2 {
		t.Fatalf("it has the moments %v, and nothing to look at between them", r.moments)
	}
	tr.notes = append(tr.notes, k.goOn(t, p, true)...)
	tr.want = p.outcome(t)
	for _, m := range r.moments {
		tr.look(t, m)
		if t.Failed() {
			t.Fatalf("that was of a run that was killed at this moment: %s", m.what)
		}
	}
}

// look checks what a run that is killed at a moment leaves, and has it go on.
func (tr trial) look(t *testing.T, m moment) {
	t.Helper()
	m.checkLinks(t)
	p := m.project
	now := p.outcome(t)
	complete := len(tr.after.sources.differ(now.sources)) == 0
	if was := tr.before.sources.differ(now.sources); len(was) > 0 && !complete {
		t.Errorf("the fork is neither as it was nor complete: %q", was)
	}
	if err := checkOutputs(p.path("dist")); err != nil {
		t.Error(err)
	}
	if tr.back > 0 {
		again := p.copyTo(t, t.TempDir())
		again.take(t, tr.old, "forks")
		remove(t, again.path("dist", "ship-1.4")) // so that all is made again, of what the cache has
		again.compare(t, tr.earlier, tr.notes, again.steps(t, nil, tr.run))
	}
	p.compare(t, tr.want, tr.notes, tr.goOn(t, p, complete))
}

// goOn does in the project what comes after a run, which was complete or not, and
// returns what is noted.
func (k killing) goOn(t *testing.T, p *project, complete bool) (notes []string) {
	t.Helper()
	verbs := []verb{k.run}
	if k.again != nil {
		verbs = []verb{k.again}
	}
	if k.once && complete {
		verbs = nil
	}
	if k.then != nil {
		verbs = append(verbs, k.then)
	}
	return p.steps(t, nil, append(verbs, verify)...)
}
