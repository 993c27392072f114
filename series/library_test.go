package series

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
)

// TestReviseShared has a work tree whose commits were made of a series of the library, and
// of carried commits behind it.
func TestReviseShared(t *testing.T) {
	const yaml = "name: ship\npatches:\n  - slipway:bosun\n  - git: ../mate\n    commits: 1..2\n"
	shared, commit := mail("slipway:bosun/0001-bosun.patch", "a bosun"), mail(commitA, "crew: sign on")
	plain := list("plain.patch")[0]
	edited := mail("slipway:bosun/0001-bosun.patch", "a better bosun")
	f := fork.Fork{
		Loaded: spec.Loaded{Fork: spec.Fork{Carried: []spec.Carried{
			{Library: "slipway:bosun"}, {Carry: source.Carry{Git: "../mate"}},
		}}},
		Series: []patches.Patch{plain},
	}
	before := build.Series{Patches: []patches.Patch{shared, commit, plain}, Ranges: []int{1, 1}}
	for name, c := range map[string]struct {
		now   []patches.Patch
		files []string
		yaml  string
	}{
		"nothing changed": {before.Patches, []string{"plain.patch"}, yaml},
		"one more": {
			append(before.Patches[:3:3], mail("0002-x.patch", "x")), []string{"plain.patch", "0002-x.patch"}, yaml,
		},
		"the library's patch edited": {
			[]patches.Patch{edited, commit, plain}, []string{"0001-bosun.patch", "0002-crew-sign-on.patch", "plain.patch"},
			"name: ship\n",
		},
		"edited, and its name taken": {
			[]patches.Patch{edited, mail("0001-bosun.patch", "x")}, []string{"0001-a-better-bosun.patch", "0001-bosun.patch"},
			"name: ship\n",
		},
		"the commit behind it edited": {
			[]patches.Patch{shared, mail(commitA, "crew: sign off"), plain}, []string{"0002-crew-sign-off.patch", "plain.patch"},
			"name: ship\npatches:\n  - slipway:bosun\n",
		},
		"the library's patch dropped": {
			[]patches.Patch{commit, plain}, []string{"0001-crew-sign-on.patch", "plain.patch"}, "name: ship\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, _, _, err := revise(f, before, c.now, workTree{})
			says(t, err, "")
			var files []string
			for _, p := range r.files {
				files = append(files, p.Name)
			}
			if !slices.Equal(files, c.files) {
				t.Errorf("the files are %q, want %q", files, c.files)
			}
			data := []byte(yaml)
			for _, edit := range r.edits {
				if data, err = edit(data); err != nil {
					t.Fatal(err)
				}
			}
			if string(data) != c.yaml {
				t.Errorf("fork.yaml is\n%s\nwant\n%s", data, c.yaml)
			}
		})
	}
}

// TestSharedThatMoves holds that a patch of the library stays what it is where its hunks move.
func TestSharedThatMoves(t *testing.T) {
	shared, file := patches.Patch{Name: "slipway:bosun/0001-bosun.patch"}, list("plain.patch")[0]
	for _, c := range []struct {
		p      patches.Patch
		status patches.Status
		exact  bool
	}{
		{file, patches.Applies, true}, {file, patches.Moves, false}, {file, patches.Merges, false},
		{shared, patches.Applies, true}, {shared, patches.Moves, true}, {shared, patches.Merges, false},
	} {
		var l layout
		l.add(patches.Outcome{Patch: c.p, Status: c.status})
		if l.exact[0] != c.exact {
			t.Errorf("%s that is %s is exact: %v, want %v", c.p.Name, c.status, l.exact[0], c.exact)
		}
	}
}

// TestSharedAsFile holds that a patch of the library has what it needs as a file.
func TestSharedAsFile(t *testing.T) {
	p := mail("slipway:bosun/0001-bosun.patch", "a bosun")
	p.Exclude = []string{"docs/**"}
	if got := sharedAsFile(p, 3, nil); got.Name != "0001-bosun.patch" || string(got.Data) != string(p.Data) ||
		got.Strip != 1 || build.IsShared(got) || !build.IsShared(p) {
		t.Errorf("sharedAsFile() = %+v", got)
	}
	if got := sharedAsFile(p, 3, list("0001-bosun.patch")); !strings.HasPrefix(got.Name, "0003-") {
		t.Errorf("the name is %s, which another has", got.Name)
	}
}
