// Package release makes releases of finished files, and publishes them: it adds what describes
// and what signs them, and pushes images to registries. It reads the records of what was
// built, and does not know how.
package release

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/page"
	"github.com/slipway-build/slipway/release/sign"
)

// A Request says what to release.
type Request struct {
	Platforms []string // as linux/arm64; empty, or the one word all: those of fork.yaml
	Keys      []string // to sign with, see sign.Open; empty: the release is unsigned
	Last      string   // the release before this one: its folder or its artifacts.json; empty: the one in dist
	Force     bool     // let a version that is released with other content be replaced
	Now       time.Time
}

// On returns the platforms that a fork is released for, in the order of fork.yaml.
func (r Request) On(f fork.Fork) ([]platform.Platform, error) {
	if len(r.Platforms) == 0 || slices.Equal(r.Platforms, []string{"all"}) {
		return f.Platforms, nil
	}
	asked, err := platform.ParseList(r.Platforms)
	if err != nil {
		return nil, err
	}
	for _, p := range asked {
		if !slices.Contains(f.Platforms, p) {
			return nil, fmt.Errorf("-platforms=%s: %s is released for build.platforms of %s alone: %s",
				p, f.ID, f.File("fork.yaml"), strings.Join(f.Build.Platforms, ", "))
		}
	}
	return platform.Common(f.Platforms, asked), nil
}

// An Input is what a release is made of: finished files, and what is known of them.
type Input struct {
	Fork   fork.Fork
	Record artifact.Release // without artifacts
	Made   artifact.Set     // in dist
	Known  Known
}

// A Releaser makes releases in dist.
type Releaser struct {
	Dist    output.Dist
	Events  event.Sink
	Signer  *sign.Signer // one without keys signs nothing
	Earlier Earlier
}

// Make makes dist/FORK/release of finished files, unless it is that already, and returns
// what is in it.
func (r Releaser) Make(ctx context.Context, in Input, q Request) (artifact.Set, error) {
	files, err := r.files(in)
	if err != nil {
		return nil, err
	}
	dir := in.Fork.Dist("release")
	key, err := r.key(in, files)
	if err != nil {
		return nil, err
	}
	if old, ok := r.kept(in.Fork, key); ok {
		_ = r.Events.Stage(event.Event{Stage: "release", Subject: old.Version}, func(end *event.Event) error {
			end.Detail, end.Kept = text.Count(len(old.Artifacts), "artifact"), true
			return nil
		})
		return r.report(in.Fork, old, true), r.publish(in.Fork, old, q.Force)
	}
	if same := r.Earlier.same; same != nil && !q.Force {
		if err := conflict(*same, in); err != nil {
			return nil, err
		}
	}
	var made built
	err = r.Events.Stage(event.Event{Stage: "release", Subject: in.Record.Version}, func(end *event.Event) error {
		err := r.Dist.Replace(dir, func(dst string) (err error) {
			if made, err = (builder{r, in, r.Earlier.last, dst}).build(ctx, files); err != nil {
				return err
			}
			if err := r.keepRebuilds(in, dst); err != nil {
				return err
			}
			return r.remember(in.Fork, key, made.sums)
		})
		end.Detail = text.Count(len(made.record.Artifacts), "artifact")
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := r.publish(in.Fork, made.record, q.Force); err != nil {
		return nil, err
	}
	return r.report(in.Fork, made.record, false), nil
}

// report tells of what people take from a release, and of where they look first; and
// returns all of it.
func (r Releaser) report(f fork.Fork, record artifact.Release, kept bool) artifact.Set {
	var set artifact.Set
	for _, a := range record.Artifacts {
		p, _ := platform.Parse(a.Platform) // "" is for all
		one := artifact.Artifact{
			Kind: a.Kind, Name: a.Name, Format: a.Format, Path: f.Dist("release", filepath.FromSlash(a.Path)), Platform: p,
			Size: a.Size, Digest: a.Digest, Holds: a.Holds, Kept: kept,
		}
		set = append(set, one)
		switch a.Kind {
		case artifact.Layout, artifact.Overlay, artifact.Document:
		default:
			r.Events.Emit(one.Event())
		}
	}
	for _, name := range []string{artifact.SHA256Sums, page.File} {
		r.Events.Emit(event.Event{Kind: event.Artifact, Path: f.Dist("release", name), Kept: kept})
	}
	return artifact.Of(set)
}
