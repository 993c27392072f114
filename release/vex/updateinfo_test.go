package vex

import (
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/golden"
)

func TestUpdateOf(t *testing.T) {
	u, err := UpdateOf(input())
	if err != nil {
		t.Fatal(err)
	}
	data, err := u.Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", UpdateFile), data)
}

func TestUpdateOfNothing(t *testing.T) {
	fixed, other := input(), input()
	fixed.Release.Artifacts = fixed.Release.Artifacts[:4]
	other.Statements = other.Statements[1:4]
	for name, in := range map[string]Input{"no rpm": fixed, "nothing fixed": other} {
		if u, err := UpdateOf(in); err != nil || u != nil {
			t.Errorf("%s: the update is %+v, %v", name, u, err)
		}
	}
}

func TestNEVRA(t *testing.T) {
	for _, c := range []struct {
		path string
		want NEVRA
	}{
		{"rpm/linux_arm64/ship-bosun-tools-1.5.0~rc.1+acme.2-3.aarch64.rpm",
			NEVRA{Name: "ship-bosun-tools", Version: "1.5.0~rc.1+acme.2", Release: "3", Arch: "aarch64"}},
		{"rpm/linux_amd64/bosun-1.4.1-1.noarch.rpm", NEVRA{Name: "bosun", Version: "1.4.1", Release: "1", Arch: "noarch"}},
		{path: "rpm/linux_amd64/bosun.rpm"},
		{path: "rpm/linux_amd64/bosun-1.x86_64.rpm"},
		{path: "rpm/linux_amd64/bosun-1.4.1-1.noarch.deb"},
	} {
		got, err := nevra(artifact.Released{Path: c.path, Digest: digest("1")})
		if c.want.Name == "" {
			if err == nil {
				t.Errorf("%s is %+v", c.path, got)
			}
			continue
		}
		c.want.Epoch, c.want.File, c.want.Digest = "0", c.path, digest("1")
		if err != nil || got != c.want {
			t.Errorf("%s is %+v (%v), want %+v", c.path, got, err, c.want)
		}
	}
}
