package shards

import (
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

// Plan divides the shards of forks among jobs, as evenly as their times allow, and
// returns those that take longest first. There are at most limit jobs; where limit is
// zero, each shard is a job of its own.
//
// A shard takes as long as its stages did in the fork's last run. One that has no time
// there is taken to need what the fork's others do on average; failing that, what all
// others do; and where nothing is recorded, ten minutes.
func Plan(forks []Fork, limit int) ([]Job, error) { return nil, nil }
