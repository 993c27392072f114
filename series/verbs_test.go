package series

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/lock"
)

// doLock, doVerify and so on are the verbs, for must and try.

func doLock(p *project) func(*build.Session) (artifact.Set, error) {
	return func(s *build.Session) (artifact.Set, error) { return Lock(p.Context(), s) }
}

func doVerify(p *project) func(*build.Session) (artifact.Set, error) {
	return func(s *build.Session) (artifact.Set, error) { return Verify(p.Context(), s) }
}

func doApply(p *project, until string) func(*build.Session) (artifact.Set, error) {
	return func(s *build.Session) (artifact.Set, error) { return Apply(p.Context(), s, ApplyRequest{Until: until}) }
}

func doRefresh(p *project) func(*build.Session) (artifact.Set, error) {
	return func(s *build.Session) (artifact.Set, error) { return Refresh(p.Context(), s, "") }
}

func doImport(p *project, r ImportRequest) func(*build.Session) (artifact.Set, error) {
	return func(s *build.Session) (artifact.Set, error) { return Import(p.Context(), s, r) }
}

func doExport(p *project, format string) func(*build.Session) (artifact.Set, error) {
	return func(s *build.Session) (artifact.Set, error) { return Export(p.Context(), s, format) }
}

func (p *project) rebase(r RebaseRequest) (reports []RebaseReport, err error) {
	_, err = p.try(lock.Lock{}, func(s *build.Session) (artifact.Set, error) {
		reports, err = Rebase(p.Context(), s, r)
		return nil, err
	})
	return reports, err
}

func TestLock(t *testing.T) {
	p := newProject(t)
	set, err := p.try(lock.Lock{}, doLock(p))
	p.is("the first", p.done(set, err), "lock forks/ship-1.4/fork.lock")
	p.is("what is said", p.said("lock"), "forks/ship-1.4/fork.lock written")
	text := p.read("fork.lock")
	p.is("the size", fmt.Sprint(set[0].Size), fmt.Sprint(len(text)))
	p.is("the digest", set[0].Digest, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))))
	for _, line := range []string{
		"upstream example.org/ship@v1.4.1\n", "time 2026-02-03T04:05:06Z\n", "module . example.org/ship v1.4.1 h1:",
		"dropped staging/src/example.org/sample-lantern example.org/sample-lantern v0.4.1\n",
		"patch 0001-crew.patch -p1 sha256:", "go 1.24.0\n",
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("fork.lock has no %q:\n%s", line, text)
		}
	}
	p.is("the second", p.must(doLock(p)), "lock forks/ship-1.4/fork.lock kept")
	p.is("what is said then", p.said("lock"), "forks/ship-1.4/fork.lock unchanged")
	p.is("the lock then", p.read("fork.lock"), text)
	put(t, p.dir, map[string]string{"fork.lock": text + "tree\n"})
	p.is("that of a broken one", p.must(doLock(p)), "lock forks/ship-1.4/fork.lock")
	p.is("the lock at last", p.read("fork.lock"), text)
}

func TestVerify(t *testing.T) {
	p := newProject(t)
	p.must(doLock(p))
	before := contents(t, p.dir)
	p.is("the lock", p.mustLocked(doVerify(p)), "lock forks/ship-1.4/fork.lock kept")
	p.is("what is said", p.said("lock"), "forks/ship-1.4/fork.lock holds")
	l, err := lock.Read(filepath.Join(p.dir, "fork.lock"))
	if err != nil {
		t.Fatal(err)
	}
	l.Tree = l.Source
	_, err = p.try(l, doVerify(p))
	stale, ok := errors.AsType[*fork.StaleError](err)
	if !ok || !strings.Contains(stale.Faults[0].Error(), ": tree is pinned as "+l.Source+", but is sha256:") {
		t.Errorf("of another tree, the error is %v", err)
	}
	if !maps.Equal(contents(t, p.dir), before) {
		t.Error("Verify changed the fork")
	}
}

func TestApply(t *testing.T) {
	p := newProject(t)
	for until, want := range map[string]string{
		"none": "example.org/ship@v1.4.1", "0001-crew.patch": "example.org/ship@v1.4.1\ncrew: sign on a bosun",
		"": "example.org/ship@v1.4.1\ncrew: sign on a bosun\nbosun: a command that calls the crew",
	} {
		p.is("the tree", p.must(doApply(p, until)), "tree dist/ship-1.4/src")
		p.is("the log of "+until, p.log(p.src), want)
	}
	_, err := p.try(lock.Lock{}, doApply(p, "0003"))
	says(t, err, `no patch "0003" in ship-1.4: it has 0001-crew.patch, 0002-bosun.patch`)
	const work = "dist/ship-1.4/src has work that no patch of ship-1.4 has:\n    "
	const ways = "\n  To keep it: commit it there, on the branch that is checked out, then: " +
		"mage patches:refresh -fork=ship-1.4\n  To discard it: rm -rf dist/ship-1.4/src"
	put(t, p.src, map[string]string{"LOG": "calm"})
	_, err = p.try(lock.Lock{}, doApply(p, ""))
	says(t, err, work+"untracked  LOG"+ways)
	id := p.commit(p.src, "-m", "log: calm")
	_, err = p.try(lock.Lock{}, doApply(p, ""))
	says(t, err, work+"commit     "+id[:12]+" log: calm"+ways)
	if err := os.RemoveAll(p.src); err != nil {
		t.Fatal(err)
	}
	p.is("the tree again", p.must(doApply(p, "")), "tree dist/ship-1.4/src")
}

func TestRefresh(t *testing.T) {
	p := newProject(t)
	p.must(doLock(p))
	before := contents(t, p.dir)
	_, err := p.try(lock.Lock{}, doRefresh(p))
	says(t, err, "dist/ship-1.4/src does not exist\n  To lay out the tree to edit: mage patches:apply -fork=ship-1.4")
	p.must(doApply(p, ""))
	p.is("the patches of a tree that nobody changed", p.must(doRefresh(p)), "")
	p.is("what is said", p.said("lock"), "forks/ship-1.4/fork.lock unchanged")
	if !maps.Equal(contents(t, p.dir), before) {
		t.Error("a tree that nobody changed changes the fork")
	}
	p.rewrite(p.src, "cmd/bosun/main.go", `"all hands:"`, `"all awake:"`)
	_, err = p.try(lock.Lock{}, doRefresh(p))
	says(t, err, "dist/ship-1.4/src has uncommitted changes: cmd/bosun/main.go (1 file)\n"+
		"  To make them part of the last patch: git commit -a --amend\n"+
		"  To make them a patch of their own: git add -A && git commit")
	p.commit(p.src, "--amend", "--no-edit")
	for _, name := range []string{"LOG", "LOG.old"} { // two commits of one subject
		put(t, p.src, map[string]string{name: "calm"})
		p.commit(p.src, "-m", "log: calm")
	}
	const patches = "forks/ship-1.4/patches/"
	p.is("the patches", p.must(doRefresh(p)), "patch 0002-bosun.patch "+patches+"0002-bosun.patch\n"+
		"patch 0003-log-calm.patch "+patches+"0003-log-calm.patch\npatch 0004-log-calm.patch "+patches+"0004-log-calm.patch")
	p.is("what is said", p.said("lock"), "forks/ship-1.4/fork.lock 3 patches written, 0 gone")
	p.is("the series", p.read("patches/series"),
		"0001-crew.patch\n0002-bosun.patch\n0003-log-calm.patch\n0004-log-calm.patch\n")
	p.is("the first patch", p.read("patches/0001-crew.patch"), before["patches/0001-crew.patch"])
	p.mustLocked(doVerify(p))
	p.is("the patches of a second time", p.must(doRefresh(p)), "")
	testkit.Git(t, p.src, "reset", "-q", "--hard", "HEAD~2")
	p.is("the patches of less commits", p.must(doRefresh(p)), "")
	p.is("what is said of them", p.said("lock"), "forks/ship-1.4/fork.lock 0 patches written, 2 gone")
	p.is("the series at last", p.read("patches/series"), before["patches/series"])
}

func TestRebase(t *testing.T) {
	p := newProject(t)
	p.must(doLock(p))
	before := contents(t, p.dir)
	reports, err := p.rebase(RebaseRequest{Onto: "1.4.0"})
	if err != nil || len(reports) != 1 || reports[0].Written || reports[0].Tree != "" {
		t.Fatalf("the reports are %+v, %v", reports, err)
	}
	p.is("what is said", p.said("patches"), "example.org/ship@v1.4.0 1 applies, 1 moved")
	p.is("the target", reports[0].Target+" "+reports[0].Version, "v1.4.0 1.4.0+test.1")
	reports, err = p.rebase(RebaseRequest{Onto: "1.5.0-rc.1", Write: true})
	if err != nil || reports[0].Written || reports[0].Tree != "dist/ship-1.4/src" {
		t.Fatalf("the reports are %+v, %v", reports, err)
	}
	p.is("the conflicts", strings.Join(reports[0].Conflicts(), " "), "0001-crew.patch")
	_, err = p.try(lock.Lock{}, doRefresh(p))
	says(t, err, "dist/ship-1.4/src/pkg/crew/crew.go has conflict markers: resolve them, commit, then run this again")
	if !maps.Equal(contents(t, p.dir), before) {
		t.Error("a conflict changes the fork")
	}
	code := contents(t, p.src)["pkg/crew/crew.go"]
	head, rest, _ := strings.Cut(code, "<<<<<<< ")
	_, rest, _ = strings.Cut(rest, "=======\n")
	theirs, tail, _ := strings.Cut(rest, ">>>>>>> patch\n")
	put(t, p.src, map[string]string{"pkg/crew/crew.go": head + theirs + tail})
	p.commit(p.src, "-m", "crew: a motto for now")
	p.must(doRefresh(p))
	p.is("what is said of it", p.said("lock"), "forks/ship-1.4/fork.lock 2 patches written, 0 gone")
	if text := p.read(yaml); !strings.Contains(text, "module: example.org/ship@v1.5.0-rc.1\n") ||
		!strings.Contains(text, "version: 1.5.0-rc.1+test.1\n") {
		t.Errorf("fork.yaml is\n%s", text)
	}
	p.is("the series", p.read("patches/series"), "0001-crew.patch\n0002-bosun.patch\n0003-crew-a-motto-for-now.patch\n")
	p.mustLocked(doVerify(p))
}

func TestRebaseMoves(t *testing.T) {
	p := newProject(t)
	p.must(doLock(p))
	bosun := p.read("patches/0002-bosun.patch")
	_, err := p.rebase(RebaseRequest{All: true})
	says(t, err, "no patch release newer than example.org/ship@v1.4.1 was found")
	_, err = p.rebase(RebaseRequest{Onto: "1.4"})
	says(t, err, "-onto=v1.4: v1.4 is only part of a version and pins nothing: write the full version, such as v1.36.1")
	reports, err := p.rebase(RebaseRequest{Onto: "v1.4.0", Write: true})
	if err != nil || !reports[0].Written {
		t.Fatalf("the reports are %+v, %v", reports, err)
	}
	p.is("what is said", p.said("lock"), "forks/ship-1.4/fork.lock written")
	p.is("the patch that applies", p.read("patches/0002-bosun.patch"), bosun)
	if text := p.read("patches/0001-crew.patch"); !strings.Contains(text, "\n@@ -3,7 +3,7 @@") {
		t.Errorf("the patch that moved is\n%s", text)
	}
	p.mustLocked(doVerify(p))
	reports, err = p.rebase(RebaseRequest{All: true})
	if err != nil || len(reports) != 1 || reports[0].Onto != "example.org/ship@v1.4.1" {
		t.Errorf("the newer ones are %+v, %v", reports, err)
	}
}

// TestRebaseDropsWhatUpstreamHas moves a patch to the release that has what it does.
func TestRebaseDropsWhatUpstreamHas(t *testing.T) {
	p := newProject(t)
	p.rewrite(p.dir, yaml, "version: 1.4.1+test.1", "version: 1.4.0+test.1")
	p.rewrite(p.dir, yaml, "ship@v1.4.1", "ship@v1.4.0")
	p.must(doApply(p, "none"))
	p.rewrite(p.src, "pkg/crew/crew.go", "package crew\n",
		"package crew\n\n// Berths is how many can sleep aboard.\nconst Berths = 12\n")
	p.commit(p.src, "-m", "crew: berths")
	p.is("the patches", p.must(doRefresh(p)), "patch 0001-crew-berths.patch forks/ship-1.4/patches/0001-crew-berths.patch")
	p.is("what is said", p.said("lock"), "forks/ship-1.4/fork.lock 1 patch written, 2 gone")
	reports, err := p.rebase(RebaseRequest{Onto: "1.4.1", Write: true})
	if err != nil || !reports[0].Written {
		t.Fatalf("the reports are %+v, %v", reports, err)
	}
	p.is("what becomes of it", p.said("patches"), "0 applied")
	p.is("the series", p.read("patches/series"), "")
	p.is("the log", p.log(p.src), "example.org/ship@v1.4.1")
	p.mustLocked(doVerify(p))
}

// TestAdoptRefusesAnotherTree holds that a series which makes another tree than the
// one that was edited never gets into the fork.
func TestAdoptRefusesAnotherTree(t *testing.T) {
	p := newProject(t)
	before := contents(t, p.dir)
	_, err := p.try(lock.Lock{}, func(s *build.Session) (artifact.Set, error) {
		return nil, adopt(p.Context(), s, revision{files: s.Fork().Series[:1]}, "sha256:other")
	})
	if err == nil || !strings.HasPrefix(err.Error(), "the new series makes the tree sha256:") ||
		!strings.HasSuffix(err.Error(), " instead of sha256:other: nothing was changed") {
		t.Errorf("the error is %v", err)
	}
	if !maps.Equal(contents(t, p.dir), before) {
		t.Error("the fork was changed")
	}
}
