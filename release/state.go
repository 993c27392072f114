package release

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/release/reproduce"
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

// readState reads what the release in dist holds; nothing where that is not known.
func (r Releaser) readState(f fork.Fork) state {
	var s state
	data, err := os.ReadFile(r.Dist.Abs(stateOf(f)))
	if err != nil || json.Unmarshal(data, &s) != nil {
		return state{}
	}
	return s
}

// Recall reads what may have changed of the release in dist, on all processors. Its files are
// one with those that the pipelines ask for one by one.
func (r Releaser) Recall(f fork.Fork) {
	s := r.readState(f)
	slices.SortStableFunc(s.Files, func(a, b stateFile) int { return cmp.Compare(b.Size, a.Size) }) // the longest first
	var names []string
	for _, one := range s.Files {
		names = append(names, r.Dist.Abs(f.Dist("release", filepath.FromSlash(one.Path))))
	}
	r.Dist.Memory.Learn(names)
}

// kept returns the release in dist, if it was made of what key covers and is intact.
func (r Releaser) kept(f fork.Fork, key string) (artifact.Release, bool) {
	s := r.readState(f)
	if s.Key != key {
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
	if !slices.Equal(slices.Sorted(slices.Values(names)), withoutRebuilds(output.List(r.Dist.Abs(dir)))) {
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

// isRebuild reports whether a file of a release's folder was put there later: a statement of
// somebody who built the release again.
func isRebuild(name string) bool {
	return strings.HasPrefix(filepath.ToSlash(name), reproduce.AttestationsFolder+"/")
}

func withoutRebuilds(names []string) []string { return slices.DeleteFunc(names, isRebuild) }

// keepRebuilds has the folder of a release keep what others stated of its version.
func (r Releaser) keepRebuilds(in Input, dst string) error {
	old := r.Dist.Abs(in.Fork.Dist("release"))
	if was, err := artifact.ReadRelease(old); err != nil || was.Version != in.Record.Version {
		return nil // another release's, or none
	}
	for _, name := range output.List(old) {
		if !isRebuild(name) {
			continue
		}
		to := filepath.Join(dst, name)
		err := os.MkdirAll(filepath.Dir(to), 0o755)
		if err == nil {
			err = filetree.LinkOrCopy(filepath.Join(old, name), to, filetree.Regular)
		}
		if err != nil {
			return err
		}
	}
	return nil
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
