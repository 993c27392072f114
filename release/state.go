package release

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/version"
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
	data, err := json.Marshal([]any{revision, in.Record, in.Known, taken, r.Signer.Verifier().Fingerprints()})
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

// earlier returns the record of an earlier release at path in dist, or nil if there is none.
func (r Releaser) earlier(path string) (*artifact.Release, error) {
	at := r.Dist.Abs(path)
	if _, err := os.Stat(at); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	record, err := artifact.ReadRelease(at)
	return &record, err
}

// publish notes that a version is released, with what it holds.
func (r Releaser) publish(f fork.Fork, record artifact.Release) error {
	at := f.Dist("releases", record.Version+".json")
	data, err := record.Encode()
	if err != nil || r.Dist.Holds(at, data) {
		return err
	}
	return r.Dist.Replace(at, func(dst string) error { return os.WriteFile(dst, data, 0o644) })
}

// before returns the release that comes before this one, or nil. It refuses to release
// one version with two contents.
func (r Releaser) before(in Input, q Request) (*artifact.Release, error) {
	var records []*artifact.Release
	entries, err := os.ReadDir(r.Dist.Abs(in.Fork.Dist("releases")))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		one, err := r.earlier(in.Fork.Dist("releases", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("%w\n  It is the record of an earlier release: remove it to forget that", err)
		}
		records = append(records, one)
	}
	var last *artifact.Release
	for _, one := range records {
		switch {
		case one.Version == in.Record.Version && !q.Force:
			if err := conflict(*one, in); err != nil {
				return nil, err
			}
		case one.Version != in.Record.Version && (last == nil || newer(one.Version, last.Version)):
			last = one
		}
	}
	if q.Last != "" {
		one, err := artifact.ReadRelease(q.Last)
		return &one, err
	}
	return last, nil
}

// conflict returns an error if a version was released with other content than it has now.
func conflict(old artifact.Release, in Input) error {
	now := map[string]string{}
	for _, a := range in.Made {
		now[string(a.Kind)+" "+within(in.Fork, a.Path)+" "+a.Name] = a.Digest
	}
	samePlatforms := slices.Equal(old.Platforms, in.Record.Platforms)
	var differ []string
	for _, a := range old.Artifacts {
		switch a.Kind {
		case artifact.Binary, artifact.Package, artifact.Distfile, artifact.Tarball:
		case artifact.Image: // an index has all platforms
			if !samePlatforms {
				continue
			}
		default:
			continue
		}
		digest, ok := now[string(a.Kind)+" "+a.Path+" "+a.Name]
		if ok && digest != a.Reproducible() {
			differ = append(differ, strings.TrimSpace(a.Path+" "+a.Name))
		}
	}
	if len(differ) == 0 {
		return nil
	}
	some := differ[:min(len(differ), 3)]
	return fmt.Errorf("%s is released already, and %d of its artifacts would now be others: %s\n"+
		"  Who has the release would have two files of one name. Give it another version in %s, such as %s.\n"+
		"  If nobody has it yet: -force replaces it", in.Record.Version, len(differ), strings.Join(some, ", "),
		in.Fork.File("fork.yaml"), next(in.Record.Version))
}

// newer reports whether version a of a fork comes after b: by the upstream's version, then
// by the fork's revision of it.
func newer(a, b string) bool {
	v, errA := version.Parse(a)
	w, errB := version.Parse(b)
	if errA != nil || errB != nil {
		return a > b
	}
	if n := v.Compare(w); n != 0 {
		return n > 0
	}
	x, errA := version.Parse("0.0.0-" + v.Fields().Metadata)
	y, errB := version.Parse("0.0.0-" + w.Fields().Metadata)
	if errA != nil || errB != nil {
		return a > b
	}
	return x.Compare(y) > 0
}

var lastNumber = regexp.MustCompile(`[0-9]+$`)

// next returns the version that a fork may have after v: with a revision that is one more.
func next(v string) string {
	if !strings.Contains(v, "+") {
		return v + "+acme.1"
	}
	n, err := strconv.Atoi(lastNumber.FindString(v))
	if err != nil {
		return v + ".1"
	}
	return lastNumber.ReplaceAllString(v, strconv.Itoa(n+1))
}
