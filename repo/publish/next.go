package publish

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// A Next is the state that a target is to show. Seal makes one of what a change made, and
// Shown.Next of what a folder shows.
type Next struct {
	Snapshot  state.Snapshot
	Ancestors []string    // IDs of the snapshots before it
	Files     []tree.File // all, with the files that describe the snapshot itself
}

// SnapshotFile is the path of a snapshot's description.
func SnapshotFile(id string) string { return state.SnapshotPath(id) }

// ListingFile is the path of the listing with that SHA-256.
func ListingFile(digest string) string { return "state/trees/" + digest + ".json.gz" }

// CommitsFile is the path of the content of all Commit files of a snapshot.
func CommitsFile(id string) string { return "state/commits/" + id + ".json.gz" }

// Seal completes a snapshot whose files are these: it adds the content of their Commit files,
// the listing and the description, and sets s.Tree. A listing has all but itself and the
// description, which names it.
func Seal(s state.Snapshot, ancestors []string, files []tree.File) (Next, error) {
	commits, err := tree.EncodeCommits(files)
	if err != nil {
		return Next{}, fmt.Errorf("snapshot %s: %w", s.ID, err)
	}
	files, err = tree.Merge(files, []tree.File{tree.Of(tree.Content, CommitsFile(s.ID), commits)})
	if err != nil {
		return Next{}, fmt.Errorf("snapshot %s: %w", s.ID, err)
	}
	listing, err := tree.EncodeListing(entriesOf(files))
	if err != nil {
		return Next{}, fmt.Errorf("snapshot %s: %w", s.ID, err)
	}
	listed := tree.Of(tree.Content, "", listing)
	s.Tree, listed.Path = listed.SHA256, ListingFile(listed.SHA256)
	description, err := json.Marshal(s)
	if err != nil {
		return Next{}, err
	}
	described := tree.Of(tree.Content, SnapshotFile(s.ID), append(description, '\n'))
	n := Next{Snapshot: s, Ancestors: ancestors, Files: append(files, listed, described)}
	tree.Sort(n.Files)
	return n, n.check()
}

// Next returns what the folder root shows, as s was read from it, to publish elsewhere.
func (s *Shown) Next(root string, ancestors []string) Next {
	n := Next{Snapshot: s.Snapshot, Ancestors: ancestors}
	for _, e := range s.Files {
		n.Files = append(n.Files, tree.File{Entry: e, From: filepath.Join(root, filepath.FromSlash(e.Path))})
	}
	return n
}

// follows reports whether a target that shows the snapshot can be brought to n.
func (n Next) follows(snapshot string) bool {
	return snapshot == "" || snapshot == n.Snapshot.ID || slices.Contains(n.Ancestors, snapshot)
}

// check refuses files that could not be published, before anything is.
func (n Next) check() error {
	at := make(map[string]tree.Entry, len(n.Files))
	for _, f := range n.Files {
		if err := f.Check(); err != nil {
			return fmt.Errorf("snapshot %s: %w", n.Snapshot.ID, err)
		}
		if _, twice := at[f.Path]; twice || f.Path == HeadFile {
			return fmt.Errorf("snapshot %s: %s cannot be one of its files, or is twice", n.Snapshot.ID, f.Path)
		}
		at[f.Path] = f.Entry
	}
	for _, f := range n.Files {
		if f.Alias == "" {
			continue
		}
		of, ok := at[f.Alias]
		if !ok || of.SHA256 != f.SHA256 || of.Class != tree.Content || of.Alias != "" {
			return fmt.Errorf("snapshot %s: %s is to be a copy of %s, which is not content with the same bytes",
				n.Snapshot.ID, f.Path, f.Alias)
		}
	}
	if _, err := state.Time(n.Snapshot.ID); err != nil {
		return fmt.Errorf("snapshot %q: the ID of a snapshot is a time, as 20261126T034500.000Z", n.Snapshot.ID)
	}
	for _, own := range []string{SnapshotFile(n.Snapshot.ID), ListingFile(n.Snapshot.Tree), CommitsFile(n.Snapshot.ID)} {
		if _, ok := at[own]; !ok {
			return fmt.Errorf("snapshot %s: its files are without %s", n.Snapshot.ID, own)
		}
	}
	return nil
}

func entriesOf(files []tree.File) []tree.Entry {
	entries := make([]tree.Entry, len(files))
	for i, f := range files {
		entries[i] = f.Entry
	}
	return entries
}
