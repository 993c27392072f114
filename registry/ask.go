package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// largest is the most that is read of a manifest, in bytes.
const largest = 8 << 20

// An answer is what a registry says of a tag: its digest, that there is no such tag, or
// nothing.
type answer struct {
	digest  string // sha256:…
	absent  bool
	refused *transport.Error // it does not say
}

// ask asks for a tag. Some registries, and some proxies before them, do not answer HEAD, or
// answer it wrongly: then they are asked by GET, as docker does.
func (c *client) ask(ctx context.Context, tag string) (answer, error) {
	if !c.noHead.Load() {
		if got, ok := c.head(ctx, tag); ok {
			return got, nil
		}
	}
	got, err := c.get(ctx, tag)
	if err == nil && got.refused == nil {
		c.noHead.Store(true)
	}
	return got, err
}

// head asks by HEAD. Only an answer that leaves no doubt counts.
func (c *client) head(ctx context.Context, tag string) (answer, bool) {
	ctx, cancel := context.WithTimeout(once(ctx), c.Answer)
	defer cancel()
	resp, err := c.do(ctx, call{method: http.MethodHead, url: c.url("manifests/" + tag), header: accept()})
	if err != nil {
		return answer{}, false
	}
	resp.Body.Close()
	digest, err := v1.NewHash(resp.Header.Get("Docker-Content-Digest"))
	switch {
	case isPage(resp.Header):
		return answer{}, false
	case resp.StatusCode == http.StatusNotFound:
		return answer{absent: true}, true
	}
	ok := resp.StatusCode == http.StatusOK && err == nil && isManifest(resp.Header)
	return answer{digest: digest.String()}, ok
}

// get asks by GET. The digest is the one of what the registry sends, whatever it says.
func (c *client) get(ctx context.Context, tag string) (answer, error) {
	resp, err := c.do(ctx, call{method: http.MethodGet, url: c.url("manifests/" + tag), header: accept()})
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(resp)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, largest))
	if err != nil {
		return answer{}, err
	}
	if isPage(resp.Header) {
		return answer{}, errPage
	}
	var manifest struct {
		Version int `json:"schemaVersion"`
	}
	if json.Unmarshal(data, &manifest) != nil || manifest.Version == 0 {
		return answer{}, errNoManifest
	}
	digest, _, err := v1.SHA256(bytes.NewReader(data))
	return answer{digest: digest.String()}, err
}

// refusal returns what an answer without a manifest means. That something is wrong with the
// registry is an error.
func refusal(resp *http.Response) (answer, error) {
	status := refusalOf(resp)
	if status.StatusCode >= 500 && status.StatusCode != http.StatusNotImplemented {
		return answer{}, status
	}
	unknown := says(status, transport.ManifestUnknownErrorCode) || says(status, transport.NameUnknownErrorCode)
	if unknown || status.StatusCode == http.StatusNotFound && !isPage(resp.Header) {
		return answer{absent: true}, nil
	}
	return answer{refused: status}, nil
}

// mayPush reports, as an error, that a repository cannot be pushed to. It begins an upload
// and gives it up.
func (c *client) mayPush(ctx context.Context) error {
	resp, err := c.done(ctx, call{method: http.MethodPost, url: c.url("blobs/uploads/")})
	if err != nil {
		return err
	}
	at, err := c.next(resp)
	if err != nil {
		return err
	}
	if resp, err := c.do(once(ctx), call{method: http.MethodDelete, url: at}); err == nil {
		resp.Body.Close()
	}
	return nil
}
