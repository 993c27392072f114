package source

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/gitrepo"
)

// Between is what a repository did between two of its commits.
type Between struct {
	repo    *gitrepo.Remote
	exclude []string
	changes []gitrepo.Change // that only the second has, the newest first
	left    []gitrepo.Change // that only the first has
	at      map[string]int   // by commit, its place in changes
}

// Between returns what an upstream did from one state to another. Where that cannot be told, as of a module,
// it is nil, of which every question can be asked.
func (f Fetcher) Between(ctx context.Context, from, to Upstream) (*Between, error) {
	if from.Git == "" || from.Git != to.Git {
		return nil, nil
	}
	repo, err := f.repository(ctx, from.Git)
	if err != nil {
		return nil, err
	}
	changes, err := repo.Between(ctx, from.Commit, to.Commit, to.Exclude)
	if err != nil {
		return nil, err
	}
	left, err := repo.Between(ctx, to.Commit, from.Commit, to.Exclude)
	if err != nil {
		return nil, err
	}
	b := &Between{repo: repo, exclude: to.Exclude, changes: changes, left: left, at: map[string]int{}}
	for i, c := range changes {
		b.at[c.ID] = i
	}
	return b, nil
}

// maxBehind is how many commits are worth naming.
const maxBehind = 5

// Behind returns the last commits of the second state that changed any of some
// files, the newest first, each as ID and subject; and those of the first state that
// the second does not have, as on another branch.
func (b *Between) Behind(files ...string) (made, left []string) {
	if b == nil {
		return nil, nil
	}
	return touching(b.changes, files), touching(b.left, files)
}

func touching(changes []gitrepo.Change, files []string) []string {
	var out []string
	for _, c := range changes {
		if slices.ContainsFunc(c.Files, func(f gitrepo.ChangedFile) bool { return slices.Contains(files, f.Path) }) {
			out = append(out, named(c))
		}
		if len(out) == maxBehind {
			break
		}
	}
	return out
}

// named names a commit to a person.
func named(c gitrepo.Change) string { return c.ID[:12] + " " + c.Subject() }

// A Patch is a change of which an upstream may have a copy: a commit of some
// repository.
type Patch struct {
	ID    string   // of the commit that was made of it
	Named string   // the commit that it is a copy of, if it is one
	Files []string // sorted
}

// A Copy is what an upstream has of a patch.
type Copy struct {
	Commit string // ID and subject
	Undone string // the commit that took it back, "" if none did
}

// Copies finds patches, commits of the repository at dir, among the upstream's
// commits: by their ids, and by what they change. Of several the last one counts.
func (b *Between) Copies(ctx context.Context, git gitrepo.Git, dir string, patches []Patch) (map[string]Copy, error) {
	if b == nil || len(patches) == 0 {
		return nil, nil
	}
	ids := make([]string, len(patches))
	wanted := map[string]bool{}
	for i, p := range patches {
		ids[i], wanted[filesKey(p.Files)] = p.ID, true
	}
	forth, back, err := git.Identify(ctx, dir, ids)
	if err != nil {
		return nil, err
	}
	var candidates []gitrepo.Change
	byFiles := map[string][]gitrepo.Change{}
	for _, c := range b.changes {
		if key := filesKey(changed(c)); wanted[key] {
			candidates, byFiles[key] = append(candidates, c), append(byFiles[key], c)
		}
	}
	theirs, err := b.repo.Identify(ctx, candidates, b.exclude)
	if err != nil {
		return nil, err
	}
	out, reverts := map[string]Copy{}, b.reverts()
	for _, p := range patches {
		m := match{forth: forth[p.ID], back: back[p.ID], theirs: theirs}
		if c, ok := m.find(byFiles[filesKey(p.Files)]); ok {
			out[p.ID] = b.checked(c, reverts)
		} else if i, ok := b.at[p.Named]; ok && p.Named != "" {
			out[p.ID] = b.checked(Copy{Commit: named(b.changes[i])}, reverts)
		}
	}
	return out, nil
}

func filesKey(files []string) string { return strings.Join(files, "\x00") }

// changed returns the files of a commit, sorted.
func changed(c gitrepo.Change) []string {
	files := make([]string, len(c.Files))
	for i, f := range c.Files {
		files[i] = f.Path
	}
	slices.Sort(files)
	return files
}

// match compares a patch with commits.
type match struct {
	forth, back gitrepo.Identity
	theirs      map[string]gitrepo.Identity
}

// find returns the last of some commits, the newest first, that makes the change,
// and the one that took it back, if that is newer.
func (m match) find(commits []gitrepo.Change) (Copy, bool) {
	same := gitrepo.Identity.Same
	if m.forth.Same(m.back) { // only white space changes
		same = gitrepo.Identity.Exact
	}
	undone := ""
	for _, c := range commits {
		id, ok := m.theirs[c.ID]
		switch {
		case !ok:
		case same(id, m.forth):
			return Copy{named(c), undone}, true
		case same(id, m.back) && undone == "":
			undone = named(c)
		}
	}
	return Copy{}, false
}

// revert matches what git revert writes.
var revert = regexp.MustCompile(`This reverts commit ([0-9a-f]{40})`)

// reverts returns the commits that take others back, by those.
func (b *Between) reverts() map[string]string {
	out := map[string]string{}
	for _, c := range b.changes {
		for _, m := range revert.FindAllStringSubmatch(c.Body, -1) {
			if out[m[1]] == "" && out[c.ID] == "" { // unless that was taken back as well
				out[m[1]] = c.ID
			}
		}
	}
	return out
}

// checked notes of a copy that a commit says to revert it.
func (b *Between) checked(c Copy, reverts map[string]string) Copy {
	for id, by := range reverts {
		if i, ok := b.at[by]; ok && c.Undone == "" && strings.HasPrefix(c.Commit, id[:12]+" ") {
			c.Undone = named(b.changes[i])
		}
	}
	return c
}

// Holding returns the commit that may have brought a change as part of a larger
// one: the only one that changes all of the files, or the one that names the commit
// as the one it was picked from. It is "" if there is none, or more than one.
func (b *Between) Holding(commit string, files []string) string {
	if b == nil {
		return ""
	}
	var found []string
	for _, c := range b.changes {
		if commit != "" && strings.Contains(c.Body, "cherry picked from commit "+commit) {
			return named(c)
		}
		has := changed(c)
		missing := slices.ContainsFunc(files, func(f string) bool { return !slices.Contains(has, f) })
		if !missing && len(files) > 0 {
			found = append(found, named(c))
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}
