package shards_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/pipeline/packages"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/shards"
)

// made makes what a release has of some platforms, and returns it.
func made(t *testing.T, s *build.Session, platforms ...string) artifact.Set {
	t.Helper()
	jobs, err := s.Fork().Jobs(fork.Request{Platforms: platforms}, s.Host())
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Cross(t.Context(), jobs)
	for _, format := range []packages.Format{packages.Deb(), packages.RPM()} {
		if err == nil {
			var set artifact.Set
			set, err = packages.Run(t.Context(), s, format, packages.Request{Platforms: platforms})
			all = artifact.Of(all, set)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTwoMachinesMakeWhatOneDoes makes the platforms of the sample fork on a machine
// each, and merges them on a third, which has nothing left to do then, and the bytes of
// one that made all of it.
func TestTwoMachinesMakeWhatOneDoes(t *testing.T) {
	platforms := []string{"linux/amd64", "linux/arm64"}
	want := shards.Want{Origins: map[string]shards.Origin{}}
	var folders []string
	for _, name := range platforms {
		s := buildtest.Pinned(t, buildtest.Silent).Open(t, nil)
		p, err := platform.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		made(t, s, name)
		shard := shards.Shard{Fork: s.Fork().ID, Platform: p}
		o := origin(t, s)
		if _, err := shards.Write(t.Context(), s.Dist(), shard, o, artifact.Timeline{}); err != nil {
			t.Fatal(err)
		}
		want.Shards, want.Origins[shard.Fork] = append(want.Shards, shard), o
		folders = append(folders, s.Dist().Abs(shard.Dir()))
	}
	third, one := buildtest.Pinned(t, buildtest.Silent).Open(t, nil), buildtest.Pinned(t, buildtest.Silent).Open(t, nil)
	if _, err := shards.Merge(t.Context(), third.Dist(), folders, want); err != nil {
		t.Fatal(err)
	}
	for _, a := range made(t, third, platforms...) {
		if !a.Kept {
			t.Errorf("%s was made again", a.Path)
		}
	}
	made(t, one, platforms...)
	if got, want := bytesOf(t, third), bytesOf(t, one); strings.Join(got.Differ(want), "\n") != "" || len(want) == 0 {
		t.Errorf("these differ: %s", got.Differ(want))
	}
}

// origin returns what the session's fork is made of.
func origin(t *testing.T, s *build.Session) shards.Origin {
	t.Helper()
	f := s.Fork()
	inputs, err := shards.Inputs(t.Context(), f.Project.Dir, f.ID, f.Profile)
	if err != nil {
		t.Fatal(err)
	}
	return shards.Origin{Version: f.Version, Inputs: inputs, Toolchain: s.Go().GOVERSION}
}

// bytesOf returns the files that a release is made of.
func bytesOf(t *testing.T, s *build.Session) filetree.Tree {
	t.Helper()
	to := t.TempDir()
	for _, part := range []string{"bin", "deb", "rpm"} {
		at := s.Dist().Abs(s.Fork().Dist(part))
		if err := os.CopyFS(filepath.Join(to, part), os.DirFS(at)); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := filetree.Scan(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	return dir.Tree
}
