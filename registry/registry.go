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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"golang.org/x/sync/errgroup"
)

// An Item is one image to push: Index, or Image if there is no Index.
type Item struct {
	Repository string // below the registry's prefix, as hyperkube
	Tag        string
	Index      v1.ImageIndex
	Image      v1.Image
	// Beside are artifacts whose manifests name the image, or one of the index, as their
	// subject: its signatures and SBOMs.
	Beside []v1.Image
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
	Digest string        `json:"digest"`           // sha256:…
	Kept   bool          `json:"kept,omitempty"`   // the tag was already there, with this digest
	Blobs  map[State]int `json:"blobs,omitempty"`  // a blob that items of a repository share counts for the first
	Bytes  int64         `json:"bytes"`            // sent; an upload that was cut and begun again counts twice
	Beside int           `json:"beside,omitempty"` // artifacts beside it that were not there
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
	Fewer      bool           // with Force, replace tags that are for more platforms, too
	Jobs       int            // uploads at a time; 4 if 0
	Wait       time.Duration  // before the second of five tries of a request, doubled for each later one; 1s if 0
	Answer     time.Duration  // how long a question by HEAD waits for its answer; 30s if 0
	Patience   time.Duration  // how long a request waits in all for a registry that has too many; 10m if 0
	Progress   func(Progress) // called by one goroutine at a time; may be nil
	// Moving is told how many bytes of a registry's blobs are there or on their way, of all,
	// after each MiB, with the repository at hand; called by one goroutine at a time; may be nil.
	Moving func(repository string, bytes, all int64)
	Note   func(string) // of what a registry does not do; called by one goroutine at a time; may be nil
	Words  Words        // of errors
}

// Push pushes all items to each registry, and returns what each registry has of them.
//
// It asks every registry for every tag first. A tag that has another digest is an
// error, unless p.Force is set, and then nothing is pushed at all. That is also so if the
// tag would be for fewer platforms, unless p.Fewer is set, too. A registry that does
// not say what a tag is, as to accounts that may only push, is asked whether it takes a
// push, which p.Note is told: then the tag is pushed as docker does. A blob is sent at
// most once to a registry, whose other repositories mount it. Manifests follow when
// all blobs are there: first the images of an index, then the index, by its tag. So
// whoever pulls gets the old image or the new one. What is beside an image follows, by its
// digest; a registry that does not list it gets an index of it under the tag that clients
// then read. A Push that failed can be repeated,
// and sends what is missing. Its errors hold no passwords and no tokens.
func (p Pusher) Push(ctx context.Context, items []Item) ([]Pushed, error) {
	p = p.defaulted()
	base := baseTransport()
	base.TLSClientConfig = &tls.Config{RootCAs: p.Roots, InsecureSkipVerify: p.Insecure}
	defer base.CloseIdleConnections()
	var targets []*target
	var errs []error
	for _, prefix := range p.Registries {
		t, err := p.target(prefix, items)
		if err == nil {
			t.transport = t.retrier(base)
			err = t.open(ctx)
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

// defaulted returns the Pusher with defaults for what it leaves out.
func (p Pusher) defaulted() Pusher {
	if p.Jobs <= 0 {
		p.Jobs = 4
	}
	p.Wait = cmp.Or(p.Wait, time.Second)
	p.Answer = cmp.Or(p.Answer, 30*time.Second)
	p.Patience = cmp.Or(p.Patience, 10*time.Minute)
	return p
}

// A target is one registry, and what is pushed to it.
type target struct {
	Pusher
	host      string
	scope     string // of logins: transport.PushScope
	transport *retrier
	uploads   []*upload
	beside    []*upload // artifacts beside them

	// What the registry is known not to answer, or to take.
	noHead, noBlobHead, noPatch atomic.Bool
	chunk                       atomic.Int64 // bytes of the largest request that sends a blob; 0 has no limit

	mu          sync.Mutex // guards what follows, and pushed of the uploads
	done, total int        // blobs
	moved, size int64      // bytes of all blobs
	noted       string     // what was told last
}

// An upload is an Item on its way to one registry.
type upload struct {
	// manifest is the Item's Index or Image.
	manifest interface {
		partial.Describable
		remote.Taggable
	}
	client *client
	tag    name.Tag
	pushed Pushed
	done   bool
	of     *upload  // of an artifact, what it is beside
	refers referral // of an artifact
}

// target returns the uploads to a registry, whose name is checked.
func (p Pusher) target(prefix string, items []Item) (*target, error) {
	prefix = strings.TrimSuffix(prefix, "/")
	host, err := hostOf(prefix)
	if err != nil {
		return nil, err
	}
	t := &target{Pusher: p, host: host, scope: transport.PushScope}
	seen := map[string]string{}
	for _, item := range items {
		full := prefix + "/" + item.Repository + ":" + item.Tag
		u, err := newUpload(item)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", full, err)
		}
		if u.tag, err = p.tag(host, full); err != nil {
			return nil, err
		}
		u.pushed.Name = prefix + "/" + item.Repository
		if other, ok := seen[full]; ok && other != u.pushed.Digest {
			return nil, fmt.Errorf("%s: would be both %s and %s: give one image another tag or repository",
				full, other, u.pushed.Digest)
		}
		seen[full], t.uploads = u.pushed.Digest, append(t.uploads, u)
		if err := t.addBeside(u, item); err != nil {
			return nil, fmt.Errorf("%s: beside it: %w", full, err)
		}
	}
	return t, nil
}

// newUpload returns the upload of an item, without its tag.
func newUpload(item Item) (*upload, error) {
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
	return u, nil
}

// open logs in to the repositories, and asks for each tag, whether it is there and may be
// replaced.
func (t *target) open(ctx context.Context) error {
	if len(t.uploads) == 0 {
		return nil
	}
	if err := t.greet(ctx, t.uploads[0].tag.Repository); err != nil {
		return err
	}
	err := t.each(t.uploads, func(u *upload) error {
		var err error
		if u.client, err = t.client(ctx, u.tag.Repository); err != nil {
			return err
		}
		got, err := u.client.ask(ctx, u.pushed.Tag)
		if err == nil && got.refused != nil {
			err = u.client.mayPush(ctx)
		}
		switch {
		case err != nil:
			return u.client.explain(ctx, err)
		case got.refused != nil && !t.Force:
			t.note("it does not say whether %s:%s is there (%s): pushes, and replaces it if it is",
				u.pushed.Name, u.pushed.Tag, told(got.refused))
		case got.digest == u.pushed.Digest:
			u.pushed.Kept, u.done = true, true
		case got.digest != "":
			return u.mayReplace(ctx, got.digest)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.openBeside(ctx)
}

// greet finds out how the registry of a repository is spoken to, and whether it sends logins
// where they may go.
func (t *target) greet(ctx context.Context, repo name.Repository) error {
	first := &client{target: t, repo: repo}
	asked, err := transport.Ping(ctx, repo.Registry, t.transport)
	if err == nil && strings.EqualFold(asked.Scheme, "bearer") {
		err = t.checkRealm(asked.Parameters["realm"], asked.Insecure)
	}
	return first.explain(ctx, err)
}

// note tells of what the registry does not do. It tells nothing twice in a row.
func (t *target) note(format string, args ...any) {
	text := t.host + ": " + fmt.Sprintf(format, args...)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Note != nil && text != t.noted {
		t.Note(text)
	}
	t.noted = text
}

// push sends blobs, then manifests, and returns what the registry has in the end,
// also where it fails.
func (t *target) push(ctx context.Context) ([]Pushed, error) {
	err := t.uploadBlobs(ctx)
	if err == nil {
		err = t.each(t.uploads, func(u *upload) error {
			err := u.client.put(ctx, u.manifest, u.pushed.Tag)
			u.done = err == nil
			return u.client.explain(ctx, err)
		})
	}
	if err == nil {
		err = t.pushBeside(ctx)
	}
	var out []Pushed
	for _, u := range t.uploads {
		if u.done {
			out = append(out, u.pushed)
		}
	}
	return out, err
}

// each calls do for those of uploads that are not done, t.Jobs at a time. It returns all
// errors, but the same text once: a wrong password is wrong for every image.
func (t *target) each(uploads []*upload, do func(u *upload) error) error {
	errs := make([]error, len(uploads))
	var g errgroup.Group
	g.SetLimit(t.Jobs)
	for i, u := range uploads {
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
