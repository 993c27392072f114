package slipway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/platform"
)

// debianArches are what Debian calls architectures otherwise than Go.
var debianArches = map[string]string{"386": "i386", "arm": "armhf", "ppc64le": "ppc64el"}

// A baseLock is base.lock: the packages of a base, by architecture.
type baseLock struct {
	Of     images.Debian            `json:"of"` // what was asked for
	Arches map[string][]debbase.Pin `json:"arches"`
}

// debian makes the layer of Debian's packages for each platform. The packages are
// those that base.lock pins; where there is none, it is written.
func (g *imaging) debian(ctx context.Context) error {
	f := g.workshop.fork
	want := f.Images.Debian
	if len(want.Packages) == 0 {
		return nil
	}
	keys, err := os.ReadFile(filepath.Join(g.Dir, want.Keyring))
	if err != nil {
		return fmt.Errorf("%s: images.debian.keyring: %w", f.file("fork.yaml"), err)
	}
	var from []debbase.Archive
	for _, suite := range want.Suites {
		words := strings.Fields(suite)
		from = append(from, debbase.Archive{URL: words[0], Suite: words[1], Keyring: keys, Get: get})
	}
	pins, err := g.pinned(ctx, from)
	if err != nil {
		return fmt.Errorf("%s: images.debian: %w", f.file("fork.yaml"), err)
	}
	for _, p := range g.targets {
		if g.at[p].under, err = g.debianLayer(ctx, from, pins[p.Arch]); err != nil {
			return fmt.Errorf("%s: images.debian: %w", f.file("fork.yaml"), err)
		}
		g.at[p].below = g.at[p].under[0].Files
	}
	return nil
}

// pinned reads base.lock, or writes it.
func (g *imaging) pinned(ctx context.Context, from []debbase.Archive) (map[string][]debbase.Pin, error) {
	f := g.workshop.fork
	name := filepath.Join(g.Dir, f.file("base.lock"))
	l := baseLock{Arches: map[string][]debbase.Pin{}}
	data, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(data, &l)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: delete it to have the packages pinned anew", f.file("base.lock"), err)
	}
	if err == nil && !reflect.DeepEqual(l.Of, f.Images.Debian) {
		return nil, fmt.Errorf("%s pins the packages of other settings: delete it to have them pinned anew", f.file("base.lock"))
	}
	l.Of = f.Images.Debian
	for _, p := range g.targets {
		if l.Arches[p.Arch] == nil {
			if l.Arches[p.Arch], err = debbase.Resolve(ctx, from, debianArch(p), f.Images.Debian.Packages, g.now); err != nil {
				return nil, err
			}
		}
	}
	now, err := json.MarshalIndent(l, "", "  ")
	if err != nil || bytes.Equal(append(now, '\n'), data) {
		return l.Arches, err
	}
	g.Events.Note(f.file("base.lock") + " pins the packages of the base: commit it")
	return l.Arches, os.WriteFile(name, append(now, '\n'), 0o644)
}

func debianArch(p platform.Platform) string {
	if name, ok := debianArches[p.Arch]; ok {
		return name
	}
	return p.Arch
}

// debianLayer makes the layer of some packages in each compression that is
// wanted.
func (g *imaging) debianLayer(ctx context.Context, from []debbase.Archive, pins []debbase.Pin) ([]*images.Layer, error) {
	var out []*images.Layer
	for _, how := range g.compressions {
		l, err := g.keptLayer(action.NewKey("layers", images.Revision, []any{"debian", pins, how, g.in.Date.UTC().String()}), func(dst string) (*images.Layer, error) {
			if err := debbase.Fetch(ctx, from, pins, filepath.Join(g.cache.Dir, "debs")); err != nil {
				return nil, err
			}
			scratch, err := g.cache.Scratch()
			if err != nil {
				return nil, err
			}
			defer os.RemoveAll(scratch)
			unpacked, err := debbase.Unpack(ctx, pins, filepath.Join(g.cache.Dir, "debs"), scratch)
			if err != nil {
				return nil, err
			}
			for _, note := range unpacked.Notes {
				g.Events.Note(note)
			}
			var files []images.File
			for _, e := range unpacked.Entries {
				mode := int64(e.Mode.Perm())
				if e.Mode&fs.ModeSticky != 0 {
					mode |= 0o1000
				}
				f := images.File{Path: "/" + e.Path, Mode: mode, UID: e.UID, GID: e.GID, Folder: e.Kind == debbase.Folder, Target: e.Target, Hard: e.Kind == debbase.HardLink, Size: e.Size, Open: e.Open}
				files = append(files, f)
			}
			return g.writer.Write(dst, files, how, g.in.Date)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// get opens what lies at a URL of the web, or at a file's.
func get(ctx context.Context, from string) (io.ReadCloser, error) {
	u, err := url.Parse(from)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "file" {
		return os.Open(filepath.FromSlash(u.Path))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, fmt.Errorf("the server says %s", res.Status)
	}
	return res.Body, nil
}
