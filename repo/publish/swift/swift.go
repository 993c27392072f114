// Package swift publishes a repository to a container of OpenStack's object store.
package swift

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/ncw/swift/v2"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/bucket"
)

// Target is a container, or the part of one below a prefix.
type Target struct {
	container, prefix string
	conn              *swift.Connection
	transport         *bucket.Transport
	attempts          int           // of a request
	hold              time.Duration // how long the lock is held at most

	mu    sync.Mutex
	bulk  *bool // whether the store deletes many objects at once; nil: it is not known
	plain bool  // the store dropped Cache-Control
}

// Open returns the target that a URL names:
//
//	swift://CONTAINER/PREFIX?lock=20s
//
// lock is how long a publisher has the lock at most, and so how long one that was killed keeps the
// next waiting.
// The variables of OpenStack's clients say where it is and who asks: OS_AUTH_URL and what goes with it; ST_AUTH,
// ST_USER and ST_KEY; OS_STORAGE_URL and OS_AUTH_TOKEN; or OS_CLOUD, which names a cloud of clouds.yaml. The
// container must be there.
func Open(ctx context.Context, u *url.URL, o publish.Options) (publish.Target, error) {
	t, err := newTarget(u, o.Env)
	if err != nil {
		return nil, err
	}
	var headers swift.Headers
	err = t.retry(ctx, func() (err error) {
		_, headers, err = t.conn.Container(ctx, t.container)
		return err
	})
	if errors.Is(err, swift.ContainerNotFound) {
		return nil, fmt.Errorf("%s: there is no container %s; create it, for everybody to read: "+
			"swift post %s --read-acl '.r:*'", t, t.container, t.container)
	}
	if err != nil {
		return nil, t.fault("looking for the container", err)
	}
	if !strings.Contains(headers["X-Container-Read"], ".r:*") {
		o.Events.Note(fmt.Sprintf("%s: not everybody can read the container; "+
			"swift post %s --read-acl '.r:*' changes that", t, t.container))
	}
	return t, nil
}

func newTarget(u *url.URL, env run.Env) (*Target, error) {
	t := &Target{container: u.Host, prefix: bucket.Prefix(u.Path), attempts: 6}
	query := u.Query()
	hold, err := time.ParseDuration(cmp.Or(query.Get("lock"), "20s"))
	query.Del("lock")
	t.hold = hold
	switch {
	case u.User != nil:
		return nil, fmt.Errorf("%s: a URL has no credentials: set OS_USERNAME and OS_PASSWORD instead", t)
	case u.Host == "" || len(query) > 0:
		return nil, fmt.Errorf("%s: expected swift://CONTAINER/PREFIX or swift://CONTAINER/PREFIX?lock=20s", u)
	case err != nil || hold < time.Second || hold != hold.Truncate(time.Second):
		return nil, fmt.Errorf("%s: lock=%s: expected whole seconds, such as 20s", t, u.Query().Get("lock"))
	}
	if t.conn, err = connection(env); err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	if t.transport, err = bucket.NewTransport(env, "OS_CACERT"); err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	t.conn.Transport = t.transport
	return t, nil
}

// String names the container as its URL does.
func (t *Target) String() string {
	if t.prefix == "" {
		return "swift://" + t.container
	}
	return "swift://" + bucket.Key(t.container, t.prefix)
}

// Limits says how publishers are kept apart, and what the store dropped.
func (t *Target) Limits() []string {
	limits := []string{"Swift does not compare on writing: publishers take turns by " + lockFile + ", which a " +
		"store whose servers are apart from each other may give to two"}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.plain {
		limits = append(limits, "the store drops Cache-Control, so caches choose how long they keep files: add it to "+
			"allowed_headers of its object servers")
	}
	return limits
}

// Close ends connections.
func (t *Target) Close() error {
	t.transport.CloseIdleConnections()
	return nil
}
