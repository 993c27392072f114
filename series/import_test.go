package series

import (
	"slices"
	"testing"

	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
)

func TestCarry(t *testing.T) {
	const commits = commitA + ".." + commitB
	f := fork.Fork{ID: "ship"}
	f.Carried = []spec.Carried{{Carry: source.Carry{Git: "../mate", Commits: commits}}}
	for name, c := range map[string]struct {
		request ImportRequest
		err     string
	}{
		"a range":                          {request: ImportRequest{From: "../cook", Commits: commits}},
		"another range of that repository": {request: ImportRequest{From: "../mate", Commits: commitB + ".." + commitC}},
		"carried already": {
			ImportRequest{From: "../mate", Commits: commits, Files: true},
			"forks/ship/fork.yaml already carries " + commits + " of ../mate",
		},
		"no repository": {
			ImportRequest{Commits: commits}, "-from: is missing: write the repository that has the commits",
		},
		"no path": {
			ImportRequest{From: "the cook", Commits: commits}, `-from: "the cook" is neither a URL nor a path without spaces`,
		},
		"no range": {
			ImportRequest{From: "../cook", Commits: commitA},
			`-commits: "` + commitA + `" is not a range: want BASE..TIP, each a commit of 40 hex digits in lower case`,
		},
		"an empty range": {
			ImportRequest{From: "../cook", Commits: commitA + ".." + commitA},
			"-commits: the range is empty: both ends are " + commitA,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.request.Carry(f)
			says(t, err, c.err)
			if want := (source.Carry{Git: c.request.From, Commits: c.request.Commits}); got != want {
				t.Errorf("Carry() = %v, want %v", got, want)
			}
		})
	}
}

func TestAsFiles(t *testing.T) {
	for name, c := range map[string]struct {
		series, commits []patches.Patch
		want            []string
	}{
		"the first": {
			commits: []patches.Patch{mail(commitA, "crew: sign on"), mail(commitB, "bosun")},
			want:    []string{"0001-crew-sign-on.patch", "0002-bosun.patch"},
		},
		"behind others": {
			series: list("one.patch", "two.patch"), commits: []patches.Patch{mail(commitA, "crew")},
			want: []string{"0003-crew.patch"},
		},
		"around a name of the series": {
			series: list("0002-crew.patch"), commits: []patches.Patch{mail(commitA, "crew")},
			want: []string{"0003-crew.patch"},
		},
		"around names in a row": {
			series:  list("0003-crew.patch", "0004-crew.patch"),
			commits: []patches.Patch{mail(commitA, "crew"), mail(commitB, "crew")},
			want:    []string{"0005-crew.patch", "0006-crew.patch"},
		},
		"without a subject": {commits: list(commitA), want: []string{"0001-patch.patch"}},
		"none":              {series: list("one.patch"), want: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			before := namesOf(c.commits)
			got, err := asFiles(c.series, c.commits)
			if err != nil || !slices.Equal(namesOf(got), c.want) || !slices.Equal(namesOf(c.commits), before) {
				t.Errorf("they are named %q, %v, want %q; the argument is %q", namesOf(got), err, c.want, namesOf(c.commits))
			}
		})
	}
}
