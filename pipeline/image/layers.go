package image

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/platform"
)

// layerStage writes layers.
var layerStage = build.Stage[layerInput, *images.Layer]{
	Name: "layers", Revision: images.Revision, Keep: 24, Run: writeLayer, Read: readLayer,
}

type layerInput struct {
	key   []any // what decides the layer
	write func(ctx context.Context, dst string) (*images.Layer, error)
}

// MarshalJSON returns what decides the output.
func (in layerInput) MarshalJSON() ([]byte, error) { return json.Marshal(in.key) }

func writeLayer(ctx context.Context, _ *build.Session, in layerInput, dst string) error {
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

// A layerCache writes the layers that are not in the cache.
type layerCache struct {
	session      *build.Session
	writer       *images.LayerWriter
	compressions []string
	date         time.Time // of all files
	one          func()    // counts a layer of a fork's images
}

func newLayerCache(s *build.Session, p plan) layerCache {
	return layerCache{session: s, writer: &images.LayerWriter{}, compressions: p.compressions(), date: p.input.Date}
}

// each returns a layer in each compression.
func (w layerCache) each(
	ctx context.Context, input func(compression string) layerInput,
) ([]*images.Layer, error) {
	var out []*images.Layer
	for _, how := range w.compressions {
		l, _, err := build.Do(ctx, w.session, layerStage, input(how))
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// files returns the layer with some files, in each compression.
func (w layerCache) files(ctx context.Context, files []images.File) ([]*images.Layer, error) {
	sums, files, err := describe(files, func(name string) (string, error) {
		_, sum, err := w.session.Dist().Memory.Sum(name)
		return sum.String(), err
	})
	if err != nil {
		return nil, err
	}
	return w.each(ctx, func(how string) layerInput {
		return layerInput{
			key: []any{sums, how, w.date.UTC().String()},
			write: func(_ context.Context, dst string) (*images.Layer, error) {
				return w.writer.Write(dst, files, how, w.date)
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

// addDebian adds the layer of Debian's packages to the base of each platform.
func addDebian(ctx context.Context, w layerCache, p plan, bases map[platform.Platform]base) error {
	if !p.fork.Images.Debian.IsSet() || !p.hasBase() {
		return nil
	}
	from, err := archives(p.fork)
	if err != nil {
		return err
	}
	for _, on := range p.platforms {
		pins := p.pins[on.Arch]
		layers, err := w.each(ctx, func(how string) layerInput {
			return layerInput{
				key: []any{"debian", pins, how, w.date.UTC().String()},
				write: func(ctx context.Context, dst string) (*images.Layer, error) {
					return w.writeDebian(ctx, from, pins, how, dst)
				},
			}
		})
		if err != nil {
			return fmt.Errorf("%s: images.debian: %w", p.fork.File("fork.yaml"), err)
		}
		bases[on] = base{image: bases[on].image, debian: layers, files: images.Base{
			Name: p.debianName(), Files: layers[0].Files, Layers: []v1.Layer{layers[0]},
		}}
	}
	return nil
}

// debianName returns what errors call the base of Debian's packages.
func (p plan) debianName() string {
	var suites []string
	for _, suite := range p.fork.Images.Debian.Suites {
		words := strings.Fields(suite)
		suites = append(suites, words[len(words)-1])
	}
	return "images.debian (" + strings.Join(suites, ", ") + ")"
}

// writeDebian writes the layer of Debian's packages.
func (w layerCache) writeDebian(
	ctx context.Context, from []debbase.Archive, pins []debbase.Pin, compression, dst string,
) (*images.Layer, error) {
	debs := w.session.CacheDir("debs")
	one := w.session.Counter("image", "Debian's packages", len(pins), "packages")
	if err := debbase.Fetch(ctx, from, pins, debs, one); err != nil {
		return nil, err
	}
	scratch, err := w.session.Scratch()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	unpacked, err := debbase.Unpack(ctx, pins, debs, scratch)
	if err != nil {
		return nil, err
	}
	for _, note := range unpacked.Notes {
		w.session.Note(note)
	}
	return w.writer.Write(dst, debianFiles(unpacked.Entries), compression, w.date)
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
