package series

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/lock"
)

// sh runs a script of a person who works in the tree.
func (p *project) sh(script string) {
	p.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir, cmd.Env = p.src, append(p.env, "PATH="+os.Getenv("PATH"), "GIT_EDITOR=true", "DIST="+p.Path("dist"))
	if out, err := cmd.CombinedOutput(); err != nil {
		p.Fatalf("%s: %v\n%s", script, err, out)
	}
}

var commitID = regexp.MustCompile(`\b[0-9a-f]{12}\b`)

// TestUnsaved has a person work in a tree that was laid out: whatever is lost with it
// is named, before it is replaced and before dist is removed.
func TestUnsaved(t *testing.T) {
	const further = "work tree  PROJECT/two (when it is not needed: git worktree remove)"
	for name, c := range map[string]struct {
		script string
		want   string // the lines that tell, or part of what was not found out; "" if nothing is lost
		failed bool
	}{
		"nothing":                 {script: ":"},
		"what is ignored":         {script: "mkdir _output; echo x > _output/ship; echo /_output > .git/info/exclude"},
		"read at an earlier one":  {script: "git checkout -q HEAD~1"},
		"a branch there":          {script: "git checkout -q -b look"},
		"a tag":                   {script: "git tag here; git tag -am there there HEAD~1"},
		"a file":                  {script: "echo x > LOG", want: "untracked  LOG"},
		"a file with a space":     {script: "mkdir 'a b'; echo x > 'a b/c d'", want: "untracked  a b/c d"},
		"an edit":                 {script: "echo x >> README.md", want: "changed    README.md"},
		"a removed file":          {script: "rm README.md", want: "changed    README.md"},
		"a mode":                  {script: "chmod +x README.md", want: "changed    README.md"},
		"a staged edit":           {script: "echo x >> README.md; git add -A", want: "changed    README.md"},
		"an edit staged and gone": {script: "echo x > LOG; git add LOG; rm LOG", want: "changed    LOG"},
		"an edit that git was told not to show": {
			script: "echo x >> README.md; git update-index --assume-unchanged README.md", want: "changed    README.md",
		},
		"an edit that git was told to skip": {
			script: "echo x >> README.md; git update-index --skip-worktree README.md", want: "changed    README.md",
		},
		"a repository in it": {script: "git init -q boat; echo x > boat/LOG", want: "untracked  boat/"},
		"a commit":           {script: "echo x > LOG; git add LOG; git commit -qm 'log: x'", want: "commit     ID log: x"},
		"a commit on another branch": {
			script: "git checkout -qb try; git commit -q --allow-empty -m try; git checkout -q -", want: "commit     ID try",
		},
		"a commit without a branch": {
			script: "git checkout -q --detach; git commit -q --allow-empty -m adrift", want: "commit     ID adrift",
		},
		"a commit with a tag alone": {
			script: "git checkout -q --detach; git commit -q --allow-empty -m old; git tag old; git checkout -q -",
			want:   "commit     ID old",
		},
		"a commit that a remote has, with a tag": {
			script: "git init -q --bare $DIST/far; git checkout -q --detach; git commit -q --allow-empty -m far; git tag far\n" +
				"git push -q $DIST/far far; git remote add far $DIST/far\n" +
				"git update-ref refs/remotes/far/main far; git checkout -q -",
		},
		"a note": {script: "git notes add -m why", want: "commit     ID Notes added by 'git notes add'"},
		"stashes": {
			script: "echo x >> README.md; git stash push -qm one; echo y >> README.md; git stash push -qm two",
			want: "commit     ID On series: two\n" +
				"commit     ID index on series: ID bosun: a command that calls the crew\ncommit     ID On series: one",
		},
		"a dropped patch": {
			script: "git reset -q --hard HEAD~1; git reflog expire --expire=now --all",
			want:   "commits that were laid out there were dropped or changed",
		},
		"a patch that was reworded": {
			script: "git commit -q --amend -m 'bosun: again'",
			want:   "commits that were laid out there were dropped or changed\ncommit     ID bosun: again",
		},
		"a rebase": {
			script: "GIT_SEQUENCE_EDITOR='sed -i 1s/pick/edit/' git rebase -qi HEAD~1",
			want:   "a rebase that is not finished",
		},
		"a bisection": {script: "git bisect start -q", want: "a bisect that is not finished"},
		"a merge": {
			script: "git checkout -qb other HEAD~1; echo x > LOG; git add LOG; git commit -qm log; git checkout -q -\n" +
				"git merge -q --no-commit other",
			want: "a merge that is not finished\ncommit     ID log\nchanged    LOG",
		},
		"a cherry-pick that conflicts": {
			script: "git checkout -qb other HEAD~1; echo x > README.md; git commit -qam one; git checkout -q -\n" +
				"echo y > README.md; git commit -qam two; git cherry-pick other || true",
			want: "a cherry-pick that is not finished\ncommit     ID two\ncommit     ID one\nchanged    README.md",
		},
		"a further work tree": {script: "git worktree add -q --detach $DIST/../two", want: further},
		"one that is gone":    {script: "git worktree add -q --detach $DIST/../further; rm -r $DIST/../further"},
		"no repository":       {script: "rm -r .git", want: "is not a git repository of its own", failed: true},
		"another's repository": {
			script: "mv .git $DIST/far; echo \"gitdir: $DIST/far\" > .git", want: "of its own", failed: true,
		},
		"a repository without a head": {script: "rm .git/HEAD", want: "not a git repository", failed: true},
		"a damaged object": {
			script: "find .git/objects -type f -exec chmod u+w {} + -exec truncate -s 9 {} +", want: "git ", failed: true,
		},
		"a damaged index":  {script: "echo x > .git/index", want: "index file", failed: true},
		"no record":        {script: "rm $DIST/.cache/src/ship-1.4", want: "no record", failed: true},
		"a damaged record": {script: "echo > $DIST/.cache/src/ship-1.4", want: "no record", failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			p.must(doApply(p, ""))
			p.sh(c.script)
			clean := CheckUnsaved(t.Context(), p.Project, p.env, nil)
			_, err := p.try(lock.Lock{}, doApply(p, ""))
			for _, err := range []error{clean, err} {
				p.isUnsaved(err, c.want, c.failed)
			}
		})
	}
}

// isUnsaved checks what is told of the tree.
func (p *project) isUnsaved(err error, want string, failed bool) {
	p.Helper()
	got := ""
	if err != nil {
		got = commitID.ReplaceAllString(err.Error(), "ID")
		got = strings.ReplaceAll(regexp.MustCompile(`\b[0-9a-f]{7,8}\b`).ReplaceAllString(got, "ID"), p.Dir, "PROJECT")
	}
	switch {
	case failed && strings.HasPrefix(got, "dist/ship-1.4/src may have work that no patch of ship-1.4 has: ") &&
		strings.Contains(got, want):
		return
	case want != "" && !failed:
		want = "dist/ship-1.4/src has work that no patch of ship-1.4 has:\n    " + strings.ReplaceAll(want, "\n", "\n    ") +
			"\n  To keep it: commit it there, on the branch that is checked out, then: mage patches:refresh -fork=ship-1.4" +
			"\n  To discard it: rm -rf dist/ship-1.4/src"
	}
	if got != want {
		p.Errorf("the error is\n%s\nwant\n%s", got, want)
	}
}

// TestUnsavedOnceRefreshed holds that a commit is safe as long as its patch is there.
func TestUnsavedOnceRefreshed(t *testing.T) {
	p := newProject(t)
	p.must(doLock(p))
	p.must(doApply(p, ""))
	p.sh("echo x > LOG; git add LOG; git commit -qm 'log: x'")
	p.must(doRefresh(p))
	p.isUnsaved(CheckUnsaved(t.Context(), p.Project, p.env, nil), "", false)
	patches := p.Path("forks/ship-1.4/patches")
	series := contents(t, patches)["series"]
	put(t, patches, map[string]string{"series": strings.Replace(series, "0003-log-x.patch\n", "", 1)})
	p.isUnsaved(CheckUnsaved(t.Context(), p.Project, p.env, nil),
		"commit     ID was 0003-log-x.patch, which is not in patches/series any more", false)
	if err := os.RemoveAll(p.dir); err != nil {
		t.Fatal(err)
	}
	if err := CheckUnsaved(t.Context(), p.Project, p.env, nil); err == nil {
		t.Error("with the fork gone, its commits are taken for safe")
	}
}

// TestUnsavedAnywhereInDist holds that a tree is looked at wherever a person has moved
// it in dist, and so is a repository of their own.
func TestUnsavedAnywhereInDist(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"moved aside":          {"cd ..; mv src old", ""},
		"moved, with a commit": {"git commit -q --allow-empty -m mine; cd ..; mv src old", "dist/ship-1.4/old has work"},
		"one of their own":     {"git init -q $DIST/overlay", "dist/overlay may have work"},
		"behind a link":        {"git commit -q --allow-empty -m mine; cd ..; mv src $DIST/../old; ln -s ../../old src", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			p.must(doApply(p, ""))
			p.sh(c.script)
			err := CheckUnsaved(t.Context(), p.Project, p.env, nil)
			if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("the error is %v, want %s", err, c.want)
			}
		})
	}
}

// TestTreeElsewhere works on a fork in a folder that is not in dist, and that is there
// when dist is gone.
func TestTreeElsewhere(t *testing.T) {
	p := newProject(t)
	p.must(doLock(p))
	tree := filepath.Join(t.TempDir(), "to edit", "ship")
	apply := func(s *build.Session) (artifact.Set, error) {
		return Apply(t.Context(), s, ApplyRequest{Tree: tree})
	}
	refresh := func(s *build.Session) (artifact.Set, error) { return Refresh(t.Context(), s, tree) }
	p.is("the tree", p.must(apply), "tree "+tree)
	p.is("again", p.must(apply), "tree "+tree)
	p.src = tree
	p.sh("echo x > LOG; git add LOG; git commit -qm 'log: x'")
	_, err := p.try(lock.Lock{}, apply)
	if err == nil || !strings.Contains(err.Error(), "mage patches:refresh -fork=ship-1.4 -tree='"+tree+"'") {
		t.Errorf("over a commit, the error is %v", err)
	}
	if err := errors.Join(CheckUnsaved(t.Context(), p.Project, p.env, nil), os.RemoveAll(p.Path("dist"))); err != nil {
		t.Error(err)
	}
	p.is("the patches", p.must(refresh), "patch 0003-log-x.patch forks/ship-1.4/patches/0003-log-x.patch")
	p.is("once more", p.must(refresh), "")
	p.is("the tree", p.must(apply), "tree "+tree)
	if _, err := os.Lstat(p.Path("dist/ship-1.4/src")); err == nil {
		t.Error("there is a tree in dist, too")
	}
	if beside := contents(t, filepath.Dir(tree)); beside["ship/LOG"] != "x\n" {
		t.Errorf("the tree has %q", beside["ship/LOG"])
	}
	if entries, _ := os.ReadDir(filepath.Dir(tree)); len(entries) != 1 {
		t.Errorf("beside the tree is %v", entries)
	}
}

// TestTreeElsewhereRefuses names folders that a work tree cannot be in. Nothing in them
// changes.
func TestTreeElsewhereRefuses(t *testing.T) {
	p := newProject(t)
	dir := t.TempDir()
	put(t, dir, map[string]string{"full/note": "keep me", "file": "keep me", "other/.git/slipway": `{"Fork": "boat"}`,
		"more/.git": "gitdir: elsewhere"})
	err := errors.Join(os.Symlink(p.Path("forks"), filepath.Join(dir, "link")), os.Mkdir(p.Path("dist"), 0o755))
	if err != nil {
		t.Fatal(err)
	}
	for tree, want := range map[string]string{
		".":                              "-tree=.: this folder has files, and is not a work tree of a fork: ",
		"dist":                           "-tree=dist is in dist, where Slipway removes and replaces folders",
		"dist/tree":                      "-tree=dist/tree is in dist, ",
		p.Path("dist/../forks/ship-1.4"): "is in forks, ",
		filepath.Join(dir, "link/tree"):  "is in forks, ",
		"~/ship":                         "-tree=~/ship: the shell does not expand ~ there: write $HOME",
		filepath.Join(dir, "full"):       "/full: this folder has files, and is not a work tree of a fork",
		filepath.Join(dir, "file"):       "not a directory",
		filepath.Join(dir, "file/tree"):  "not a directory",
		filepath.Join(dir, "more"):       "/more: this folder has files, and is not a work tree of a fork",
		filepath.Join(dir, "other"):      "/other is the work tree of boat: name another folder for ship-1.4",
		"/":                              "-tree=/: this folder has files",
	} {
		_, err := p.try(lock.Lock{}, func(s *build.Session) (artifact.Set, error) {
			return Apply(t.Context(), s, ApplyRequest{Tree: tree})
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want %s", tree, err, want)
		}
		if slices.ContainsFunc(p.events, func(e event.Event) bool { return e.Stage != "" }) {
			t.Errorf("%s: work was done before it was refused", tree)
		}
	}
	for _, name := range []string{"full/note", "file"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); string(data) != "keep me" {
			t.Errorf("%s is %q, %v", name, data, err)
		}
	}
}
