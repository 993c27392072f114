package registry

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// addBeside adds the uploads of what is beside an item, each once in a repository.
func (t *target) addBeside(u *upload, item Item) error {
	for _, artifact := range item.Beside {
		b, err := newUpload(Item{Image: artifact})
		if err != nil {
			return err
		}
		if b.refers, err = referralOf(artifact); err != nil {
			return err
		}
		b.of, b.tag, b.pushed.Name, b.pushed.Tag = u, u.tag, u.pushed.Name, b.pushed.Digest
		if !slices.ContainsFunc(t.beside, func(o *upload) bool { return o.pushed.String() == b.pushed.String() }) {
			t.beside = append(t.beside, b)
		}
	}
	return nil
}

// A referral says what an artifact is beside, and how a list of artifacts has it.
type referral struct {
	subject v1.Hash
	listed  v1.Descriptor
}

// referralOf returns the referral of an artifact.
func referralOf(artifact v1.Image) (referral, error) {
	m, err := artifact.Manifest()
	if err != nil {
		return referral{}, err
	}
	digest, err := artifact.Digest()
	if err != nil {
		return referral{}, err
	}
	if m.Subject == nil {
		return referral{}, fmt.Errorf("%s names nothing that it is beside", digest)
	}
	size, err := artifact.Size()
	return referral{m.Subject.Digest, v1.Descriptor{
		MediaType: m.MediaType, Size: size, Digest: digest, Annotations: m.Annotations,
		ArtifactType: cmp.Or(m.ArtifactType, string(m.Config.MediaType)),
	}}, err
}

// openBeside finds out which artifacts are there. One whose registry does not say is
// pushed: by its digest, it can replace nothing.
func (t *target) openBeside(ctx context.Context) error {
	return t.each(t.beside, func(u *upload) error {
		u.client = u.of.client
		got, err := u.client.ask(ctx, u.pushed.Digest)
		u.done = err == nil && got.digest == u.pushed.Digest
		return u.client.explain(ctx, err)
	})
}

// pushBeside sends the manifests of the artifacts, and has the registry list them.
func (t *target) pushBeside(ctx context.Context) error {
	err := t.each(t.beside, func(u *upload) error {
		err := u.client.explain(ctx, u.client.put(ctx, u.manifest, u.pushed.Digest))
		var unknown *FormatError
		if errors.As(err, &unknown) {
			return fmt.Errorf("%s: %s has its images, but it takes nothing beside them: %s", t.host, u.pushed.Name, unknown.Said)
		}
		if u.done = err == nil; u.done {
			t.mu.Lock()
			defer t.mu.Unlock()
			u.of.pushed.Beside++
		}
		return err
	})
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, u := range t.beside {
		of := u.pushed.Name + "@" + u.refers.subject.String()
		if listed[of] {
			continue
		}
		listed[of] = true
		if err := u.client.list(ctx, u.refers.subject, t.linked(u)); err != nil {
			return u.client.explain(ctx, err)
		}
	}
	return nil
}

// linked returns the artifacts that are beside the same as u's, in its repository.
func (t *target) linked(u *upload) []v1.Descriptor {
	var out []v1.Descriptor
	for _, o := range t.beside {
		if o.pushed.Name == u.pushed.Name && o.refers.subject == u.refers.subject {
			out = append(out, o.refers.listed)
		}
	}
	return out
}

// list adds artifacts to the index under the tag that clients read where a registry does
// not list what is beside an image itself
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema).
// What somebody else adds there at the same moment can be lost: a tag is replaced as a
// whole.
func (c *client) list(ctx context.Context, subject v1.Hash, artifacts []v1.Descriptor) error {
	if itself, err := c.lists(ctx, subject); itself || err != nil {
		return err
	}
	tag := subject.Algorithm + "-" + subject.Hex
	index, err := c.index(ctx, tag)
	if err != nil {
		return err
	}
	before := len(index.Manifests)
	for _, a := range artifacts {
		if !slices.ContainsFunc(index.Manifests, func(d v1.Descriptor) bool { return d.Digest == a.Digest }) {
			index.Manifests = append(index.Manifests, a)
		}
	}
	if len(index.Manifests) == before {
		return nil
	}
	slices.SortFunc(index.Manifests, func(a, b v1.Descriptor) int {
		return strings.Compare(a.Digest.String(), b.Digest.String())
	})
	data, err := json.Marshal(index)
	if err != nil {
		return err
	}
	return c.putManifest(ctx, tag, types.OCIImageIndex, data)
}

// lists reports whether the registry lists itself what is beside an image.
func (c *client) lists(ctx context.Context, subject v1.Hash) (bool, error) {
	resp, err := c.do(ctx, call{
		method: http.MethodGet, url: c.url("referrers/" + subject.String()),
		header: http.Header{"Accept": {string(types.OCIImageIndex)}},
	})
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
		return types.MediaType(strings.TrimSpace(kind)) == types.OCIImageIndex, nil // and no page of a proxy
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return false, nil
	}
	return false, refusalOf(resp)
}

// index returns the index that a tag is; an empty one if there is no such tag.
func (c *client) index(ctx context.Context, tag string) (v1.IndexManifest, error) {
	out := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	resp, err := c.do(ctx, call{method: http.MethodGet, url: c.url("manifests/" + tag), header: accept()})
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		got, err := refusal(resp)
		if err == nil && got.refused != nil {
			err = got.refused
		}
		return out, err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, largest))
	if err != nil {
		return out, err
	}
	var found v1.IndexManifest
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&found); err != nil || found.MediaType != types.OCIImageIndex {
		return out, fmt.Errorf("%s:%s is not an index, as a list of what is beside an image is: remove the tag", c.repo, tag)
	}
	return found, nil
}
