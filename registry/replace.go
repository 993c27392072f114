package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// mayReplace returns an error if the upload's tag, which is another digest, is not to be
// replaced.
func (u *upload) mayReplace(ctx context.Context, digest string) error {
	t := u.client.target
	if t.Force && t.Fewer {
		return nil
	}
	lost, err := u.loses(ctx, digest)
	loss := ""
	if len(lost) > 0 {
		loss = ", without " + strings.Join(lost, ", ")
	}
	switch {
	case !t.Force: // refused in any case
		return fmt.Errorf("%s:%s is already there as %s, and would be %s%s: "+
			"push another tag with -tag, or replace it with -force",
			u.pushed.Name, u.pushed.Tag, digest, u.pushed.Digest, loss)
	case err != nil:
		return u.client.explain(ctx, err)
	case loss != "":
		return fmt.Errorf("%s:%s is already there as %s, and would be %s%s: "+
			"make the image for all its platforms, or name in -platforms those that it is to have",
			u.pushed.Name, u.pushed.Tag, digest, u.pushed.Digest, loss)
	}
	return nil
}

// loses returns the platforms of the index that a repository has by a digest, and that the
// upload is not for.
func (u *upload) loses(ctx context.Context, digest string) ([]string, error) {
	index, ok := u.manifest.(v1.ImageIndex)
	if !ok {
		return nil, nil
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	before, err := u.client.platforms(ctx, digest)
	now := platformsOf(*manifest)
	return slices.DeleteFunc(before, func(p string) bool { return slices.Contains(now, p) }), err
}

// platforms returns the platforms of the index that a digest is; none of an image alone.
func (c *client) platforms(ctx context.Context, digest string) ([]string, error) {
	resp, err := c.do(ctx, call{method: http.MethodGet, url: c.url("manifests/" + digest), header: accept()})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, refusalOf(resp)
	}
	var index v1.IndexManifest
	if err := json.NewDecoder(io.LimitReader(resp.Body, largest)).Decode(&index); err != nil {
		return nil, errNoManifest
	}
	return platformsOf(index), nil
}

// platformsOf returns the platforms of an index, each once. What is beside its images, such as
// attestations of BuildKit, is for an unknown one.
func platformsOf(index v1.IndexManifest) []string {
	var out []string
	for _, m := range index.Manifests {
		if m.Platform == nil || m.Platform.OS == "" || m.Platform.OS == "unknown" {
			continue
		}
		if p := m.Platform.String(); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
