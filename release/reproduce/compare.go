package reproduce

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/provenance"
)

// Compare compares the files of a rebuild with those of a release, signatures left out,
// and explains each difference. A difference is no error.
func Compare(ctx context.Context, c Comparison) (Report, error) {
	want, got := c.Want.Release, c.Got.Release
	if want.Fork != got.Fork || want.Version != got.Version {
		return Report{}, fmt.Errorf("the release is %s %s, and %s %s was built: these cannot be compared",
			want.Fork, want.Version, got.Fork, got.Version)
	}
	except, err := newExceptions(c.Exceptions)
	if err != nil {
		return Report{}, err
	}
	record, err := Digest(want)
	if err != nil {
		return Report{}, err
	}
	r := Report{
		Schema: ReportSchema, Fork: want.Fork, Name: want.Name, Version: want.Version, Record: record,
		Changes: c.Changes, Problems: compareReleases(want, got),
	}
	wanted, made := byName(want), byName(got)
	if c.Want.signed() && !c.Got.signed() {
		for _, all := range []map[string]artifact.Released{wanted, made} {
			maps.DeleteFunc(all, func(_ string, a artifact.Released) bool { return onlySigned(a) })
		}
	}
	results, err := c.compareAll(ctx, wanted, made)
	if err != nil {
		return r, err
	}
	for i := range results {
		results[i] = except.apply(results[i])
	}
	r.Results = foldLayout(results)
	slices.SortFunc(r.Results, func(a, b Result) int { return strings.Compare(a.Name, b.Name) })
	r.Unused = except.unused()
	r.Same = len(r.Problems) == 0 && r.Count(Same)+r.Count(Excepted) == len(r.Results)
	return r, nil
}

// compareAll compares the artifacts of both builds, by their names.
func (c Comparison) compareAll(ctx context.Context, wanted, made map[string]artifact.Released) ([]Result, error) {
	var out []Result
	for name, w := range wanted {
		g, ok := made[name]
		result, err := c.compare(ctx, name, w, g, ok)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, result)
	}
	for name, g := range made {
		if _, ok := wanted[name]; !ok {
			out = append(out, Result{Name: name, Kind: g.Kind, Verdict: Extra, Got: g.Reproducible()})
		}
	}
	return out, nil
}

// Digest returns the digest of artifacts.json, as Encode writes it: sha256:HEX.
func Digest(r artifact.Release) (string, error) {
	data, err := r.Encode()
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:]), err
}

// byName returns the artifacts of a release by the names that statements give them.
func byName(r artifact.Release) map[string]artifact.Released {
	out := map[string]artifact.Released{}
	for _, a := range r.Artifacts {
		out[provenance.SubjectName(a)] = a
	}
	return out
}

// compareReleases returns what two records say differently of what they were built from.
func compareReleases(want, got artifact.Release) []string {
	var out []string
	for _, f := range []struct{ what, want, got string }{
		{"upstream", want.Upstream.Name + " " + want.Upstream.Digest, got.Upstream.Name + " " + got.Upstream.Digest},
		{"patched tree", want.Tree, got.Tree}, {"commit", want.Commit, got.Commit}, {"lock", want.Lock, got.Lock},
		{"date", want.Date, got.Date}, {"toolchain", want.Toolchain, got.Toolchain},
		{"platforms", strings.Join(want.Platforms, ", "), strings.Join(got.Platforms, ", ")},
	} {
		if f.want != f.got {
			out = append(out, Finding{What: f.what, Want: f.want, Got: f.got}.String())
		}
	}
	return out
}

// compare compares one artifact of the release.
func (c Comparison) compare(ctx context.Context, name string, w, g artifact.Released, made bool) (Result, error) {
	r := Result{Name: name, Kind: w.Kind, Verdict: Same, Want: w.Reproducible()}
	if !made {
		r.Verdict = Missing
		return r, nil
	}
	r.Got = g.Reproducible()
	if r.Want == r.Got && w.Kind == g.Kind {
		return r, nil
	}
	if w.Kind == artifact.Document && c.Want.signed() != c.Got.signed() || w.Format == provenance.Format {
		// What cannot be read differs by its digest, and is explained below.
		if same, err := c.sameDocument(w, g); err == nil && same {
			r.Reason = "but for digests of signed files, and where the project was checked out from"
			return r, nil
		}
	}
	r.Verdict = Differs
	found, err := explain(ctx, build{c.Want, w}, build{c.Got, g})
	var missing *fs.PathError
	switch {
	case errors.As(err, &missing) && errors.Is(err, fs.ErrNotExist):
		found = []Finding{{What: missing.Path + " does not exist, so what differs cannot be told"}}
	case ctx.Err() != nil:
		return r, ctx.Err()
	case err != nil:
		found = append(found, Finding{What: "it cannot be read: " + err.Error()})
	case len(found) == 0:
		found = []Finding{{What: "the records have other digests, and the files are the same"}}
	}
	r.Found = found[:min(len(found), most)]
	r.More = len(found) - len(r.Found)
	return r, nil
}

// foldLayout leaves out what follows from images that differ: the blobs of a layout are
// named by their digests, and its index has those of the images.
func foldLayout(results []Result) []Result {
	differ, excepted := 0, 0
	for _, r := range results {
		switch {
		case r.Kind != artifact.Image || r.Verdict == Same:
		case r.Verdict == Excepted:
			excepted++
		default:
			differ++
		}
	}
	if differ+excepted == 0 {
		return results
	}
	var out []Result
	for _, r := range results {
		if r.Kind == artifact.Layout && r.Verdict != Same {
			if differ > 0 && r.Verdict != Differs {
				continue
			}
			if differ == 0 {
				r.Verdict, r.Reason, r.Found, r.More = Excepted, "follows from an image that may differ", nil, 0
			}
		}
		out = append(out, r)
	}
	return out
}
