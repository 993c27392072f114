package repo

import (
	"context"
	"maps"
	"path"
	"slices"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/registry"
	"github.com/slipway-build/slipway/repo/settings"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tags"
)

// moveTags has the tags of channels name the images of what is published now. before is the
// snapshot that was published until then, as far as it is known here.
func (k Keeper) moveTags(ctx context.Context, s *store, in settings.Settings, before string, dryRun bool) error {
	if in.Images == "" {
		return nil
	}
	var shown []tags.Want
	for _, one := range s.kept {
		if one.ID == before {
			shown = s.tags(one, in)
		}
	}
	mover := tags.Mover{
		Registry: registry.Pusher{Keychain: registry.Keychain(k.Options.Env), Note: k.Options.Events.Note},
		Events:   k.Options.Events, DryRun: dryRun,
	}
	report, err := mover.Move(ctx, tags.Between(shown, s.tags(s.before, in)))
	for _, m := range report.Left {
		k.note("%s names an image of %s %s that is no longer in its channel, and the registry removes no tags", m.Name(),
			m.Fork, m.Version)
	}
	return err
}

// tags returns those of a snapshot's channels: CHANNEL-MINOR of each image, of the newest version.
func (s *store) tags(of state.Snapshot, in settings.Settings) []tags.Want {
	at := map[string]tags.Want{}
	for channel, members := range of.Channels {
		for _, m := range members { // the newest of a fork comes last
			for _, a := range s.records[m.Record].Release.Kind(artifact.Image) {
				w := tags.Want{
					Repository: path.Join(in.Images, a.Name), Tag: channel + "-" + minor(m.Version), Digest: a.Digest,
					Fork: m.Fork, Version: m.Version,
				}
				at[w.Name()] = w
			}
		}
	}
	var out []tags.Want
	for _, name := range slices.Sorted(maps.Keys(at)) {
		out = append(out, at[name])
	}
	return out
}
