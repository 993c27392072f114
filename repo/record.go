package repo

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/vex"
	"github.com/slipway-build/slipway/repo/apt"
	"github.com/slipway-build/slipway/repo/downloads"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/repo/yum"
)

// A recording is a release that is being added: its folder, and what becomes of it.
type recording struct {
	dir     string // absolute
	shown   string // for messages
	release artifact.Release
	record  state.Record
	files   []tree.File
}

// release reads what the release of f in a folder says of itself.
func (k Keeper) release(f fork.Fork, dir string) (artifact.Release, error) {
	release, err := artifact.ReadRelease(k.Project.At(dir))
	if err == nil && release.Fork != f.ID {
		err = fmt.Errorf("%s is a release of %s, not of %s", dir, release.Fork, f.ID)
	}
	return release, err
}

// record reads a release of f in a folder, each file once, and checks that it is what was released.
func (k Keeper) record(
	ctx context.Context, f fork.Fork, dir string, release artifact.Release, by *sign.Signer,
) (state.Record, []tree.File, error) {
	abs := k.Project.At(dir)
	in := f.InRepository()
	r := recording{dir: abs, shown: dir, release: release, record: state.Record{
		Schema: state.Schema, Release: release, Suites: in.Suites, Downloads: in.Downloads,
	}}
	for _, step := range []func(context.Context) error{r.debs, r.rpms, r.advisories, r.overlay, r.distfiles} {
		if err := step(ctx); err != nil {
			return state.Record{}, nil, r.explain(err)
		}
	}
	names, err := k.programs(f)
	if err != nil {
		return state.Record{}, nil, err
	}
	more, err := downloads.Files(ctx, downloads.Input{Release: release, Dir: abs, Folder: in.Downloads, Names: names,
		As: f.Facts.Further(f.Parsed)}, by)
	if err != nil {
		return state.Record{}, nil, err
	}
	if r.files, err = tree.Merge(r.files, more); err != nil {
		return state.Record{}, nil, err
	}
	for _, file := range r.files {
		r.record.Files = append(r.record.Files, file.Entry)
	}
	return r.record, r.files, r.check(ctx, more)
}

// programs returns what a component that is several programs is called by, by the component.
func (k Keeper) programs(f fork.Fork) (map[string][]string, error) {
	recipes, _, err := profiles.Recipes(k.Project.Dir, f.Profile, f.Parsed)
	if missing := (*profiles.MissingError)(nil); errors.As(err, &missing) {
		return nil, nil // the project has no packages, and so no such names
	}
	names := map[string][]string{}
	for _, m := range recipes.Multicall {
		if m.Versions.Contains(f.Parsed) && names[m.Component] == nil {
			names[m.Component] = slices.Sorted(maps.Keys(m.Programs))
		}
	}
	return names, err
}

func (r *recording) debs(ctx context.Context) error {
	all := r.packages("deb")
	r.record.Debs = make([]apt.Package, len(all))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, a := range all {
		work.Go(func() (err error) {
			if r.record.Debs[i], err = apt.Read(ctx, r.abs(a)); err != nil {
				return cmp.Or(r.check(ctx, []tree.File{r.file(a, "")}), err)
			}
			if "sha256:"+r.record.Debs[i].SHA256 != a.Digest {
				return r.changed(a, r.record.Debs[i].SHA256)
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	for i, p := range r.record.Debs {
		r.add(all[i], p.Path)
	}
	return nil
}

func (r *recording) rpms(ctx context.Context) error {
	all := r.packages("rpm")
	sources := make([]yum.Source, len(all))
	for i, a := range all {
		sources[i] = yum.Source{File: r.abs(a), SHA256: strings.TrimPrefix(a.Digest, "sha256:")}
	}
	var err error
	if r.record.RPMs, err = yum.ReadAll(ctx, sources); err != nil {
		return err
	}
	for i, p := range r.record.RPMs {
		r.add(all[i], p.Path)
	}
	return nil
}

// advisories reads what the release fixes, if it says so.
func (r *recording) advisories(context.Context) error {
	name := filepath.Join(r.dir, vex.UpdateFile)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) || len(r.record.RPMs) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	var u vex.Update
	if err := json.Unmarshal(data, &u); err != nil {
		return fmt.Errorf("%s: %w", path.Join(r.shown, vex.UpdateFile), err)
	}
	one, err := yum.FromUpdate(u, r.record.RPMs)
	if err == nil {
		r.record.Advisory = []yum.Advisory{one}
	}
	return err
}

func (r *recording) overlay(ctx context.Context) error {
	r.record.Overlay = map[string][]byte{}
	for _, a := range r.release.Kind(artifact.Overlay) {
		data, err := os.ReadFile(r.abs(a))
		if err != nil {
			return err
		}
		if digest := sha256.Sum256(data); "sha256:"+hex.EncodeToString(digest[:]) != a.Digest {
			return r.changed(a, hex.EncodeToString(digest[:]))
		}
		r.record.Overlay[strings.TrimPrefix(a.Path, "overlay/")] = data
	}
	return ctx.Err()
}

func (r *recording) distfiles(ctx context.Context) error {
	all := r.release.Kind(artifact.Distfile)
	for _, a := range all {
		r.add(a, path.Join("distfiles", path.Base(a.Path)))
	}
	return r.check(ctx, r.files[len(r.files)-len(all):])
}

func (r *recording) packages(format string) []artifact.Released {
	var out []artifact.Released
	for _, a := range r.release.Kind(artifact.Package) {
		if a.Format == format {
			out = append(out, a)
		}
	}
	return out
}

func (r *recording) abs(a artifact.Released) string {
	return filepath.Join(r.dir, filepath.FromSlash(a.Path))
}

func (r *recording) add(a artifact.Released, to string) { r.files = append(r.files, r.file(a, to)) }

func (r *recording) file(a artifact.Released, to string) tree.File {
	return tree.File{From: r.abs(a), Entry: tree.Entry{
		Path: to, Size: a.Size, SHA256: strings.TrimPrefix(a.Digest, "sha256:"), Class: tree.Content,
	}}
}

// explain says of a file that is missing what it is.
func (r *recording) explain(err error) error {
	if missing := (*fs.PathError)(nil); errors.As(err, &missing) && errors.Is(missing, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing, and %s has it\n  Make the release again, or fetch it again",
			path.Join(r.shown, r.within(missing.Path)), artifact.ReleaseFile)
	}
	return err
}

// check hashes files, and compares them with what the record says of them.
func (r *recording) check(ctx context.Context, files []tree.File) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range files {
		if f.From == "" || f.Alias != "" {
			continue
		}
		work.Go(func() error {
			sum, err := hashFile(ctx, f.From)
			if err == nil && sum != f.SHA256 {
				err = r.changed(artifact.Released{Path: r.within(f.From), Digest: "sha256:" + f.SHA256}, sum)
			}
			return err
		})
	}
	return work.Wait()
}

func (r *recording) within(file string) string {
	rel, err := filepath.Rel(r.dir, file)
	if err != nil {
		return file
	}
	return filepath.ToSlash(rel)
}

func (r *recording) changed(a artifact.Released, sum string) error {
	return fmt.Errorf("%s is not what was released: %s says %s, and it is sha256:%s\n"+
		"  Make the release again, or fetch it again",
		path.Join(r.shown, a.Path), artifact.ReleaseFile, a.Digest, sum)
}

// hashFile returns the SHA-256 of a file, in hex.
func hashFile(ctx context.Context, name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		switch {
		case errors.Is(err, io.EOF):
			return hex.EncodeToString(h.Sum(nil)), nil
		case err != nil:
			return "", err
		case ctx.Err() != nil:
			return "", ctx.Err()
		}
	}
}
