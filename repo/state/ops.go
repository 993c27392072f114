package state

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/version"
)

// A ClockError is a clock that is behind the repository.
type ClockError struct {
	Now      time.Time
	Snapshot string
}

func (e *ClockError) Error() string {
	return fmt.Sprintf("this machine's clock says %s, and the repository's snapshot %s is later: clients would take "+
		"what is signed now for an older state\n  Set the clock, and run this again",
		e.Now.UTC().Format(IDLayout), e.Snapshot)
}

// ahead is how far snapshots can be ahead of the clock, where changes follow each other within a
// second. apt takes indexes from up to ten seconds in the future.
const ahead = 5 * time.Second

// Next returns the snapshot that follows s at a time, with all that s has. It is of a later second than
// s, since the dates that apt and dnf compare have no fractions; its milliseconds are those of now. keep
// is how many snapshots can be gone back to, with the new one.
func (s Snapshot) Next(now time.Time, change Change, keep int) (Snapshot, error) {
	id := now.UTC().Truncate(time.Millisecond)
	if s.ID != "" {
		last, err := Time(s.ID)
		if err != nil {
			return Snapshot{}, fmt.Errorf("snapshot %q: its ID is not a time such as %s", s.ID, IDLayout)
		}
		if last.Sub(id) > ahead {
			return Snapshot{}, &ClockError{Now: now, Snapshot: s.ID}
		}
		if second := last.Truncate(time.Second); !id.Truncate(time.Second).After(second) {
			id = second.Add(time.Second + id.Sub(id.Truncate(time.Second)))
		}
	}
	next := s
	next.Schema, next.ID, next.Parent, next.Change = Schema, id.Format(IDLayout), s.ID, change
	next.Kept = append([]string{next.ID}, s.Kept...)
	next.Kept = next.Kept[:min(len(next.Kept), keep)]
	next.Channels = map[string][]Member{}
	for name, members := range s.Channels {
		next.Channels[name] = slices.Clone(members)
	}
	next.Suites, next.Keys = slices.Clone(s.Suites), slices.Clone(s.Keys)
	return next, nil
}

// A VersionError is a release that a channel cannot take: one below its newest, or of a version that it
// has with other content.
type VersionError struct {
	Fork, Channel    string
	Version, Present string
}

func (e *VersionError) Error() string {
	if e.Version == e.Present {
		return fmt.Sprintf("%s %s is in channel %s already, with other content: "+
			"who installed it would have two of one version\n  Release what is new as another version",
			e.Fork, e.Version, e.Channel)
	}
	return fmt.Sprintf("%s %s is lower than %s, which channel %s has: no client would upgrade to it\n"+
		"  To go back to an earlier state: mage repo:rollback; to add it nevertheless: -force",
		e.Fork, e.Version, e.Present, e.Channel)
}

// Put puts a release into a channel, and reports whether it was not there. force takes a lower
// version than the newest.
func (s *Snapshot) Put(channel string, m Member, force bool) (bool, error) {
	members := s.Channels[channel]
	for _, have := range members {
		switch {
		case have.Fork != m.Fork:
		case have == m:
			return false, nil
		case have.Version == m.Version || !force && version.CompareRevisions(have.Version, m.Version) > 0:
			return false, &VersionError{Fork: m.Fork, Channel: channel, Version: m.Version, Present: have.Version}
		}
	}
	members = append(slices.Clone(members), m)
	slices.SortFunc(members, func(a, b Member) int {
		return cmp.Or(strings.Compare(a.Fork, b.Fork), version.CompareRevisions(a.Version, b.Version))
	})
	s.Channels[channel] = members
	return true, nil
}

// Trim drops the oldest versions of each fork from each channel, down to a number; 0 keeps all.
func (s *Snapshot) Trim(versions int) {
	if versions == 0 {
		return
	}
	for channel, members := range s.Channels {
		count := map[string]int{}
		for _, m := range members {
			count[m.Fork]++
		}
		s.Channels[channel] = slices.DeleteFunc(members, func(m Member) bool {
			count[m.Fork]--
			return count[m.Fork] >= versions
		})
	}
}

// Promote puts all of a channel, or of one fork of it, into another, and returns what was not there.
func (s *Snapshot) Promote(from, to, fork string) ([]Member, error) {
	var moved []Member
	for _, m := range s.Channels[from] {
		if fork != "" && m.Fork != fork {
			continue
		}
		isNew, err := s.Put(to, m, true)
		if err != nil {
			return nil, err
		}
		if isNew {
			moved = append(moved, m)
		}
	}
	return moved, nil
}

// Records returns the records that the channels need, sorted, each once.
func (s Snapshot) Records() []string {
	all := map[string]bool{}
	for _, members := range s.Channels {
		for _, m := range members {
			all[m.Record] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Suite returns a suite by its name.
func (s Snapshot) Suite(name string) (Suite, bool) {
	for _, suite := range s.Suites {
		if suite.Name == name {
			return suite, true
		}
	}
	return Suite{}, false
}
