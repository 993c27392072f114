package tags

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// versions are tags of versions, such as v1.36.1_acme.1 and 3.7.3-debug.
var versions = regexp.MustCompile(`^v?[0-9]+\.[0-9]+\.[0-9]+([-_.+]|$)`)

// Name returns the tag with its repository.
func (w Want) Name() string { return w.Repository + ":" + w.Tag }

func byName(a, b Want) int { return strings.Compare(a.Name(), b.Name()) }

// Between returns what to want so that tags name what they do in next, where those of shown
// that next does not have are no longer wanted.
func Between(shown, next []Want) []Want {
	out := slices.Clone(next)
	for _, w := range shown {
		if !slices.ContainsFunc(next, func(o Want) bool { return o.Name() == w.Name() }) {
			w.Digest = ""
			out = append(out, w)
		}
	}
	slices.SortFunc(out, byName)
	return out
}

// Plan returns what has to move so that tags name what is wanted. have has what they name now,
// by REPOSITORY:TAG. A tag of a version, such as v1.36.1_acme.1, is never moved.
func Plan(wants []Want, have map[string]string) ([]Move, error) {
	var moves []Move
	var errs []error
	for _, w := range wants {
		now := have[w.Name()]
		switch {
		case now == w.Digest:
		case now != "" && versions.MatchString(w.Tag):
			errs = append(errs, fmt.Errorf("%s is the tag of a version and names %s: it is never moved to %s; "+
				"release another version", w.Name(), now, cmp.Or(w.Digest, "nothing")))
		default:
			moves = append(moves, Move{Want: w, From: now})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortFunc(moves, func(a, b Move) int { return byName(a.Want, b.Want) })
	return moves, nil
}
