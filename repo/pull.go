package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// partialFile is there where dist/repo does not have all content of what it shows.
const partialFile = "state/partial"

// A partial target is a folder that need not have all content of the state it shows: packages stay
// where they were pulled from.
type partial struct {
	publish.Target
	here map[string]bool // whether the content of a path can be brought there
}

// destination is where the next state is placed in dist/repo.
func (s *store) destination(n publish.Next) publish.Target {
	if !s.partial {
		return s.target
	}
	p := partial{Target: s.target, here: map[string]bool{}}
	for _, f := range n.Files {
		p.here[f.Path] = f.HasContent()
	}
	return p
}

// Stat takes what cannot be brought here for present.
func (p partial) Stat(ctx context.Context, e tree.Entry) (publish.Presence, error) {
	presence, err := p.Target.Stat(ctx, e)
	if err == nil && presence == publish.Absent && !p.here[e.Path] {
		return publish.Same, nil
	}
	return presence, err
}

// Copy leaves out what it has nothing to make of.
func (p partial) Copy(ctx context.Context, e tree.Entry) error {
	if err := p.Target.Copy(ctx, e); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Pull has dist/repo show what a target shows, with all that is needed to go on from there; but
// packages and other large content stay there.
func (k Keeper) Pull(ctx context.Context, from string) error {
	s, err := k.settings()
	if err != nil || k.Options.PlanOnly {
		return err
	}
	return k.locked(ctx, func(ctx context.Context, held *build.Held) error {
		theirs, err := k.fetch(ctx, held, from)
		if err != nil {
			return err
		}
		if _, err := identity(s, theirs.Snapshot); err != nil {
			return fmt.Errorf("%s: %w", run.Redact(from), err)
		}
		store, err := k.openStore(ctx, held)
		if err != nil {
			return err
		}
		ours := store.before.ID
		if ours != "" && ours != theirs.Snapshot.ID && !slices.Contains(theirs.Ancestors, ours) {
			return store.close(fmt.Errorf("%s shows snapshot %s, which %s does not follow\n"+
				"  To keep what is new here: mage repo:rebase -from=%s", Dir, ours, run.Redact(from), run.Redact(from)))
		}
		if err := store.markPartial(from); err != nil {
			return store.close(err)
		}
		report, err := publish.Publish(ctx, store.destination(theirs), theirs, publish.Request{Now: k.Now, Keep: forever})
		if err == nil {
			k.note("%s shows snapshot %s; packages stay at %s", Dir, report.Snapshot, run.Redact(from))
		}
		return store.close(err)
	})
}

// markPartial notes that content of what dist/repo shows is elsewhere.
func (s *store) markPartial(from string) error {
	s.partial = true
	return output.WriteFiles(s.root, map[string][]byte{partialFile: []byte(run.Redact(from) + "\n")})
}

// forever is how long what is only here stays when another state is pulled over it.
const forever = 100 * 365 * 24 * 60 * 60 * 1e9

// fetch reads what a target shows.
func (k Keeper) fetch(ctx context.Context, held *build.Held, from string) (f publish.Next, err error) {
	target, err := k.open(ctx, held, "from", from)
	if err != nil {
		return f, err
	}
	defer func() {
		if damage := (*publish.DamageError)(nil); errors.As(err, &damage) {
			err = fmt.Errorf("%w\n  Publish there again with -force from where the whole repository is", err)
		}
		err = errors.Join(err, target.Close())
	}()
	shown, err := publish.Read(ctx, target)
	if err != nil {
		return f, err
	}
	if shown == nil {
		return f, fmt.Errorf("%s: nothing was published there yet", target)
	}
	f.Snapshot = shown.Snapshot
	if f.Ancestors, err = publish.Ancestors(ctx, target, shown.Snapshot); err != nil {
		return f, err
	}
	for _, e := range shown.Files {
		file := tree.File{Entry: e}
		if needed(e, shown.Snapshot) {
			if file.Data, err = publish.Content(ctx, target, e); err != nil {
				return f, err
			}
		}
		f.Files = append(f.Files, file)
	}
	return f, nil
}

// needed reports whether a change of a snapshot reads a file of it.
func needed(e tree.Entry, s state.Snapshot) bool {
	if e.Class == tree.Commit || strings.HasPrefix(e.Path, "state/") || strings.HasPrefix(e.Path, "overlay.git/") {
		return e.Class != tree.Index
	}
	if b := s.Bootstrap; b != nil && (e.Path == b.Deb.Path || e.Path == b.RPM.Path) {
		return true
	}
	return e.Alias == "" && strings.HasPrefix(e.Path, path.Join("apt/snapshots", s.ID, "dists")+"/")
}

// Rebase makes one snapshot of what a target shows and of what was changed here since the two
// parted. dist/repo shows it when that is complete.
func (k Keeper) Rebase(ctx context.Context, from string, r Request) (artifact.Set, error) {
	if k.Options.PlanOnly {
		_, err := k.settings()
		return nil, err
	}
	return k.change(ctx, r, "rebase", func(ctx context.Context, c *change) error {
		theirs, err := k.fetch(ctx, c.held, from)
		if err != nil {
			return err
		}
		ours := c.store.before
		if ours.ID == theirs.Snapshot.ID && ours.Tree != theirs.Snapshot.Tree {
			return fmt.Errorf("%s and %s show two snapshots of the same ID, %s\n"+
				"  Take theirs, with mage repo:pull to an empty %s, and make the change there again", Dir, run.Redact(from),
				ours.ID, Dir)
		}
		if c.same = ours.ID == theirs.Snapshot.ID || slices.Contains(c.store.ancestors, theirs.Snapshot.ID); c.same {
			k.note("%s follows what is published already", Dir)
			return nil
		}
		mine, err := c.store.since(ctx, theirs)
		if err != nil {
			return err
		}
		if err := c.onto(theirs, mine); err != nil || r.DryRun {
			return err
		}
		return c.store.markPartial(from)
	})
}

// since returns our snapshots that a state does not have, the oldest first.
func (s *store) since(ctx context.Context, n publish.Next) ([]state.Snapshot, error) {
	var mine []state.Snapshot
	for _, id := range append([]string{s.before.ID}, s.ancestors...) {
		if id == n.Snapshot.ID || slices.Contains(n.Ancestors, id) {
			return mine, nil
		}
		one, err := s.snapshot(ctx, id)
		if err != nil {
			return nil, err
		}
		mine = append([]state.Snapshot{one}, mine...)
	}
	return nil, fmt.Errorf("%s and what is published have no snapshot in common: they are two repositories", Dir)
}

// onto makes the next snapshot of theirs, with what ours did.
func (c *change) onto(theirs publish.Next, mine []state.Snapshot) error {
	ours := c.store
	var err error
	if c.store, err = ours.as(theirs); err != nil {
		return err
	}
	if last := ours.before.ID; last > c.store.before.ID { // the next one follows both
		when, err := state.Time(last)
		if err != nil {
			return err
		}
		c.k.Now = latest(c.k.Now, when.Add(time.Second))
	}
	if err := c.begin("rebase"); err != nil {
		return err
	}
	for _, s := range mine {
		if err := c.again(s.Change, s.Channels); err != nil {
			return fmt.Errorf("%s: %w", s.Change, err)
		}
		c.next.Change.Of = append(c.next.Change.Of, s.Change)
	}
	for _, sum := range c.next.Records() {
		for _, e := range append([]tree.Entry{{Path: state.RecordPath(sum)}}, c.store.records[sum].Files...) {
			if f, err := ours.content(e.Path); err == nil {
				c.files = append(c.files, f)
			}
		}
	}
	return nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// again does what made a snapshot with those channels.
func (c *change) again(done state.Change, channels map[string][]state.Member) error {
	switch done.Verb {
	case "add":
		for _, m := range channels[done.Args[2]] {
			if m.Fork == done.Args[0] && m.Version == done.Args[1] {
				_, err := c.next.Put(done.Args[2], m, false)
				return err
			}
		}
		return nil // a later change dropped it
	case "promote":
		return c.promoteAgain(channels, done.Args[0], done.Args[1], strings.Join(done.Args[2:], ""))
	case "resign":
		c.resign = true
		return nil
	case "rebase":
		for _, one := range done.Of {
			if err := c.again(one, channels); err != nil {
				return err
			}
		}
		return nil
	}
	return errors.New("this cannot be done again on another state\n  Take theirs, with mage repo:pull to an empty " +
		Dir + ", and do it there")
}

// promoteAgain promotes what was promoted then. What others have added to the channel since, nobody
// here has seen.
func (c *change) promoteAgain(channels map[string][]state.Member, from, to, id string) error {
	for _, m := range channels[from] {
		if id != "" && m.Fork != id || !slices.Contains(channels[to], m) {
			continue
		}
		if _, err := c.next.Put(to, m, true); err != nil {
			return err
		}
	}
	return nil
}
