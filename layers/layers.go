// Package layers writes the layers of images that are not in the cache of a session.
package layers

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/images"
)

// stage writes layers.
var stage = build.Stage[input, *images.Layer]{
	Name: "layers", Revision: images.Revision, Keep: 40, Run: writeLayer, Read: readLayer,
}

type input struct {
	key   []any // what decides the layer
	write func(ctx context.Context, dst string) (*images.Layer, error)
}

// MarshalJSON returns what decides the output.
func (in input) MarshalJSON() ([]byte, error) { return json.Marshal(in.key) }

func writeLayer(ctx context.Context, _ *build.Session, in input, dst string) error {
	made, err := in.write(ctx, filepath.Join(dst, "blob"))
	if err != nil {
		return err
	}
	return build.WriteJSON(dst, "layer.json", made)
}

func readLayer(dir string) (*images.Layer, error) {
	l, err := build.ReadJSON[images.Layer]("layer.json")(dir)
	if err != nil {
		return nil, err
	}
	return l.At(filepath.Join(dir, "blob")), nil
}

// A Cache has the layers of one image medium.
type Cache struct {
	session      *build.Session
	writer       *images.LayerWriter
	compressions []string
	date         time.Time // of all files
	// Note is told how a layer of Debian's packages differs from what dpkg installs.
	Note func(string)
}

// New returns the layers in the cache of a session, each in some compressions. date is the time
// of all files.
func New(s *build.Session, compressions []string, date time.Time) Cache {
	return Cache{
		session: s, writer: &images.LayerWriter{}, compressions: compressions, date: date, Note: s.Note,
	}
}

// each returns a layer in each compression.
func (c Cache) each(
	ctx context.Context, in func(compression string) input,
) ([]*images.Layer, error) {
	var out []*images.Layer
	for _, how := range c.compressions {
		l, _, err := build.Do(ctx, c.session, stage, in(how))
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// Files returns the layer with some files, in each compression.
func (c Cache) Files(ctx context.Context, files []images.File) ([]*images.Layer, error) {
	sums, files, err := describe(files, func(name string) (string, error) {
		_, sum, err := c.session.Dist().Memory.Sum(name)
		return sum.String(), err
	})
	if err != nil {
		return nil, err
	}
	return c.each(ctx, func(how string) input {
		return input{
			key: []any{sums, how, c.date.UTC().String()},
			write: func(_ context.Context, dst string) (*images.Layer, error) {
				return c.writer.Write(dst, files, how, c.date)
			},
		}
	})
}

// describe returns a text of each file that says all that goes into a layer, and
// the files with the sums of their sources, which sum returns. The texts go into
// keys of the cache: a change of one writes all layers again.
func describe(files []images.File, sum func(name string) (string, error)) ([]string, []images.File, error) {
	files = slices.Clone(files)
	sums := make([]string, len(files))
	for i, f := range files {
		if f.Source != "" {
			now, err := sum(f.Source)
			if err != nil {
				return nil, nil, err
			}
			sums[i], f.Source, f.Guest, files[i].Sum = now, "", false, now
		} else {
			sums[i], f.Data = fmt.Sprintf("%x", sha256.Sum256(f.Data)), nil
		}
		sums[i] += fmt.Sprintf("%+v", f)
	}
	return sums, files, nil
}

// Debian returns the layer with Debian's packages, in each compression. from is where they
// are fetched.
func (c Cache) Debian(ctx context.Context, from []debbase.Archive, pins []debbase.Pin) ([]*images.Layer, error) {
	return c.each(ctx, func(how string) input {
		return input{
			key: []any{"debian", pins, how, c.date.UTC().String()},
			write: func(ctx context.Context, dst string) (*images.Layer, error) {
				return c.writeDebian(ctx, from, pins, how, dst)
			},
		}
	})
}

// writeDebian writes the layer of Debian's packages.
func (c Cache) writeDebian(
	ctx context.Context, from []debbase.Archive, pins []debbase.Pin, compression, dst string,
) (*images.Layer, error) {
	debs := c.session.CacheDir("debs")
	one := c.session.Counter("image", "Debian's packages", len(pins), "packages")
	if err := debbase.Fetch(ctx, from, pins, debs, one); err != nil {
		return nil, err
	}
	scratch, err := c.session.Scratch()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	unpacked, err := debbase.Unpack(ctx, pins, debs, scratch)
	if err != nil {
		return nil, err
	}
	for _, one := range unpacked.Notes {
		c.Note(one)
	}
	return c.writer.Write(dst, debianFiles(unpacked.Entries), compression, c.date)
}

// debianFiles returns the files of unpacked packages.
func debianFiles(entries []debbase.Entry) []images.File {
	out := make([]images.File, len(entries))
	for i, e := range entries {
		mode := int64(e.Mode.Perm())
		if e.Mode&fs.ModeSticky != 0 {
			mode |= 0o1000
		}
		out[i] = images.File{
			Path: "/" + e.Path, Mode: mode, UID: e.UID, GID: e.GID, Folder: e.Kind == debbase.Folder,
			Target: e.Target, Hard: e.Kind == debbase.HardLink, Size: e.Size, Open: e.Open,
		}
	}
	return out
}
