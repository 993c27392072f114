// Package tags has tags of images follow the channels of a repository: stable-1.36 names the
// image of the release that is stable now.
package tags

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/registry"
)

// A Want is a tag, and the image that it is to name.
type Want struct {
	Repository string `json:"repository"` // registry.example.org/team/hyperkube
	Tag        string `json:"tag"`        // stable-1.36
	Digest     string `json:"digest"`     // sha256:…; "": there should be no such tag
	// Fork and Version are whose image it is; errors name them.
	Fork    string `json:"fork"`    // kubernetes-1.36
	Version string `json:"version"` // 1.36.1+acme.1
}

// A Move is what is done for a Want: the tag named From, and names its digest.
type Move struct {
	Want
	From string `json:"from,omitempty"` // sha256:…; "": there was no such tag
}

// A Report is what was done.
type Report struct {
	Moved []Move `json:"moved"`
	Kept  []Want `json:"kept"` // named their digests before
	Left  []Move `json:"left"` // should not be there, but their registry removes no tags
}

// A Mover moves tags in registries.
type Mover struct {
	Registry registry.Pusher // with logins and options of connections; its Registries are not used
	Events   event.Sink
	DryRun   bool // report what would move, and move nothing
}

// Move has tags name what is wanted. Nothing moves before all tags were asked for, and all
// images were found in their repositories. What was moved is reported also where it fails; the
// same call once more moves the rest. Registries do not compare what a tag named: of two who
// move a tag at once, the last one wins.
func (m Mover) Move(ctx context.Context, wants []Want) (Report, error) {
	if err := check(wants); err != nil {
		return Report{}, err
	}
	wants = slices.Compact(slices.SortedFunc(slices.Values(wants), byName))
	r := &run{Mover: m, open: map[string]*registry.Repository{}, have: map[string]string{},
		images: map[string]registry.Manifest{}}
	defer r.close()
	if err := r.ask(ctx, wants); err != nil {
		return Report{}, err
	}
	moves, err := Plan(wants, r.have)
	if err != nil {
		return Report{}, err
	}
	if err := r.find(ctx, moves); err != nil {
		return Report{}, err
	}
	report := Report{}
	for _, w := range wants {
		if r.have[w.Name()] == w.Digest {
			report.Kept = append(report.Kept, w)
		}
	}
	return report, r.move(ctx, moves, &report)
}

// check refuses what cannot be wanted, before any registry is asked.
func check(wants []Want) error {
	var errs []error
	at := map[string]Want{}
	for _, w := range wants {
		references := []string{w.Tag}
		if w.Digest != "" {
			references = append(references, w.Digest)
		}
		for _, reference := range references {
			errs = append(errs, (registry.Pusher{}).CheckName(w.Repository, reference))
		}
		if w.Digest != "" && !strings.HasPrefix(w.Digest, "sha256:") {
			errs = append(errs, fmt.Errorf("%s: %q is not a digest", w.Name(), w.Digest))
		}
		if had, ok := at[w.Name()]; ok && had.Digest != w.Digest {
			errs = append(errs, fmt.Errorf("%s would be both the image of %s %s and of %s %s: they need different tags",
				w.Name(), had.Fork, had.Version, w.Fork, w.Version))
		}
		at[w.Name()] = w
	}
	return errors.Join(errs...)
}

// A run is one call of Move.
type run struct {
	Mover
	open   map[string]*registry.Repository
	mu     sync.Mutex                   // guards what follows
	have   map[string]string            // digests by REPOSITORY:TAG
	images map[string]registry.Manifest // by REPOSITORY@DIGEST
}

func (r *run) close() {
	for _, repo := range r.open {
		repo.Close()
	}
}

// ask finds out what tags name now.
func (r *run) ask(ctx context.Context, wants []Want) error {
	for _, w := range wants {
		if r.open[w.Repository] != nil {
			continue
		}
		repo, err := r.Registry.Open(ctx, w.Repository)
		if err != nil {
			return err
		}
		r.open[w.Repository] = repo
	}
	return each(ctx, wants, func(ctx context.Context, w Want) error {
		digest, err := r.open[w.Repository].Digest(ctx, w.Tag)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.have[w.Name()] = digest
		return nil
	})
}

// find reads the images that tags are to name.
func (r *run) find(ctx context.Context, moves []Move) error {
	return each(ctx, moves, func(ctx context.Context, m Move) error {
		if m.Digest == "" {
			return nil
		}
		image, err := r.open[m.Repository].Manifest(ctx, m.Digest)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is to name %s, the image of %s %s, which is not in its repository: "+
				"push it first, from where that version was made: mage push -fork=%s -registry=%s",
				m.Name(), m.Digest, m.Fork, m.Version, m.Fork, path.Dir(m.Repository))
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.images[m.Repository+"@"+m.Digest] = image
		return err
	})
}

// each calls do for each of list, some at a time, and returns all errors.
func each[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	errs := make([]error, len(list))
	var g errgroup.Group
	g.SetLimit(4)
	for i, one := range list {
		g.Go(func() error {
			errs[i] = do(ctx, one)
			return nil
		})
	}
	_ = g.Wait()
	return errors.Join(errs...)
}

// move moves tags, one after another, and reports each.
func (r *run) move(ctx context.Context, moves []Move, report *Report) error {
	for _, m := range moves {
		end := event.Event{Stage: "tag", Subject: m.Name(), Detail: m.Digest}
		left := false
		err := r.Events.Stage(end, func(*event.Event) (err error) {
			left, err = r.one(ctx, m)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name(), err)
		}
		if left {
			r.Events.Note(fmt.Sprintf("%s should no longer be there, but its registry removes no tags: it names %s",
				m.Name(), m.From))
			report.Left = append(report.Left, m)
			continue
		}
		report.Moved = append(report.Moved, m)
	}
	return nil
}

// one moves a tag, and reports whether it is left, as its registry does not remove it.
func (r *run) one(ctx context.Context, m Move) (left bool, err error) {
	repo := r.open[m.Repository]
	switch {
	case r.DryRun:
		return false, nil
	case m.Digest == "":
		removed, err := repo.RemoveTag(ctx, m.Tag)
		return !removed && err == nil, err
	}
	return false, repo.PutManifest(ctx, m.Tag, r.images[m.Repository+"@"+m.Digest])
}
