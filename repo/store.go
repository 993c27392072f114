package repo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/folder"
	"github.com/slipway-build/slipway/repo/settings"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// A store is the repository in dist/repo as it is.
type store struct {
	root      string // absolute
	target    publish.Target
	shown     *publish.Shown // nil if there is nothing yet
	before    state.Snapshot // what it shows; zero if nothing
	ancestors []string       // of before
	listing   []tree.Entry
	partial   bool                    // content of what it shows is elsewhere
	fetched   map[string][]byte       // content by path, where it is not this folder that shows before
	records   map[string]state.Record // by their digests: those that any kept snapshot needs
	kept      []state.Snapshot        // that can be gone back to, the newest first
}

// openStore reads dist/repo. A change that a killed run left half done is completed first.
func (k Keeper) openStore(ctx context.Context, held *build.Held) (*store, error) {
	s := &store{root: k.Project.Path(Dir), records: map[string]state.Record{}}
	options, err := k.target(held)
	if err != nil {
		return nil, err
	}
	s.target, err = folder.Open(ctx, &url.URL{Scheme: "file", Path: s.root}, options)
	if err != nil {
		return nil, err
	}
	if err := s.load(ctx, k); err != nil {
		return nil, errors.Join(err, s.target.Close())
	}
	return s, nil
}

func (s *store) load(ctx context.Context, k Keeper) error {
	var err error
	if s.shown, err = publish.Read(ctx, s.target); err != nil || s.shown == nil {
		return s.unread(err)
	}
	if s.ancestors, err = publish.Ancestors(ctx, s.target, s.shown.Snapshot); err != nil {
		return err
	}
	if s.shown.Head.Pending {
		request := publish.Request{Now: k.Now}
		if _, err := publish.Publish(ctx, s.target, s.shown.Next(s.root, s.ancestors), request); err != nil {
			return err
		}
	}
	s.before, s.listing = s.shown.Snapshot, s.shown.Files
	_, err = os.Lstat(s.abs(partialFile))
	s.partial = err == nil
	return s.remember(ctx)
}

// remember reads the snapshots that can be gone back to, and their records.
func (s *store) remember(ctx context.Context) error {
	for _, id := range s.before.Kept {
		one, err := s.snapshot(ctx, id)
		if err != nil {
			return err
		}
		s.kept = append(s.kept, one)
		for _, sum := range one.Records() {
			if _, ok := s.records[sum]; ok {
				continue
			}
			f, err := s.small(state.RecordPath(sum))
			if err != nil {
				return err
			}
			if s.records[sum], err = state.DecodeRecord(f.Data, sum); err != nil {
				return err
			}
		}
	}
	return nil
}

// snapshot returns a snapshot that can be gone back to.
func (s *store) snapshot(ctx context.Context, id string) (state.Snapshot, error) {
	if id == s.before.ID {
		return s.before, nil
	}
	data, err := s.describe(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return state.Snapshot{}, fmt.Errorf("%s has no snapshot %s: it has %s", Dir, id, strings.Join(s.before.Kept, ", "))
	}
	if err != nil {
		return state.Snapshot{}, err
	}
	return state.DecodeSnapshot(publish.SnapshotFile(id), data)
}

func (s *store) describe(ctx context.Context, id string) ([]byte, error) {
	if data, ok := s.fetched[publish.SnapshotFile(id)]; ok {
		return data, nil
	}
	data, _, err := s.target.Get(ctx, publish.SnapshotFile(id))
	return data, err
}

// read returns a file of the repository, if it is as the listing has it.
func (s *store) read(e tree.Entry) ([]byte, error) {
	for _, name := range []string{e.Path, e.Alias} {
		if data, ok := s.fetched[name]; ok {
			return data, nil
		}
	}
	data, err := os.ReadFile(s.abs(e.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s/%s is missing\n  %s", Dir, e.Path, remedy(e.Path))
	}
	if err != nil {
		return nil, err
	}
	if digest := sha256.Sum256(data); hex.EncodeToString(digest[:]) != e.SHA256 {
		return nil, fmt.Errorf("%s/%s is not as it was made: somebody changed it\n  %s", Dir, e.Path, remedy(e.Path))
	}
	return data, nil
}

func (s *store) abs(file string) string { return filepath.Join(s.root, filepath.FromSlash(file)) }

// small returns small content of the repository by its path.
func (s *store) small(file string) (tree.File, error) {
	f, err := s.content(file)
	if err == nil {
		f.Data, err = s.read(f.Entry)
	}
	return f, err
}

// content returns content of the repository by its path.
func (s *store) content(file string) (tree.File, error) {
	i := slices.IndexFunc(s.listing, func(e tree.Entry) bool { return e.Path == file })
	if i < 0 {
		return tree.File{}, &fs.PathError{Op: "read", Path: path.Join(Dir, file), Err: fs.ErrNotExist}
	}
	return tree.File{Entry: s.listing[i], From: s.abs(file)}, nil
}

// as returns the store as if it showed a state that was fetched. What it publishes replaces what it
// shows.
func (s *store) as(f publish.Next) (*store, error) {
	out := &store{
		root: s.root, target: s.target, partial: true, before: f.Snapshot, records: maps.Clone(s.records),
		ancestors: slices.Concat(f.Ancestors, []string{s.before.ID}, s.ancestors), fetched: map[string][]byte{},
	}
	for _, file := range f.Files {
		out.listing = append(out.listing, file.Entry)
		if file.HasContent() {
			out.fetched[file.Path] = file.Data
		}
	}
	return out, out.remember(context.Background())
}

// recordOf returns the SHA-256 of the record of a release, if the repository has just that one.
func (s *store) recordOf(r artifact.Release) string {
	want, err := r.Encode()
	if err != nil {
		return ""
	}
	for sum, record := range s.records {
		if have, err := record.Release.Encode(); err == nil && bytes.Equal(have, want) {
			return sum
		}
	}
	return ""
}

// retained are files of the repository that the next snapshot's channels do not need, and that
// snapshots that can be gone back to do. files are those that are needed.
func (s *store) retained(next state.Snapshot, files []tree.File) []tree.File {
	needed := map[string]bool{}
	for _, f := range files {
		needed[f.Path] = true
	}
	wanted := s.wanted(next)
	var out []tree.File
	for _, e := range s.listing {
		if needed[e.Path] || e.Class != tree.Content || !wanted(e.Path) {
			continue
		}
		if e.Alias != "" && !needed[e.Alias] {
			e.Alias = "" // it stays when what it was made of goes
		}
		out = append(out, tree.File{Entry: e})
	}
	return out
}

// wanted returns a function that reports whether a snapshot that can be gone back to needs the
// content at a path.
func (s *store) wanted(next state.Snapshot) func(string) bool {
	folders, paths := map[string]bool{}, map[string]bool{}
	for _, one := range s.kept {
		paths[publish.SnapshotFile(one.ID)] = true
		if !slices.Contains(next.Kept, one.ID) {
			continue
		}
		paths[publish.ListingFile(one.Tree)], paths[publish.CommitsFile(one.ID)] = true, true
		folders["apt/snapshots/"+one.ID] = true
		for _, suite := range one.Suites {
			folders["rpm/"+suite.Name+"/"+suite.Revision] = suite.Revision != ""
		}
		for _, sum := range one.Records() {
			paths[state.RecordPath(sum)] = true
			for _, e := range s.records[sum].Files {
				paths[e.Path] = true
			}
		}
	}
	return func(file string) bool {
		parts := strings.SplitN(file, "/", 4)
		return paths[file] || strings.HasPrefix(file, "state/snapshots/") ||
			len(parts) == 4 && folders[strings.Join(parts[:3], "/")]
	}
}

func (s *store) close(err error) error { return errors.Join(err, s.target.Close()) }

// identity is what clients have accepted. It stays, but for the URL.
func identity(s settings.Settings, before state.Snapshot) (state.Identity, error) {
	now := state.Identity{Name: s.Name, Origin: s.Origin, Label: s.Label, URL: s.URL}
	if before.ID == "" {
		return now, nil
	}
	var errs []error
	for _, f := range []struct{ key, now, had string }{
		{"name", now.Name, before.Identity.Name}, {"origin", now.Origin, before.Identity.Origin},
		{"label", now.Label, before.Identity.Label},
	} {
		if f.now != f.had {
			errs = append(errs,
				fmt.Errorf("%s: %s is %q, and the repository was published with %q: its clients would refuse an update\n"+
					"  Set it back, or begin another repository: in another project, at another URL", settings.File, f.key, f.now,
					f.had))
		}
	}
	return now, errors.Join(errs...)
}
