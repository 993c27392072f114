package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A Repository is one repository of a registry, to read blobs, manifests and tags of, and to
// write them. Its methods may be called at the same time. Their errors hold no passwords and
// no tokens; what is not there is an error that is fs.ErrNotExist.
type Repository struct {
	name   string
	client *client
	base   *http.Transport
}

// A Blob is what a registry keeps by its digest.
type Blob struct {
	Digest string // sha256:…
	Size   int64  // bytes
	Open   func() (io.ReadCloser, error)
}

// A Manifest is what a tag names: an index, or what lists blobs.
type Manifest struct {
	Digest    string // sha256:…
	MediaType string
	Data      []byte
}

// ManifestOf returns the manifest with that text.
func ManifestOf(mediaType string, data []byte) Manifest {
	sum := sha256.Sum256(data)
	return Manifest{Digest: "sha256:" + hex.EncodeToString(sum[:]), MediaType: mediaType, Data: data}
}

// Open logs in to the repository of a name such as registry.example.org/acme/packages, as
// somebody who pushes to it.
func (p Pusher) Open(ctx context.Context, repository string) (*Repository, error) {
	return p.openAs(ctx, repository, transport.PushScope)
}

// OpenToRead is Open for somebody who may only pull.
func (p Pusher) OpenToRead(ctx context.Context, repository string) (*Repository, error) {
	return p.openAs(ctx, repository, transport.PullScope)
}

func (p Pusher) openAs(ctx context.Context, repository, scope string) (*Repository, error) {
	host, err := hostOf(repository)
	if err != nil {
		return nil, err
	}
	p = p.defaulted()
	tag, err := p.tag(host, repository+":latest")
	if err != nil {
		return nil, err
	}
	t := &target{Pusher: p, host: host, scope: scope}
	base := baseTransport()
	base.TLSClientConfig = &tls.Config{RootCAs: p.Roots, InsecureSkipVerify: p.Insecure}
	base.MaxIdleConnsPerHost = max(base.MaxIdleConnsPerHost, p.Jobs)
	t.transport = t.retrier(base)
	c, err := t.login(ctx, tag.Repository)
	if err != nil {
		base.CloseIdleConnections()
		return nil, err
	}
	return &Repository{name: repository, client: c, base: base}, nil
}

// login returns the client of a repository whose registry was not spoken to before.
func (t *target) login(ctx context.Context, repo name.Repository) (*client, error) {
	if err := t.greet(ctx, repo); err != nil {
		return nil, err
	}
	return t.client(ctx, repo)
}

// String returns the repository's name, with its registry's host.
func (r *Repository) String() string { return r.name }

// Close ends its connections.
func (r *Repository) Close() { r.base.CloseIdleConnections() }

// missing is the error of what is not there.
func (r *Repository) missing(what string) error {
	return fmt.Errorf("%s has no %s: %w", r.name, what, fs.ErrNotExist)
}

// Has reports whether the registry says that it has a blob. One that does not say counts as
// not having it: sending it again does no harm.
func (r *Repository) Has(ctx context.Context, digest string, size int64) (bool, error) {
	u := &blobUpload{client: r.client, digest: digest, size: size}
	there, err := u.exists(ctx)
	return there, r.client.explain(ctx, err)
}

// Upload sends a blob, unless it is there. The registry compares what it got with the digest.
func (r *Repository) Upload(ctx context.Context, b Blob) (State, error) {
	u := &blobUpload{client: r.client, open: b.Open, digest: b.Digest, size: b.Size}
	state, err := u.run(ctx)
	return state, r.client.explain(ctx, err)
}

// Digest returns the digest of the manifest that a tag names.
func (r *Repository) Digest(ctx context.Context, tag string) (string, error) {
	got, err := r.client.ask(ctx, tag)
	switch {
	case err != nil:
		return "", r.client.explain(ctx, err)
	case got.refused != nil:
		return "", r.client.explain(ctx, got.refused)
	case got.absent:
		return "", r.missing(tag)
	}
	return got.digest, nil
}

// Manifest returns the manifest that a tag names, or that has a digest, which is then compared.
func (r *Repository) Manifest(ctx context.Context, reference string) (Manifest, error) {
	resp, err := r.client.do(ctx, call{
		method: http.MethodGet, url: r.client.url("manifests/" + reference), header: accept(),
	})
	if err != nil {
		return Manifest{}, r.client.explain(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Manifest{}, r.refused(ctx, resp, reference)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, largest+1))
	switch {
	case err != nil:
		return Manifest{}, r.client.explain(ctx, err)
	case isPage(resp.Header):
		return Manifest{}, r.client.explain(ctx, errPage)
	case len(data) > largest:
		return Manifest{}, fmt.Errorf("%s: %s is larger than %d bytes, as no manifest should be", r.name, reference, largest)
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	m := ManifestOf(strings.TrimSpace(kind), data)
	if strings.HasPrefix(reference, "sha256:") && m.Digest != reference {
		return Manifest{}, fmt.Errorf("%s: what it has as %s is %s: check its storage, and what is before it",
			r.name, reference, m.Digest)
	}
	return m, nil
}

// refused returns what an answer without the thing means.
func (r *Repository) refused(ctx context.Context, resp *http.Response, what string) error {
	got, err := refusal(resp)
	switch {
	case err != nil:
		return r.client.explain(ctx, err)
	case got.refused != nil:
		return r.client.explain(ctx, got.refused)
	}
	return r.missing(what)
}

// PutManifest puts a manifest by a tag, or by its digest. All that it lists has to be there.
func (r *Repository) PutManifest(ctx context.Context, reference string, m Manifest) error {
	return r.client.explain(ctx, r.client.putManifest(ctx, reference, types.MediaType(m.MediaType), m.Data))
}

// RemoveTag removes a tag, and not what it names, and reports whether the registry does that.
// Many do not.
func (r *Repository) RemoveTag(ctx context.Context, tag string) (bool, error) {
	_, err := r.client.done(ctx, call{method: http.MethodDelete, url: r.client.url("manifests/" + tag)})
	var status *transport.Error
	if !errors.As(err, &status) {
		return err == nil, r.client.explain(ctx, err)
	}
	switch status.StatusCode {
	case http.StatusNotFound:
		return true, nil
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusForbidden, http.StatusNotImplemented,
		http.StatusUnauthorized, http.StatusUnprocessableEntity:
		return false, nil
	}
	return false, r.client.explain(ctx, err)
}

// Read returns a small blob, after it was compared with its digest.
func (r *Repository) Read(ctx context.Context, digest string, size int64) ([]byte, error) {
	var into *bytes.Buffer
	err := r.Download(ctx, Blob{Digest: digest, Size: size}, func() (io.WriteCloser, error) {
		into = &bytes.Buffer{}
		return nopCloser{into}, nil
	})
	if err != nil {
		return nil, err
	}
	return into.Bytes(), nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// Download writes a blob to what create returns, and compares it with its digest. create is
// called once more for each time that the connection was cut.
func (r *Repository) Download(ctx context.Context, b Blob, create func() (io.WriteCloser, error)) error {
	for try := 1; ; try++ {
		err := r.download(ctx, b, create)
		var cut *cutError
		if !errors.As(err, &cut) {
			return err
		}
		if ctx.Err() != nil || try == tries {
			return r.client.explain(ctx, cut.err)
		}
		if err := r.client.transport.pause(ctx, try, nil, nil); err != nil {
			return r.client.explain(ctx, err)
		}
	}
}

// A cutError is of an answer whose connection ended before it did.
type cutError struct{ err error }

func (e *cutError) Error() string { return e.err.Error() }

func (r *Repository) download(ctx context.Context, b Blob, create func() (io.WriteCloser, error)) error {
	resp, err := r.client.do(ctx, call{method: http.MethodGet, url: r.client.url("blobs/" + b.Digest)})
	if err != nil {
		return r.client.explain(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return r.refused(ctx, resp, "blob "+b.Digest)
	}
	out, err := create()
	if err != nil {
		return err
	}
	sum := sha256.New()
	in := &source{Reader: io.LimitReader(resp.Body, b.Size+1)}
	n, err := io.Copy(io.MultiWriter(out, sum), in)
	err = errors.Join(err, out.Close())
	got := "sha256:" + hex.EncodeToString(sum.Sum(nil))
	switch {
	case in.err != nil:
		return &cutError{in.err}
	case err != nil:
		return err
	case n < b.Size:
		return &cutError{io.ErrUnexpectedEOF}
	case n > b.Size || got != b.Digest:
		return fmt.Errorf("%s: what it has as blob %s is other bytes: check its storage, and what is before it",
			r.name, b.Digest)
	}
	return nil
}

// A source remembers the error of reading, apart from those of writing.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
