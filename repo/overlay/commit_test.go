package overlay

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/internal/testkit"
)

func TestCommit(t *testing.T) {
	first, second := ship(t, "1.4.1_p1"), ship(t, "1.4.1_p2")
	boat := of(t, "boat", "boat-2", "2.0.0_p1")
	r := open(t)
	for i, c := range []struct {
		releases []Release
		subjects []string // of the new commits, the oldest first
	}{
		{nil, nil},
		{[]Release{first}, []string{"app-misc/ship: new package, add 1.4.1_p1",
			"app-misc/ship-bin: new package, add 1.4.1_p1"}},
		{[]Release{first}, nil},
		{[]Release{first, second, boat}, []string{"app-misc/boat: new package, add 2.0.0_p1",
			"app-misc/boat-bin: new package, add 2.0.0_p1", "app-misc/ship: add 1.4.1_p2", "app-misc/ship-bin: add 1.4.1_p2"}},
		{[]Release{second, boat}, []string{"app-misc/ship: drop 1.4.1_p1", "app-misc/ship-bin: drop 1.4.1_p1"}},
		{[]Release{second}, []string{"app-misc/boat: remove package", "app-misc/boat-bin: remove package"}},
		{[]Release{first}, []string{"*/*: go back to the state of 2026-02-03 03:04:05 UTC"}},
		{nil, []string{"app-misc/ship: remove package", "app-misc/ship-bin: remove package"}},
	} {
		before := strings.Fields(log(t, r, "%H"))
		if changed := commit(t, r, stable(i, c.releases...)); changed != (len(c.subjects) > 0) {
			t.Errorf("%d: changed is %v", i, changed)
		}
		after := strings.Split(log(t, r, "%s"), "\n")
		if len(c.subjects) == 0 {
			continue
		}
		if got := after[len(before):]; !slices.Equal(got, c.subjects) {
			t.Errorf("%d: the commits are %q, want %q", i, got, c.subjects)
		}
	}
	if got := git(t, r.Dir, "ls-tree", "-r", "--name-only", "stable"); got != "" {
		t.Errorf("without releases there are still %s", got)
	}
	git(t, r.Dir, "fsck", "--strict")
}

// log returns something of each commit of stable, the oldest first.
func log(t *testing.T, r Repository, format string) string {
	t.Helper()
	out, err := testkit.TryGit(t, r.Dir, "log", "--reverse", "--format="+format, "stable", "--")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(out)
}

func TestCommitSaysWho(t *testing.T) {
	r := open(t)
	commit(t, r, stable(0, ship(t, "1.4.1_p1")))
	got := git(t, r.Dir, "log", "-1", "--format=%an <%ae> %ad%n%cn <%ce> %cd%n%n%B", "--date=iso", "stable")
	const want = `Mate <mate@example.org> 2026-02-02 03:04:05 +0000
Mate <mate@example.org> 2026-02-02 03:04:05 +0000

app-misc/ship-bin: new package, add 1.4.1_p1

Signed-off-by: Mate <mate@example.org>`
	if got != want {
		t.Errorf("the commit is\n%s\nwant\n%s", got, want)
	}
}

func TestEachCommitIsAnOverlay(t *testing.T) {
	r := open(t)
	commit(t, r, stable(0, ship(t, "1.4.1_p1")))
	commit(t, r, stable(1, ship(t, "1.4.1_p1"), ship(t, "1.4.2_p1")))
	for _, id := range strings.Fields(log(t, r, "%H")) {
		dir := t.TempDir()
		git(t, dir, "clone", "-q", r.Dir, ".")
		git(t, dir, "checkout", "-q", id)
		if faults := unlisted(t, dir); len(faults) > 0 {
			t.Errorf("%s: %q", id, faults)
		}
	}
}

// unlisted returns the files of a checkout that its Manifests do not list as they are.
func unlisted(t *testing.T, dir string) []string {
	t.Helper()
	files := ebuilds.Tree{}
	for _, name := range strings.Split(git(t, dir, "ls-files"), "\n") {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	text := string(files["Manifest"])
	delete(files, "Manifest")
	var faults []string
	for line := range strings.Lines(string(files.Manifest())) {
		if !strings.Contains(text, line) {
			faults = append(faults, line)
		}
	}
	if err := files.Check(); err != nil {
		faults = append(faults, err.Error())
	}
	return faults
}

func TestGoingBack(t *testing.T) {
	for name, u := range map[string]Update{"unsigned": {}, "signed": {Signer: signer(t, "mate")}} {
		r, at := open(t), func(n int, releases ...Release) Update {
			all := stable(n, releases...)
			all.Signer = u.Signer
			return all
		}
		commit(t, r, at(0, ship(t, "1.4.1_p1")))
		was := git(t, r.Dir, "rev-parse", "stable^{tree}")
		commit(t, r, at(1, ship(t, "1.4.1_p1"), ship(t, "1.4.2_p1")))
		tip := git(t, r.Dir, "rev-parse", "stable")
		commit(t, r, at(2, ship(t, "1.4.1_p1")))
		if is := git(t, r.Dir, "rev-parse", "stable^{tree}"); is != was {
			t.Errorf("%s: the tree is %s, want %s as it was", name, is, was)
		}
		if parent := git(t, r.Dir, "rev-parse", "stable^"); parent != tip {
			t.Errorf("%s: the parent is %s, want %s, so that readers move forward", name, parent, tip)
		}
	}
}

func TestSameInputsSameCommits(t *testing.T) {
	by := signer(t, "mate")
	one, two := open(t), open(t)
	for i, r := range []Repository{one, two} {
		for n, releases := range [][]Release{
			{ship(t, "1.4.1_p1")}, {ship(t, "1.4.2_p1"), of(t, "boat", "boat-2", "2.0.0_p1"), ship(t, "1.4.1_p1")},
		} {
			if i == 1 {
				slices.Reverse(releases)
			}
			u := stable(n, releases...)
			u.Signer = by
			commit(t, r, u)
		}
	}
	a, b := files(t, one), files(t, two)
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i].Entry != b[i].Entry {
			t.Fatalf("the files differ:\n%v\n%v", a, b)
		}
	}
}

func TestChannels(t *testing.T) {
	first, next := ship(t, "1.4.1_p1"), ship(t, "1.4.2_p1")
	r := open(t)
	u := Update{Maintainer: mate, Time: day(0), Branches: []Branch{{"candidate", []Release{next}}, {"stable", nil}}}
	commit(t, r, u)
	if head := git(t, r.Dir, "symbolic-ref", "HEAD"); head != "refs/heads/candidate" {
		t.Errorf("HEAD is %s, which has to be there", head)
	}
	u.Branches[1].Releases, u.Time = []Release{first}, day(1)
	commit(t, r, u)
	if head := git(t, r.Dir, "symbolic-ref", "HEAD"); head != "refs/heads/stable" {
		t.Errorf("HEAD is %s, want stable", head)
	}
	candidate := git(t, r.Dir, "rev-parse", "candidate")
	commit(t, r, stable(2, first, next))
	heads, err := r.Heads(t.Context())
	if err != nil || heads["candidate"] != candidate || len(heads) != 2 {
		t.Errorf("a branch that was not named changed: %v, %v", heads, err)
	}
}

func TestCommitRefuses(t *testing.T) {
	first := ship(t, "1.4.1_p1")
	other := first
	other.Fork, other.Files = "ship-1.4-test", maps.Clone(first.Files)
	const ebuild = "app-misc/ship/ship-1.4.1_p1.ebuild"
	other.Files[ebuild] = append(slices.Clone(first.Files[ebuild]), "# other\n"...)
	nobody, odd := stable(2, first), stable(2, first)
	nobody.Maintainer, odd.Maintainer = "mate@example.org", "Mate <<mate@example.org>"
	for name, c := range map[string]struct {
		update Update
		want   string
	}{
		"another ebuild of a version": {stable(2, first, other), "ship-1.4 1.4.1+acme.1 and ship-1.4-test 1.4.1+acme.1"},
		"a clock that goes wrong":     {stable(0, first, ship(t, "1.4.2_p1")), "Set this machine's clock"},
		"a maintainer without a name": {nobody, "packages.maintainer"},
		"a maintainer with a bracket": {odd, "cannot be the author"},
	} {
		r := open(t)
		commit(t, r, stable(1, first))
		was := git(t, r.Dir, "rev-parse", "stable")
		changed, err := r.Commit(t.Context(), c.update)
		if err == nil || !strings.Contains(err.Error(), c.want) || changed {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
		if is := git(t, r.Dir, "rev-parse", "stable"); is != was {
			t.Errorf("%s: there is a commit all the same", name)
		}
	}
}

func TestKeysChange(t *testing.T) {
	r := open(t)
	for i, c := range []struct {
		keys    []string
		changed bool
	}{
		{nil, true}, {[]string{"mate"}, true}, {[]string{"mate"}, false}, {[]string{"mate", "bosun"}, false},
		{[]string{"bosun", "mate"}, true}, {[]string{"bosun"}, false},
	} {
		u := stable(i, ship(t, "1.4.1_p1"))
		u.Signer = signer(t, c.keys...)
		if changed := commit(t, r, u); changed != c.changed {
			t.Errorf("%d: with the keys %q changed is %v", i, c.keys, changed)
		}
	}
	if got := strings.Split(log(t, r, "%s"), "\n"); got[len(got)-1] != "metadata: update" {
		t.Errorf("the last commit is %q", got[len(got)-1])
	}
}
