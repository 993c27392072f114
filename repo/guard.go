package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/settings"
	"github.com/slipway-build/slipway/repo/state"
)

// remedy says what helps where a file of dist/repo is missing, or is not as it was made.
func remedy(file string) string {
	switch top, _, _ := strings.Cut(file, "/"); top {
	case "state", "overlay.git":
		return "Put it back as it was, or move " + Dir + " away and take what is published: mage repo:pull -from=URL"
	}
	return "To make all indexes again: mage repo:resign; to put back what a release brought: mage repo:add -force"
}

// withRemedy adds the remedy to the error of a file of dist/repo that cannot be published.
func withRemedy(err error) error {
	if source := (*publish.SourceError)(nil); errors.As(err, &source) {
		return fmt.Errorf("%s/%w\n  %s", Dir, source, remedy(source.Path))
	}
	return err
}

// unread is the error of a repository whose state could not be read, or that lost its head; nil if
// there is no repository yet.
func (s *store) unread(err error) error {
	if err == nil {
		if _, no := os.Lstat(s.abs("state/snapshots")); no != nil {
			return nil
		}
		err = &publish.DamageError{Target: s.target.String(), Path: publish.HeadFile, Err: fs.ErrNotExist}
	}
	if damage := (*publish.DamageError)(nil); errors.As(err, &damage) {
		err = fmt.Errorf("%w\n  %s", err, remedy(damage.Path))
	}
	return err
}

// notWithin refuses a target that is the folder root, or in it.
func notWithin(root, target string) error {
	abs, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	at := target
	for at != filepath.Dir(at) { // the target itself need not be there yet
		if real, err := filepath.EvalSymlinks(at); err == nil {
			at = real
			break
		}
		at = filepath.Dir(at)
	}
	rel, err := filepath.Rel(abs, at)
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	return fmt.Errorf("-to=%s: it is %s itself, or in it\n  Name another folder", target, Dir)
}

// promotable refuses a promotion that would do nothing: from a channel to itself, or of a fork
// that the channel has no release of.
func (c *change) promotable(from, to, fork string) error {
	for _, name := range []string{from, to} {
		if _, err := c.channel(name, ""); err != nil {
			return err
		}
	}
	if from == to {
		return fmt.Errorf("channel %s cannot be promoted to itself: name another, of %s", from,
			strings.Join(c.settings.Channels, ", "))
	}
	if !slices.ContainsFunc(c.next.Channels[from], func(m state.Member) bool { return fork == "" || m.Fork == fork }) {
		what := "release"
		if fork != "" {
			what += " of " + fork
		}
		return fmt.Errorf("channel %s has no %s to promote: mage repo lists what there is", from, what)
	}
	return nil
}

// explain adds what helps where a disk is full, or may not be written to. Not all that is in dist
// can be made again, and a target need not be on the same disk.
func (k Keeper) explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w\n  Free some space on that disk, and run this again", k.Project.Relative(err))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w\n  Check that this user may write there, and run this again", k.Project.Relative(err))
	}
	return k.Project.Explain(err)
}

// checkChannels refuses settings that would leave releases without a channel, or call the suites of
// a channel something else than clients do.
func checkChannels(s settings.Settings, before, next state.Snapshot) error {
	for channel, members := range next.Channels {
		if len(members) > 0 && !slices.Contains(s.Channels, channel) {
			return fmt.Errorf("%s: channels: %s has releases, and is not among them: its clients would get no updates\n"+
				"  Put it back", settings.File, channel)
		}
	}
	for _, had := range before.Suites {
		if len(next.Channels[had.Channel]) == 0 {
			continue
		}
		base := strings.TrimSuffix(had.Name, "-"+had.Channel)
		if name := s.Suite(base, had.Channel); name != had.Name {
			return fmt.Errorf("%s: channels: suite %s of channel %s would be called %s, and its clients would get no updates: "+
				"suites of the last channel have no suffix\n  Leave the last channel the last", settings.File,
				had.Name, had.Channel, name)
		}
	}
	return nil
}
