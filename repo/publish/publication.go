package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// attempts is how often a run starts over because somebody else replaced the head.
const attempts = 5

// A publication is one run of Publish.
type publication struct {
	Request
	to     *sender
	next   Next
	report Report
	// begun is set once the target's head names next as pending, so that readers may see parts of it.
	begun bool
	lost  bool // somebody else's snapshot is there, which next does not follow
}

func (p *publication) publish(ctx context.Context) (Report, error) {
	if err := p.next.check(); err != nil {
		return p.report, err
	}
	err := p.Events.Stage(event.Event{Stage: "publish", Subject: p.to.String()}, func(end *event.Event) error {
		err := p.run(ctx)
		end.Detail, end.Kept = "snapshot "+p.report.Snapshot, p.report.UpToDate
		return err
	})
	p.report.Requests = p.to.count
	return p.report, p.explain(err)
}

// explain adds to an error what readers see now.
func (p *publication) explain(err error) error {
	var conflict *ConflictError
	var other *OtherError
	var damage *DamageError
	var source *SourceError
	switch {
	case errors.As(err, &damage):
		return fmt.Errorf("%w\n  Put it back as it was, or publish again with -force from where the whole repository is", err)
	case err == nil || errors.As(err, &conflict) || errors.As(err, &other) || errors.As(err, &source) || p.DryRun:
		return err
	case p.begun:
		return fmt.Errorf("%w\nSome suites may show the new snapshot and some the old one, each of them whole; "+
			"the next run completes", err)
	}
	return fmt.Errorf("%w\nReaders see what they saw before; the next run continues from here", err)
}

// run starts over when somebody else replaces the head meanwhile: that may be a change that ours
// follows, or the completion of ours.
func (p *publication) run(ctx context.Context) error {
	var err error
	var conflict *ConflictError
	for range attempts {
		if err = p.once(ctx); !errors.As(err, &conflict) || p.lost {
			return err
		}
	}
	return err
}

func (p *publication) once(ctx context.Context) error {
	shown, err := p.settle(ctx)
	if err != nil {
		return p.unlessMoved(ctx, shown, err)
	}
	if p.begun && shown.Head.Snapshot != p.next.Snapshot.ID {
		return p.yield(ctx, shown)
	}
	p.report.Previous = shown.Head.Snapshot
	if !p.next.follows(shown.Head.Snapshot) || p.another(shown) {
		return p.refuse(ctx, shown)
	}
	c, err := difference(shown, p.next, p.Request)
	if err != nil {
		return fmt.Errorf("%s: %w", p.to, err)
	}
	p.report.Snapshot = p.next.Snapshot.ID
	if shown.Head.Snapshot == p.next.Snapshot.ID && c.nothing(p.Now) {
		p.report.UpToDate = !p.begun
		return nil
	}
	if err := p.inspect(ctx, shown, &c); err != nil {
		return p.unlessMoved(ctx, shown, err)
	}
	p.tell(c)
	if p.DryRun {
		return nil
	}
	head, err := p.upload(ctx, shown, &c)
	if err != nil {
		return err
	}
	return p.replaceHead(ctx, shown, c, head)
}

// another reports whether the target shows a snapshot of the same ID that somebody else made.
func (p *publication) another(shown *Shown) bool {
	return shown.Snapshot.ID == p.next.Snapshot.ID && shown.Snapshot.Tree != p.next.Snapshot.Tree && !p.Repair
}

// refuse returns why a target that shows something else cannot be brought to next.
func (p *publication) refuse(ctx context.Context, shown *Shown) error {
	if shown.Snapshot.ID == "" { // it is damaged, and nobody knows whose it is
		return p.conflict(shown.Head.Snapshot)
	}
	theirs, ours := shown.Snapshot.Identity, p.next.Snapshot.Identity
	if theirs.Name != ours.Name || theirs.Origin != ours.Origin || theirs.Label != ours.Label {
		return &OtherError{Target: p.to.String(), Shown: theirs, Next: ours}
	}
	ancestors, err := Ancestors(ctx, p.to, shown.Snapshot)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(append(ancestors, shown.Head.Snapshot), p.next.follows) {
		return &OtherError{Target: p.to.String(), Shown: theirs, Next: ours}
	}
	return p.conflict(shown.Head.Snapshot)
}

func (p *publication) conflict(shows string) error {
	p.lost = true
	return &ConflictError{Target: p.to.String(), Snapshot: shows}
}

// settle returns what the target shows, after completing what is pending there.
func (p *publication) settle(ctx context.Context) (*Shown, error) {
	shown, err := read(ctx, p.to)
	if p.Repair {
		return shown, p.tolerate(shown, err)
	}
	if err != nil || !shown.Head.Pending {
		return shown, err
	}
	p.report.Completed = shown.Head.Snapshot
	if p.DryRun {
		return shown, nil
	}
	return shown, p.complete(ctx, shown)
}

// tolerate lets a state pass that is damaged, as far as it could be read.
func (p *publication) tolerate(shown *Shown, err error) error {
	var damage *DamageError
	if !errors.As(err, &damage) {
		return err
	}
	unknown := damage.Path == SnapshotFile(shown.Head.Snapshot) && !p.next.follows(shown.Head.Snapshot)
	if damage.Path == HeadFile || unknown {
		shown.Head = state.Head{}
	}
	p.Events.Note(err.Error())
	return nil
}

// complete carries out the pending change that the target shows, and updates shown.
func (p *publication) complete(ctx context.Context, shown *Shown) error {
	r, err := pendingOf(ctx, p.to, shown)
	if err == nil {
		err = p.finish(ctx, shown, r)
	}
	if err != nil {
		return fmt.Errorf("completing snapshot %s: %w", shown.Head.Snapshot, err)
	}
	return nil
}

// pendingOf returns what a pending change has to replace, from the target alone.
func pendingOf(ctx context.Context, t Target, shown *Shown) (replacement, error) {
	was := map[string]string{}
	if shown.Head.Previous != "" {
		_, files, err := readSnapshot(ctx, t, shown.Head.Previous)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return replacement{}, err
		}
		for _, e := range files {
			was[e.Path] = e.SHA256
		}
	}
	content, err := readCommits(ctx, t, shown)
	if err != nil {
		return replacement{}, err
	}
	var r replacement
	for _, e := range shown.Files {
		if e.Class == tree.Content || was[e.Path] == e.SHA256 {
			continue
		}
		data, ok := content[e.Path]
		if !ok && e.Alias == "" {
			return r, damage(t, CommitsFile(shown.Head.Snapshot), fmt.Errorf("it is without %s", e.Path))
		}
		r.replace(tree.File{Entry: e, Data: data})
	}
	return r, nil
}

// yield returns how it ended for a snapshot that was overtaken while it was published: a
// stalled run may have put its files in the place of newer ones, which it undoes.
func (p *publication) yield(ctx context.Context, shown *Shown) error {
	if shown.Head.Snapshot == "" {
		return p.conflict("")
	}
	head := shown.Head
	head.Pending, head.Previous = true, p.next.Snapshot.ID
	if err := p.swap(ctx, shown, head); err != nil {
		return err
	}
	if err := p.complete(ctx, shown); err != nil {
		return err
	}
	p.report.Snapshot = shown.Head.Snapshot
	ancestors, err := Ancestors(ctx, p.to, shown.Snapshot)
	if err == nil && !slices.Contains(ancestors, p.next.Snapshot.ID) {
		return p.conflict(shown.Head.Snapshot)
	}
	return err
}

// replaceHead makes the target's head name next, and then what readers start at.
func (p *publication) replaceHead(ctx context.Context, shown *Shown, c change, head state.Head) error {
	after := &Shown{Tag: shown.Tag, Snapshot: p.next.Snapshot, Files: entriesOf(p.next.Files), Ending: c.ending}
	if err := p.swap(ctx, after, head); err != nil {
		return err
	}
	p.begun = true
	return p.finish(ctx, after, c.replacement)
}

// swap replaces the head of shown.
func (p *publication) swap(ctx context.Context, shown *Shown, head state.Head) error {
	data, err := json.Marshal(head)
	if err != nil {
		return err
	}
	tag, err := p.to.Swap(ctx, append(data, '\n'), shown.Tag, slices.Concat(shown.Files, shown.Ending))
	if err != nil {
		return fmt.Errorf("%s: replacing %s: %w", p.to, HeadFile, err)
	}
	shown.Head, shown.Tag = head, tag
	return nil
}

// finish replaces what readers start at, while the head says that this is pending, deletes what
// has ended, and says that it is done. All of it can be done again, by anybody.
func (p *publication) finish(ctx context.Context, shown *Shown, r replacement) error {
	if err := p.to.copyAll(ctx, r.indexes); err != nil {
		return err
	}
	for _, atRoot := range []bool{false, true} { // what lists suites, after the suites
		var copies []tree.Entry
		var files []tree.File
		for _, f := range r.commits {
			switch {
			case atRoot == strings.Contains(f.Path, "/"):
			case f.Alias != "":
				copies = append(copies, f.Entry)
			default:
				files = append(files, f)
			}
		}
		if err := p.to.copyAll(ctx, copies); err != nil {
			return err
		}
		if err := p.to.putAll(ctx, files, func(int) {}); err != nil {
			return err
		}
	}
	head := shown.Head
	if err := p.prune(ctx, shown, &head); err != nil {
		return err
	}
	head.Pending = false
	return p.swap(ctx, shown, head)
}

// stillShows returns a *ConflictError if somebody else has replaced the head meanwhile.
func (p *publication) stillShows(ctx context.Context, shown *Shown) error {
	now, err := readHead(ctx, p.to)
	if err == nil && now.Tag != shown.Tag {
		err = &ConflictError{Target: p.to.String(), Snapshot: now.Head.Snapshot}
	}
	return err
}

// unlessMoved returns err, or a *ConflictError where what was read was no longer what the target
// shows: then err may come from that.
func (p *publication) unlessMoved(ctx context.Context, shown *Shown, err error) error {
	var conflict *ConflictError
	if ctx.Err() == nil && shown.Tag != "" {
		if moved := p.stillShows(ctx, shown); errors.As(moved, &conflict) {
			return moved
		}
	}
	return err
}

// prune deletes what has ended, and keeps in head up to when.
func (p *publication) prune(ctx context.Context, shown *Shown, head *state.Head) error {
	gone := map[string]bool{}
	for _, e := range ended(shown.Ending, p.Now) {
		gone[e.Path] = true
	}
	for _, e := range shown.Files {
		delete(gone, e.Path)
	}
	if len(gone) == 0 {
		return nil
	}
	// Who stalled until somebody else went on may be about to delete what is needed again.
	if err := p.stillShows(ctx, shown); err != nil {
		return err
	}
	if err := p.to.Delete(ctx, slices.Sorted(maps.Keys(gone))); err != nil {
		return fmt.Errorf("%s: deleting what ended: %w", p.to, err)
	}
	head.Pruned = p.Now.UTC().Format(time.RFC3339)
	shown.Ending = slices.DeleteFunc(shown.Ending, func(e tree.Entry) bool { return gone[e.Path] })
	return nil
}
