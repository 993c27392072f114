// Package shards divides a release among machines. A [Shard] is one fork for one
// platform: what is compiled and packed for it on one machine, in a folder with a
// [Record] of each file. Merge checks such folders against the project and puts what
// they hold into dist, where a release finds it up to date.
package shards

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/platform"
)

// A Shard is what one machine makes of a release: one fork for one platform.
type Shard struct {
	Fork     string // its ID
	Platform platform.Platform
}

// Name returns the shard's name, as ship-1.4.linux-arm64, which can name a job and a
// folder.
func (s Shard) Name() string { return s.Fork + "." + s.Platform.OS + "-" + s.Platform.Arch }

// Dir returns the folder of the shard, relative to the project.
func (s Shard) Dir() string { return filepath.Join("dist", "shards", s.Name()) }

// parts returns the folders of dist/FORK that a shard can have. The first it must have.
func (s Shard) parts() []string {
	return []string{"bin/" + s.Platform.Dir(), "deb/" + s.Platform.Dir(), "rpm/" + s.Platform.Dir()}
}

// nameable is what names of jobs and of their artifacts take everywhere.
var nameable = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`)

// All returns the shards of a fork, sorted by name.
func All(fork string, platforms []platform.Platform) ([]Shard, error) {
	if !nameable.MatchString(fork) {
		return nil, fmt.Errorf("forks/%s: rename the folder: in the name of a shard, "+
			"a fork has only letters, digits and . _ + -", fork)
	}
	var out []Shard
	for _, p := range platforms {
		out = append(out, Shard{fork, p})
	}
	slices.SortFunc(out, func(a, b Shard) int { return strings.Compare(a.Name(), b.Name()) })
	return slices.Compact(out), nil
}

// Parse returns the shards that a list names, as a [Job] gives it to release:shard: one
// name, or several with commas between them. all are those of the project.
func Parse(list string, all []Shard) ([]Shard, error) {
	var out []Shard
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(all, func(s Shard) bool { return s.Name() == strings.TrimSpace(name) })
		if i < 0 {
			return nil, near.Unknown(name, names(all), "no shard %q: this project has %s", name, strings.Join(names(all), ", "))
		}
		if !slices.Contains(out, all[i]) {
			out = append(out, all[i])
		}
	}
	return out, nil
}

func names(list []Shard) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.Name()
	}
	return out
}

// File is the name of the record in a shard's folder.
const File = "shard.json"

// Schema is the version of the format of shard.json.
const Schema = 1

// A Record is shard.json: what a shard is of, and each file in the folder beside it.
type Record struct {
	Schema   int    `json:"schema"`
	Shard    string `json:"shard"`
	Fork     string `json:"fork"`
	Platform string `json:"platform"`
	Origin
	Files    []Listed          `json:"files"` // sorted by path
	Timeline artifact.Timeline `json:"timeline"`
}

// An Origin is what the shards of a fork are made of, and by. It is the same for all of
// them, and for the machine that merges them.
type Origin struct {
	Version   string            `json:"version"` // the fork's
	Inputs    []artifact.Pinned `json:"inputs"`  // files and folders that decide what is built, sorted by path
	Toolchain string            `json:"toolchain"`
	Slipway   string            `json:"slipway,omitempty"` // its version or revision; "" where it is not known
}

// A Listed is one file of a shard.
type Listed struct {
	Path       string `json:"path"` // relative to the shard, with slashes; the same as in dist/FORK
	Size       int64  `json:"size"` // bytes
	SHA256     string `json:"sha256"`
	Executable bool   `json:"executable,omitempty"` // what carries artifacts from job to job may lose it
}
