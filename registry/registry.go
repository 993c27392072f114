// Package registry pushes container images to registries, by the distribution specification
// of the Open Container Initiative (https://github.com/opencontainers/distribution-spec).
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

// State is what became of a blob.
type State string

// The states of blobs.
const (
	Uploaded State = "uploaded" // it was sent
	Existing State = "existing" // its repository had it
	Mounted  State = "mounted"  // the registry took it from another repository
)

// Pushed is an Item that a registry has. String is the name that everybody can
// pull it by: some programs take no tag beside a digest.
type Pushed struct {
	Name   string        `json:"name"` // of the repository, as registry.example.org/team/hyperkube
	Tag    string        `json:"tag"`
	Digest string        `json:"digest"`          // sha256:…
	Kept   bool          `json:"kept,omitempty"`  // true where the tag was there, with this digest
	Blobs  map[State]int `json:"blobs,omitempty"` // how many; one that items of a repository share is the first one's
	Bytes  int64         `json:"bytes"`           // of blobs that were sent; what was cut and sent again counts each time
}

func (p Pushed) String() string { return p.Name + "@" + p.Digest }

// Progress is one blob that came to be in its repository.
type Progress struct {
	Name        string // of the repository
	Digest      string // sha256:…
	Size        int64  // bytes
	State       State
	Done, Total int // blobs of the registry; one that two repositories share counts twice
}

// A Pusher pushes Items to each of its Registries.
type Pusher struct {
	Registries []string       // prefixes of repositories, as registry.example.org/team
	Keychain   authn.Keychain // nil has no logins; see Keychain
	Roots      *x509.CertPool // that vouch for the registries' certificates; nil is the system's
	Insecure   bool           // take any certificate, or none and plain HTTP, which without it is for registries on this machine
	Force      bool           // replace tags that stand for something else
	Jobs       int            // blobs that move at a time; 4 if 0
	Wait       time.Duration  // before the second of the five tries that a request has, doubled before each later one; 1s if 0
	Progress   func(Progress) // is called by one goroutine at a time; may be nil
}

// Push sees to it that each registry has all items, and returns those of each that it has.
// Before anything moves, every registry was asked for every tag: one that stands for another
// digest is an error, unless p.Force is set. A blob moves at most once to a registry, whose
// further repositories mount it. Manifests follow when all blobs are there, an index after its
// images, and by its tag: who pulls meets what was there, or all of it. A Push that failed can
// be repeated, and moves what lacks. Its errors hold no passwords and no tokens.
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
		err := t.move(ctx)
		if err == nil {
			err = t.each(func(j *job) error {
				err := t.pusher.Push(ctx, j.tag, j.manifest)
				j.done = err == nil
				return t.explain(ctx, err)
			})
		}
		for _, j := range t.jobs {
			if j.done {
				out = append(out, j.pushed)
			}
		}
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

// A target is one registry, and what it is to have.
type target struct {
	Pusher
	host   string
	user   string // who is logged in, empty for nobody
	pusher *remote.Pusher
	jobs   []*job

	mu          sync.Mutex // guards what follows, and pushed of the jobs
	done, total int        // blobs
}

// A job is an Item, for one registry.
type job struct {
	// manifest is the Item's Index or Image.
	manifest interface {
		partial.Describable
		remote.Taggable
	}
	tag    name.Tag
	pushed Pushed
	done   bool
}

// target says what the items are called in a registry.
func (p Pusher) target(prefix string, items []Item) (*target, error) {
	prefix = strings.TrimSuffix(prefix, "/")
	host, _, _ := strings.Cut(prefix, "/")
	t := &target{Pusher: p, host: host}
	switch {
	case strings.Contains(prefix, "@"): // which is not repeated: it may hold a password
		return nil, errors.New("a registry's name has an @: want one as registry.example.org/team, and logins by docker login or podman login")
	case strings.Contains(prefix, "://") || host != "localhost" && !strings.ContainsAny(host, ".:"):
		return nil, fmt.Errorf("registry %q: want a host, and no https:// before it, as registry.example.org/team or docker.io/team", prefix)
	}
	options := []name.Option{name.StrictValidation}
	if p.Insecure || local(host) {
		options = append(options, name.Insecure)
	}
	seen := map[string]string{}
	for _, item := range items {
		j := &job{manifest: item.Image, pushed: Pushed{Name: prefix + "/" + item.Repository, Tag: item.Tag}}
		if item.Index != nil {
			j.manifest = item.Index
		}
		full := j.pushed.Name + ":" + item.Tag
		if item.Index == nil && item.Image == nil {
			return nil, fmt.Errorf("%s: has no image", full)
		}
		digest, err := j.manifest.Digest()
		if err == nil {
			j.tag, err = name.NewTag(full, options...)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", full, err)
		}
		j.pushed.Digest = digest.String()
		if other, ok := seen[full]; ok && other != j.pushed.Digest {
			return nil, fmt.Errorf("%s: is to be %s and %s at once: give one image another tag or repository", full, other, digest)
		}
		seen[full], t.jobs = j.pushed.Digest, append(t.jobs, j)
	}
	return t, nil
}

// open logs in, and finds out whether the tags are there and may be put there if not.
func (t *target) open(ctx context.Context, transport http.RoundTripper) error {
	auth := authn.Anonymous
	if t.Keychain != nil && len(t.jobs) > 0 {
		var err error
		if auth, err = authn.Resolve(ctx, t.Keychain, t.jobs[0].tag.Repository); err != nil {
			return fmt.Errorf("%s: finding its login: %s", t.host, scrub(err.Error()))
		}
	}
	if login, err := authn.Authorization(ctx, auth); err == nil && auth != authn.Anonymous {
		t.user = cmp.Or(login.Username, "a token")
	}
	options := []remote.Option{
		remote.WithAuth(auth), remote.WithTransport(transport), remote.WithUserAgent("slipway"), remote.WithJobs(t.Jobs),
		remote.WithRetryStatusCodes(), remote.WithRetryPredicate(func(err error) bool { return ctx.Err() == nil && uploadsAgain(err) }),
		remote.WithRetryBackoff(remote.Backoff{Duration: t.Wait, Factor: 2, Steps: tries}),
	}
	puller, err := remote.NewPuller(options...)
	if err == nil {
		t.pusher, err = remote.NewPusher(options...)
	}
	if err != nil {
		return err
	}
	return t.each(func(j *job) error {
		got, err := puller.Head(ctx, j.tag)
		switch {
		case absent(err, t.Force):
			return nil
		case err != nil:
			return t.explain(ctx, err)
		case got.Digest.String() == j.pushed.Digest:
			j.pushed.Kept, j.done = true, true
		case !t.Force:
			return fmt.Errorf("%s:%s is there already, as %s, and is %s here: push by another name with -tag, or replace it with -force",
				j.pushed.Name, j.pushed.Tag, got.Digest, j.pushed.Digest)
		}
		return nil
	})
}

// each calls do for the jobs that are not done, for t.Jobs at a time, and returns what all of
// them say, the same once: a wrong password is wrong for every image.
func (t *target) each(do func(j *job) error) error {
	errs := make([]error, len(t.jobs))
	var g errgroup.Group
	g.SetLimit(t.Jobs)
	for i, j := range t.jobs {
		if !j.done {
			g.Go(func() error {
				errs[i] = do(j)
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
	digest string
	home   *job   // whose repository has it; nil if none is known
	jobs   []*job // that lack it, one of each repository
}

// move brings all blobs into the repositories of the jobs that are not done.
func (t *target) move(ctx context.Context) error {
	var blobs []*blob
	known := map[string]*blob{}
	wanted := map[string]bool{}
	for _, j := range t.jobs {
		err := walk(j.manifest, func(l v1.Layer) error {
			digest, err := l.Digest()
			b := known[digest.String()]
			if b == nil {
				b = &blob{Layer: l, digest: digest.String()}
				known[b.digest], blobs = b, append(blobs, b)
			}
			if here := j.pushed.Name + "@" + b.digest; j.done {
				b.home = j
			} else if !wanted[here] {
				wanted[here], b.jobs = true, append(b.jobs, j)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("%s:%s: %w", j.pushed.Name, j.pushed.Tag, err)
		}
	}
	t.total = len(wanted)
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(t.Jobs)
	for _, b := range blobs {
		g.Go(func() error { return t.explain(ctx, t.upload(within, b)) })
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

// upload brings a blob into each repository that is to have it, from the first one into the others.
func (t *target) upload(ctx context.Context, b *blob) error {
	size, err := b.Size()
	if err != nil {
		return err
	}
	for _, j := range b.jobs {
		layer := b.Layer
		if b.home != nil {
			layer = &remote.MountableLayer{Layer: layer, Reference: b.home.tag}
		}
		sent := &transfer{}
		if err := t.pusher.Upload(context.WithValue(ctx, transferKey{}, sent), j.tag.Repository, layer); err != nil {
			return err
		}
		b.home = j
		t.count(j, sent, Progress{Name: j.pushed.Name, Digest: b.digest, Size: size, State: sent.state})
	}
	return nil
}

// count adds a blob to what is known of a job, and tells of it.
func (t *target) count(j *job, sent *transfer, event Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if j.pushed.Blobs == nil {
		j.pushed.Blobs = map[State]int{}
	}
	j.pushed.Blobs[sent.state]++
	j.pushed.Bytes += sent.bytes.Load()
	t.done++
	event.Done, event.Total = t.done, t.total
	if t.Progress != nil {
		t.Progress(event)
	}
}
