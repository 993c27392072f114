package dev

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/source"
)

// The branches that are compared part benchTrunk commits before the end of the trunk.
const benchTrunk, benchOlder = 3000, 200

// history compares what a report onto another minor fetches, the history of two
// branches, with git fetching the same two.
func (b *bench) history(repo string) error {
	if err := b.branches(repo); err != nil {
		return err
	}
	upstream := func(branch string) (source.Upstream, error) {
		id, err := os.ReadFile(filepath.Join(repo, ".git", "refs", "heads", branch))
		return source.Upstream{Git: repo, Commit: strings.TrimSpace(string(id))}, err
	}
	trunk, err := upstream("trunk")
	if err != nil {
		return err
	}
	older, err := upstream("older")
	if err != nil {
		return err
	}
	var ours, git []time.Duration
	for i := range 3 {
		bare := filepath.Join(b.dir, "dist", fmt.Sprint("bare", i))
		f := source.Fetcher{Git: gitrepo.Git{Run: run.Runner{}, Env: b.env}, Cache: bare + "-cache"}
		start := time.Now()
		if _, err := f.Between(b.ctx, trunk, older); err != nil {
			return err
		}
		ours = append(ours, time.Since(start))
		if _, err := b.git(b.dir, "init", "-q", "--bare", bare); err != nil {
			return err
		}
		c, err := b.git(bare, "fetch", "-q", "file://"+repo, trunk.Commit, older.Commit)
		if err != nil {
			return err
		}
		git = append(git, c)
	}
	row("history between two minors: as a report fetches and reads it, beside git fetch", ours, git)
	return nil
}

// branches adds two branches to a repository, whose commits change its files.
func (b *bench) branches(repo string) error {
	files, err := filepath.Glob(filepath.Join(repo, "pkg", "*", "*.go"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("%s has no pkg/*/*.go to change", repo)
	}
	var stream strings.Builder
	commit := func(branch, from string, i int) {
		name, _ := filepath.Rel(repo, files[i%len(files)])
		fmt.Fprintf(&stream, "commit refs/heads/%s\nmark :%d\ncommitter Bench <bench@example.org> %d +0000\n"+
			"data 6\nchange%s\nM 644 inline %s\ndata <<END\n// %s %d\nEND\n\n", branch, i+1, 1500000000+i, from, name, branch, i)
	}
	commit("trunk", "\nfrom refs/tags/base^0", 0)
	commit("older", "\nfrom :1", 1)
	for i := range benchOlder {
		commit("older", "", i+2)
	}
	for i := range benchTrunk {
		commit("trunk", "", benchOlder+i+2)
	}
	err = run.Runner{}.Run(b.ctx, run.Cmd{Args: []string{"git", "fast-import", "--quiet"}, Dir: repo, Env: b.env,
		Stdin: strings.NewReader(stream.String())})
	if err != nil {
		return err
	}
	_, err = b.git(repo, "repack", "-a", "-d", "-q") // as a server has it
	return err
}
