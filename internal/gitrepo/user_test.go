package gitrepo

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
)

// everything is what a user gets of a repository, one thing after the other.
func everything(t *testing.T, r *repo, base, tip string) (patch string, series []string, tree filetree.Tree) {
	t.Helper()
	m := r.remote()
	if err := m.Fetch(t.Context(), tip); err != nil {
		t.Fatal(err)
	}
	d, err := m.Export(t.Context(), tip, nil, filepath.Join(t.TempDir(), "tree"))
	if err != nil {
		t.Fatal(err)
	}
	commits, err := m.Commits(t.Context(), Range{Base: base, Tip: tip})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Contents(t.Context(), commits, nil); err != nil {
		t.Fatal(err)
	}
	p, err := m.Patch(t.Context(), tip, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "src")
	ids, err := r.user().Build(t.Context(), dir, Series{
		Base: d, Upstream: "example.org/ship@v1.4.1", Date: commits[0].Date,
		Steps: []Step{{Name: "p", Subject: "more", Changes: []filetree.Change{
			{Path: "more", Mode: filetree.Regular, Content: []byte("more\r\n")}}}}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := r.user().Read(t.Context(), dir)
	if err != nil || len(h.Dirty)+len(h.Untracked) > 0 {
		t.Fatal(h, err)
	}
	if tree, err = r.user().Tree(t.Context(), dir, h.Tip); err != nil {
		t.Fatal(err)
	}
	return string(p.Data), ids, tree
}

// TestNoSettingOfTheUserIsHeard has one user without settings, and one whose git does
// all things differently.
func TestNoSettingOfTheUserIsHeard(t *testing.T) {
	r := newRepo(t)
	r.put("a", "one\r\n")
	base := r.commit("one")
	r.put("a", "two\n")
	r.put("b*", "\x00")
	tip := r.commit("two")
	patch, ids, tree := everything(t, r, base, tip)

	r.hostile()
	home := r.env.Get("HOME")
	said := filepath.Join(home, "said")
	hooks := filepath.Join(home, "hooks")
	if err := os.MkdirAll(filepath.Join(home, "template", "info"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(hooks, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{"reference-transaction", "post-checkout", "post-index-change", "fsmonitor"} {
		script := "#!/bin/sh\necho " + hook + " >> " + said + "\nexit 1\n"
		if err := os.WriteFile(filepath.Join(hooks, hook), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for key, value := range map[string]string{
		"init.defaultObjectFormat": "sha256", "init.defaultRefFormat": "reftable", "init.defaultBranch": "no branch",
		"init.templateDir": filepath.Join(home, "template"), "core.hooksPath": hooks, "core.bare": "true",
		"core.fsmonitor": filepath.Join(hooks, "fsmonitor"), "safe.bareRepository": "explicit",
		"transfer.fsckObjects": "true", "commit.gpgSign": "true", "tag.gpgSign": "true", "gpg.program": "/bin/false",
		"core.worktree": "/nowhere", "status.showUntrackedFiles": "no", "log.follow": "true", "core.abbrev": "4",
		"diff.ignoreSubmodules": "all", "core.sharedRepository": "all",
	} {
		r.configure(key, value)
	}
	r.env = r.env.With("GIT_DEFAULT_HASH=sha256", "GIT_DEFAULT_REF_FORMAT=reftable", "GIT_ICASE_PATHSPECS=1",
		"GIT_TEMPLATE_DIR="+filepath.Join(home, "template"), "GIT_DIR=/nowhere", "GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=diff.context", "GIT_CONFIG_VALUE_0=0", "GIT_NAMESPACE=x", "GIT_COMMON_DIR=/nowhere")
	patch2, ids2, tree2 := everything(t, r, base, tip)
	if patch2 != patch || !slices.Equal(ids2, ids) || tree2.Digest() != tree.Digest() {
		t.Errorf("the user's settings make of it\n%s\n%q\n%v\nwithout them it is\n%s\n%q\n%v",
			patch2, ids2, tree2, patch, ids, tree)
	}
	if hooks, err := os.ReadFile(said); err == nil {
		t.Errorf("the user's hooks ran: %s", hooks)
	}
}

// object writes an object that git would not.
func (r *repo) object(kind, content string) string {
	r.t.Helper()
	name := filepath.Join(r.t.TempDir(), "object")
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
	return r.git("hash-object", "-t", kind, "-w", "--literally", name)
}

// raw is an id as a tree has it.
func raw(t *testing.T, id string) string {
	t.Helper()
	data, err := hex.DecodeString(id)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestObjectsThatGitComplainsOf has what its check of objects refuses, and clone takes.
func TestObjectsThatGitComplainsOf(t *testing.T) {
	r := newRepo(t)
	r.put("sub/a", "aye\n")
	base := r.commit("base")
	blob, sub := raw(t, r.git("rev-parse", "HEAD:sub/a")), raw(t, r.git("rev-parse", "HEAD:sub"))
	const who = "Mate <mate@example.org> 1400000000 +0000"
	for _, c := range []struct {
		name, tree string
		author     string
		want       string // MODE PATH of each file
		err        string
	}{
		{name: "modes padded with zeros", tree: "100644 a\x00" + blob + "040000 sub\x00" + sub, author: who,
			want: "100644 a, 100644 sub/a"},
		{name: "modes of 2005", tree: "100600 a\x00" + blob + "100775 b\x00" + blob, author: who, want: "100644 a, 100755 b"},
		{name: "a time zone that is none", tree: "100644 a\x00" + blob, author: who[:len(who)-5] + "+051800",
			want: "100644 a"},
		{name: "a time that no calendar has", tree: "100644 a\x00" + blob, author: "Mate <m> 99999999999999 +0000",
			want: "100644 a"},
		{name: "nobody's name", tree: "100644 a\x00" + blob, author: "<mate@example.org> 1400000000 +0000",
			want: "100644 a"},
		{name: "a file twice", tree: "100644 a\x00" + blob + "100755 a\x00" + blob, author: who, err: "two files named a"},
		{name: "a folder that some systems take for .git", tree: "40000 .GIT \x00" + sub, author: who,
			err: "\".GIT /a\" is in a .git folder"},
		{name: "its short name", tree: "40000 git~1\x00" + sub, author: who, err: "is in a .git folder"},
		{name: "a name that leads out", tree: "100644 ../a\x00" + blob, author: who, err: "is not a name for a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := r.object("commit", "tree "+r.object("tree", c.tree)+"\nparent "+base+"\nauthor "+c.author+
				"\ncommitter "+c.author+"\n\nodd\n")
			r.git("update-ref", "refs/heads/odd", id)
			r.configure("transfer.fsckObjects", "true")
			m := r.remote()
			if err := m.Fetch(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			d, err := m.Export(t.Context(), id, nil, filepath.Join(t.TempDir(), "tree"))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("Export() = %v, want %q", err, c.err)
				}
				return
			}
			var got []string
			for _, e := range d.Tree {
				got = append(got, string(e.Mode)+" "+e.Path)
			}
			if err != nil || strings.Join(got, ", ") != c.want {
				t.Errorf("Export() = %q, %v, want %q", got, err, c.want)
			}
			commits, err := m.Commits(t.Context(), Range{Base: base, Tip: id})
			if err != nil || len(commits) != 1 {
				t.Fatalf("Commits() = %v, %v", commits, err)
			}
			p, err := m.Patch(t.Context(), id, nil)
			if err != nil || !strings.HasPrefix(string(p.Data[p.Diff:]), "diff --git ") {
				t.Errorf("Patch() = %s, %v", p.Data, err)
			}
			if _, err := m.Time(t.Context(), id); err != nil {
				t.Errorf("Time() = %v", err)
			}
		})
	}
}

func TestRepositoriesBySHA256AreRefused(t *testing.T) {
	r := newRepo(t)
	r.dir = t.TempDir()
	r.git("init", "-q", "--object-format=sha256")
	r.put("a", "aye")
	id := r.commit("all")
	r.git("tag", "v1")
	m := r.remote()
	const want = " names its objects by SHA-256, and Slipway reads only repositories that use SHA-1"
	_, tags := m.Tags(t.Context())
	_, named := m.Resolve(t.Context(), "v1")
	for what, err := range map[string]error{
		"Fetch": m.Fetch(t.Context(), id[:40]), "Tags": tags, "Resolve": named,
		"CheckTag": m.CheckTag(t.Context(), "v1", id[:40]),
	} {
		if err == nil || !strings.Contains(err.Error(), r.dir+want) {
			t.Errorf("%s() = %v, want %q", what, err, want)
		}
	}
}

func TestResolve(t *testing.T) {
	r := newRepo(t)
	one := r.commit("one")
	r.git("tag", "-a", "-m", "one", "v1")
	r.git("tag", "both")
	r.git("tag", "same")
	two := r.commit("two")
	r.git("branch", "both")
	r.git("branch", "topic/two")
	r.git("checkout", "-q", "-b", "same", one)
	r.put("a", "aye")
	r.git("add", "-A")
	tag, tree := r.git("rev-parse", "v1"), r.git("write-tree")
	r.git("update-ref", "refs/pull/7/head", two)
	for _, c := range []struct{ name, want, err string }{
		{name: one, want: one},
		{name: "main", want: two},
		{name: "topic/two", want: two},
		{name: "v1", want: one},
		{name: "tags/v1", want: one},
		{name: "refs/heads/main", want: two},
		{name: "pull/7/head", want: two},
		{name: "main^", want: one},
		{name: two + "~1", want: one},
		{name: tag, want: one},
		{name: "same", want: one},
		{name: "HEAD", want: one},
		{name: "both", err: "has more than one both: refs/heads/both (" + two + "), refs/tags/both (" + one + ")"},
		{name: "heads/both", want: two},
		{name: "purser", err: "has no branch or tag purser"},
		{name: two[:12], err: "cannot be asked for part of an id: write all 40 hex digits"},
		{name: "main~7", err: "has no ancestor ~7"},
		{name: tree, err: tree},
	} {
		m := r.remote()
		got, err := m.Resolve(t.Context(), c.name)
		if got != c.want && c.err == "" || (c.err == "") != (err == nil) ||
			err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("Resolve(%s) = %s, %v, want %s, %q", c.name, got, err, c.want, c.err)
		}
	}
	m := r.remote()
	err := m.Fetch(t.Context(), tag)
	if e, ok := errors.AsType[*NotCommitError](err); !ok || e.Commit != one ||
		!strings.Contains(err.Error(), "is a tag, not a commit\n  The commit behind it is "+one) {
		t.Errorf("Fetch() of a tag = %v", err)
	}
	err = m.CheckTag(t.Context(), "v1", tag)
	if e, ok := errors.AsType[*NotCommitError](err); !ok || e.Commit != one {
		t.Errorf("CheckTag() of a tag = %v", err)
	}
}

func TestMergeBase(t *testing.T) {
	r := newRepo(t)
	base := r.commit("base")
	for range 70 { // more than are fetched at first
		r.commit("on")
	}
	main := r.git("rev-parse", "HEAD")
	r.git("checkout", "-q", "-b", "side", base)
	side := r.commit("side")
	r.git("checkout", "-q", "--orphan", "other")
	other := r.commit("other")
	m := r.remote()
	if got, err := m.MergeBase(t.Context(), main, side); err != nil || got != base {
		t.Errorf("MergeBase() = %s, %v, want %s", got, err, base)
	}
	_, err := m.MergeBase(t.Context(), main, other)
	if err == nil || !strings.Contains(err.Error(), "no history in common") {
		t.Errorf("MergeBase() of strangers = %v", err)
	}
}

// TestMessagesOfCommits has messages that could be taken for the end of the commit's
// record, or for its diff.
func TestMessagesOfCommits(t *testing.T) {
	r := newRepo(t)
	r.put("a", "one\n")
	base := r.commit("base")
	for i, body := range []string{
		"a\x1e\nb", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+quoted", "@@ -1,3 +1,3 @@",
		"---\nbehind the line", "Binary files a/x and b/x differ",
	} {
		r.put("a", strings.Repeat("x", i))
		id := r.commit("subject\n\n" + body)
		m := r.remote()
		commits, err := m.Commits(t.Context(), Range{Base: base, Tip: id})
		if err != nil || len(commits) != 1 || commits[0].Body != body {
			t.Errorf("%q: Commits() = %q, %v", body, commits, err)
			continue
		}
		if err := m.Contents(t.Context(), commits, nil); err != nil {
			t.Error(err)
		}
		// What is fetched is all that is needed.
		if err := os.Rename(r.dir, r.dir+".away"); err != nil {
			t.Fatal(err)
		}
		p, err := m.Patch(t.Context(), id, nil)
		if err := os.Rename(r.dir+".away", r.dir); err != nil {
			t.Fatal(err)
		}
		if err != nil || !strings.HasSuffix(string(p.Data[:p.Diff]), "\n\n"+body+"\n---\n") ||
			strings.Count(string(p.Data[p.Diff:]), "diff --git") != 1 {
			t.Errorf("%q: Patch() = %d in\n%s, %v", body, p.Diff, p.Data, err)
		}
		base = id
	}
}

// TestPatchWithoutSubmodules has commits that add, move and drop a submodule: a tree
// that is built has none.
func TestPatchWithoutSubmodules(t *testing.T) {
	r := newRepo(t)
	r.put("a", "one\n")
	first := r.commit("base")
	link := func(id string) { r.git("update-index", "--add", "--cacheinfo", gitlink+","+id+",sub[1]/link") }
	link(first)
	r.git("commit", "-q", "-m", "only a submodule")
	alone := r.git("rev-parse", "HEAD")
	link(alone)
	r.put("a", "160000\n")
	r.git("add", "a")
	r.git("commit", "-q", "-m", "both")
	both := r.git("rev-parse", "HEAD")
	if p, err := r.user().Patch(t.Context(), r.dir, alone); err != nil || p.Data != nil {
		t.Errorf("of a submodule alone, the patch is %s, %v", p.Data, err)
	}
	p, err := r.user().Patch(t.Context(), r.dir, both)
	diff := string(p.Data[p.Diff:])
	if err != nil || strings.Contains(diff, "link") || !strings.HasSuffix(diff, "+160000\n") {
		t.Errorf("the patch is %s, %v", p.Data, err)
	}
}
