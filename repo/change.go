package repo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/settings"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// A Request says how a repository is changed.
type Request struct {
	Keys   []string // that its indexes are signed with, see sign.Open; none: they are not signed
	DryRun bool     // find out what would be done, and change nothing
	Force  bool     // take a version that is lower than what is published
}

// An AddRequest says what is added to a repository.
type AddRequest struct {
	Request
	Fork    string // its ID; empty: the project's default
	From    string // the folder of the release; empty: dist/FORK/release
	Channel string // empty: the first
}

// Add adds a release to a channel.
func (k Keeper) Add(ctx context.Context, r AddRequest) (artifact.Set, error) {
	f, err := k.Project.Fork(r.Fork)
	if err != nil {
		return nil, err
	}
	if r.From == "" {
		r.From = f.Dist("release")
	}
	return k.change(ctx, r.Request, "add", func(ctx context.Context, c *change) error {
		channel, err := c.channel(r.Channel, c.settings.Channels[0])
		if err != nil {
			return err
		}
		return c.add(ctx, f, r.From, channel, r.Force)
	})
}

// Promote puts what one channel has, or a fork of it, into another. Nothing is built again.
func (k Keeper) Promote(ctx context.Context, from, to, id string, r Request) (artifact.Set, error) {
	return k.change(ctx, r, "promote", func(_ context.Context, c *change) error {
		if err := c.promotable(from, to, id); err != nil {
			return err
		}
		moved, err := c.next.Promote(from, to, id)
		if err != nil {
			return err
		}
		if c.args = []string{from, to}; id != "" {
			c.args = append(c.args, id)
		}
		if len(moved) == 0 {
			c.same = true
			k.note("channel %s has all that %s has", to, from)
		}
		return nil
	})
}

// Rollback shows an earlier snapshot's releases again, as a new snapshot: clients take nothing
// that is older than what they have seen.
func (k Keeper) Rollback(ctx context.Context, id string, r Request) (artifact.Set, error) {
	return k.change(ctx, r, "rollback", func(ctx context.Context, c *change) error {
		if !slices.Contains(c.store.before.Kept, id) {
			return fmt.Errorf("%s has no snapshot %s that it can go back to: it has %s", Dir, cmp.Or(id, `""`),
				strings.Join(c.store.before.Kept, ", "))
		}
		if c.same = id == c.store.before.ID; c.same {
			k.note("%s shows snapshot %s already", Dir, id)
			return nil
		}
		to, err := c.store.snapshot(ctx, id)
		c.next.Channels, c.args = to.Channels, []string{id}
		return err
	})
}

// Resign signs all indexes again, with a new date and a new Valid-Until.
func (k Keeper) Resign(ctx context.Context, r Request) (artifact.Set, error) {
	return k.change(ctx, r, "resign", func(_ context.Context, c *change) error {
		c.resign = true
		return nil
	})
}

// A change is a snapshot that is being made of the one before.
type change struct {
	k        Keeper
	held     *build.Held
	store    *store
	settings settings.Settings
	signer   *sign.Signer
	next     state.Snapshot
	args     []string    // of the verb
	files    []tree.File // content that is new
	resign   bool
	same     bool // there is nothing to do
}

// channel returns a channel by its name.
func (c *change) channel(name, otherwise string) (string, error) {
	if name == "" {
		name = otherwise
	}
	if !slices.Contains(c.settings.Channels, name) {
		return "", near.Unknown(name, c.settings.Channels, "unknown channel %q: %s has %s", name, settings.File,
			strings.Join(c.settings.Channels, ", "))
	}
	return name, nil
}

// add puts a release in a folder into a channel.
func (c *change) add(ctx context.Context, f fork.Fork, from, channel string, force bool) error {
	release, err := c.k.release(f, from)
	if err != nil {
		return err
	}
	m := state.Member{Fork: f.ID, Version: release.Version, Record: c.store.recordOf(release)}
	if m.Record == "" {
		if m.Record, err = c.record(ctx, f, from, release); err != nil {
			return err
		}
	}
	isNew, err := c.next.Put(channel, m, force)
	if err != nil {
		return err
	}
	c.same, c.args = !isNew, []string{f.ID, m.Version, channel}
	if c.same && force {
		c.same, c.resign = false, true
		return c.putBack(ctx, f, from, release, m.Record)
	}
	c.next.Trim(c.settings.Keep.Versions)
	return nil
}

// putBack reads a release that the repository has, so that its files replace what somebody changed.
func (c *change) putBack(ctx context.Context, f fork.Fork, from string, release artifact.Release, record string) error {
	_, files, err := c.k.record(ctx, f, from, release, c.signer)
	for _, file := range files {
		if slices.Contains(c.store.records[record].Files, file.Entry) { // else it is signed anew
			c.files = append(c.files, file)
		}
	}
	return err
}

// record reads a release that the repository has not seen, and returns the SHA-256 of its record.
func (c *change) record(ctx context.Context, f fork.Fork, from string, release artifact.Release) (string, error) {
	record, files, err := c.k.record(ctx, f, from, release, c.signer)
	if err != nil {
		return "", err
	}
	data, sum, err := record.Encode()
	c.store.records[sum] = record
	c.files = append(files, tree.Of(tree.Content, state.RecordPath(sum), data))
	return sum, err
}

// change makes the next snapshot, as edit says, and has dist/repo show it.
func (k Keeper) change(
	ctx context.Context, r Request, verb string, edit func(context.Context, *change) error,
) (artifact.Set, error) {
	s, err := k.settings()
	if err != nil || k.Options.PlanOnly {
		return nil, err
	}
	signer, err := k.signer(ctx, r, s)
	if err != nil {
		return nil, err
	}
	var made artifact.Set
	err = k.locked(ctx, func(ctx context.Context, held *build.Held) error {
		store, err := k.openStore(ctx, held)
		if err != nil {
			return err
		}
		c := &change{k: k, held: held, store: store, settings: s, signer: signer}
		e := event.Event{Stage: "repo", Subject: verb}
		return store.close(k.Options.Events.Stage(e, func(end *event.Event) error {
			if err := c.begin(verb); err != nil {
				return err
			}
			if err := edit(ctx, c); err != nil {
				return err
			}
			end.Subject = strings.Join(append([]string{verb}, c.args...), " ")
			if c.same {
				end.Kept = true
				return nil
			}
			c.next.Change.Args = c.args
			made, err = c.place(ctx, r, end)
			return err
		}))
	})
	for _, a := range made {
		k.Options.Events.Emit(a.Event())
	}
	return made, err
}

// begin makes the next snapshot, with all that the one before has.
func (c *change) begin(verb string) error {
	before := c.store.before
	if before.ID == "" && verb != "add" {
		return fmt.Errorf("%s has nothing yet: mage repo:add adds a release", Dir)
	}
	if err := c.trust(); err != nil {
		return err
	}
	if len(before.Keys) > 0 && !c.signer.OpenPGP() {
		return fmt.Errorf("%s is signed with %s, and no key is given: its clients would refuse it\n  Name the key with -key",
			Dir, before.Keys[0].Fingerprint)
	}
	now, err := identity(c.settings, before)
	if err != nil {
		return err
	}
	c.next, err = before.Next(c.k.Now, state.Change{Verb: verb}, *c.settings.Keep.Snapshots)
	c.next.Identity, c.next.Keys = now, nil
	if err != nil || !c.signer.OpenPGP() {
		return err
	}
	for _, by := range c.signer.Verifier().Fingerprints() {
		if !strings.HasPrefix(by.Fingerprint, "sha256:") {
			c.next.Keys = append(c.next.Keys, state.Key{Fingerprint: by.Fingerprint, Name: by.Name})
		}
	}
	return nil
}

// trust refuses to go on from a snapshot that somebody else made: what it has would be signed.
func (c *change) trust() error {
	before := c.store.before
	if len(before.Keys) == 0 || !c.signer.OpenPGP() {
		return nil
	}
	name := path.Join(Dir, state.ClaimPath(before.ID))
	signed, err := c.store.small(state.ClaimPath(before.ID))
	if err != nil {
		return err
	}
	want, err := before.Claim()
	if err != nil {
		return err
	}
	text, err := c.k.trusted(c.settings, c.signer, name, signed.Data)
	if err != nil {
		return fmt.Errorf("%w\n  Snapshot %s is by somebody else. If you trust them, list their public key under keys in %s",
			err, before.ID, settings.File)
	}
	if strings.TrimSpace(string(text)) != string(want) {
		return fmt.Errorf("%s: snapshot %s is not what was signed: somebody changed it\n"+
			"  Go on from a copy that nobody changed", name, before.ID)
	}
	return nil
}

// claim signs what the next change has to believe of a snapshot.
func (c *change) claim(ctx context.Context, next state.Snapshot) ([]tree.File, error) {
	if !c.signer.OpenPGP() {
		return nil, nil
	}
	text, err := next.Claim()
	if err != nil {
		return nil, err
	}
	signed, err := c.signer.Clear(ctx, append(text, '\n'))
	return []tree.File{tree.Of(tree.Content, state.ClaimPath(next.ID), signed)}, err
}

// place makes the files of the next snapshot, and has the repository show it.
func (c *change) place(ctx context.Context, r Request, end *event.Event) (artifact.Set, error) {
	scratch, err := c.held.Dist().Cache.Scratch()
	if err != nil {
		return nil, err
	}
	composed := composition{
		store: c.store, project: c.k.Project.Dir, scratch: scratch, events: c.k.Options.Events, settings: c.settings,
		signer: c.signer,
		git:    gitrepo.Git{Run: c.k.runner(), Env: c.k.Options.Env, Events: c.k.Options.Events},
		next:   c.next, resign: c.resign || keysDiffer(c.store.before.Keys, c.next.Keys),
	}
	next, files, err := composed.compose(ctx)
	if err != nil {
		return nil, err
	}
	claimed, err := c.claim(ctx, next)
	if err != nil {
		return nil, err
	}
	if files, err = c.complete(next, append(files, claimed...)); err != nil {
		return nil, err
	}
	ancestors := c.store.ancestors
	if next.Parent != "" {
		ancestors = slices.Concat([]string{next.Parent}, ancestors)
	}
	sealed, err := publish.Seal(next, ancestors, files)
	if err != nil {
		return nil, err
	}
	report, err := publish.Publish(ctx, c.store.destination(sealed), sealed, publish.Request{
		Now: c.k.Now, Keep: c.settings.Retain(), DryRun: r.DryRun, Repair: c.resign, Checked: true,
	})
	if err != nil {
		return nil, withRemedy(err)
	}
	end.Detail = "is snapshot " + next.ID
	if r.DryRun {
		end.Detail = "would be snapshot " + next.ID
		c.k.note("%s", summary(report))
		return nil, nil
	}
	return startingPoints(next, sealed.Files), nil
}

func keysDiffer(a, b []state.Key) bool {
	return !slices.EqualFunc(a, b, func(x, y state.Key) bool { return x.Fingerprint == y.Fingerprint })
}

// complete adds to the files of a snapshot the content that is new, the state, and what earlier snapshots need.
func (c *change) complete(next state.Snapshot, files []tree.File) ([]tree.File, error) {
	at := map[string]tree.File{}
	for _, f := range c.files {
		at[f.Path] = f
	}
	for i, f := range files {
		if from, ok := at[f.Path]; ok {
			files[i].Data, files[i].From = from.Data, from.From
		}
	}
	for _, sum := range next.Records() {
		if f, ok := at[state.RecordPath(sum)]; ok {
			files = append(files, f)
			continue
		}
		f, err := c.store.small(state.RecordPath(sum))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	files, err := tree.Merge(files, c.store.retained(next, files))
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		if !f.HasContent() {
			files[i].Data = c.store.fetched[f.Path]
		}
	}
	return files, nil
}

// startingPoints are the files that people name: pages, and where clients begin.
func startingPoints(s state.Snapshot, files []tree.File) artifact.Set {
	starts := []string{"InRelease", "mirrorlist", "index.html"}
	if len(s.Keys) == 0 {
		starts[0] = "Release" // an unsigned suite has nothing else
	}
	var set artifact.Set
	for _, f := range files {
		if f.Class == tree.Commit && slices.Contains(starts, path.Base(f.Path)) {
			set = append(set, artifact.Artifact{
				Kind: artifact.Repository, Path: path.Join(Dir, f.Path), Size: f.Size, Digest: "sha256:" + f.SHA256,
			})
		}
	}
	return set
}

// errNothing is that of a repository without anything to publish.
var errNothing = errors.New(Dir + " has nothing yet: mage repo:add adds a release")
