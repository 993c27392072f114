package tarball

import (
	"testing"

	"github.com/slipway-build/slipway/artifact"
)

// TestPlanRelease holds that the plan names what is made, and says nothing of its bytes.
func TestPlanRelease(t *testing.T) {
	p := pinned(t)
	s := p.Open(t, nil)
	for _, c := range []struct {
		about string
		r     ReleaseRequest
		want  string
	}{
		{"all, those too that the tree may not have the files for", ReleaseRequest{Platforms: []string{"linux/amd64"}},
			"ship-boat-linux-amd64.tar.gz ship-crew-linux-amd64.tar.gz ship-src.tar.gz ship.tar.gz"},
		{"one", ReleaseRequest{Tarballs: []string{"boat"}, Platforms: []string{"linux/amd64", "linux/arm64"}},
			"ship-boat-linux-amd64.tar.gz ship-boat-linux-arm64.tar.gz"},
	} {
		set, err := PlanRelease(s, c.r)
		if err != nil || made(set) != c.want {
			t.Errorf("%s: %s, %v, want %s", c.about, made(set), err, c.want)
		}
		for _, a := range set {
			if a.Digest != "" || a.Size != 0 || a.Kept || a.Kind != artifact.Tarball {
				t.Errorf("%s: %+v", c.about, a)
			}
		}
	}
	if s.Dist().Exists("dist/ship-1.4") {
		t.Error("the plan made something")
	}
	if set, err := PlanRelease(s, ReleaseRequest{Tarballs: []string{"sail"}}); err == nil {
		t.Errorf("there is no tarball sail, but %v", set)
	}
}
