package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// A Shown is what a target shows.
type Shown struct {
	Head     state.Head
	Tag      string // of the head, as Target.Swap compares it
	Snapshot state.Snapshot
	Files    []tree.Entry // all of the snapshot's, with those that describe it
	Ending   []tree.Entry // files that are there still, each until its time
}

// Read reads what a target shows; nil if nothing was ever published there. A state that cannot
// be read is an error, never an empty one.
func Read(ctx context.Context, t Target) (*Shown, error) {
	s, err := readHead(ctx, t)
	if err != nil || s == nil {
		return nil, err
	}
	if s.Snapshot, s.Files, err = readSnapshot(ctx, t, s.Head.Snapshot); err != nil {
		return nil, err
	}
	if s.Head.Ending == "" {
		return s, nil
	}
	ending, _, err := readListing(ctx, t, s.Head.Ending)
	for _, e := range ending {
		if e.Until > s.Head.Pruned {
			s.Ending = append(s.Ending, e)
		}
	}
	return s, err
}

// Ancestors returns the IDs of the snapshots before s, the nearest first, as far back as the
// target knows them.
func Ancestors(ctx context.Context, t Target, s state.Snapshot) ([]string, error) {
	var ids []string
	for s.Parent != "" {
		ids = append(ids, s.Parent)
		parent, err := readDescription(ctx, t, s.Parent)
		if errors.Is(err, fs.ErrNotExist) {
			return ids, nil
		}
		if err != nil {
			return nil, err
		}
		if parent.snapshot.ID >= s.ID {
			return nil, damaged(t, SnapshotFile(s.ID), errors.New("it says that it was made of a later snapshot"))
		}
		s = parent.snapshot
	}
	return ids, nil
}

// readHead returns what a target shows without its files.
func readHead(ctx context.Context, t Target) (*Shown, error) {
	data, tag, err := t.Get(ctx, HeadFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: reading %s: %w", t, HeadFile, err)
	}
	s := &Shown{Tag: tag}
	if err := json.Unmarshal(data, &s.Head); err != nil {
		return s, damaged(t, HeadFile, err)
	}
	if err := checkHead(s.Head); err != nil {
		return s, damaged(t, HeadFile, err)
	}
	return s, nil
}

func checkHead(h state.Head) error {
	if h.Schema != headSchema {
		return fmt.Errorf("its schema is %d, and this version reads %d", h.Schema, headSchema)
	}
	if _, err := state.Time(h.Snapshot); err != nil {
		return fmt.Errorf("it names the snapshot %q: %w", h.Snapshot, err)
	}
	if _, err := time.Parse(time.RFC3339, h.Pruned); h.Pruned != "" && err != nil {
		return err
	}
	return nil
}

type description struct {
	snapshot state.Snapshot
	file     tree.File
}

func readDescription(ctx context.Context, t Target, id string) (description, error) {
	path := SnapshotFile(id)
	data, _, err := t.Get(ctx, path)
	if err != nil {
		return description{}, damaged(t, path, err)
	}
	d := description{file: tree.Of(tree.Content, path, data)}
	if err := json.Unmarshal(data, &d.snapshot); err != nil {
		return d, damaged(t, path, err)
	}
	if d.snapshot.ID != id {
		return d, damaged(t, path, fmt.Errorf("it describes the snapshot %q", d.snapshot.ID))
	}
	return d, nil
}

// readSnapshot returns a snapshot and all of its files.
func readSnapshot(ctx context.Context, t Target, id string) (state.Snapshot, []tree.Entry, error) {
	d, err := readDescription(ctx, t, id)
	if err != nil {
		return state.Snapshot{}, nil, err
	}
	entries, listing, err := readListing(ctx, t, d.snapshot.Tree)
	if err != nil {
		return state.Snapshot{}, nil, err
	}
	return d.snapshot, append(entries, d.file.Entry, listing), nil
}

// readListing returns what a listing lists, and the entry of the listing itself.
func readListing(ctx context.Context, t Target, digest string) ([]tree.Entry, tree.Entry, error) {
	data, err := getListed(ctx, t, tree.Entry{Path: ListingFile(digest), SHA256: digest, Size: -1})
	if err != nil {
		return nil, tree.Entry{}, err
	}
	entries, err := tree.DecodeListing(data)
	if err != nil {
		return nil, tree.Entry{}, damaged(t, ListingFile(digest), err)
	}
	return entries, tree.Of(tree.Content, ListingFile(digest), data).Entry, nil
}

// getListed returns a state's object, compared with its entry; a size of -1 is not known.
func getListed(ctx context.Context, t Target, e tree.Entry) ([]byte, error) {
	data, _, err := t.Get(ctx, e.Path)
	if err != nil {
		return nil, damaged(t, e.Path, err)
	}
	got := tree.Of(e.Class, e.Path, data)
	if e.Size < 0 {
		e.Size = got.Size
	}
	if err := e.Matches(got.Size, got.SHA256); err != nil {
		return nil, damaged(t, e.Path, err)
	}
	return data, nil
}

// damaged is the error of a state's object that cannot be read as it was written.
func damaged(t Target, path string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s: reading %s: %w; nothing was changed. If it is damaged, publish again with -repair "+
		"from where the whole repository is", t, path, err)
}
