package series

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/spec"
)

// list returns patches by their names, each with its name as data.
func list(names ...string) []patches.Patch {
	var out []patches.Patch
	for _, name := range names {
		out = append(out, patches.Patch{Name: name, Strip: 1, Data: []byte(name)})
	}
	return out
}

// mail is a patch with a subject.
func mail(name, subject string) patches.Patch {
	return patches.Patch{Name: name, Strip: 1, Data: []byte("From: Mate <mate@example.org>\n" +
		"Date: Tue, 10 Feb 2026 08:00:00 +0000\nSubject: [PATCH] " + subject + "\n\nWhy.\n---\n")}
}

func namesOf(series []patches.Patch) []string {
	names := []string{}
	for _, p := range series {
		names = append(names, p.Name)
	}
	return names
}

// says checks that an error has just this text; "" is no error.
func says(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("the error is\n%s\nwant\n%s", got, want)
	}
}

func TestUpTo(t *testing.T) {
	series := list("0001-crew.patch", "0002-bosun.patch")
	for _, c := range []struct {
		until string
		want  int
		err   string
	}{
		{"", 2, ""},
		{"none", 0, ""},
		{"0001-crew.patch", 1, ""},
		{"0002-bosun.patch", 2, ""},
		{"0001", 0, `no patch "0001" in ship-1.4: it has 0001-crew.patch, 0002-bosun.patch; did you mean 0001-crew.patch?`},
	} {
		got, err := upTo("ship-1.4", series, c.until)
		says(t, err, c.err)
		if got != c.want {
			t.Errorf("up to %q there are %d patches, want %d", c.until, got, c.want)
		}
	}
}

func TestTip(t *testing.T) {
	w := workTree{Base: "base"}
	if got := w.tip(); got != "base" {
		t.Errorf("without commits, the tip is %s", got)
	}
	w.Commits = []workCommit{{ID: "first"}, {ID: "last"}}
	if got := w.tip(); got != "last" {
		t.Errorf("the tip is %s", got)
	}
}

func TestPatchOf(t *testing.T) {
	others := list("crew.patch", "fix-crew.patch", "0002-bosun.patch", "0003-crew.patch", "0004-crew.patch")
	for name, c := range map[string]struct {
		commit, subject string // the commit's patch, and its subject
		want            string
	}{
		"the one it was made of":          {"0009-other.patch", "crew", "0009-other.patch"},
		"the first that it became before": {"", "crew", "0003-crew.patch"},
		"whatever its number":             {"", "bosun", "0002-bosun.patch"},
		"a new one":                       {"", "cook: peas", ""},
		"part of a name is another":       {"", "bos", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := gitrepo.Revision{Commit: gitrepo.Commit{Subject: c.subject}, Name: c.commit}
			if got := patchOf(r, others); got != c.want {
				t.Errorf("it is %q, want %q", got, c.want)
			}
		})
	}
}

func TestUntouched(t *testing.T) {
	const diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
	const moved = "--- a/x\n+++ b/x\n@@ -7 +7 @@\n-a\n+b\n"
	const other = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+c\n"
	bad := errors.New("no such commit")
	series := []patches.Patch{{Name: "a.patch", Strip: 0, Data: []byte("as a person wrote it")}}
	for name, c := range map[string]struct {
		patch    string
		laid     workCommit
		was, now string
		err      error
		want     bool
	}{
		"the same":               {"a.patch", workCommit{"1", "a.patch", true}, diff, diff, nil, true},
		"the same, elsewhere":    {"a.patch", workCommit{"1", "a.patch", true}, diff, moved, nil, true},
		"something else":         {"a.patch", workCommit{"1", "a.patch", true}, diff, other, nil, false},
		"a merge of the patch":   {"a.patch", workCommit{"1", "a.patch", false}, diff, diff, nil, false},
		"not laid out":           {"a.patch", workCommit{"1", "b.patch", true}, diff, diff, nil, false},
		"not of the series":      {"b.patch", workCommit{"1", "b.patch", true}, diff, diff, nil, false},
		"a commit that was lost": {"a.patch", workCommit{"1", "a.patch", true}, "", diff, bad, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := workTree{Commits: []workCommit{{"0", "first.patch", true}, c.laid}}
			read := func(id string) ([]byte, error) {
				if id != c.laid.ID {
					t.Errorf("commit %s is read", id)
				}
				return []byte(c.was), c.err
			}
			got, ok, err := w.untouched(series, patches.Patch{Name: c.patch, Strip: 1, Data: []byte(c.now)}, read)
			if ok != c.want || !errors.Is(err, c.err) {
				t.Errorf("untouched is %v, %v; want %v, %v", ok, err, c.want, c.err)
			}
			if ok && !reflect.DeepEqual(got, series[0]) {
				t.Errorf("the patch is %v", got)
			}
		})
	}
}

func TestCommits(t *testing.T) {
	upstream := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	f := fork.Fork{Loaded: spec.Loaded{Fork: spec.Fork{Name: "ship"}}}
	steps := []patches.Step{{Patch: list("plain.patch")[0]}, {Patch: mail("0001-crew.patch", "crew: sign on")}}
	got := commits(f, steps, upstream)
	want := []gitrepo.Step{
		{Name: "plain.patch", Author: "ship fork", Email: "fork@localhost", Date: upstream, Subject: "plain.patch"},
		{
			Name: "0001-crew.patch", Author: "Mate", Email: "mate@example.org", Subject: "crew: sign on", Body: "Why.",
			Date: time.Date(2026, 2, 10, 8, 0, 0, 0, time.UTC),
		},
	}
	for i := range got {
		got[i].Date = got[i].Date.UTC()
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the commits are\n%+v\nwant\n%+v", got, want)
	}
}
