package series

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/lock"
)

// mates makes a repository beside the fork with two commits, and returns the range
// of them.
func (p *project) mates() string {
	p.Helper()
	dir := p.Path("mate")
	put(p.T, dir, map[string]string{"README": "mate"})
	testkit.Git(p.T, dir, "init", "-q")
	base := p.commit(dir, "-m", "begin")
	put(p.T, dir, map[string]string{"cmd/mate/main.go": "package main\n\nfunc main() {}\n"})
	p.commit(dir, "-m", "mate: a command")
	put(p.T, dir, map[string]string{"LOG": "calm\n"})
	return base + ".." + p.commit(dir, "-m", "log: calm")
}

func TestImportReference(t *testing.T) {
	p := newProject(t)
	commits, before := p.mates(), contents(t, p.dir)
	request := ImportRequest{From: "mate", Commits: commits}
	set, err := p.try(lock.Lock{}, doImport(p, request))
	if p.done(set, err); len(set) != 2 || set[0].Path != "" || len(set[0].Name) != 40 {
		t.Fatalf("the patches are %+v", set)
	}
	p.is("what is said", p.said("lock"), "forks/ship-1.4/fork.lock written")
	after := contents(t, p.dir)
	p.is("fork.yaml", after[yaml], before[yaml]+"patches:\n  - git: mate\n    commits: "+commits+"\n")
	original := before[yaml]
	for _, files := range []map[string]string{before, after} {
		delete(files, yaml)
		delete(files, "fork.lock")
	}
	if !maps.Equal(after, before) {
		t.Errorf("the series became %q", after)
	}
	p.mustLocked(doVerify(p))
	_, err = p.try(lock.Lock{}, doImport(p, request))
	says(t, err, "forks/ship-1.4/fork.yaml already carries "+commits+" of mate")

	// A commit that is edited makes its range files.
	p.must(doApply(p, ""))
	testkit.Git(t, p.src, "-c", "sequence.editor=true", "rebase", "-q", "-x",
		"test -e cmd/bosun || { echo storm > LOG.new && git add -A && git commit -q --amend --no-edit; }", "HEAD~4")
	p.must(doRefresh(p))
	p.is("fork.yaml without the range", p.read(yaml), original)
	p.is("the series", p.read("patches/series"),
		"0001-mate-a-command.patch\n0002-log-calm.patch\n0001-crew.patch\n0002-bosun.patch\n")
	p.mustLocked(doVerify(p))
	p.is("the patches of a second time", p.must(doRefresh(p)), "")
}

func TestImportFiles(t *testing.T) {
	p := newProject(t)
	commits, before := p.mates(), p.read(yaml)
	p.is("the patches", p.must(doImport(p, ImportRequest{From: "mate", Commits: commits, Files: true})),
		"patch 0003-mate-a-command.patch forks/ship-1.4/patches/0003-mate-a-command.patch\n"+
			"patch 0004-log-calm.patch forks/ship-1.4/patches/0004-log-calm.patch")
	p.is("fork.yaml", p.read(yaml), before)
	p.is("the series", p.read("patches/series"),
		"0001-crew.patch\n0002-bosun.patch\n0003-mate-a-command.patch\n0004-log-calm.patch\n")
	p.mustLocked(doVerify(p))
}

// TestImportChangesAllOrNothing holds that commits which do not apply leave the fork
// as it was.
func TestImportChangesAllOrNothing(t *testing.T) {
	p := newProject(t)
	commits := p.mates()
	put(t, p.Path("mate"), map[string]string{"README": "other"})
	_, tip, _ := strings.Cut(commits, "..")
	before := contents(t, p.dir)
	request := ImportRequest{From: "mate", Commits: tip + ".." + p.commit(p.Path("mate"), "-m", "x")}
	_, err := p.try(lock.Lock{}, doImport(p, request))
	if err == nil || !strings.Contains(err.Error(), "does not apply") {
		t.Errorf("the error is %v", err)
	}
	if !maps.Equal(contents(t, p.dir), before) {
		t.Error("the fork was changed")
	}
}

func TestExport(t *testing.T) {
	p := newProject(t)
	p.must(doImport(p, ImportRequest{From: "mate", Commits: p.mates()}))
	const out = "dist/ship-1.4/export/"
	_, err := p.try(lock.Lock{}, doExport(p, "zip"))
	says(t, err, "-format=zip: want quilt, mbox or git")

	p.is("quilt", p.mustLocked(doExport(p, "quilt")), "series "+out+"quilt")
	quilt := contents(t, p.Path(out+"quilt"))
	p.is("quilt's series", quilt["series"],
		"0001-mate-a-command.patch\n0002-log-calm.patch\n0001-crew.patch\n0002-bosun.patch\n")
	p.is("quilt's patch", quilt["0002-bosun.patch"], p.read("patches/0002-bosun.patch"))
	p.is("how many files quilt has", strings.Repeat("x", len(quilt)), "xxxxx")

	p.is("mbox", p.mustLocked(doExport(p, "mbox")), "series "+out+"series.mbox")
	mails := t.TempDir()
	testkit.Git(t, mails, "mailsplit", "-o"+mails, p.Path(out+"series.mbox"))
	var subjects []string
	for _, name := range []string{"0001", "0002", "0003", "0004"} {
		_, subject, _ := strings.Cut(contents(t, mails)[name], "\nSubject: [PATCH] ")
		subject, _, _ = strings.Cut(subject, "\n")
		subjects = append(subjects, subject)
	}
	const log = "mate: a command\nlog: calm\ncrew: sign on a bosun\nbosun: a command that calls the crew"
	p.is("the mails", strings.Join(subjects, "\n"), log)

	p.is("git", p.mustLocked(doExport(p, "git")), "series "+out+"series.bundle")
	clone := filepath.Join(t.TempDir(), "clone")
	testkit.Git(t, p.Dir, "clone", "-q", p.Path(out+"series.bundle"), clone)
	p.is("the log", p.log(clone), "example.org/ship@v1.4.1\n"+log)
}
