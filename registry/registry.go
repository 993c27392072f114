// Package registry pushes container images to registries, by the distribution
// specification of the Open Container Initiative
// (https://github.com/opencontainers/distribution-spec). It can push to several
// registries at once, tries again what fails for a while, and sends no blob that a
// registry already has.
//
//	p := registry.Pusher{
//		Registries: []string{"registry.example.org/team"},
//		Keychain:   registry.Keychain(os.Environ()),
//	}
//	pushed, err := p.Push(ctx, []registry.Item{{Repository: "ship", Tag: "v1.4.1", Index: index}})
package registry

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sync/errgroup"
)

// An Item is one image to push: Index, or Image if there is no Index.
type Item struct {
	Repository string // below the registry's prefix, as hyperkube
	Tag        string
	Index      v1.ImageIndex
	Image      v1.Image
}

// State is how a blob got into its repository.
type State string

// The states of blobs.
const (
	Uploaded State = "uploaded" // it was sent
	Existing State = "existing" // it was already there
	Mounted  State = "mounted"  // the registry took it from another repository
)

// Pushed is an Item that a registry has. Its String is the name to pull it by,
// without the tag: some programs accept no tag beside a digest.
type Pushed struct {
	Name   string        `json:"name"` // of the repository, as registry.example.org/team/hyperkube
	Tag    string        `json:"tag"`
	Digest string        `json:"digest"`          // sha256:…
	Kept   bool          `json:"kept,omitempty"`  // the tag was already there, with this digest
	Blobs  map[State]int `json:"blobs,omitempty"` // a blob that items of a repository share counts for the first
	Bytes  int64         `json:"bytes"`           // sent; an upload that was cut and begun again counts twice
}

func (p Pushed) String() string { return p.Name + "@" + p.Digest }

// Progress tells of one blob that is in its repository now.
type Progress struct {
	Name        string // of the repository
	Digest      string // sha256:…
	Size        int64  // bytes
	State       State
	Done, Total int // blobs of the registry; one in two repositories counts twice
}

// A Pusher pushes Items to each of its Registries.
type Pusher struct {
	Registries []string       // prefixes of repositories, as registry.example.org/team
	Keychain   authn.Keychain // nil has no logins; see Keychain
	Roots      *x509.CertPool // to check the registries' certificates with; nil is the system's
	Insecure   bool           // accept any certificate, and plain HTTP from other machines than this one
	Force      bool           // replace tags that have another digest
	Jobs       int            // uploads at a time; 4 if 0
	Wait       time.Duration  // before the second of five tries of a request, doubled for each later one; 1s if 0
	Progress   func(Progress) // called by one goroutine at a time; may be nil
}

// Push pushes all items to each registry, and returns what each registry has of them.
//
// It asks every registry for every tag first. A tag that has another digest is an
// error, unless p.Force is set, and then nothing is pushed at all. A blob is sent at
// most once to a registry, whose other repositories mount it. Manifests follow when
// all blobs are there: first the images of an index, then the index, by its tag. So
// whoever pulls gets the old image or the new one. A Push that failed can be repeated,
// and sends what is missing. Its errors hold no passwords and no tokens.
func (p Pusher) Push(ctx context.Context, items []Item) ([]Pushed, error) {
	if p.Jobs <= 0 {
		p.Jobs = 4
	}
	if p.Wait <= 0 {
		p.Wait = time.Second
	}
	base := remote.DefaultTransport.(*http.Transport).Clone()
	base.TLSClientConfig = &tls.Config{RootCAs: p.Roots, InsecureSkipVerify: p.Insecure}
	defer base.CloseIdleConnections()
	var targets []*target
	var errs []error
	for _, prefix := range p.Registries {
		t, err := p.target(prefix, items)
		if err == nil {
			err = t.open(ctx, &retrier{base: base, plain: p.Insecure, local: local(t.host), wait: p.Wait})
		}
		targets, errs = append(targets, t), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var out []Pushed
	for _, t := range targets {
		pushed, err := t.push(ctx)
		out, errs = append(out, pushed...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// A target is one registry, and what is pushed to it.
type target struct {
	Pusher
	host    string
	user    string // who is logged in; empty is nobody
	pusher  *remote.Pusher
	uploads []*upload

	mu          sync.Mutex // guards what follows, and pushed of the uploads
	done, total int        // blobs
}

// An upload is an Item on its way to one registry.
type upload struct {
	// manifest is the Item's Index or Image.
	manifest interface {
		partial.Describable
		remote.Taggable
	}
	tag    name.Tag
	pushed Pushed
	done   bool
}

// target returns the uploads to a registry, whose name is checked.
func (p Pusher) target(prefix string, items []Item) (*target, error) {
	prefix = strings.TrimSuffix(prefix, "/")
	host, _, _ := strings.Cut(prefix, "/")
	t := &target{Pusher: p, host: host}
	switch {
	case strings.Contains(prefix, "@"): // the error does not repeat it, as it may hold a password
		return nil, errors.New("a registry's name has an @: " +
			"want one like registry.example.org/team; log in with docker login or podman login")
	case strings.Contains(prefix, "://") || host != "localhost" && !strings.ContainsAny(host, ".:"):
		return nil, fmt.Errorf("registry %q: want a host without https://, "+
			"such as registry.example.org/team or docker.io/team",
			prefix)
	}
	options := []name.Option{name.StrictValidation}
	if p.Insecure || local(host) {
		options = append(options, name.Insecure)
	}
	seen := map[string]string{}
	for _, item := range items {
		full := prefix + "/" + item.Repository + ":" + item.Tag
		u, err := newUpload(item, full, options)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", full, err)
		}
		u.pushed.Name = prefix + "/" + item.Repository
		if other, ok := seen[full]; ok && other != u.pushed.Digest {
			return nil, fmt.Errorf("%s: would be both %s and %s: give one image another tag or repository",
				full, other, u.pushed.Digest)
		}
		seen[full], t.uploads = u.pushed.Digest, append(t.uploads, u)
	}
	return t, nil
}

// newUpload returns the upload of an item to a tag, by its full name.
func newUpload(item Item, full string, options []name.Option) (*upload, error) {
	u := &upload{manifest: item.Image}
	if item.Index != nil {
		u.manifest = item.Index
	}
	if item.Index == nil && item.Image == nil {
		return nil, errors.New("it has no image")
	}
	digest, err := u.manifest.Digest()
	if err != nil {
		return nil, err
	}
	u.pushed = Pushed{Tag: item.Tag, Digest: digest.String()}
	u.tag, err = name.NewTag(full, options...)
	return u, err
}

// open logs in, and asks for each tag, whether it is there and may be replaced.
func (t *target) open(ctx context.Context, transport http.RoundTripper) error {
	auth := authn.Anonymous
	if t.Keychain != nil && len(t.uploads) > 0 {
		var err error
		if auth, err = authn.Resolve(ctx, t.Keychain, t.uploads[0].tag.Repository); err != nil {
			return fmt.Errorf("%s: finding its login: %s", t.host, scrub(err.Error()))
		}
	}
	if login, err := authn.Authorization(ctx, auth); err == nil && auth != authn.Anonymous {
		t.user = cmp.Or(login.Username, "a token")
	}
	again := func(err error) bool { return ctx.Err() == nil && uploadsAgain(err) }
	options := []remote.Option{
		remote.WithAuth(auth), remote.WithTransport(transport), remote.WithUserAgent("slipway"), remote.WithJobs(t.Jobs),
		remote.WithRetryStatusCodes(), remote.WithRetryPredicate(again),
		remote.WithRetryBackoff(remote.Backoff{Duration: t.Wait, Factor: 2, Steps: tries}),
	}
	puller, err := remote.NewPuller(options...)
	if err == nil {
		t.pusher, err = remote.NewPusher(options...)
	}
	if err != nil {
		return err
	}
	return t.each(func(u *upload) error {
		got, err := puller.Head(ctx, u.tag)
		switch {
		case absent(err, t.Force):
			return nil
		case err != nil:
			return t.explain(ctx, err)
		case got.Digest.String() == u.pushed.Digest:
			u.pushed.Kept, u.done = true, true
		case !t.Force:
			return fmt.Errorf("%s:%s is already there as %s, and would be %s: "+
				"push another tag with -tag, or replace it with -force",
				u.pushed.Name, u.pushed.Tag, got.Digest, u.pushed.Digest)
		}
		return nil
	})
}

// push sends blobs, then manifests, and returns what the registry has in the end,
// also where it fails.
func (t *target) push(ctx context.Context) ([]Pushed, error) {
	err := t.uploadBlobs(ctx)
	if err == nil {
		err = t.each(func(u *upload) error {
			err := t.pusher.Push(ctx, u.tag, u.manifest)
			u.done = err == nil
			return t.explain(ctx, err)
		})
	}
	var out []Pushed
	for _, u := range t.uploads {
		if u.done {
			out = append(out, u.pushed)
		}
	}
	return out, err
}

// each calls do for the uploads that are not done, t.Jobs at a time. It returns all
// errors, but the same text once: a wrong password is wrong for every image.
func (t *target) each(do func(u *upload) error) error {
	errs := make([]error, len(t.uploads))
	var g errgroup.Group
	g.SetLimit(t.Jobs)
	for i, u := range t.uploads {
		if !u.done {
			g.Go(func() error {
				errs[i] = do(u)
				return nil
			})
		}
	}
	_ = g.Wait()
	said := map[string]bool{}
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool {
		again := err == nil || said[err.Error()]
		if err != nil {
			said[err.Error()] = true
		}
		return again
	})...)
}

// A blob is a layer or a configuration.
type blob struct {
	v1.Layer
	digest  string
	home    *upload   // whose repository has it; nil if none is known to
	uploads []*upload // that need it, one for each repository
}

// uploadBlobs puts all blobs into the repositories of the uploads that are not done.
func (t *target) uploadBlobs(ctx context.Context) error {
	var blobs []*blob
	known := map[string]*blob{}
	wanted := map[string]bool{}
	for _, u := range t.uploads {
		err := walk(u.manifest, func(l v1.Layer) error {
			digest, err := l.Digest()
			b := known[digest.String()]
			if b == nil {
				b = &blob{Layer: l, digest: digest.String()}
				known[b.digest], blobs = b, append(blobs, b)
			}
			if here := u.pushed.Name + "@" + b.digest; u.done {
				b.home = u
			} else if !wanted[here] {
				wanted[here], b.uploads = true, append(b.uploads, u)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("%s:%s: %w", u.pushed.Name, u.pushed.Tag, err)
		}
	}
	t.total = len(wanted)
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(t.Jobs)
	for _, b := range blobs {
		g.Go(func() error { return t.explain(ctx, t.uploadBlob(within, b)) })
	}
	return g.Wait()
}

// walk calls add for each blob below a manifest.
func walk(m partial.Describable, add func(v1.Layer) error) error {
	var below []partial.Describable
	var err error
	switch m := m.(type) {
	case v1.Layer:
		return add(m)
	case v1.ImageIndex:
		below, err = partial.Manifests(m)
	case v1.Image:
		var config v1.Layer
		if config, err = partial.ConfigLayer(m); err != nil {
			return err
		}
		var layers []v1.Layer
		layers, err = m.Layers()
		for _, l := range append(layers, config) {
			below = append(below, l)
		}
	}
	for _, m := range below {
		if err == nil {
			err = walk(m, add)
		}
	}
	return err
}

// uploadBlob puts a blob into each repository that needs it. The first is sent it, the
// others mount it.
func (t *target) uploadBlob(ctx context.Context, b *blob) error {
	size, err := b.Size()
	if err != nil {
		return err
	}
	for _, u := range b.uploads {
		layer := b.Layer
		if b.home != nil {
			layer = &remote.MountableLayer{Layer: layer, Reference: b.home.tag}
		}
		sent := &transfer{}
		if err := t.pusher.Upload(context.WithValue(ctx, transferKey{}, sent), u.tag.Repository, layer); err != nil {
			return err
		}
		b.home = u
		t.count(u, sent, Progress{Name: u.pushed.Name, Digest: b.digest, Size: size, State: sent.state})
	}
	return nil
}

// count adds a blob to the counts of an upload, and tells p.Progress.
func (t *target) count(u *upload, sent *transfer, event Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u.pushed.Blobs == nil {
		u.pushed.Blobs = map[State]int{}
	}
	u.pushed.Blobs[sent.state]++
	u.pushed.Bytes += sent.bytes.Load()
	t.done++
	event.Done, event.Total = t.done, t.total
	if t.Progress != nil {
		t.Progress(event)
	}
}
