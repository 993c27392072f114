package shards

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/platform"
)

// A Fork is what Plan has to know of a fork.
type Fork struct {
	ID        string
	Platforms []platform.Platform
	Timeline  artifact.Timeline // of its last run; empty where none is known
}

// A Job is the shards that one machine makes, one after the other.
type Job struct {
	Name    string  // of the shard that takes longest, and how many more there are
	Shards  []Shard // those that take longest first
	Seconds int     // that they took the last time, or are taken to
	Guessed bool    // whether a shard of it has no recorded time
}

// unknown is how long a shard is taken to need where no time of any is recorded, in
// milliseconds.
const unknown = 10 * 60 * 1000

// timed is a shard and how long it takes, in milliseconds.
type timed struct {
	Shard
	took    int64
	guessed bool
}

// Plan divides the shards of forks among jobs, as evenly as their times allow, and
// returns those that take longest first. There are at most limit jobs; where limit is
// zero, each shard is a job of its own.
//
// A shard takes as long as its stages did in the fork's last run. One that has no time
// there is taken to need what the fork's others do on average; failing that, what all
// others do; and where nothing is recorded, ten minutes.
func Plan(forks []Fork, limit int) ([]Job, error) {
	if limit < 0 {
		return nil, fmt.Errorf("at most %d jobs: want a number of at least 1, or 0 for a job for each shard", limit)
	}
	var all []timed
	for _, f := range forks {
		list, err := All(f.ID, f.Platforms)
		if err != nil {
			return nil, err
		}
		of := make([]timed, len(list))
		for i, s := range list {
			took, known := took(f.Timeline, s.Platform)
			of[i] = timed{s, took, !known}
		}
		all = append(all, guess(of)...)
	}
	if len(all) == 0 {
		return nil, errors.New("there are no shards: no fork builds for any platform")
	}
	all = guess(all)
	slices.SortFunc(all, func(a, b timed) int {
		return cmp.Or(cmp.Compare(b.took, a.took), strings.Compare(a.Name(), b.Name()))
	})
	return balance(all, limit), nil
}

// took returns the milliseconds that the stages of a platform took in a run that
// compiled for it, and reports whether the run did.
func took(t artifact.Timeline, p platform.Platform) (total int64, known bool) {
	for _, s := range t.Spans {
		switch {
		case s.Subject != p.String() || s.Kept || s.Failed:
		case s.Stage == "cross", s.Stage == "deb", s.Stage == "rpm":
			total += s.End - s.Start
			known = known || s.Stage == "cross"
		}
	}
	if !known {
		return 0, false
	}
	return total, true
}

// guess returns shards with the average of those with a time for those without; as they
// are where none has one.
func guess(list []timed) []timed {
	var sum, n int64
	for _, s := range list {
		if !s.guessed {
			sum, n = sum+s.took, n+1
		}
	}
	out := slices.Clone(list)
	for i, s := range out {
		if s.guessed && s.took == 0 && n > 0 {
			out[i].took = sum / n
		}
	}
	return out
}

// balance gives each shard, those that take longest first, to the job that has least
// to do.
func balance(all []timed, limit int) []Job {
	if limit == 0 || limit > len(all) {
		limit = len(all)
	}
	jobs, load := make([]Job, limit), make([]int64, limit)
	for _, s := range all {
		if s.guessed && s.took == 0 {
			s.took = unknown
		}
		least := slices.Index(load, slices.Min(load))
		load[least] += s.took
		j := &jobs[least]
		j.Shards, j.Guessed = append(j.Shards, s.Shard), j.Guessed || s.guessed
		j.Seconds = int((load[least] + 999) / 1000)
	}
	for i := range jobs {
		jobs[i].Name = jobs[i].Shards[0].Name()
		if more := len(jobs[i].Shards) - 1; more > 0 {
			jobs[i].Name += fmt.Sprintf("-and-%d-more", more)
		}
	}
	slices.SortFunc(jobs, func(a, b Job) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), strings.Compare(a.Name, b.Name))
	})
	return jobs
}
