package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/registry"
	"github.com/slipway-build/slipway/release/referrers"
)

// A PushRequest says which images to push where.
type PushRequest struct {
	// Registries are prefixes of repositories: registry.example.org/team; empty: the one that
	// the images were made for, or else that of fork.yaml.
	Registries []string
	Images     []string // by name; empty: all that were made
	// Platforms are those that the images have to be for, as linux/amd64, or the one word all
	// for those of fork.yaml that are Linux. Then a tag may lose others. Empty: whichever they
	// were made for.
	Platforms []string
	Tag       string // empty: the fork's version
	Insecure  bool   // take any certificate, or plain HTTP
	Force     bool   // let a tag that is something else be replaced
	Mirror    bool   // hosts that pull from another registry find the images there nevertheless
}

// For returns the request with what the images, and their fork, say where it says nothing.
func (r PushRequest) For(f fork.Fork, record artifact.Images) (PushRequest, error) {
	if to := cmp.Or(record.Registry, f.Images.Registry); len(r.Registries) == 0 && to != "" {
		r.Registries = []string{to}
	}
	if len(r.Registries) == 0 {
		return r, fmt.Errorf("-registry: say where to push to, such as -registry=registry.example.org/team, "+
			"or set images.registry in %s", f.File("fork.yaml"))
	}
	// Whether there are such images is found out when they are known.
	return r, registry.Pusher{Registries: r.Registries}.CheckNames("image", cmp.Or(r.Tag, "latest"))
}

// Check returns what is known to keep Push from doing its work, before a registry is asked.
func (r PushRequest) Check(f fork.Fork) error {
	_, err := newPush(f, r)
	return err
}

// CheckComing is Check where images may be made until then, and hosts will then pull so. If
// pulls is nil, that is not known, and may be as it is now.
func (r PushRequest) CheckComing(f fork.Fork, pulls []artifact.Pull) error {
	var record artifact.Images
	if pulls == nil {
		record, _ = artifact.ReadImages(f.Project.Dir, f.Dist("images"), f.ID, f.Version)
	}
	r, err := r.For(f, record)
	if err == nil {
		_, err = r.checkPulls(f, pulls)
	}
	return err
}

// A push is what will be pushed.
type push struct {
	request PushRequest
	items   []registry.Item
	notes   []string
}

// newPush returns what a request asks for.
func newPush(f fork.Fork, r PushRequest) (push, error) {
	record, missing := artifact.ReadImages(f.Project.Dir, f.Dist("images"), f.ID, f.Version)
	r, err := r.For(f, record)
	if err = cmp.Or(err, missing); err != nil {
		return push{}, err
	}
	p := push{request: r}
	chosen, err := choose(record, f.Dist("images"), r.Images)
	if err != nil {
		return p, err
	}
	if p.items, err = items(f, record, chosen, r.Tag); err != nil {
		return p, err
	}
	fewer, err := r.checkPlatforms(f, record)
	if err != nil {
		return p, err
	}
	pulls, err := artifact.Pulls(f.Project.Dir, f.Dist(), f.Version)
	if err != nil {
		return p, err
	}
	pulls, stale := current(f, pulls, chosen)
	notes, err := r.checkPulls(f, pulls)
	p.notes = slices.DeleteFunc(append(notes, stale, fewer), func(n string) bool { return n == "" })
	return p, err
}

// Push pushes the images in dist/FORK/images to registries, with what a release has beside
// them in dist/FORK/release/images, and returns what each has now. It logs in as Docker
// and Podman do: env says where their settings are.
func Push(ctx context.Context, f fork.Fork, env []string, events event.Sink, r PushRequest) (artifact.Set, error) {
	p, err := newPush(f, r)
	if err != nil {
		return nil, err
	}
	r = p.request
	events.Emit(f.Event())
	for _, note := range p.notes {
		events.Note(note)
	}
	pusher := registry.Pusher{
		Registries: r.Registries, Keychain: registry.Keychain(env), Insecure: r.Insecure, Force: r.Force,
		Fewer: len(r.Platforms) > 0, Note: events.Note,
		Moving: func(repository string, bytes, all int64) {
			const mib = 1 << 20
			events.Emit(event.Event{Kind: event.Progress, Stage: "push", Subject: repository,
				Done: int((bytes + mib - 1) / mib), Total: int((all + mib - 1) / mib), Unit: "MiB"})
		},
	}
	var pushed []registry.Pushed
	told := 0
	err = events.Stage(event.Event{Stage: "push"}, func(end *event.Event) error {
		pushed, err = pusher.Push(ctx, p.items)
		err = mend(err, f)
		if err == nil && len(pushed) > 0 { // the stage ends with the first
			describe(end, pushed[0])
			told = 1
		}
		return err
	})
	for _, one := range pushed[told:] {
		_ = events.Stage(event.Event{Stage: "push"}, func(end *event.Event) error {
			describe(end, one)
			return nil
		})
	}
	return artifacts(pushed, format(f.Images.Format)), err
}

// artifacts returns what was pushed, in a format.
func artifacts(pushed []registry.Pushed, format string) artifact.Set {
	var set artifact.Set
	for _, one := range pushed {
		set = append(set, artifact.Artifact{
			Kind: artifact.Image, Format: format, Name: one.Name, Path: one.String(), Digest: one.Digest, Kept: one.Kept,
		})
	}
	return artifact.Of(set)
}

// format returns the format of images, by a setting or a record that may leave out the default.
func format(said string) string { return cmp.Or(said, "oci") }

// mend returns an error of a push, and says which setting of f makes other images, if the
// registry does not take the format of those that f has.
func mend(err error, f fork.Fork) error {
	var refused *registry.FormatError
	if !errors.As(err, &refused) {
		return err
	}
	other := "docker"
	if f.Images.Format == other {
		other = "oci"
	}
	return fmt.Errorf("%w\n  If so, set images.format: %s in %s, then: mage image -fork=%s, and push again",
		err, other, f.File("fork.yaml"), f.ID)
}

// describe says of an image what a registry has now.
func describe(end *event.Event, p registry.Pushed) {
	end.Subject, end.Detail, end.Kept = p.String(), moved(p), p.Kept && p.Beside == 0
}

// moved says how much was moved for an image.
func moved(p registry.Pushed) string {
	var parts []string
	for _, state := range []registry.State{registry.Uploaded, registry.Mounted, registry.Existing} {
		if n := p.Blobs[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	parts = append(parts, fmt.Sprintf("%d bytes", p.Bytes))
	if p.Beside > 0 {
		parts = append(parts, fmt.Sprintf("%d beside it", p.Beside))
	}
	return fmt.Sprintf("%s: %s", p.Tag, strings.Join(parts, ", "))
}

// items returns the images of the record of dist/FORK/images that are to be pushed.
func items(
	f fork.Fork, record artifact.Images, chosen []artifact.ImageIndex, tag string,
) ([]registry.Item, error) {
	dir := f.Dist("images")
	if made, want := format(record.Format), format(f.Images.Format); made != want {
		return nil, fmt.Errorf("%s has images in the format %s, but images.format in %s is %s: make them again: "+
			"mage image -fork=%s", dir, made, f.File("fork.yaml"), want, f.ID)
	}
	index, err := layout.ImageIndexFromPath(f.Project.Path(dir))
	if err != nil {
		return nil, fmt.Errorf("%s is not an image layout: make it again: mage image -fork=%s: %w", dir, f.ID, err)
	}
	var out []registry.Item
	for _, made := range chosen {
		digest, err := v1.NewHash(made.Digest)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path.Join(dir, artifact.ImagesFile), made.Name, err)
		}
		image, err := index.ImageIndex(digest)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", dir, made.Name, err)
		}
		artifacts, err := beside(f.Project.Path(f.Dist("release", "images")), digest, image)
		if err != nil {
			return nil, fmt.Errorf("%s: what is beside %s: %w", f.Dist("release", "images"), made.Name, err)
		}
		out = append(out, registry.Item{
			Repository: made.Name, Tag: cmp.Or(tag, record.Tag), Index: image, Beside: artifacts,
		})
	}
	return out, nil
}

// beside returns the artifacts that the layout of a release in dir has beside an index and
// beside the images in it. There are none where there is no release.
func beside(dir string, digest v1.Hash, index v1.ImageIndex) ([]v1.Image, error) {
	release, err := layout.ImageIndexFromPath(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	subjects := []v1.Hash{digest}
	for _, m := range manifest.Manifests {
		subjects = append(subjects, m.Digest)
	}
	var out []v1.Image
	for _, subject := range subjects {
		found, err := referrers.List(dir, subject)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			artifact, err := release.Image(d.Digest)
			if err != nil {
				return nil, err
			}
			out = append(out, artifact)
		}
	}
	return out, nil
}

// choose returns the images of those names, all if there are none.
func choose(record artifact.Images, dir string, names []string) ([]artifact.ImageIndex, error) {
	var out []artifact.ImageIndex
	var have []string
	for _, made := range record.Images {
		have = append(have, made.Name)
		if len(names) == 0 || slices.Contains(names, made.Name) {
			out = append(out, made)
		}
	}
	for _, name := range names {
		if !slices.Contains(have, name) {
			return nil, fmt.Errorf("%s has no image %q, only %s", dir, name, strings.Join(have, ", "))
		}
	}
	return out, nil
}
