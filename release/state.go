package release

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/output"
)

// revision counts the changes of this package that change what a release has beside
// finished files.
const revision = 1

// A state is dist/FORK/release.json: what dist/FORK/release was made of, and holds.
type state struct {
	Key   string      `json:"key"`
	Files []stateFile `json:"files"`
}

type stateFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func stateOf(f fork.Fork) string { return f.Dist("release.json") }

// key covers all that decides what a release holds.
func (r Releaser) key(in Input, files []file) (string, error) {
	var taken []artifact.Released
	for _, f := range files {
		taken = append(taken, f.Released)
	}
	by := r.Signer.Verifier().Fingerprints()
	data, err := json.Marshal([]any{revision, in.Record, in.Known, taken, by, r.Earlier.last})
	return fmt.Sprintf("%x", sha256.Sum256(data)), err
}

// kept returns the release in dist, if it was made of what key covers and is intact.
func (r Releaser) kept(f fork.Fork, key string) (artifact.Release, bool) {
	var s state
	data, err := os.ReadFile(r.Dist.Abs(stateOf(f)))
	if err != nil || json.Unmarshal(data, &s) != nil || s.Key != key {
		return artifact.Release{}, false
	}
	dir := f.Dist("release")
	var names []string
	for _, one := range s.Files {
		if !r.Dist.Intact(filepath.Join(dir, filepath.FromSlash(one.Path)), one.Size, one.SHA256) {
			return artifact.Release{}, false
		}
		names = append(names, filepath.FromSlash(one.Path))
	}
	if !slices.Equal(slices.Sorted(slices.Values(names)), output.List(r.Dist.Abs(dir))) {
		return artifact.Release{}, false
	}
	record, err := artifact.ReadRelease(r.Dist.Abs(dir))
	return record, err == nil
}

// remember notes what a release is made of. The files of one that is not placed after
// that are not those that the note lists.
func (r Releaser) remember(f fork.Fork, key string, list []sums) error {
	s := state{Key: key}
	for _, one := range list {
		s.Files = append(s.Files, stateFile{one.path, one.size, one.sha256})
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return r.Dist.Replace(stateOf(f), func(dst string) error { return os.WriteFile(dst, data, 0o644) })
}

// publish notes that a version is released, with what it holds. What it was released with
// before, for other platforms or in other forms, is still out there.
func (r Releaser) publish(f fork.Fork, record artifact.Release, force bool) error {
	if same := r.Earlier.same; same != nil && !force {
		record = record.With(same.Artifacts)
	}
	at := f.Dist("releases", record.Version+".json")
	data, err := record.Encode()
	if err != nil || r.Dist.Holds(at, data) {
		return err
	}
	return r.Dist.Replace(at, func(dst string) error { return os.WriteFile(dst, data, 0o644) })
}
