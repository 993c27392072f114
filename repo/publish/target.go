// Package publish brings a repository to where readers find it, so that they never see half
// of a change: content first, what names it last.
package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// HeadFile is the file that says which snapshot a repository shows. Who replaces it owns
// the change that follows.
const HeadFile = "state/head.json"

// A Target is a place that a repository is published to. Paths are relative to its root, with
// slashes. Methods may be called at the same time. An object is there as a whole or not at all.
type Target interface {
	// String names the target in messages, without secrets.
	String() string
	// Get returns a small object and its tag, which Swap compares; an error that is
	// fs.ErrNotExist if there is none.
	Get(ctx context.Context, path string) (data []byte, tag string, err error)
	// Stat reports what is at an entry's path. It does not read the object if the target
	// can tell without.
	Stat(ctx context.Context, e tree.Entry) (Presence, error)
	// Put writes an object, with the headers of its class.
	Put(ctx context.Context, f tree.File) error
	// Copy makes e of the object at e.Alias, on the target itself.
	Copy(ctx context.Context, e tree.Entry) error
	// Swap replaces the head if its tag is still tag ("": if there is none), and returns the new
	// tag; else a *ConflictError. entries are all files that belong to it.
	Swap(ctx context.Context, head []byte, tag string, entries []tree.Entry) (newTag string, err error)
	// Delete removes objects. One that is not there is no error.
	Delete(ctx context.Context, paths []string) error
	// Limits says in a sentence each what the target cannot do, as compare the head.
	Limits() []string
	// Close ends connections, and lets go of locks.
	Close() error
}

// A Presence is what is at a path of a target.
type Presence int

// What can be at a path.
const (
	Absent Presence = iota
	Same
	Different
)

// A ConflictError is another publisher's change, which came first.
type ConflictError struct {
	Target   string
	Snapshot string // that the target shows now; "" if it is not known
}

func (e *ConflictError) Error() string {
	return "somebody else published to " + e.Target + " meanwhile: it shows snapshot " + e.Snapshot
}

// An OtherError is a target that shows another repository.
type OtherError struct {
	Target      string
	Shown, Next state.Identity
}

func (e *OtherError) Error() string {
	name := func(i state.Identity) string { return fmt.Sprintf("%s (origin %s)", i.Name, i.Origin) }
	if name(e.Shown) == name(e.Next) {
		return fmt.Sprintf("%s shows a repository %s that has no snapshot in common with this one, which was begun anew\n"+
			"  Go on from that one, with mage repo:pull and dist/repo moved away, or publish to another place",
			e.Target, name(e.Shown))
	}
	return fmt.Sprintf("%s shows the repository %s, and this one is %s: its clients would refuse it"+
		"\n  Publish to another place", e.Target, name(e.Shown), name(e.Next))
}

// A SourceError is a file to publish that is not here as it was made. It is found before the
// target is changed.
type SourceError struct {
	Path string // in the repository
	Err  error
}

func (e *SourceError) Unwrap() error { return e.Err }

func (e *SourceError) Error() string {
	if errors.Is(e.Err, fs.ErrNotExist) {
		return e.Path + " cannot be published: it is missing"
	}
	if changed := (*tree.MismatchError)(nil); errors.As(e.Err, &changed) {
		return e.Path + " cannot be published: it is not as it was made, somebody changed it"
	}
	return fmt.Sprintf("%s cannot be published: %v", e.Path, e.Err)
}
