package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// inspect finds out what is there of a change already, and refuses what would be lost.
func (p *publication) inspect(ctx context.Context, shown *Shown, c *change) error {
	if !p.Repair && !shown.Head.Pending {
		if err := p.checkCommits(ctx, *c); err != nil {
			return err
		}
	}
	found, err := p.to.statAll(ctx, append(entriesOf(c.content), c.copies...))
	if err != nil {
		return err
	}
	content, copies := c.content, c.copies
	c.content, c.copies = nil, nil
	for i, presence := range found {
		var f tree.File
		if i < len(content) {
			f = content[i]
		} else {
			f.Entry = copies[i-len(content)]
		}
		switch {
		case presence == Same:
			p.report.Present.add(f.Entry)
		case presence == Different && !p.Repair:
			return fmt.Errorf("%s: %s is there with other content than sha256:%s, and the target's listing does not have "+
				"it. Remove it there if nobody needs it, or publish again with -force to replace it", p.to, f.Path, f.SHA256)
		case f.Alias != "":
			c.copies = append(c.copies, f.Entry)
		default:
			c.content = append(c.content, f)
		}
	}
	return p.checkSources(ctx, *c)
}

// checkCommits refuses to replace what somebody else has put in the place of what was published.
func (p *publication) checkCommits(ctx context.Context, c change) error {
	entries := entriesOf(c.commits)
	for i, e := range entries {
		if was, ok := c.had[e.Path]; ok {
			entries[i] = was
		}
	}
	found, err := p.to.statAll(ctx, entries)
	if err != nil {
		return err
	}
	for i, e := range entries {
		was, known := c.had[e.Path]
		switch {
		case known && found[i] != Same:
			return fmt.Errorf("%s: somebody else changed %s, or removed it: it is not what was published there, with "+
				"sha256:%s. Find out who did, then publish again with -force to replace it", p.to, e.Path, was.SHA256)
		case !known && found[i] == Different:
			return fmt.Errorf("%s: %s is there, and was not published by this repository. Publish to another place, "+
				"or again with -force to replace it", p.to, e.Path)
		}
	}
	return nil
}

// checkSources returns an error if what is to be written is not here, or not as it was made.
func (p *publication) checkSources(ctx context.Context, c change) error {
	files := slices.Concat(c.content, c.commits)
	return each(ctx, len(files), func(_ context.Context, i int) error {
		f := files[i]
		switch {
		case f.Alias != "" && f.Class != tree.Content:
			return nil
		case !f.HasContent():
			return &SourceError{f.Path, errNowhere}
		case f.From == "" || p.Checked:
			return nil
		}
		if err := f.CopyTo(io.Discard); err != nil {
			return &SourceError{f.Path, err}
		}
		return nil
	})
}

var errNowhere = errors.New("it is neither there nor here")

// upload brings content to the target, which no reader finds until its head is replaced by the
// one returned.
func (p *publication) upload(ctx context.Context, shown *Shown, c *change) (state.Head, error) {
	head := state.Head{Schema: headSchema, Snapshot: p.next.Snapshot.ID, Pending: true, Previous: shown.Head.Snapshot,
		Ending: shown.Head.Ending, Pruned: shown.Head.Pruned}
	content := c.content
	if list, err := newEnding(shown, c, p.Now); err != nil {
		return head, err
	} else if list != nil {
		content = append(slices.Clip(content), *list)
		head.Ending, head.Pruned = list.SHA256, ""
	}
	var mu sync.Mutex
	done := 0
	err := p.to.putAll(ctx, content, func(files int) {
		mu.Lock()
		defer mu.Unlock()
		done += files
		p.Events.Emit(event.Event{Kind: event.Progress, Stage: "publish", Subject: p.to.String(), Done: done,
			Total: len(content), Unit: "files"})
	})
	if err != nil {
		return head, err
	}
	return head, p.to.copyAll(ctx, c.copies)
}

// newEnding returns the listing of what ends, which has the former listing too; nil if that is
// still right.
func newEnding(shown *Shown, c *change, now time.Time) (*tree.File, error) {
	if slices.Equal(c.ending, shown.Ending) {
		return nil, nil
	}
	if former := shown.endingList; former.Path != "" {
		former.Until = now.UTC().Format(time.RFC3339)
		c.ending = append(c.ending, former)
	}
	data, err := tree.EncodeListing(c.ending)
	if err != nil {
		return nil, err
	}
	list := tree.Of(tree.Content, "", data)
	list.Path = ListingFile(list.SHA256)
	return &list, nil
}

// tell puts into the report what a change does.
func (p *publication) tell(c change) {
	p.report.Uploaded, p.report.Copied = map[tree.Class]Count{}, map[tree.Class]Count{}
	count := func(counts map[tree.Class]Count, e tree.Entry) {
		n := counts[e.Class]
		n.add(e)
		counts[e.Class] = n
	}
	for _, e := range slices.Concat(c.copies, c.indexes) {
		count(p.report.Copied, e)
	}
	for _, f := range slices.Concat(c.content, c.commits) {
		if f.Alias != "" {
			count(p.report.Copied, f.Entry)
		} else {
			count(p.report.Uploaded, f.Entry)
		}
	}
	past := ended(c.ending, p.Now)
	p.report.Deleted, p.report.Ending = countOf(past), countOf(c.ending)
	p.report.Ending.Files -= p.report.Deleted.Files
	p.report.Ending.Bytes -= p.report.Deleted.Bytes
}
