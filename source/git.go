package source

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gitrepo"
)

// A Commit is one commit of a repository as a patch.
type Commit struct {
	ID string // 40 hex digits
	gitrepo.Patch
}

// Carried returns the commits of a range, the oldest first, without what they do
// to files that a glob of exclude matches. One that does nothing else is left
// out.
func (f Fetcher) Carried(ctx context.Context, c Carry, exclude []string) ([]Commit, error) {
	repo, err := f.repository(ctx, c.Git)
	if err != nil {
		return nil, err
	}
	base, tip := c.Range()
	commits, err := repo.Commits(ctx, gitrepo.Range{Base: base, Tip: tip, Merges: c.Merges})
	if err != nil {
		return nil, err
	}
	if err := repo.Contents(ctx, commits, exclude); err != nil {
		return nil, err
	}
	var out []Commit
	but := ""
	if len(exclude) > 0 {
		but = " but excluded ones"
	}
	for _, c := range commits {
		patch, err := repo.Patch(ctx, c.ID, exclude)
		if err != nil {
			return nil, fmt.Errorf("commit %s (%s): %w", c.ID, c.Subject, err)
		}
		if patch.Data == nil {
			f.Events.Note(fmt.Sprintf("commit %s is left out, because it changes no files%s: %s", c.ID, but, c.Subject))
			continue
		}
		out = append(out, Commit{c.ID, patch})
	}
	return out, nil
}

// Before returns the tree that a range of commits starts from, less the files that
// a glob of exclude matches. Of the files only those that are named are written, to
// dst, which does not exist.
func (f Fetcher) Before(ctx context.Context, c Carry, exclude, names []string, dst string) (filetree.Dir, error) {
	repo, err := f.repository(ctx, c.Git)
	if err != nil {
		return filetree.Dir{}, err
	}
	base, _ := c.Range()
	return repo.ExportOnly(ctx, base, gitrepo.Selection{Exclude: exclude, Names: names}, dst)
}

// Made returns the files that a range of commits changes in the end, as its tip has
// them, less those that a glob of exclude matches.
func (f Fetcher) Made(ctx context.Context, c Carry, exclude []string) (map[string]gitrepo.File, error) {
	repo, err := f.repository(ctx, c.Git)
	if err != nil {
		return nil, err
	}
	base, tip := c.Range()
	return repo.Differ(ctx, base, tip, exclude)
}

// Resolve returns the range of commits that names say: branches, tags or ids,
// as BASE..TIP. Where the base is a branch or a tag that the tip has not grown from,
// the range starts at the commit that both have in common. A single name is a tip,
// and base the commit that it has grown from.
func (f Fetcher) Resolve(ctx context.Context, c Carry, base string) (Carry, error) {
	repo, err := f.repository(ctx, c.Git)
	if err != nil {
		return c, err
	}
	from, to, ok := strings.Cut(c.Commits, "..")
	if !ok {
		from, to = base, c.Commits
	}
	tip, err := repo.Resolve(ctx, to)
	if err != nil {
		return c, err
	}
	start, err := repo.Resolve(ctx, from)
	if err == nil && (!ok || !commitID.MatchString(from) && !strings.ContainsAny(from, "^~")) {
		start, err = repo.MergeBase(ctx, start, tip)
	}
	c.Commits = start + ".." + tip
	return c, err
}

// fetchGit lays out a commit of a repository.
func (f Fetcher) fetchGit(ctx context.Context, u Upstream, dst string) (Tree, error) {
	repo, err := f.repository(ctx, u.Git)
	if err != nil {
		return Tree{}, err
	}
	if u.Tag != "" {
		if err := repo.CheckTag(ctx, u.Tag, u.Commit); err != nil {
			return Tree{}, err
		}
	}
	if err := repo.Fetch(ctx, u.Commit); err != nil {
		return Tree{}, err
	}
	var t Tree
	if t.Time, err = repo.Time(ctx, u.Commit); err != nil {
		return Tree{}, err
	}
	t.Dir, err = repo.Export(ctx, u.Commit, u.Exclude, dst)
	return t, err
}

// repository opens the cache of a repository, which all forks of it share.
func (f Fetcher) repository(ctx context.Context, at string) (*gitrepo.Remote, error) {
	if !isRemote.MatchString(at) && !filepath.IsAbs(at) {
		at = filepath.Join(f.Dir, at)
	}
	sum := sha256.Sum256([]byte(at))
	return f.Git.Open(ctx, filepath.Join(f.Cache, "git", fmt.Sprintf("%x", sum[:16])), at)
}

// isRemote matches what git takes for no path: a URL, or host:path.
var isRemote = regexp.MustCompile(`^[a-z+]+://|^[^/]+:`)
