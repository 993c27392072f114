package series

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
)

const (
	commitA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	commitB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	commitC = "cccccccccccccccccccccccccccccccccccccccc"
)

func TestKeptRanges(t *testing.T) {
	a, b, c := mail(commitA, "a"), mail(commitB, "b"), mail(commitC, "c")
	edited := mail(commitB, "b, but better")
	file := list("0001-crew.patch")[0]
	before := build.Series{Patches: []patches.Patch{a, b, c, file}, Ranges: []int{2, 1}}
	for name, c := range map[string]struct {
		before          build.Series
		now             []patches.Patch
		ranges, commits int
	}{
		"all as they were":          {before, before.Patches, 2, 3},
		"the files do not matter":   {before, []patches.Patch{a, b, c}, 2, 3},
		"one of the second dropped": {before, []patches.Patch{a, b, file}, 1, 2},
		"the second edited":         {before, []patches.Patch{a, b, mail(commitC, "other"), file}, 1, 2},
		"the first edited":          {before, []patches.Patch{a, edited, c, file}, 0, 0},
		"the first cut short":       {before, []patches.Patch{a}, 0, 0},
		"the order changed":         {before, []patches.Patch{b, a, c, file}, 0, 0},
		"something before them":     {before, []patches.Patch{file, a, b, c}, 0, 0},
		"something between them":    {before, []patches.Patch{a, b, file, c}, 1, 2},
		"nothing is left":           {before, nil, 0, 0},
		"an empty range is kept":    {build.Series{Patches: before.Patches, Ranges: []int{0, 1}}, []patches.Patch{a}, 2, 1},
		"no ranges":                 {build.Series{Patches: []patches.Patch{file}}, []patches.Patch{file}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ranges, commits := keptRanges(c.before, c.now)
			if ranges != c.ranges || commits != c.commits {
				t.Errorf("%d ranges with %d commits are kept, want %d with %d", ranges, commits, c.ranges, c.commits)
			}
		})
	}
}

const reviseYAML = `name: ship
version: 1.4.1+test.1
upstream:
  module: example.org/ship@v1.4.1
patches:
  - git: ../mate
    commits: 1..2
  - git: ../cook
    commits: 3..4
`

func TestRevise(t *testing.T) {
	old := source.Upstream{Module: "example.org/ship@v1.4.1"}
	a, b := mail(commitA, "crew: sign on"), mail(commitB, "bosun")
	plain, crew := list("plain.patch")[0], mail("0001-crew-sign-on.patch", "another")
	carried := []spec.Carried{{Carry: source.Carry{Git: "../mate"}}, {Carry: source.Carry{Git: "../cook"}}}
	f := fork.Fork{
		Loaded: spec.Loaded{Fork: spec.Fork{Upstream: old, Carried: carried}}, Series: []patches.Patch{plain, crew},
	}
	before := build.Series{Patches: []patches.Patch{a, b, plain, crew}, Ranges: []int{1, 1}}
	edited := patches.Patch{Name: plain.Name, Strip: 1, Data: []byte("edited")}
	carryCook := strings.Join(strings.SplitAfter(reviseYAML, "\n")[7:9], "")
	for name, c := range map[string]struct {
		now                  []patches.Patch
		to                   source.Upstream // the same unless told
		files, changed, gone []string
		yaml                 string // of fork.yaml, what is different
		replaced             string // by this
	}{
		"nothing changed": {now: before.Patches, files: []string{"plain.patch", "0001-crew-sign-on.patch"}},
		"a file changed": {
			now: []patches.Patch{a, b, edited, crew}, files: []string{"plain.patch", "0001-crew-sign-on.patch"},
			changed: []string{"plain.patch"},
		},
		"a file dropped": {
			now: []patches.Patch{a, b, crew}, files: []string{"0001-crew-sign-on.patch"}, gone: []string{"plain.patch"},
		},
		"a commit changed is a file, and its range gone": {
			now:   []patches.Patch{a, mail(commitB, "bosun: calls"), plain, crew},
			files: []string{"0002-bosun-calls.patch", "plain.patch", "0001-crew-sign-on.patch"},
			yaml:  carryCook, changed: []string{"0002-bosun-calls.patch"},
		},
		"and those after it, under names that are free": {
			now:   []patches.Patch{b, a, plain, crew},
			files: []string{"0001-bosun.patch", "0002-crew-sign-on.patch", "plain.patch", "0001-crew-sign-on.patch"},
			yaml:  reviseYAML[strings.Index(reviseYAML, "patches:"):],
			// one is the name of a file that is there
			changed: []string{"0001-bosun.patch", "0002-crew-sign-on.patch"},
		},
		"no name twice": {
			now:   []patches.Patch{mail(commitA, "Crew: sign on"), crew, mail("0001-Crew-sign-on.patch", "x")},
			files: []string{"0002-Crew-sign-on.patch", "0001-crew-sign-on.patch", "0001-Crew-sign-on.patch"},
			yaml:  reviseYAML[strings.Index(reviseYAML, "patches:"):], gone: []string{"plain.patch"},
			changed: []string{"0002-Crew-sign-on.patch", "0001-Crew-sign-on.patch"},
		},
		"another upstream": {
			now: before.Patches, to: source.Upstream{Module: "example.org/ship@v1.4.2"},
			files:    []string{"plain.patch", "0001-crew-sign-on.patch"},
			yaml:     "version: 1.4.1+test.1\nupstream:\n  module: example.org/ship@v1.4.1\n",
			replaced: "version: 1.4.2+test.1\nupstream:\n  module: example.org/ship@v1.4.2\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			was := workTree{Upstream: c.to, Version: "1.4.2+test.1"}
			if c.to.Module == "" {
				was.Upstream = old
			}
			now := slices.Clone(c.now)
			r, changed, gone, err := revise(f, before, c.now, was)
			says(t, err, "")
			for _, l := range []struct {
				what      string
				got, want []string
			}{
				{"files", namesOf(r.files), c.files}, {"changed", namesOf(changed), c.changed}, {"gone", gone, c.gone},
			} {
				if !slices.Equal(l.got, l.want) {
					t.Errorf("%s: %q, want %q", l.what, l.got, l.want)
				}
			}
			if !reflect.DeepEqual(c.now, now) {
				t.Errorf("the argument became %q", namesOf(c.now))
			}
			if got, want := edit(t, reviseYAML, r.edits), strings.Replace(reviseYAML, c.yaml, c.replaced, 1); got != want {
				t.Errorf("fork.yaml is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// edit returns a text after some edits.
func edit(t *testing.T, text string, edits []func([]byte) ([]byte, error)) string {
	t.Helper()
	data := []byte(text)
	for _, e := range edits {
		var err error
		if data, err = e(data); err != nil {
			t.Fatal(err)
		}
	}
	return string(data)
}

func TestCheckMarks(t *testing.T) {
	type files = map[string]string
	const marks = "a\n<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n"
	for name, c := range map[string]struct {
		commits []files // what each writes; "" deletes
		want    string
	}{
		"none":                       {commits: []files{{"a.go": "<< a\n", "b.go": "a <<<<<<< b\n<<<<<<<<\n"}}},
		"left in the last commit":    {[]files{{"a.go": "a"}, {"a.go": marks}}, "src/a.go"},
		"left in an earlier commit":  {[]files{{"a.go": marks}, {"b.go": "b"}}, "src/a.go"},
		"solved later":               {[]files{{"a.go": marks}, {"a.go": "a"}}, ""},
		"deleted later":              {[]files{{"a.go": marks}, {"a.go": ""}}, ""},
		"at the beginning of a file": {[]files{{"a.go": marks[2:]}}, "src/a.go"},
		"in several, sorted":         {[]files{{"z": marks, "b.go": marks}, {"a.go": marks}}, "src/a.go src/b.go src/z"},
	} {
		t.Run(name, func(t *testing.T) {
			var h gitrepo.History
			for _, commit := range c.commits {
				var r gitrepo.Revision
				for path, text := range commit {
					r.Changes = append(r.Changes, filetree.Change{Path: path, Content: []byte(text), Deleted: text == ""})
				}
				h.Commits = append(h.Commits, r)
			}
			var want []string
			for name := range strings.FieldsSeq(c.want) {
				want = append(want, name+" has conflict markers: resolve them, commit, then run this again")
			}
			says(t, checkMarks("src", h), strings.Join(want, "\n"))
		})
	}
}

func TestWithoutGit(t *testing.T) {
	tree := filetree.Tree{{Path: ".git"}, {Path: ".git/HEAD"}, {Path: ".git/refs/x"}, {Path: ".gitattributes"},
		{Path: "docs/.git/HEAD"}, {Path: "git/x"}}
	want := filetree.Tree{{Path: ".gitattributes"}, {Path: "docs/.git/HEAD"}, {Path: "git/x"}}
	before := slices.Clone(tree)
	if got := withoutGit(tree); !slices.Equal(got, want) || !slices.Equal(tree, before) {
		t.Errorf("without .git it is %v, want %v; the argument is %v", got, want, tree)
	}
}

func TestPatchSet(t *testing.T) {
	f := fork.Fork{ID: "ship-1.4"}
	const digest = "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" // of x
	got := patchSet(f, []patches.Patch{
		{Name: "sub/b.patch", Data: []byte("x")}, {Name: "a.patch", Data: []byte("x")}, {Name: commitA, Data: []byte("x")},
	})
	want := artifact.Set{
		{Kind: artifact.Patch, Name: commitA, Size: 1, Digest: digest},
		{Kind: artifact.Patch, Name: "a.patch", Path: "forks/ship-1.4/patches/a.patch", Size: 1, Digest: digest},
		{Kind: artifact.Patch, Name: "sub/b.patch", Path: "forks/ship-1.4/patches/sub/b.patch", Size: 1, Digest: digest},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the artifacts are\n%+v\nwant\n%+v", got, want)
	}
}
