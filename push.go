package slipway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/registry"
)

// A PushRequest says where to push which images.
type PushRequest struct {
	Fork       string
	Registries []string // prefixes of repositories: registry.example.org/team; empty: that of fork.yaml
	Images     []string // by name; empty: all that were made
	Tag        string   // empty: the fork's version
	Insecure   bool     // take any certificate, or plain HTTP
	Force      bool     // let a tag stand for something else than it does
}

// Push pushes the images in dist/FORK/images to registries, and returns what each
// has. It logs in as Docker and Podman do.
func (p *Project) Push(ctx context.Context, r PushRequest) ([]registry.Pushed, error) {
	f, err := p.Fork(r.Fork)
	if err != nil {
		return nil, err
	}
	if to := f.Images.Registry; len(r.Registries) == 0 && to != "" {
		r.Registries = []string{to}
	}
	if len(r.Registries) == 0 {
		return nil, fmt.Errorf("-registry: say where to push to, as -registry=registry.example.org/team, or set images.registry in %s", f.file("fork.yaml"))
	}
	leave, err := p.cache().Lock(ctx, func() { p.Events.Note("waiting for another run in this project to end") })
	if err != nil {
		return nil, p.advise(err)
	}
	defer leave()
	items, err := p.made(f, r)
	if err != nil {
		return nil, err
	}
	p.Events.Emit(event.Event{Kind: event.Fork, Fork: f.ID, Version: f.Version, Upstream: f.Upstream.String(), Total: f.Patches()})
	pusher := registry.Pusher{
		Registries: r.Registries, Keychain: registry.Keychain(p.Env), Insecure: r.Insecure, Force: r.Force,
		Progress: func(b registry.Progress) {
			p.Events.Emit(event.Event{Kind: event.Progress, Stage: "push", Subject: b.Name, Done: b.Done, Total: b.Total, Unit: "blobs"})
		},
	}
	p.Events.Emit(event.Event{Kind: event.Started, Stage: "push"})
	pushed, err := pusher.Push(ctx, items)
	for _, one := range pushed {
		p.Events.Emit(event.Event{Kind: event.Finished, Stage: "push", Subject: one.String(), Detail: moved(one), Kept: one.Kept})
	}
	return pushed, err
}

// moved says what a push came to.
func moved(p registry.Pushed) string {
	var parts []string
	for _, state := range []registry.State{registry.Uploaded, registry.Mounted, registry.Existing} {
		if n := p.Blobs[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return fmt.Sprintf("%s: %s", p.Tag, strings.Join(append(parts, fmt.Sprintf("%d bytes", p.Bytes)), ", "))
}

// imagesOf reads images.json of a fork.
func (p *Project) imagesOf(f *Fork) (Images, error) {
	dir := f.dist("images")
	data, err := os.ReadFile(filepath.Join(p.Dir, dir, "images.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return Images{}, noImages(f)
	}
	if err != nil {
		return Images{}, p.advise(err)
	}
	var record Images
	if err := json.Unmarshal(data, &record); err != nil {
		return record, fmt.Errorf("%s: %w", path.Join(dir, "images.json"), err)
	}
	if record.Version != f.Version {
		return record, fmt.Errorf("%s has images of %s, and the fork is at %s: make them anew, mage image -fork=%s", dir, record.Version, f.Version, f.ID)
	}
	return record, nil
}

func noImages(f *Fork) error {
	return fmt.Errorf("%s has no images: make them first, mage image -fork=%s", f.dist("images"), f.ID)
}

// made reads the images of a fork that are to be pushed.
func (p *Project) made(f *Fork, r PushRequest) ([]registry.Item, error) {
	dir := f.dist("images")
	record, err := p.imagesOf(f)
	if err != nil {
		return nil, err
	}
	index, err := layout.ImageIndexFromPath(filepath.Join(p.Dir, dir))
	if err != nil {
		return nil, noImages(f)
	}
	var items []registry.Item
	var have []string
	for _, made := range record.Images {
		have = append(have, made.Name)
		if len(r.Images) > 0 && !slices.Contains(r.Images, made.Name) {
			continue
		}
		digest, err := v1.NewHash(made.Digest)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path.Join(dir, "images.json"), made.Name, err)
		}
		of, err := index.ImageIndex(digest)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", dir, made.Name, err)
		}
		tag := r.Tag
		if tag == "" {
			tag = record.Tag
		}
		items = append(items, registry.Item{Repository: made.Name, Tag: tag, Index: of})
	}
	for _, name := range r.Images {
		if !slices.Contains(have, name) {
			return nil, fmt.Errorf("%s has no image %q: there are %s", dir, name, strings.Join(have, ", "))
		}
	}
	return items, nil
}
