package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
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

	endingList tree.Entry // the listing of what ends
}

// Read reads what a target shows; nil if nothing was ever published there. A state that cannot
// be read is an error, never an empty one.
func Read(ctx context.Context, t Target) (*Shown, error) {
	s, err := read(ctx, t)
	if err != nil || s.Head.Snapshot == "" {
		return nil, err
	}
	return s, nil
}

// read is Read, and returns what it could read with an error, and the zero Shown if there is
// nothing.
func read(ctx context.Context, t Target) (*Shown, error) {
	s, err := readHead(ctx, t)
	if err != nil || s.Head.Snapshot == "" {
		return s, err
	}
	if s.Snapshot, s.Files, err = readSnapshot(ctx, t, s.Head.Snapshot); err != nil || s.Head.Ending == "" {
		return s, err
	}
	ending, list, err := readListing(ctx, t, s.Head.Ending)
	if err != nil {
		return s, err
	}
	s.endingList = list
	pruned, _ := time.Parse(time.RFC3339, s.Head.Pruned)
	past := map[string]bool{}
	for _, e := range ended(ending, pruned) {
		past[e.Path] = true
	}
	s.Ending = slices.DeleteFunc(ending, func(e tree.Entry) bool { return past[e.Path] })
	return s, nil
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
			return nil, damage(t, SnapshotFile(s.ID), errors.New("it says that it was made of a later snapshot"))
		}
		s = parent.snapshot
	}
	return ids, nil
}

// readHead returns what a target shows without its files.
func readHead(ctx context.Context, t Target) (*Shown, error) {
	s := &Shown{}
	data, tag, err := get(ctx, t, HeadFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.Tag = tag
	if err := json.Unmarshal(data, &s.Head); err != nil {
		return s, damage(t, HeadFile, err)
	}
	if err := checkHead(s.Head); err != nil {
		return s, damage(t, HeadFile, err)
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
	data, _, err := get(ctx, t, path)
	if err != nil {
		return description{}, err
	}
	d := description{file: tree.Of(tree.Content, path, data)}
	if err := json.Unmarshal(data, &d.snapshot); err != nil {
		return d, damage(t, path, err)
	}
	if d.snapshot.ID != id {
		return d, damage(t, path, fmt.Errorf("it describes the snapshot %q", d.snapshot.ID))
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
	data, err := Content(ctx, t, tree.Entry{Path: ListingFile(digest), SHA256: digest, Size: -1})
	if err != nil {
		return nil, tree.Entry{}, err
	}
	entries, err := tree.DecodeListing(data)
	if err != nil {
		return nil, tree.Entry{}, damage(t, ListingFile(digest), err)
	}
	return entries, tree.Of(tree.Content, ListingFile(digest), data).Entry, nil
}

// Content returns a small file that a target lists, if it is what its entry says; a size of -1 is
// not known.
func Content(ctx context.Context, t Target, e tree.Entry) ([]byte, error) {
	data, _, err := get(ctx, t, e.Path)
	if err != nil {
		return nil, err
	}
	got := tree.Of(e.Class, e.Path, data)
	if e.Size < 0 {
		e.Size = got.Size
	}
	if err := e.Matches(got.Size, got.SHA256); err != nil {
		return nil, damage(t, e.Path, err)
	}
	return data, nil
}

// readCommits returns the content of the Commit files of what the target shows.
func readCommits(ctx context.Context, t Target, shown *Shown) (map[string][]byte, error) {
	path := CommitsFile(shown.Head.Snapshot)
	at := slices.IndexFunc(shown.Files, func(e tree.Entry) bool { return e.Path == path })
	if at < 0 {
		return nil, damage(t, ListingFile(shown.Snapshot.Tree), fmt.Errorf("it does not list %s", path))
	}
	data, err := Content(ctx, t, shown.Files[at])
	if err != nil {
		return nil, err
	}
	content, err := tree.DecodeCommits(data)
	if err != nil {
		return nil, damage(t, path, err)
	}
	return content, nil
}

// get reads a state's object. One that is not there, but for the head, is a damaged state.
func get(ctx context.Context, t Target, path string) ([]byte, string, error) {
	data, tag, err := t.Get(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && path != HeadFile:
		return nil, "", damage(t, path, err)
	case err != nil:
		return nil, "", fmt.Errorf("%s: reading %s: %w", t, path, err)
	}
	return data, tag, nil
}

// A DamageError is an object of a state that cannot be read as it was written.
type DamageError struct {
	Target string
	Path   string
	Err    error // fs.ErrNotExist if it is missing
}

func damage(t Target, path string, err error) error { return &DamageError{t.String(), path, err} }

func (e *DamageError) Unwrap() error { return e.Err }

func (e *DamageError) Error() string {
	if errors.Is(e.Err, fs.ErrNotExist) {
		return fmt.Sprintf("%s: %s is damaged: it is missing", e.Target, e.Path)
	}
	return fmt.Sprintf("%s: %s is damaged: %v", e.Target, e.Path, e.Err)
}
