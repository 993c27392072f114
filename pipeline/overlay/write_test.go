package overlay

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/output"
)

func TestRead(t *testing.T) {
	const inGit = "dist/overlay is a git repository, and an overlay is replaced as a whole: " +
		"keep the repository elsewhere, and copy with rsync -a --delete --exclude=.git dist/overlay/ CHECKOUT/"
	for name, c := range map[string]struct {
		files []string
		want  []string
		err   string
	}{
		"no overlay": {files: []string{"dist/distfiles/ship.tar.xz"}},
		"an overlay": {
			files: []string{"dist/overlay/profiles/eapi", "dist/overlay/app-misc/ship/Manifest"},
			want:  []string{"app-misc/ship/Manifest", "profiles/eapi"},
		},
		"a repository":       {files: []string{"dist/overlay/profiles/eapi", "dist/overlay/.git/HEAD"}, err: inGit},
		"a work tree of one": {files: []string{"dist/overlay/.git"}, err: inGit},
		"a repository beside one": {
			files: []string{"dist/overlay/profiles/eapi", "dist/.git/HEAD"}, want: []string{"profiles/eapi"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := output.Dist{Project: t.TempDir()}
			for _, file := range c.files {
				put(t, d.Abs(file), "in "+file, 0o644)
			}
			got, err := read(d, "dist/overlay")
			wantError(t, err, c.err)
			if err != nil {
				return
			}
			if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, c.want) {
				t.Errorf("%v, want %v", names, c.want)
			}
			for name, data := range got {
				if want := "in dist/overlay/" + name; string(data) != want {
					t.Errorf("%s is %q, want %q", name, data, want)
				}
			}
		})
	}
}

func TestEbuildArtifacts(t *testing.T) {
	of := func(category, name string) ebuilds.Fork {
		return ebuilds.Fork{Project: ebuilds.Project{Category: category, Name: name}}
	}
	files := ebuilds.Tree{
		"app-misc/ship/ship-1.4.1_p1.ebuild": []byte("ship"), "app-misc/ship/Manifest": []byte("DIST"),
		"app-misc/ship-bin/ship-bin-1.4.1_p1.ebuild": []byte("bin"), "acct-user/bosun/bosun-0.ebuild": []byte("user"),
		"app-misc/raft/raft-1.0.ebuild": []byte("raft"), "sys-boot/ship/ship-2.ebuild": []byte("boots"),
	}
	ship := func(name, content string, kept bool) event.Event {
		dir := name[:strings.Index(name, "-1")]
		return event.Event{
			Kind: event.Artifact, Component: name, Path: filepath.Join("dist", "overlay", "app-misc", dir, name+".ebuild"),
			Size: int64(len(content)), SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(content))), Kept: kept,
		}
	}
	for name, c := range map[string]struct {
		forks []ebuilds.Fork
		old   ebuilds.Tree
		want  []event.Event
	}{
		"no fork": {},
		"a new fork": {
			forks: []ebuilds.Fork{of("app-misc", "ship")},
			want:  []event.Event{ship("ship-bin-1.4.1_p1", "bin", false), ship("ship-1.4.1_p1", "ship", false)},
		},
		"kept in part": {
			forks: []ebuilds.Fork{of("app-misc", "ship")},
			old: ebuilds.Tree{
				"app-misc/ship/ship-1.4.1_p1.ebuild": []byte("ship"), "app-misc/ship-bin/ship-bin-1.4.1_p1.ebuild": []byte("was"),
			},
			want: []event.Event{ship("ship-bin-1.4.1_p1", "bin", false), ship("ship-1.4.1_p1", "ship", true)},
		},
		"two forks": {
			forks: []ebuilds.Fork{of("app-misc", "ship"), of("app-misc", "raft")}, old: files,
			want: []event.Event{
				ship("raft-1.0", "raft", true), ship("ship-bin-1.4.1_p1", "bin", true), ship("ship-1.4.1_p1", "ship", true),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []event.Event
			b := beginning{at: inDist, overlay: ebuilds.Overlay{Forks: c.forks}}
			for _, a := range ebuildArtifacts(b, c.old, files) {
				if a.Kind != artifact.Ebuild {
					t.Errorf("%s is a %s", a.Name, a.Kind)
				}
				got = append(got, a.Event())
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v\nwant\n%+v", got, c.want)
			}
		})
	}
}

func TestFetchedArtifacts(t *testing.T) {
	kept := madeAs("source", "ship-1.4.1.tar.xz")
	kept.kept = true
	got := fetchedArtifacts(inDist, plan{}, []made{madeAs("files", "ship-1.4.1_p1-files.tar.xz"), kept})
	of := func(name string, kept bool) artifact.Artifact {
		return artifact.Artifact{
			Kind: artifact.Distfile, Name: name, Path: filepath.Join("dist", "distfiles", name), Size: 1,
			Digest: "sha256:" + strings.Repeat("2", 64), Kept: kept,
		}
	}
	want := artifact.Set{of("ship-1.4.1.tar.xz", true), of("ship-1.4.1_p1-files.tar.xz", false)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if d := kept.done(); d.Detail != "1 bytes" || !d.Kept {
		t.Errorf("%+v", d)
	}
}

// TestUnion checks that what forks have in common is there once, as the first made it.
func TestUnion(t *testing.T) {
	of := func(path string, kept bool) artifact.Artifact { return artifact.Artifact{Path: path, Kept: kept} }
	first, second := artifact.Set{of("b", false), of("c", false)}, artifact.Set{of("b", true), of("d", true)}
	got := union(first, second, artifact.Set{of("a", true)})
	want := artifact.Set{of("a", true), of("b", false), of("c", false), of("d", true)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestWithDistfiles checks that a fork is not changed by what is added to another.
func TestWithDistfiles(t *testing.T) {
	first := withDistfiles(ebuilds.Fork{}, madeAs("source", "a"), madeAs("files", "b"))
	second := withDistfiles(first, madeAs("files", "c"))
	names := func(f ebuilds.Fork) string {
		return fmt.Sprintf("%d %s %s", len(f.Distfiles), f.Distfiles["source"].Name, f.Distfiles["files"].Name)
	}
	if names(first) != "2 a b" || names(second) != "2 a c" {
		t.Errorf("%s and %s, want 2 a b and 2 a c", names(first), names(second))
	}
}

// inDist is where the overlay of all forks is laid out.
var inDist = place{"dist/overlay", "dist/distfiles"}
