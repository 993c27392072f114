package gitrepo

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
)

// A repo is a repository that a test makes.
type repo struct {
	t   *testing.T
	dir string
	env run.Env
}

// newRepo makes an empty repository, and the environment of a user without settings.
func newRepo(t *testing.T) *repo {
	t.Helper()
	r := &repo{t, t.TempDir(), run.Env(testkit.GitEnv(t.TempDir()))}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	return strings.TrimSpace(testkit.Git(r.t, r.dir, args...))
}

// put writes a file; a name that ends in * is executable, in @ a link.
func (r *repo) put(name, content string) {
	r.t.Helper()
	at := filepath.Join(r.dir, strings.TrimRight(name, "*@"))
	var err error
	if err = os.MkdirAll(filepath.Dir(at), 0o755); err == nil {
		switch name[len(name)-1] {
		case '@':
			err = os.Symlink(content, at)
		case '*':
			err = os.WriteFile(at, []byte(content), 0o755)
		default:
			err = os.WriteFile(at, []byte(content), 0o644)
		}
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) commit(message string) string {
	r.t.Helper()
	r.git("-c", "core.autocrlf=false", "add", "-A", "-f")
	r.git("commit", "-q", "--allow-empty", "-m", message)
	return r.git("rev-parse", "HEAD")
}

func (r *repo) user() Git { return Git{Env: r.env} }

// configure sets something in the user's configuration.
func (r *repo) configure(key, value string) {
	r.t.Helper()
	r.git("config", "--file", filepath.Join(r.env.Get("HOME"), ".gitconfig"), key, value)
}

// remote opens the repository from an empty cache.
func (r *repo) remote() *Remote {
	r.t.Helper()
	m, err := r.user().Open(r.t.Context(), filepath.Join(r.t.TempDir(), "cache", "x"), r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

// hostile makes the user's configuration one that changes what git writes.
func (r *repo) hostile() {
	for key, value := range map[string]string{
		"diff.noprefix": "true", "diff.renames": "copies", "diff.algorithm": "patience", "diff.context": "9",
		"diff.mnemonicPrefix": "true",
		"core.autocrlf":       "true", "core.quotePath": "false", "color.ui": "always", "log.showSignature": "true",
		"log.date": "iso", "diff.orderFile": "/nowhere",
		"format.pretty": "fuller", "core.eol": "crlf", "diff.external": "/bin/false", "diff.suppressBlankEmpty": "true",
		"diff.submodule": "log",
	} {
		r.configure(key, value)
	}
}

func TestExport(t *testing.T) {
	r := newRepo(t)
	r.put("a", "one\r\ntwo\n")
	r.put("v.sub", "$Format:%H$ $Id$\n")
	r.put("bin/run*", "#!/bin/sh")
	r.put("bin/link@", "../a")
	r.put("empty", "")
	r.put("docs/ünï code", "\x00\xff")
	r.put("docs/deep/x.bin", "x")
	r.commit("all")
	r.put(".gitattributes", "* text=auto eol=crlf\n*.sub export-subst ident\ndocs export-ignore\n")
	id := r.commit("attributes that would change what is checked out")
	r.hostile()
	m := r.remote()
	if err := m.Fetch(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	dst := filepath.Join(t.TempDir(), "tree")
	d, err := m.Export(t.Context(), id, []string{"docs/deep/**"}, dst)
	if err != nil {
		t.Fatal(err)
	}
	want, err := filetree.Scan(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	want.Tree = slices.DeleteFunc(want.Tree, func(e filetree.Entry) bool {
		return strings.HasPrefix(e.Path, ".git/") || strings.HasPrefix(e.Path, "docs/deep/")
	})
	if diff := want.Tree.Differ(d.Tree); len(diff) > 0 {
		t.Errorf("what is exported differs in %q", diff)
	}
	if err := d.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if when, err := m.Time(t.Context(), id); err != nil || !when.Equal(time.Date(2026, 2, 3, 4, 5, 7, 0, time.UTC)) {
		t.Errorf("Time() = %v, %v", when, err)
	}
}

// TestExportGoesOn has a source in which one file is missing: all others are fetched, once.
func TestExportGoesOn(t *testing.T) {
	r := newRepo(t)
	for _, name := range []string{"a", "b/lost", "c"} {
		r.put(name, "this is "+name)
	}
	id := r.commit("all")
	lost := r.git("rev-parse", "HEAD:b/lost")
	object := filepath.Join(r.dir, ".git", "objects", lost[:2], lost[2:])
	data, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(object); err != nil {
		t.Fatal(err)
	}
	m := r.remote()
	if err := m.Fetch(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	_, err = m.Export(t.Context(), id, nil, filepath.Join(t.TempDir(), "tree"))
	if err == nil || !strings.Contains(err.Error(),
		"has no content of b/lost\n  To build without that file, name it in upstream.exclude") {
		t.Errorf("Export() of a source without a file = %v", err)
	}
	if d, err := m.Export(t.Context(), id, []string{"b/*"}, filepath.Join(t.TempDir(), "tree")); err != nil ||
		len(d.Tree) != 2 {
		t.Errorf("Export() without it = %v, %v", d.Tree, err)
	}
	if err := os.WriteFile(object, data, 0o444); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, name := range []string{"a", "c"} { // what is here already is not asked for again
		id := r.git("rev-parse", "HEAD:"+name)
		asked = append(asked, filepath.Join(r.dir, ".git", "objects", id[:2], id[2:]))
	}
	for _, object := range asked {
		if err := os.Remove(object); err != nil {
			t.Fatal(err)
		}
	}
	if d, err := m.Export(t.Context(), id, nil, filepath.Join(t.TempDir(), "tree")); err != nil || len(d.Tree) != 3 {
		t.Errorf("Export() once it is there = %v, %v", d.Tree, err)
	}
}

func TestExportRefuses(t *testing.T) {
	r := newRepo(t)
	r.put("out@", "../../etc/passwd")
	id := r.commit("a link")
	m := r.remote()
	if err := m.Fetch(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Export(t.Context(), id, nil, filepath.Join(t.TempDir(), "tree")); err == nil ||
		!strings.Contains(err.Error(), "out is a symbolic link to ../../etc/passwd, which is outside the tree") {
		t.Errorf("Export() of a link out = %v", err)
	}
	const absent = "14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71"
	if err := m.Fetch(t.Context(), absent); err == nil || !strings.Contains(err.Error(), "has no commit "+absent) {
		t.Errorf("Fetch() of no commit = %v", err)
	}
}

func TestTags(t *testing.T) {
	r := newRepo(t)
	one := r.commit("one")
	r.git("tag", "v1")
	r.git("tag", "-a", "-m", "two", "v2")
	two := r.commit("two")
	m := r.remote()
	for tag, want := range map[string]string{"v1": "", "v2": "", "v3": "has no tag v3"} {
		if err := m.CheckTag(t.Context(), tag, one); want == "" && err != nil || want != "" &&
			(err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("CheckTag(%s) = %v, want %q", tag, err, want)
		}
	}
	if err := m.CheckTag(t.Context(), "v2", two); err == nil ||
		!strings.Contains(err.Error(), "the tag v2 of "+r.dir+" moved\n    expected  "+two+"\n    found     "+one) {
		t.Errorf("CheckTag() of a tag that moved = %v", err)
	}
}

func TestCommits(t *testing.T) {
	r := newRepo(t)
	base := r.commit("base")
	var want []string
	for i := range 100 { // more than are fetched at first
		want = append(want, r.commit("step "+strings.Repeat("i", i)))
	}
	r.git("checkout", "-q", "-b", "side", base)
	side := r.commit("side")
	r.git("merge", "-q", "--no-ff", "-m", "meet", "main")
	merge := r.git("rev-parse", "HEAD")
	m := r.remote()
	commits, err := m.Commits(t.Context(), Range{Base: base, Tip: want[99]})
	if err != nil || len(commits) != 100 || commits[0].ID != want[0] || commits[99].ID != want[99] ||
		commits[2].Subject != "step ii" {
		t.Errorf("Commits() = %d of them, %v", len(commits), err)
	}
	for name, c := range map[string]struct{ base, tip, want string }{
		"a merge":     {base, merge, "has a merge in it: " + merge[:12] + " meet"},
		"no ancestor": {side, want[99], "commit " + side + " is not an ancestor of " + want[99]},
		"backwards":   {want[99], base, "is not an ancestor of"},
		"no tip":      {base, strings.Repeat("1", 40), "has no commit " + strings.Repeat("1", 40)},
		"no base":     {strings.Repeat("1", 40), want[99], "has no commit " + strings.Repeat("1", 40)},
		"nothing":     {base, base, "is empty"},
	} {
		_, err := m.Commits(t.Context(), Range{Base: c.base, Tip: c.tip})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Commits() = %v, want %q", name, err, c.want)
		}
	}
}

// TestPatchIsTheSameForEverybody has a user whose configuration changes what git shows.
func TestPatchIsTheSameForEverybody(t *testing.T) {
	r := newRepo(t)
	r.put("text", "one\n\ntwo\nthree\n")
	r.put("moves", strings.Repeat("the same line\n", 20))
	r.put("docs/x", "x\n")
	r.commit("base")
	r.put("text", "one\n\n2\nthree")
	r.git("mv", "moves", "moved")
	r.put("sub/bin*", "\x00\x01\x02")
	r.put("link@", "text")
	r.put("docs/x", "y\n")
	id := r.commit("köche: change\n\nWhy it is so.\n\nSlipway-Patch: 0001-x.patch")
	plain, err := r.user().Patch(t.Context(), r.dir, id)
	if err != nil {
		t.Fatal(err)
	}
	r.hostile()
	hostile, err := r.user().Patch(t.Context(), r.dir, id)
	if err != nil || !bytes.Equal(plain.Data, hostile.Data) {
		t.Errorf("with other settings the patch is (%v)\n%s\nand without\n%s", err, hostile.Data, plain.Data)
	}
	fetched, err := r.remote().Commits(t.Context(), Range{Base: r.git("rev-parse", id+"~1"), Tip: id})
	if err != nil || len(fetched) != 1 {
		t.Fatal(fetched, err)
	}
	head := "From " + id +
		" Mon Sep 17 00:00:00 2001\nFrom: Mate <mate@example.org>\nDate: Tue, 03 Feb 2026 04:05:06 +0000\n" +
		"Subject: [PATCH] köche: change\n\nWhy it is so.\n---\ndiff --git "
	if !strings.HasPrefix(string(plain.Data), head) || strings.Contains(string(plain.Data), "rename from") ||
		!strings.Contains(string(plain.Data), "GIT binary patch") {
		t.Errorf("the patch is\n%s", plain.Data)
	}
	less, err := r.user().Patch(t.Context(), r.dir, id, "docs/**", "sub/*")
	if err != nil || strings.Contains(string(less.Data), "docs/x") || strings.Contains(string(less.Data), "sub/bin") ||
		!strings.Contains(string(less.Data), "b/text") {
		t.Errorf("without docs and sub the patch is (%v)\n%s", err, less.Data)
	}
	if none, err := r.user().Patch(t.Context(), r.dir, id, "**"); err != nil || none.Data != nil {
		t.Errorf("without anything the patch is %q, %v", none.Data, err)
	}
}

func TestUsersSettingsLeadToTheRepository(t *testing.T) {
	r := newRepo(t)
	r.put("a", "aye")
	id := r.commit("all")
	r.configure("url."+filepath.Dir(r.dir)+"/.insteadOf", "https://example.org/")
	r.git("config", "uploadpack.allowFilter", "true")
	m, err := r.user().Open(t.Context(), filepath.Join(t.TempDir(), "x"), "https://example.org/"+filepath.Base(r.dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Fetch(t.Context(), id); err != nil {
		t.Errorf("Fetch() does not follow insteadOf: %v", err)
	}
}

func TestPasswordsAreNotShown(t *testing.T) {
	r := newRepo(t)
	m, err := r.user().Open(t.Context(), filepath.Join(t.TempDir(), "x"), "http://mate:secret@127.0.0.1:1/ship")
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"Fetch":    m.Fetch(t.Context(), strings.Repeat("1", 40)),
		"CheckTag": m.CheckTag(t.Context(), "v1", strings.Repeat("1", 40)),
	} {
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s() = %v", what, err)
		}
	}
}

func TestKilledGitLeavesNoLock(t *testing.T) {
	r := newRepo(t)
	r.put("a", "aye")
	id := r.commit("all")
	m := r.remote()
	for _, name := range []string{"shallow.lock", "config.lock", "objects/pack/tmp_pack_abc"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(m.dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(m.dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	again, err := r.user().Open(t.Context(), m.dir, r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Fetch(t.Context(), id); err != nil {
		t.Error(err)
	}
}
