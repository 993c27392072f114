package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A client makes requests to one repository, as who may push to it.
type client struct {
	*target
	repo  name.Repository
	login account
	http  *http.Client
	// readers are its clients that can also read from another repository, by its name.
	readers sync.Map
}

// An account is who is logged in, and by which file or variable.
type account struct{ user, source string }

// client returns the client of a repository, which can also read from others if the
// registry lets it.
func (t *target) client(ctx context.Context, repo name.Repository, from ...name.Repository) (*client, error) {
	auth, err := t.authenticator(ctx, repo)
	if err != nil {
		return nil, err
	}
	c := &client{target: t, repo: repo, login: accountOf(ctx, auth)}
	scopes := []string{repo.Scope(t.scope)}
	for _, other := range from {
		scopes = append(scopes, other.Scope(transport.PullScope))
	}
	with, err := transport.NewWithContext(ctx, repo.Registry, auth, transport.NewUserAgent(t.transport, "slipway"), scopes)
	if err != nil {
		return nil, c.explain(ctx, loginError(err))
	}
	c.http = &http.Client{Transport: with, CheckRedirect: func(to *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errors.New("it redirects without an end")
		}
		return t.reachable(to.URL)
	}}
	return c, nil
}

// loginError returns an error of a login. What is neither of the connection nor of its status
// is of an answer that the library does not understand.
func loginError(err error) error {
	var (
		sent   *url.Error
		status *transport.Error
		many   *tooMany
	)
	if errors.As(err, &sent) || errors.As(err, &status) || errors.As(err, &many) {
		return err
	}
	return errNoToken
}

// reader returns a client that can also read from another repository.
func (c *client) reader(ctx context.Context, from name.Repository) (*client, error) {
	if known, ok := c.readers.Load(from.Name()); ok {
		return known.(*client), nil
	}
	out, err := c.client(ctx, c.repo, from)
	if err == nil {
		c.readers.Store(from.Name(), out)
	}
	return out, err
}

// authenticator returns the login for a repository.
func (t *target) authenticator(ctx context.Context, repo name.Repository) (authn.Authenticator, error) {
	if t.Keychain == nil {
		return authn.Anonymous, nil
	}
	auth, err := authn.Resolve(ctx, t.Keychain, repo)
	if err != nil {
		return nil, fmt.Errorf("%s: finding its login: %s", t.host, scrub(err.Error()))
	}
	return auth, nil
}

// accountOf tells whose a login is.
func accountOf(ctx context.Context, auth authn.Authenticator) account {
	login, err := authn.Authorization(ctx, auth)
	if err != nil || auth == authn.Anonymous {
		return account{}
	}
	out := account{user: login.Username}
	if out.user == "" {
		out.user = "a token"
	}
	if stored, ok := auth.(stored); ok {
		out.source = stored.source
	}
	return out
}

// url returns the URL of something in the repository.
func (c *client) url(path string) *url.URL {
	path = "/v2/" + c.repo.RepositoryStr() + "/" + path
	return &url.URL{Scheme: c.repo.Scheme(), Host: c.repo.RegistryStr(), Path: path}
}

// A call is a request to make.
type call struct {
	method string
	url    *url.URL
	header http.Header
	body   func() (io.ReadCloser, error) // nil: none
	size   int64                         // of the body
}

// do makes a request. The answer's body is closed by who calls.
func (c *client) do(ctx context.Context, r call) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), nil)
	if err != nil {
		return nil, err
	}
	if r.header != nil {
		req.Header = r.header
	}
	if r.body != nil {
		req.GetBody, req.ContentLength = r.body, r.size
		if req.Body, err = r.body(); err != nil {
			return nil, err
		}
	}
	return c.http.Do(req)
}

// done is do for a request that changes something: it returns the answer's headers, and an
// error if the registry refuses.
func (c *client) done(ctx context.Context, r call) (*http.Response, error) {
	resp, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if isPage(resp.Header) && resp.StatusCode < 300 {
		return nil, errPage
	}
	// Some registries, and what is before them, answer with another code than the
	// specification has.
	switch resp.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent:
		return resp, nil
	}
	return resp, refusalOf(resp)
}

// refusalOf returns what a registry says that refuses a request.
func refusalOf(resp *http.Response) *transport.Error {
	status := &transport.Error{StatusCode: resp.StatusCode, Request: resp.Request}
	errors.As(transport.CheckError(resp), &status) // not if it says too much
	return status
}

// errPage is of an answer that is a page for people: one to log in with, for example.
var errPage = errors.New("it answers with a web page, and not as a registry: check the name after its host")

// errNoManifest is of an answer with something else than what a tag is.
var errNoManifest = errors.New("it answers with something that is not a manifest, and not as a registry: " +
	"check the name after its host")

// errNoToken is of an answer to a login.
var errNoToken = errors.New("it answers a login without a token: check the realm of its tokens, " +
	"auth.token.realm of Docker's registry")

// isPage reports whether an answer is a page for people, which no registry sends.
func isPage(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), "text/html") }

// manifestTypes are those of manifests that a tag may have.
var manifestTypes = []types.MediaType{
	types.OCIImageIndex, types.OCIManifestSchema1, types.DockerManifestList, types.DockerManifestSchema2,
	types.DockerManifestSchema1, types.DockerManifestSchema1Signed,
}

// put puts a manifest, after those below it.
func (c *client) put(ctx context.Context, m partial.Describable, reference string) error {
	if index, ok := m.(v1.ImageIndex); ok {
		below, err := partial.Manifests(index)
		if err != nil {
			return err
		}
		for _, child := range below {
			digest, err := child.Digest()
			if err == nil {
				err = c.put(ctx, child, digest.String())
			}
			if err != nil {
				return err
			}
		}
	}
	tagged, ok := m.(remote.Taggable)
	if !ok {
		return nil // a layer that an index names
	}
	data, err := tagged.RawManifest()
	if err != nil {
		return err
	}
	kind, err := m.MediaType()
	if err != nil {
		return err
	}
	return c.putManifest(ctx, reference, kind, data)
}

// putManifest puts the manifest with that text. The registry has said that it has what the
// manifest lists. If it then says that it has not, it is asked again: Docker's registry keeps that
// in files, which it empties for a moment when somebody else pushes the same.
func (c *client) putManifest(ctx context.Context, reference string, kind types.MediaType, data []byte) error {
	for try := 1; ; try++ {
		_, err := c.done(ctx, call{
			method: http.MethodPut, url: c.url("manifests/" + reference),
			header: http.Header{"Content-Type": {string(kind)}},
			body:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
			size:   int64(len(data)),
		})
		var said *transport.Error
		if !errors.As(err, &said) || !says(said, transport.ManifestBlobUnknownErrorCode) || try == tries {
			return err
		}
		if err := c.transport.pause(ctx, try, nil, nil); err != nil {
			return err
		}
	}
}

// accept is the header of a question for a manifest.
func accept() http.Header {
	var kinds []string
	for _, kind := range manifestTypes {
		kinds = append(kinds, string(kind))
	}
	return http.Header{"Accept": {strings.Join(kinds, ",")}}
}

// isManifest reports whether an answer's media type is one of a manifest.
func isManifest(h http.Header) bool {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return slices.Contains(manifestTypes, types.MediaType(strings.TrimSpace(kind)))
}
