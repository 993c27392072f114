package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
)

// A ref is what a name of the remote points at.
type ref struct {
	object string // a commit, or the tag that names one
	commit string
}

// refs lists the remote's refs below a prefix, or all of them, by their whole names.
func (r *Remote) refs(ctx context.Context, patterns ...string) (map[string]ref, error) {
	var out strings.Builder
	args := append([]string{"ls-remote", "-q", "origin"}, patterns...)
	err := r.git.run(ctx, call{dir: r.dir, args: args, stdout: &out, connects: true})
	if err != nil {
		return nil, fmt.Errorf("listing what %s has: %s", run.Redact(r.url), words(err))
	}
	refs := map[string]ref{}
	for line := range strings.Lines(out.String()) {
		id, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if len(id) == 64 {
			return nil, r.sha256()
		}
		if of, ok := strings.CutSuffix(name, "^{}"); ok { // comes behind the tag itself
			refs[of] = ref{refs[of].object, id}
			continue
		}
		refs[name] = ref{id, id}
	}
	return refs, nil
}

const tagRefs = "refs/tags/"

// Tags returns the commit that each tag of the remote points at.
func (r *Remote) Tags(ctx context.Context) (map[string]string, error) {
	refs, err := r.refs(ctx, tagRefs+"*")
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for name, at := range refs {
		tags[strings.TrimPrefix(name, tagRefs)] = at.commit
	}
	return tags, nil
}

// CheckTag returns an error unless the remote's tag points at the commit.
func (r *Remote) CheckTag(ctx context.Context, tag, commit string) error {
	refs, err := r.refs(ctx, tagRefs+"*")
	if err != nil {
		return err
	}
	switch at, ok := refs[tagRefs+tag]; {
	case !ok:
		return fmt.Errorf("%s has no tag %s: see upstream.tag", run.Redact(r.url), tag)
	case at.commit == commit:
		return nil
	case at.object == commit:
		return &NotCommitError{URL: r.url, ID: commit, Kind: "tag", Commit: at.commit}
	default:
		return fmt.Errorf("the tag %s of %s moved\n    expected  %s\n    found     %s\n"+
			"  If that is what you want, change upstream.commit", tag, run.Redact(r.url), commit, at.commit)
	}
}

// isID matches the id of an object, in full.
var isID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// revision matches a name of a commit and the way from there to an ancestor, as
// git writes it: main^, v1.4.1~3.
var revision = regexp.MustCompile(`^(.+?)((?:\^|~[0-9]*)*)$`)

// Resolve returns the id of the commit that a name of the remote points at: a
// branch, a tag, or an id of 40 hex digits, with ^ or ~N behind it for an ancestor.
func (r *Remote) Resolve(ctx context.Context, name string) (string, error) {
	m := revision.FindStringSubmatch(name)
	if m == nil {
		return "", fmt.Errorf("%q is not the name of a commit", name)
	}
	id := m[1]
	if !isID.MatchString(id) {
		var err error
		if id, err = r.lookUp(ctx, id); err != nil {
			return "", err
		}
	}
	err := r.Fetch(ctx, id)
	if tag, ok := errors.AsType[*NotCommitError](err); ok && tag.Commit != "" {
		id, err = tag.Commit, nil
	}
	if err != nil || m[2] == "" {
		return id, err
	}
	return r.ancestor(ctx, id, m[2])
}

// lookUp returns the commit that a branch or a tag points at.
func (r *Remote) lookUp(ctx context.Context, name string) (string, error) {
	refs, err := r.refs(ctx)
	if err != nil {
		return "", err
	}
	found := map[string]string{}
	for _, prefix := range []string{"", "refs/", tagRefs, "refs/heads/"} {
		if at, ok := refs[prefix+name]; ok {
			found[at.commit] = prefix + name
		}
	}
	var ids, names []string
	for id, as := range found {
		ids, names = append(ids, id), append(names, fmt.Sprintf("%s (%s)", as, id))
	}
	slices.Sort(names)
	switch {
	case len(ids) == 1:
		return ids[0], nil
	case len(ids) > 1:
		return "", fmt.Errorf("%s has more than one %s: %s: name one of them in full",
			run.Redact(r.url), name, strings.Join(names, ", "))
	case shortID.MatchString(name):
		return "", fmt.Errorf("%s has no branch or tag %s, and a repository cannot be asked for part of an id: "+
			"write all 40 hex digits", run.Redact(r.url), name)
	}
	return "", fmt.Errorf("%s has no branch or tag %s", run.Redact(r.url), name)
}

var shortID = regexp.MustCompile(`^[0-9a-f]{4,39}$`)

// ancestor returns the commit at the end of a way such as ^^ or ~3.
func (r *Remote) ancestor(ctx context.Context, id, way string) (string, error) {
	depth := 1
	for step := range strings.SplitSeq(way, "~") {
		n, _ := strconv.Atoi(strings.TrimRight(step, "^"))
		depth += n + strings.Count(step, "^") + 1
	}
	if err := r.unknown(r.fetch(ctx, []string{"--depth=" + strconv.Itoa(depth)}, id), id); err != nil {
		return "", err
	}
	out, err := r.git.output(ctx, r.dir, "rev-parse", "-q", "--verify", id+way+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("commit %s of %s has no ancestor %s", id, run.Redact(r.url), way)
	}
	return strings.TrimSpace(string(out)), nil
}

// MergeBase returns the commit that two commits have in common, the newest.
func (r *Remote) MergeBase(ctx context.Context, a, b string) (string, error) {
	ok, err := r.deepen(ctx, func() (bool, error) { return r.joined(ctx, a, b) }, a, b)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fmt.Errorf("in %s, commits %s and %s have no history in common", run.Redact(r.url), a, b)
	}
	out, err := r.view(ctx, nil, "merge-base", a, b)
	return strings.TrimSpace(string(out)), err
}
