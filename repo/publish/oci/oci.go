// Package oci publishes a repository to a registry of container images, as artifacts of the
// Open Container Initiative (https://github.com/opencontainers/image-spec).
//
// Each file is a blob, which registries keep by its digest. Manifests list files by their
// paths, a few hundred each, and an index lists the manifests. The tag, latest unless the URL
// names another, names the index: all changes for readers at the moment when it moves. Each
// snapshot has a tag too, its ID. Manifests whose files have not changed keep their digests, so
// that what is sent is in proportion to what changed.
package oci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slipway-build/slipway/registry"
	"github.com/slipway-build/slipway/repo/publish"
)

// The types of artifacts. docs/repositories.md describes what is in them.
const (
	// IndexType is of the index that a tag names.
	IndexType = "application/vnd.slipway.repository.v1"
	// FilesType is of the manifests that it lists: each layer is a file, by its path.
	FilesType = "application/vnd.slipway.repository.files.v1"
)

// jobs is how many requests there are at a time.
const jobs = 8

// settling is how long Swap waits before it asks whether its index stayed. Another publisher who
// looked at the tag just before it moved has moved it by then.
const settling = time.Second

// A Target is a repository of a registry.
type Target struct {
	repo     *registry.Repository
	tag      string // that moves
	note     func(string)
	settling time.Duration

	mu      sync.Mutex
	seen    bool // the tag was asked for
	shown   view
	changed map[string]file // since the last Swap; the zero file is deleted
	lists   sync.Map        // *lazy by digest
}

// A lazy is what a manifest lists, once it is read.
type lazy struct {
	mu    sync.Mutex
	files []file
}

// Open opens the repository of a URL such as oci://registry.example.org/acme/packages. A tag
// may follow, as in …/packages:testing; without one it is latest. With ?insecure=true any
// certificate is accepted, and plain HTTP. It logs in as Docker and Podman do.
func Open(ctx context.Context, u *url.URL, o publish.Options) (publish.Target, error) {
	l, err := parse(u)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(l.reference, "sha256:") {
		return nil, fmt.Errorf("%s: a digest cannot be published to: name a tag, as in oci://%s:latest", u.Redacted(), l.name)
	}
	repo, err := l.pusher(o).Open(ctx, l.name)
	if err != nil {
		return nil, err
	}
	return newTarget(repo, l.reference, o), nil
}

func newTarget(repo *registry.Repository, tag string, o publish.Options) *Target {
	return &Target{repo: repo, tag: tag, note: o.Events.Note, settling: settling, changed: map[string]file{}}
}

// A location is what a URL names.
type location struct {
	name      string // of the repository: registry.example.org/acme/packages
	reference string // a tag or a digest
	insecure  bool
}

// parse reads a URL.
func parse(u *url.URL) (location, error) {
	l := location{name: u.Host + u.Path, reference: "latest"}
	if name, digest, ok := strings.Cut(l.name, "@"); ok {
		l.name, l.reference = name, digest
	} else if at := strings.LastIndexByte(u.Path, ':'); at >= 0 {
		l.name, l.reference = u.Host+u.Path[:at], u.Path[at+1:]
	}
	switch query := u.Query(); {
	case u.Scheme != "oci" || u.Host == "" || u.Opaque != "":
		return l, fmt.Errorf("%s: want a URL such as oci://registry.example.org/acme/packages", u.Redacted())
	case u.User != nil:
		return l, fmt.Errorf("%s: it has a login: log in with docker login or podman login", u.Redacted())
	case strings.Trim(u.Path, "/") == "":
		return l, fmt.Errorf("%s: it names no repository: want one such as oci://%s/acme/packages", u, u.Host)
	case len(query) > 1, len(query) == 1 && query.Get("insecure") != "true", u.Fragment != "":
		return l, fmt.Errorf("%s: after the name only ?insecure=true can follow", u)
	}
	l.insecure = u.Query().Has("insecure")
	return l, registry.Pusher{}.CheckName(l.name, l.reference)
}

// pusher returns how the registry is spoken to.
func (l location) pusher(o publish.Options) registry.Pusher {
	return registry.Pusher{
		Keychain: registry.Keychain(o.Env), Insecure: l.insecure, Note: o.Events.Note, Jobs: jobs,
		Words: registry.Words{
			Registry: "the URL", Insecure: "add ?insecure=true to the URL if that is intended",
		},
	}
}

// String returns the name with the tag.
func (t *Target) String() string { return "oci://" + t.repo.String() + ":" + t.tag }

// Limits says what registries cannot do.
func (t *Target) Limits() []string {
	return []string{
		"a registry does not compare a tag with what it was: of two who publish at the same moment, the second wins, " +
			"and the first is told a second later",
		"a registry removes files that no tag leads to when its operator has it collect garbage, and may keep the " +
			"tags of snapshots that were removed",
	}
}

// Close ends connections.
func (t *Target) Close() error {
	t.repo.Close()
	return nil
}

// digestOf returns the digest of what a tag names, "" if there is no such tag.
func (t *Target) digestOf(ctx context.Context, tag string) (string, error) {
	digest, err := t.repo.Digest(ctx, tag)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return digest, err
}
