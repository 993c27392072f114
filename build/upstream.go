package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/lineerr"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/source"
)

// upstreamStage gets upstream trees. A project keeps enough of them for the forks
// of a few upstreams.
var upstreamStage = Stage[upstreamInput, source.Tree]{
	Name: "source", Revision: 2, Keep: keptTrees, Run: fetchUpstream, Read: readTree,
}

// keptTrees is how many upstream trees a project keeps.
const keptTrees = 4

// upstreamInput is the upstream of a fork as far as fork.yaml and the profile
// decide its tree.
type upstreamInput struct {
	source.Input
	// Less tells a tree that leaves out what fork.lock drops from the one by the same
	// name that leaves out something else. It is nil where there is no other.
	Less  []lock.Module           `json:",omitzero"`
	tag   string                  // the upstream's, which is only checked
	check func(source.Tree) error // passed before the tree is kept
}

func upstreamOf(f fork.Fork, check func(source.Tree) error) upstreamInput {
	in := upstreamInput{Input: source.Input{Upstream: f.Upstream, Absent: f.Dropped()}, tag: f.Upstream.Tag, check: check}
	in.Upstream.Tag = ""
	if in.Upstream.Git == "" {
		in.Upstream.Commit, in.Upstream.Exclude = "", nil // only told, and only of patches
	}
	if v, ok := f.Upstream.Version(); ok && f.Upstream.Module != "" {
		layout := f.Facts.LayoutAt(v)
		in.Place, in.Siblings = layout.Place, layout.Siblings
	}
	return in
}

// upstreamInput returns the input of the fork's upstream tree. A tree is kept by what
// fork.yaml says of it, since only fetching it tells what was not published. Where
// such a tree is not the one that the lock pins, as after somebody has published
// more, the fork has one of its own.
func (s *Session) upstreamInput(check func(source.Tree) error) upstreamInput {
	in := upstreamOf(s.fork, check)
	if in.Absent == nil {
		return in
	}
	kept, err := readTree(s.hold.cache.Path(upstreamStage.dir(), upstreamStage.key(in)))
	if err == nil && !slices.Equal(kept.Dropped, in.Absent) {
		in.Less = in.Absent
	}
	return in
}

func fetchUpstream(ctx context.Context, s *Session, in upstreamInput, dst string) error {
	fetched := in.Input
	fetched.Upstream.Tag = in.tag
	tree, err := s.Fetcher().Fetch(ctx, fetched, filepath.Join(dst, "tree"))
	if dropped, ok := errors.AsType[*source.DroppedError](err); ok {
		return s.Fork().Stale(&lineerr.Error{File: s.Fork().File("fork.lock"), Err: dropped})
	}
	if err != nil {
		return err
	}
	if err := in.check(tree); err != nil {
		return err
	}
	return writeTree(dst, tree)
}

// Upstream returns the fork's upstream tree, compared file by file with its
// listing: for a command that pins it, or compares it.
func (s *Session) Upstream(ctx context.Context) (source.Tree, error) {
	return s.upstream(ctx, func(t source.Tree) error { return t.Verify(ctx, nil) })
}

// upstream returns the fork's upstream tree, which has passed check. A kept tree
// that does not may be damaged: it is fetched again before that is an error.
func (s *Session) upstream(ctx context.Context, check func(source.Tree) error) (tree source.Tree, err error) {
	in := s.upstreamInput(check)
	err = s.Stage("source", "", "", func() (Done, error) {
		var kept bool
		if tree, kept, err = Do(ctx, s, upstreamStage, in); err == nil && kept {
			err = check(tree)
		}
		if err != nil && kept && ctx.Err() == nil {
			if stale := new(fork.StaleError); !errors.As(err, &stale) {
				s.noteAgain(err)
			}
			if err := Forget(s, upstreamStage, in); err != nil {
				return Done{}, err
			}
			tree, kept, err = Do(ctx, s, upstreamStage, in)
		}
		if WouldRun(err) {
			return Done{}, err
		}
		return Done{Detail: fmt.Sprintf("%s, %d MB", extent(tree), tree.Tree.Size()/1e6), Kept: kept}, err
	})
	return tree, err
}

// ForgetDropped removes the kept upstream tree if something was left out of it,
// for that may have been published since.
func (s *Session) ForgetDropped() error {
	in := s.upstreamInput(nil)
	if t, err := readTree(s.upstreamDir()); err != nil || len(t.Dropped) == 0 {
		return nil
	}
	return Forget(s, upstreamStage, in)
}

// upstreamDir returns the folder of the cache where the upstream tree is, if it is
// kept.
func (s *Session) upstreamDir() string {
	return s.hold.cache.Path(upstreamStage.dir(), upstreamStage.key(s.upstreamInput(nil)))
}

// extent says how much an upstream tree is.
func extent(t source.Tree) string {
	if len(t.Modules) > 0 {
		return text.Count(len(t.Modules), "module")
	}
	return text.Count(len(t.Tree), "file")
}

// keptTree is what the record beside a kept tree says.
type keptTree struct {
	source.Tree
	Digest string
}

// writeTree writes beside the folder tree in dst what readTree needs: what the
// tree was made of, behind a sum of just that, and its listing.
func writeTree(dst string, t source.Tree) error {
	data, err := json.Marshal(keptTree{t, t.Tree.Digest()})
	if err != nil {
		return err
	}
	data = fmt.Appendf(nil, "%x %s", sha256.Sum256(data), data)
	if err := os.WriteFile(filepath.Join(dst, "record"), data, 0o644); err != nil {
		return err
	}
	return writeListing(filepath.Join(dst, "listing"), t.Tree)
}

// readTree reads what writeTree wrote. It does not read the tree's files.
func readTree(dir string) (source.Tree, error) {
	var t keptTree
	name := filepath.Join(dir, "record")
	data, err := os.ReadFile(name)
	if err != nil {
		return t.Tree, err
	}
	sum, record, _ := bytes.Cut(data, []byte(" "))
	if string(sum) != fmt.Sprintf("%x", sha256.Sum256(record)) {
		return t.Tree, fmt.Errorf("%s was changed by something else", name)
	}
	if err := json.Unmarshal(record, &t); err != nil {
		return t.Tree, err
	}
	t.Path = filepath.Join(dir, "tree")
	t.Dir.Tree, err = readListing(filepath.Join(dir, "listing"))
	if err == nil && t.Dir.Tree.Digest() != t.Digest {
		err = fmt.Errorf("%s was changed by something else", filepath.Join(dir, "listing"))
	}
	return t.Tree, err
}

func writeListing(name string, t filetree.Tree) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(t.WriteListing(f), f.Close())
}

func readListing(name string) (filetree.Tree, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := filetree.ReadListing(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}
