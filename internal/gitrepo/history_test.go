package gitrepo

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/filetree"
)

// built makes a work tree of a base and two steps.
func built(t *testing.T, r *repo) (dir string, ids []string, steps []Step, base filetree.Dir) {
	t.Helper()
	r.put(".gitattributes", "* text eol=crlf\n*.lfs filter=lfs -text\n*.go diff=golang\n")
	r.put(".gitignore", "*.log\nignored/\n")
	r.put("keep.log", "tracked, though ignored\n")
	r.put("a", "one\r\ntwo\n")
	r.put("x.lfs", "pointer")
	r.put("was/a/folder", "x")
	r.put("l@", "a")
	if err := os.RemoveAll(filepath.Join(r.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	base, err := filetree.Scan(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	date := time.Date(2026, 2, 10, 8, 0, 0, 0, time.FixedZone("", -5400))
	steps = []Step{
		{"0001-a.patch", "Harbour Master", "harbour@example.org", date, "a: three", "Why.", []filetree.Change{
			{Path: "a", Mode: filetree.Executable, Content: []byte("three\r\n")}, {Path: "was/a/folder", Deleted: true},
			{Path: "was", Mode: filetree.Regular, Content: []byte("a file")}}, nil},
		{"0002 b.patch", "Mäte <x>", "mate@example.org", date, "b", "",
			[]filetree.Change{{Path: "sub/\"odd\" näme", Mode: filetree.Link, Content: []byte("../a")}}, []string{"sub/b c"}},
	}
	dir = filepath.Join(t.TempDir(), "src")
	ids, err = r.user().Build(t.Context(), dir, Series{base, "example.org/ship@v1.4.1", date, steps})
	if err != nil {
		t.Fatal(err)
	}
	return dir, ids, steps, base
}

func TestBuildAndRead(t *testing.T) {
	r := newRepo(t)
	dir, ids, steps, base := built(t, r)
	got, err := filetree.Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	got.Tree = slices.DeleteFunc(got.Tree, func(e filetree.Entry) bool { return strings.HasPrefix(e.Path, ".git/") })
	want := base.Tree
	for _, s := range steps {
		want = want.Changed(s.Changes)
	}
	if diff := want.Differ(got.Tree); len(diff) > 0 {
		t.Errorf("the work tree differs in %q", diff)
	}
	h, err := r.user().Read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if h.Upstream != "example.org/ship@v1.4.1" || h.Base != ids[0] || h.Tip != ids[2] || len(h.Commits) != 2 ||
		len(h.Dirty) > 0 {
		t.Fatalf("the history is %+v", h)
	}
	c := h.Commits[0]
	if c.Name != "0001-a.patch" || c.Author != "Harbour Master" || c.Email != "harbour@example.org" ||
		c.Subject != "a: three" || !c.Date.Equal(steps[0].Date) || withoutTrailers(c.Body) != "Why." {
		t.Errorf("the first commit is %+v", c)
	}
	for i, s := range steps {
		if got, want := base.Tree.Changed(h.Commits[i].Changes).Digest(), base.Tree.Changed(s.Changes).Digest(); got != want {
			t.Errorf("commit %d changes %v", i, h.Commits[i].Changes)
		}
	}
	r2 := newRepo(t)
	if _, again, _, _ := built(t, r2); !slices.Equal(again, ids) {
		t.Errorf("made again, the commits are %q instead of %q", again, ids)
	}
}

func TestReadTellsWhatAPersonDid(t *testing.T) {
	r := newRepo(t)
	dir, _, _, _ := built(t, r)
	r.dir = dir
	r.put("new", "x")
	r.put("a", "y")
	if h, err := r.user().Read(t.Context(), dir); err != nil ||
		!slices.Equal(h.Dirty, []string{"a"}) || !slices.Equal(h.Untracked, []string{"new"}) {
		t.Errorf("what is in no commit is %q and %q, %v", h.Dirty, h.Untracked, err)
	}
	r.commit("mine")
	h, err := r.user().Read(t.Context(), dir)
	if err != nil || len(h.Commits) != 3 || h.Commits[2].Name != "" || h.Commits[2].Subject != "mine" {
		t.Errorf("the history is %+v, %v", h, err)
	}
	r.git("checkout", "-q", "-b", "other", "HEAD~1")
	r.commit("theirs")
	r.git("merge", "-q", "--no-ff", "-m", "meet", "series")
	if _, err := r.user().Read(t.Context(), dir); err == nil ||
		!strings.Contains(err.Error(), "has a merge in its history") {
		t.Errorf("Read() of a merge = %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git", "rebase-merge"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := r.user().Read(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "is in progress in "+dir) {
		t.Errorf("Read() amid a rebase = %v", err)
	}
}

func TestBundle(t *testing.T) {
	r := newRepo(t)
	dir, ids, _, _ := built(t, r)
	file := filepath.Join(t.TempDir(), "series.bundle")
	if err := r.user().Bundle(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	clone := exec.Command("git", "clone", "-q", "-b", "series", file, "clone")
	clone.Dir, clone.Env = t.TempDir(), r.env
	if out, err := clone.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r.dir = filepath.Join(clone.Dir, "clone")
	if got := r.git("rev-parse", "HEAD"); got != ids[2] {
		t.Errorf("cloned, the tip is %s, want %s", got, ids[2])
	}
}

func TestMergeFile(t *testing.T) {
	r := newRepo(t)
	for _, c := range []struct {
		ours, base, theirs, want, decided string
		conflicts                         int
	}{
		{"1\nx\nx\nx\n2\n", "1\nx\nx\nx\n3\n", "0\nx\nx\nx\n3\n", "0\nx\nx\nx\n2\n", "", 0},
		{"ours\n", "base\n", "theirs\n", "<<<<<<< new\nours\n||||||| old\nbase\n=======\ntheirs\n>>>>>>> patch\n",
			"theirs\n", 1},
	} {
		got, err := r.user().MergeFile(t.Context(), t.TempDir(), Merge{
			Ours:   Version{"new", []byte(c.ours)},
			Base:   Version{"old", []byte(c.base)},
			Theirs: Version{"patch", []byte(c.theirs)},
		})
		if err != nil || string(got.Text) != c.want || got.Conflicts != c.conflicts || string(got.Decided) != c.decided {
			t.Errorf("MergeFile() = %q, %q, %d, %v, want %q", got.Text, got.Decided, got.Conflicts, err, c.want)
		}
	}
}
