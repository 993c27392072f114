package gitrepo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// branches makes a repository from which main and side part. Both have a common
// history, and main goes on for some commits that only change docs.
func branches(t *testing.T, r *repo, common, docs int) (from, to string) {
	t.Helper()
	r.put("a", "a\n")
	r.commit("root")
	for i := range common {
		r.put("deep", fmt.Sprint(i))
		r.commit(fmt.Sprint("deep ", i))
	}
	r.git("branch", "side")
	r.put("a", "a\nmain\n")
	r.put("docs/x", "x")
	r.commit("main changes a")
	for i := range docs {
		r.put("docs/x", fmt.Sprint(i))
		from = r.commit("only docs")
	}
	r.git("checkout", "-q", "side")
	r.put("b", "b\n")
	r.commit("side makes b\n\nWith a body.")
	r.git("checkout", "-q", "-b", "other", "HEAD~1")
	r.put("c", "c\n")
	r.commit("other makes c")
	r.git("checkout", "-q", "side")
	r.git("merge", "-q", "--no-ff", "-m", "merge other", "other")
	return from, r.git("rev-parse", "HEAD")
}

// subjects returns what is told of changes, a line each.
func subjects(changes []Change) string {
	var lines []string
	for _, c := range changes {
		line := c.Subject() + ":"
		for _, f := range c.Files {
			line += " " + f.Path
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestBetween(t *testing.T) {
	// Less, and more, than is fetched at first; and how many packs of commits and of trees that makes.
	for _, depth := range []struct{ common, docs, packs int }{
		{3, 1, 2}, {70, 1, 2}, {1, 70, 3},
	} {
		r := newRepo(t)
		from, to := branches(t, r, depth.common, depth.docs)
		remote := r.remote()
		for _, c := range []struct{ from, to, want string }{
			{from, to, "other makes c: c\nside makes b: b"},
			{to, from, "main changes a: a"},
			{from, from, ""},
		} {
			got, err := remote.Between(t.Context(), c.from, c.to, []string{"docs/**"})
			if err != nil || subjects(got) != c.want {
				t.Errorf("%v: between are %q, %v, want %q", depth, subjects(got), err, c.want)
			}
		}
		// No file was fetched, and for what is here nothing is.
		packs, _ := filepath.Glob(filepath.Join(remote.dir, "objects/pack/*.pack"))
		if len(packs) != depth.packs {
			t.Errorf("%v: there are %d packs", depth, len(packs))
		}
		if err := os.RemoveAll(r.dir); err != nil {
			t.Fatal(err)
		}
		if got, err := remote.Between(t.Context(), from, to, nil); err != nil || len(got) != 2 {
			t.Errorf("%v: without the remote there are %v, %v", depth, got, err)
		}
	}
}

// TestBetweenGoesOn asks for a third commit when the history of two is here.
func TestBetweenGoesOn(t *testing.T) {
	r := newRepo(t)
	from, to := branches(t, r, 1, 70)
	remote := r.remote()
	if _, err := remote.Between(t.Context(), from, to, nil); err != nil {
		t.Fatal(err)
	}
	r.put("d", "d")
	next := r.commit("next makes d")
	if err := remote.Fetch(t.Context(), next); err != nil { // as for its tree
		t.Fatal(err)
	}
	got, err := remote.Between(t.Context(), from, next, nil)
	if want := "next makes d: d\nother makes c: c\nside makes b: b"; err != nil || subjects(got) != want {
		t.Errorf("between are %q, %v, want %q", subjects(got), err, want)
	}
	if got, err = remote.Between(t.Context(), from, to, nil); err != nil || len(got) != 2 {
		t.Errorf("and before %q, %v", subjects(got), err)
	}
}

// TestBetweenFilter asks a server that filters files, but not trees.
func TestBetweenFilter(t *testing.T) {
	r := newRepo(t)
	from, to := branches(t, r, 1, 70)
	r.git("config", "uploadpackfilter.tree.allow", "false")
	got, err := r.remote().Between(t.Context(), from, to, nil)
	if want := "other makes c: c\nside makes b: b"; err != nil || subjects(got) != want {
		t.Errorf("between are %q, %v, want %q", subjects(got), err, want)
	}
}

// TestFetchBehind fetches a commit whose tree is not among those that Between needed,
// and a range of such commits.
func TestFetchBehind(t *testing.T) {
	r := newRepo(t)
	from, to := branches(t, r, 5, 70)
	remote := r.remote()
	if _, err := remote.Between(t.Context(), from, to, nil); err != nil {
		t.Fatal(err)
	}
	base, tip := r.git("rev-parse", to+"~5"), r.git("rev-parse", to+"~3")
	if remote.has(t.Context(), base) {
		t.Error("the tree of an old commit was fetched")
	}
	if err := remote.Fetch(t.Context(), base); err != nil || !remote.has(t.Context(), base) {
		t.Errorf("Fetch() of an old commit = %v", err)
	}
	commits, err := remote.Commits(t.Context(), Range{Base: base, Tip: tip})
	if err != nil || len(commits) != 2 {
		t.Fatalf("Commits() = %v, %v", commits, err)
	}
	if err := remote.Contents(t.Context(), commits, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(r.dir); err != nil {
		t.Fatal(err)
	}
	for _, c := range commits {
		if p, err := remote.Patch(t.Context(), c.ID, nil); err != nil || !strings.Contains(string(p.Data), "+++ b/deep") {
			t.Errorf("Patch(%s) = %v", c.Subject, err)
		}
	}
	if got, err := remote.Between(t.Context(), from, to, nil); err != nil || len(got) != 2 {
		t.Errorf("after that, between are %q, %v", subjects(got), err)
	}
}

func TestBetweenRefuses(t *testing.T) {
	r := newRepo(t)
	from, _ := branches(t, r, 2, 1)
	r.git("checkout", "-q", "--orphan", "alone")
	alone := r.commit("alone")
	_, err := r.remote().Between(t.Context(), from, alone, nil)
	if err == nil || !strings.Contains(err.Error(), "have no common history") {
		t.Errorf("Between() of two without common history = %v", err)
	}
	_, err = r.remote().Between(t.Context(), from, strings.Repeat("1", 40), nil)
	if err == nil || !strings.Contains(err.Error(), "has no commit 1111") {
		t.Errorf("Between() with a commit that does not exist = %v", err)
	}
}

func TestIdentify(t *testing.T) {
	r := newRepo(t)
	text := func(change string) string {
		return strings.Repeat("x\n", 9) + change + strings.Repeat("y\n", 9)
	}
	r.put("f", text("old\n"))
	r.put("bin", "\x00old")
	r.commit("root")
	made := r.put
	ids := map[string]string{}
	step := func(name string) { ids[name] = r.commit(name) }
	made("f", text("new\n"))
	step("change")
	made("f", text("old\n"))
	step("back")
	made("f", "top\n"+text("old\n"))
	step("elsewhere")
	made("f", "top\n"+text("new\n"))
	step("again at another line")
	made("f", "top\n"+text("new  \n"))
	step("space")
	made("bin", "\x00new")
	step("bytes")
	made("bin", "\x00old")
	r.commit("bytes back")
	made("bin", "\x00other")
	step("other bytes")
	var changes []Change
	var list []string
	for _, id := range ids {
		files := strings.Fields(r.git("diff-tree", "-r", "--no-commit-id", "--raw", "--no-abbrev", id))
		changes = append(changes, Change{ID: id, Files: []ChangedFile{{files[5], files[2], files[3]}}})
		list = append(list, id)
	}
	forth, back, err := r.user().Identify(t.Context(), r.dir, list)
	if err != nil {
		t.Fatal(err)
	}
	remote := r.remote()
	for _, id := range list {
		if err := remote.Fetch(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	root := r.git("rev-list", "--max-parents=0", "HEAD")
	if _, err := remote.Between(t.Context(), root, ids["other bytes"], nil); err != nil {
		t.Fatal(err)
	}
	fetched, err := remote.Identify(t.Context(), changes, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range ids {
		if !fetched[id].Exact(forth[id]) {
			t.Errorf("%s is something else where it was fetched", name)
		}
	}
	for _, c := range []struct {
		a, b Identity
		same bool
		what string
	}{
		{forth[ids["change"]], forth[ids["again at another line"]], true, "a change, and that elsewhere"},
		{forth[ids["change"]], forth[ids["back"]], false, "a change and its revert"},
		{back[ids["change"]], forth[ids["back"]], true, "a change taken back, and its revert"},
		{forth[ids["space"]], back[ids["space"]], true, "white space and that taken back"},
		{forth[ids["bytes"]], forth[ids["other bytes"]], false, "bytes, and others"},
	} {
		if c.a.Same(c.b) != c.same {
			t.Errorf("%s: the same is %v, want %v", c.what, !c.same, c.same)
		}
	}
	if id := ids["space"]; forth[id].Exact(back[id]) {
		t.Error("white space, and that taken back, are exactly the same")
	}
}
