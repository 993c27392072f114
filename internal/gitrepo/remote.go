package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/run"
)

// A Remote is a repository elsewhere, and the bare repository here that keeps
// what was fetched of it.
type Remote struct {
	git Git
	dir string
	url string // of the remote, as the user wrote it
}

// Open returns the Remote at url, a URL or an absolute path, that is kept in the
// folder dir. Nobody else may use dir.
func (g Git) Open(ctx context.Context, dir, url string) (*Remote, error) {
	r := &Remote{git: g, dir: dir, url: url}
	if _, err := os.Stat(filepath.Join(dir, "HEAD")); err == nil {
		return r, errors.Join(clearLocks(dir), r.use(), r.repack(ctx))
	}
	settings := [][2]string{
		{"remote.origin.url", url}, {"remote.origin.promisor", "true"}, {"remote.origin.partialCloneFilter", "blob:none"},
		{"extensions.partialClone", "origin"}, {"gc.auto", "0"}, {"maintenance.auto", "false"},
		{"core.repositoryFormatVersion", "1"},
	}
	if r.local() { // it serves all it has: who may read it may
		settings = append(settings, [2]string{"remote.origin.uploadpack",
			"git -c uploadpack.allowFilter=true -c uploadpack.allowAnySHA1InWant=true -c safe.directory=* upload-pack"})
	}
	if err := g.initBare(ctx, dir, settings); err != nil {
		return nil, err
	}
	return r, r.use()
}

// isURL matches what git takes for no path on this machine.
var isURL = regexp.MustCompile(`^[a-z0-9+]+://|^[^/]+:`)

// local reports whether the repository lies on this machine.
func (r *Remote) local() bool {
	return !isURL.MatchString(r.url) || strings.HasPrefix(r.url, "file://")
}

// fetch runs git fetch.
func (r *Remote) fetch(ctx context.Context, options []string, what ...string) error {
	return r.receive(ctx, event.Event{Unit: "objects"}, "", options, what...)
}

// receive is fetch, which counts what arrives as of says: of Total, if that is known, in Unit,
// from Done on. stdin names what, if what does not.
func (r *Remote) receive(ctx context.Context, of event.Event, stdin string, options []string, what ...string) error {
	negotiation := "noop" // what is here is not told, for most of it is not whole
	if slices.ContainsFunc(options, func(o string) bool { return strings.HasPrefix(o, "--negotiation-tip=") }) {
		negotiation = "consecutive"
	}
	args := append([]string{
		"-c", "fetch.negotiationAlgorithm=" + negotiation, "-c", "fetch.writeCommitGraph=false",
		// Old repositories have objects that git's check complains of and that git clones
		// all the same. What a tree may hold is checked when it is listed.
		"-c", "fetch.fsckObjects=false", "-c", "fetch.unpackLimit=1", "-c", "core.hooksPath=/dev/null",
		"fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--recurse-submodules=no",
		"--refmap=",
	}, options...)
	if !slices.ContainsFunc(options, func(o string) bool { return strings.HasPrefix(o, "--filter=") }) {
		args = append(args, "--filter=blob:none")
	}
	args = append(args, "origin")
	of.Kind, of.Stage, of.Subject = event.Progress, "source", run.Redact(r.url)
	if of.Total > 0 {
		r.git.Events.Emit(of)
	}
	c := call{dir: r.dir, args: append(args, what...), connects: true, stderr: &receiver{events: r.git.Events, of: of}}
	if stdin != "" {
		c.stdin = strings.NewReader(stdin)
	}
	err := r.git.run(ctx, c)
	if !run.IsExit(err) {
		return err
	}
	said := withoutProgress(words(err))
	if otherHash.MatchString(said) {
		return r.sha256()
	}
	return &fetchError{r.url, said}
}

// otherHash matches what git says of a repository that names its objects by
// SHA-256.
var otherHash = regexp.MustCompile(`mismatched algorithms|not support this repository's object format|` +
	`object-format|unsupported object format`)

// sha256 returns the error of a repository that names its objects by SHA-256.
func (r *Remote) sha256() error {
	return fmt.Errorf("%s names its objects by SHA-256, and Slipway reads only repositories that use SHA-1\n"+
		"  To build it all the same, take a tarball of it: upstream.archive (git archive makes one)", run.Redact(r.url))
}

// A fetchError is a git fetch that failed.
type fetchError struct {
	url  string
	said string // by git
}

func (e *fetchError) Error() string {
	return fmt.Sprintf("fetching from %s: %s", run.Redact(e.url), e.said)
}

// says reports whether git, which has no codes for its reasons, said what the
// pattern matches.
func (e *fetchError) says(pattern *regexp.Regexp) bool { return pattern.MatchString(e.said) }

// has reports whether a commit was fetched, with its trees.
func (r *Remote) has(ctx context.Context, commit string) bool {
	out, err := r.git.output(ctx, r.dir, "rev-list", "--objects", "--missing=print", "--filter=blob:none", "--no-walk",
		commit)
	return err == nil && !strings.Contains(string(out), "?")
}

// present reports whether a commit is here, without fetching it.
func (r *Remote) present(ctx context.Context, commit string) bool {
	out, err := r.git.output(ctx, r.dir, "rev-list", "--missing=print", "--no-walk", commit)
	return err == nil && !strings.Contains(string(out), "?")
}

// Fetch fetches a commit and its trees. Its files come with Export.
func (r *Remote) Fetch(ctx context.Context, commit string) error {
	var err error
	switch {
	case r.has(ctx, commit):
	case r.present(ctx, commit): // a fetch of it would cut its history off
		err = r.trees(ctx, "--no-walk", commit)
	default:
		err = r.unknown(r.fetch(ctx, []string{"--depth=1"}, commit), commit)
	}
	if err != nil {
		return err
	}
	return r.checkCommit(ctx, commit)
}

// A NotCommitError is the error of an id that names something other than a commit.
type NotCommitError struct {
	URL, ID string
	Kind    string // tag, tree or blob
	Commit  string // behind the tag, "" if there is none
}

func (e *NotCommitError) Error() string {
	if e.Commit == "" {
		return fmt.Sprintf("%s of %s is a %s, not a commit", e.ID, run.Redact(e.URL), e.Kind)
	}
	return fmt.Sprintf("%s of %s is a tag, not a commit\n  The commit behind it is %s: write that instead",
		e.ID, run.Redact(e.URL), e.Commit)
}

// checkCommit returns a *NotCommitError if an id that is here names no commit.
func (r *Remote) checkCommit(ctx context.Context, id string) error {
	out, err := r.git.output(ctx, r.dir, "cat-file", "-t", id)
	kind := strings.TrimSpace(string(out))
	if err != nil || kind == "commit" {
		return err
	}
	fault := &NotCommitError{URL: r.url, ID: id, Kind: kind}
	if kind == "tag" {
		if out, err := r.git.output(ctx, r.dir, "rev-parse", "-q", "--verify", id+"^{commit}"); err == nil {
			fault.Commit = strings.TrimSpace(string(out))
		}
	}
	return fault
}

// refused matches what git says of a commit that is not there, or is not
// served.
var refused = regexp.MustCompile(`not our ref|unadvertised object|couldn't find remote ref|bad object|Could not read`)

// unknown says of an error what it means for the commits that were asked for.
func (r *Remote) unknown(err error, commits ...string) error {
	e, ok := errors.AsType[*fetchError](err)
	if !ok || !e.says(refused) {
		return err
	}
	what := strings.Join(commits, " or ")
	for _, id := range commits {
		if strings.Contains(e.said, id) {
			what = id
		}
	}
	return fmt.Errorf("%s has no commit %s, or does not serve it: check that it was pushed\n  %w", run.Redact(r.url),
		what, err)
}

// Time returns when a commit was made, UTC.
func (r *Remote) Time(ctx context.Context, commit string) (time.Time, error) {
	out, err := r.git.output(ctx, r.dir, "rev-list", "-1", "--timestamp", commit)
	if err != nil {
		return time.Time{}, err
	}
	when, _, _ := strings.Cut(string(out), " ")
	return timeOf(when), nil
}

// Patch returns a commit as a patch in mail format, as Git.Patch does. What it
// changes has to be here: see Contents.
func (r *Remote) Patch(ctx context.Context, commit string, exclude []string) (Patch, error) {
	return r.git.Patch(ctx, r.dir, commit, exclude...)
}

// A Range is the commits that Tip has and Base, an ancestor of it, has not.
type Range struct {
	Base, Tip string
	Merges    string // how merges are taken: "first-parent", "flatten", or "" where there may be none
}

func (r Range) String() string { return r.Base + ".." + r.Tip }

// Commits returns the commits of a range, the oldest first.
func (r *Remote) Commits(ctx context.Context, of Range) ([]Commit, error) {
	if err := r.connect(ctx, of.Base, of.Tip); err != nil {
		return nil, err
	}
	for _, id := range []string{of.Base, of.Tip} {
		if err := r.checkCommit(ctx, id); err != nil {
			return nil, err
		}
	}
	args := []string{"--reverse", "--topo-order", of.String()}
	switch of.Merges {
	case "first-parent":
		args = append(args, "--first-parent")
	case "flatten":
		args = append(args, "--no-merges")
	}
	commits, err := r.git.log(ctx, r.dir, args...)
	if err != nil {
		return nil, err
	}
	return commits, r.checkRange(of, commits)
}

// checkRange returns an error unless the commits are a series.
func (r *Remote) checkRange(of Range, commits []Commit) error {
	if len(commits) == 0 {
		return fmt.Errorf("%s of %s is empty", of, run.Redact(r.url))
	}
	if of.Merges == "first-parent" {
		if from := commits[0].Parents; len(from) == 0 || from[0] != of.Base {
			return fmt.Errorf("%s of %s: the first parents of %.12s do not lead to %.12s, but to %.12s: "+
				"name that as the base, or take both sides of each merge: merges: flatten",
				of, run.Redact(r.url), of.Tip, of.Base, strings.Join(from, " "))
		}
		return nil
	}
	for _, c := range commits {
		if len(c.Parents) > 1 {
			return fmt.Errorf("%s of %s has a merge in it: %.12s %s\n"+
				"  Say how to take it: merges: first-parent, as one change of the branch, or merges: flatten, as the commits\n"+
				"  of both sides; or name the commits of the side branch as a range by themselves.\n"+
				"  An import has -merges=first-parent and -merges=flatten for that",
				of, run.Redact(r.url), c.ID, c.Subject)
		}
	}
	return nil
}

// connect fetches as much of the history of tip as leads to base, and the trees of
// the commits between.
func (r *Remote) connect(ctx context.Context, base, tip string) error {
	ok, err := r.deepen(ctx, func() (bool, error) { return r.leads(ctx, base, tip), nil }, tip)
	if err != nil {
		return err
	}
	if ok {
		return r.trees(ctx, base+".."+tip)
	}
	if err := r.Fetch(ctx, base); err != nil {
		return err
	}
	return fmt.Errorf("in %s, commit %s is not an ancestor of %s: name the commit that the branch starts from, as git "+
		"merge-base finds it", run.Redact(r.url), base, tip)
}

// leads reports whether base is known to be an ancestor of tip.
func (r *Remote) leads(ctx context.Context, base, tip string) bool {
	if !r.present(ctx, base) || !r.present(ctx, tip) {
		return false
	}
	_, err := r.git.output(ctx, r.dir, "merge-base", "--is-ancestor", base, tip)
	return err == nil
}

// whole reports whether all of a commit's history is here.
func (r *Remote) whole(ctx context.Context, tip string) (bool, error) {
	shallow, err := os.ReadFile(filepath.Join(r.dir, "shallow"))
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	out, err := r.git.output(ctx, r.dir, "rev-list", tip)
	if err != nil {
		return false, err
	}
	for id := range strings.FieldsSeq(string(shallow)) {
		if strings.Contains(string(out), id) {
			return false, nil
		}
	}
	return true, nil
}
