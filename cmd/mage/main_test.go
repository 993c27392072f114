package main

import (
	"slices"
	"strings"
	"testing"
)

func TestUnhyphened(t *testing.T) {
	for line, want := range map[string]string{
		"":                                  "",
		"cross":                             "cross",
		"release -dry-run":                  "release -dryrun",
		"release -dryRun":                   "release -dryRun",
		"release -dry-run=false -force":     "release -dryrun=false -force",
		"release -key=my-key.asc":           "release -key=my-key.asc",
		"release -dry-run=a-b=c-d":          "release -dryrun=a-b=c-d",
		"release:verify my-folder -key=a-b": "release:verify my-folder -key=a-b",
		"release:merge a-b,c-d":             "release:merge a-b,c-d",
		"release --dry-run":                 "release -dryrun",
		"cross -":                           "cross -",
	} {
		args := strings.Fields(line)
		before := slices.Clone(args)
		if got := strings.Join(unhyphened(args), " "); got != want {
			t.Errorf("%q becomes %q, want %q", line, got, want)
		}
		if !slices.Equal(args, before) {
			t.Errorf("%q: the arguments that were given have changed: %q", line, args)
		}
	}
}
