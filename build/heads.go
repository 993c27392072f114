package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/patches"
)

// Released returns the patches that are applied and what their heads say, as a release
// records them: not those of which upstream.exclude leaves nothing. All lines CVE: that
// name no vulnerability are one error; so is what section vex says otherwise.
func (s *Session) Released(ctx context.Context) ([]artifact.ReleasedPatch, error) {
	series, err := s.Series(ctx)
	if err != nil {
		return nil, err
	}
	heads, err := readHeads(s.fork, series.Patches)
	if err != nil {
		return nil, err
	}
	var out []artifact.ReleasedPatch
	for i, p := range series.Patches {
		if LeftOut(p) {
			continue
		}
		h := heads[i]
		out = append(out, artifact.ReleasedPatch{
			Name: p.Name, Digest: "sha256:" + p.SHA256(), Title: cmp.Or(h.Title, p.Name), Author: h.Author,
			Origin: cmp.Or(h.Origin, repositoryOf(s.fork, series.Ranges, i)), CVEs: h.CVEs,
		})
	}
	return out, s.fork.CheckVex(out)
}

// Closes returns the vulnerabilities that the patch files of a fork fix, sorted. It
// needs no session, and so knows nothing of carried commits.
func Closes(f fork.Fork) ([]string, error) {
	_, heads, err := readFiles(f)
	return closes(heads), err
}

// CheckVex returns an error if section vex of a fork says something else than its patch
// files do. Like Closes, it knows nothing of carried commits.
func CheckVex(f fork.Fork) error {
	files, heads, err := readFiles(f)
	if err != nil {
		return err
	}
	out := make([]artifact.ReleasedPatch, len(files))
	for i, h := range heads {
		out[i] = artifact.ReleasedPatch{Name: files[i].Name, CVEs: h.CVEs}
	}
	return f.CheckVex(out)
}

// readFiles returns the patch files of a fork, and the head of each.
func readFiles(f fork.Fork) ([]patches.Patch, []patches.Head, error) {
	shared, err := f.Shared()
	if err != nil {
		return nil, nil, err
	}
	files := append(shared, f.Series...)
	for i := range files {
		files[i].Exclude = f.Upstream.Exclude
	}
	heads, err := readHeads(f, files)
	return files, heads, err
}

// closes returns the vulnerabilities that patches fix, sorted.
func closes(heads []patches.Head) []string {
	var out []string
	for _, h := range heads {
		out = append(out, h.CVEs...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// readHeads reads the head of each patch of a fork. All faults are one error.
func readHeads(f fork.Fork, series []patches.Patch) ([]patches.Head, error) {
	out := make([]patches.Head, len(series))
	var faults []error
	for i, p := range series {
		var err error
		switch out[i], err = p.Head(); {
		case err == nil:
		case IsCommit(p):
			faults = append(faults, fmt.Errorf("commit %w\n  A carried commit keeps its message. To edit it, take the commits "+
				"as files, without their entry in fork.yaml: mage patches:import -fork=%s -as=files", err, f.ID))
		default:
			faults = append(faults, located(f, err))
		}
	}
	return out, errors.Join(faults...)
}

// repositoryOf returns the URL that the i-th patch of a series is carried from, without
// a login; "" where it is a file or the repository a folder.
func repositoryOf(f fork.Fork, ranges []int, i int) string {
	for n, count := range ranges {
		if i -= count; i >= 0 {
			continue
		}
		at, err := url.Parse(f.Carried[n].Git)
		if err != nil || at.Host == "" {
			return ""
		}
		at.User = nil
		return at.String()
	}
	return ""
}

// change is the line of a changelog for a patch, with the vulnerabilities that it fixes
// where its title does not name them.
func change(title string, fixes []string) string {
	fixes = slices.DeleteFunc(slices.Clone(fixes), func(id string) bool { return strings.Contains(title, id) })
	if len(fixes) == 0 {
		return title
	}
	return fmt.Sprintf("%s (%s)", title, strings.Join(fixes, ", "))
}
