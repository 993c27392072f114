package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/registry"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// A view is what a tag shows.
type view struct {
	digest string // of the index; "" if there is no such tag
	lists  []list // without their text
}

// of returns the lists of a part.
func (v view) of(part string) []list {
	return slices.DeleteFunc(slices.Clone(v.lists), func(l list) bool { return l.Annotations[partKey] != part })
}

// has reports whether a list is in the view, so that the registry has it.
func (v view) has(l list) bool {
	return slices.ContainsFunc(v.lists, func(o list) bool { return o.Digest == l.Digest })
}

// holder returns the list of a part that would list a path.
func (v view) holder(part, path string) (list, bool) {
	lists := v.of(part)
	at, exact := slices.BinarySearchFunc(lists, path, func(l list, path string) int {
		return strings.Compare(l.Annotations[firstKey], path)
	})
	if !exact {
		at--
	}
	if at < 0 {
		return list{}, false
	}
	return lists[at], true
}

// viewOf reads an index.
func viewOf(name string, m registry.Manifest) (view, error) {
	v := view{digest: m.Digest}
	index, err := v1.ParseIndexManifest(bytes.NewReader(m.Data))
	if err != nil || index.MediaType != types.OCIImageIndex || index.Annotations[formatKey] != format {
		return v, fmt.Errorf("%s is something else than a repository, whose index has the annotation %s=%s: "+
			"choose another name or another tag", name, formatKey, format)
	}
	last := map[string]string{}
	for _, d := range index.Manifests {
		part, first := d.Annotations[partKey], d.Annotations[firstKey]
		if !slices.Contains([]string{headPart, pointsPart, contentPart}, part) || first == "" || first <= last[part] {
			return v, fmt.Errorf("%s: its index was changed: %s is in no order: publish again to another tag", name, d.Digest)
		}
		last[part], v.lists = first, append(v.lists, list{Descriptor: d})
	}
	return v, nil
}

// filesOf reads the manifest of a list.
func filesOf(name string, data []byte) ([]file, error) {
	m, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil || m.ArtifactType != FilesType {
		return nil, fmt.Errorf("%s is not a list of files, of type %s", name, FilesType)
	}
	var out []file
	for _, l := range m.Layers {
		e := tree.Entry{Path: l.Annotations[title], Size: l.Size, SHA256: l.Digest.Hex, Class: tree.Content}
		if err := e.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, file{path: e.Path, digest: l.Digest.String(), size: l.Size})
	}
	return out, nil
}

// reader reads what tags show.
type reader struct{ *registry.Repository }

// view returns what a tag or a digest shows now; the zero view if there is no such tag.
func (r reader) view(ctx context.Context, reference string) (view, error) {
	m, err := r.Manifest(ctx, reference)
	if errors.Is(err, fs.ErrNotExist) {
		return view{}, nil
	}
	if err != nil {
		return view{}, err
	}
	return viewOf(r.String()+":"+reference, m)
}

// files returns what a list has.
func (r reader) files(ctx context.Context, l list) ([]file, error) {
	m, err := r.Manifest(ctx, l.Digest.String())
	if err != nil {
		return nil, err
	}
	return filesOf(r.String()+"@"+l.Digest.String(), m.Data)
}

// head returns the head of a view.
func (r reader) head(ctx context.Context, v view) ([]byte, error) {
	for _, l := range v.of(headPart) {
		files, err := r.files(ctx, l)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.path == publish.HeadFile {
				return r.Read(ctx, f.digest, f.size)
			}
		}
	}
	return nil, fmt.Errorf("%s has no %s: %w", r, publish.HeadFile, fs.ErrNotExist)
}

// headOf reads a head.
func headOf(data []byte) (h state.Head, err error) {
	if err := json.Unmarshal(data, &h); err != nil {
		return h, fmt.Errorf("%s: %w", publish.HeadFile, err)
	}
	return h, nil
}
