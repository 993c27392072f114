package release

import (
	"cmp"
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
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/version"
)

// Earlier is what was released of a fork before.
type Earlier struct {
	same *artifact.Release // the record of this version; nil if it is new
	last *artifact.Release // the release before this version; nil if there is none
}

// ReadEarlier reads the records of releases of f that dist has, and the release that a
// request names as the one before.
func ReadEarlier(f fork.Fork, r Request, events event.Sink) (Earlier, error) {
	all, err := records(f)
	if err != nil {
		return Earlier{}, err
	}
	e := earlierThan(f.Version, all)
	if n := len(all); n > 0 && version.CompareRevisions(all[n-1].Version, f.Version) > 0 {
		events.Note(fmt.Sprintf("%s is released already: %s is older, and no upgrade for who has that",
			all[n-1].Version, f.Version))
	}
	if r.Last != "" {
		last, err := artifact.ReadRelease(f.Project.At(r.Last))
		if err != nil {
			return e, fmt.Errorf("-last: %w", err)
		}
		e.last = &last
	}
	return e, nil
}

// records returns those of all versions of f, the oldest first.
func records(f fork.Fork) ([]artifact.Release, error) {
	dir := f.Project.Path(f.Dist("releases"))
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []artifact.Release
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".json" {
			continue
		}
		one, err := artifact.ReadRelease(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("%w\n  It is the record of an earlier release: remove it to forget that", err)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b artifact.Release) int {
		return cmp.Or(version.CompareRevisions(a.Version, b.Version), strings.Compare(a.Version, b.Version))
	})
	return all, nil
}

// earlierThan picks from records, the oldest first, that of a version and that of the one
// before it.
func earlierThan(v string, all []artifact.Release) Earlier {
	var e Earlier
	for i, one := range all {
		switch {
		case one.Version == v:
			e.same = &all[i]
		case version.CompareRevisions(v, one.Version) > 0:
			e.last = &all[i]
		}
	}
	return e
}

// conflict returns an error if a version was released with other content than it has now.
func conflict(old artifact.Release, in Input) error {
	var how string
	switch differ := differing(old, in); {
	case len(differ) > 0:
		how = fmt.Sprintf("and %d of its artifacts would now be others: %s", len(differ),
			strings.Join(differ[:min(len(differ), 3)], ", "))
	case old.Tree != in.Record.Tree:
		how = fmt.Sprintf("of another source: its patched tree was %s, and is %s", old.Tree, in.Record.Tree)
	default:
		return nil
	}
	return fmt.Errorf("%s is released already, %s\n"+
		"  Who has the release would have two of one version. Give it another version in %s, such as %s\n"+
		"  If nobody has it yet: -force replaces it", in.Record.Version, how, in.Fork.File("fork.yaml"),
		next(in.Record.Version))
}

// differing returns what a release has with other content than it would have now.
func differing(old artifact.Release, in Input) []string {
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
	return differ
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
