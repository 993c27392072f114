package swift

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/ncw/swift/v2"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/bucket"
	"github.com/slipway-build/slipway/repo/tree"
)

// lockFile is what a publisher makes before it replaces the head, if it is not there: the one thing
// that Swift compares. It ends by itself.
const lockFile = "state/lock"

// Swap replaces the head while no other publisher does.
func (t *Target) Swap(ctx context.Context, head []byte, tag string, _ []tree.Entry) (string, error) {
	release, err := t.lock(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	// What takes longer than the lock is held must not happen any more.
	ctx, cancel := context.WithTimeout(ctx, t.hold/2)
	defer cancel()
	shown, shownTag, err := t.Get(ctx, publish.HeadFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if shownTag != tag {
		return "", &publish.ConflictError{Target: t.String(), Snapshot: bucket.Snapshot(shown)}
	}
	f := tree.Of(tree.Commit, publish.HeadFile, head)
	etag, err := t.put(ctx, f, headers(f.Entry))
	return etag, t.fault("replacing "+publish.HeadFile, err)
}

// lock makes the lock, and waits for another publisher's: a dead one's is gone after a while. A
// server that gets two of them at the same time takes both, of which the last stays: so who has
// made one looks, after a pause, whose it is.
func (t *Target) lock(ctx context.Context) (release func(), err error) {
	holder := rand.Text()
	f := tree.Of(tree.Commit, lockFile, []byte(holder))
	with := headers(f.Entry)
	with["If-None-Match"] = "*"
	with["X-Delete-After"] = strconv.Itoa(int(t.hold.Seconds()))
	wait, cancel := context.WithTimeout(ctx, 3*t.hold)
	defer cancel()
	for {
		found, err := t.ask(wait, f, with)
		switch {
		case ctx.Err() != nil:
			return nil, t.fault("waiting for "+lockFile, ctx.Err())
		case found == holder:
			return func() { t.unlock(ctx) }, nil
		case wait.Err() != nil:
			return nil, fmt.Errorf("%s: other publishers held %s for %v; run it again when they are done",
				t, lockFile, 3*t.hold)
		case err != nil:
			return nil, err
		}
	}
}

// ask makes a lock if there is none, and returns after a pause who has it.
func (t *Target) ask(ctx context.Context, lock tree.File, with swift.Headers) (holder string, err error) {
	_, err = t.put(ctx, lock, with)
	if err != nil && status(err) != http.StatusPreconditionFailed {
		return "", t.fault("writing "+lockFile, err)
	}
	pause(ctx, t.hold/20)
	found, _, err := t.Get(ctx, lockFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(found), err
}

// unlock ends the lock, also where the run was interrupted. If that fails, it ends by itself.
func (t *Target) unlock(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.hold/4)
	defer cancel()
	_ = t.conn.ObjectDelete(ctx, t.container, t.key(lockFile))
}

// pause waits, and reports whether there is time left.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
