package tarball

import (
	"testing"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/tarballs"
)

// keyed is what two tarballs are kept by: src, and crew, which holds it.
type keyed struct {
	plan plan
	lock lock.Lock
	in   inputs
}

func newKeyed() keyed {
	return keyed{
		lock: lock.Lock{Upstream: "example.org/ship@v1.4.1"},
		plan: plan{date: time.Unix(0, 0), tarballs: []planned{
			{kind: "src", file: "src.tar.gz", parts: []part{{Part: tarballs.Part{Tree: "."}}}},
			{kind: "crew", file: "crew.tar.gz", folder: "ship", platform: amd64, parts: []part{
				{
					To: "bin", On: "linux/amd64", Platform: amd64,
					Components: []string{"captain"}, Images: map[string]string{"mate": "x"},
				},
				{Tarballs: []string{"src.tar.gz"}},
			}},
		}},
		in: inputs{
			built: map[platform.Platform]build.Binaries{
				amd64: {All: []cross.Binary{
					{Component: "captain", File: "captain", SHA256: "01"}, {Component: "mate", SHA256: "02"},
				}},
			},
			images: artifact.Images{Tag: "v1", Images: []artifact.ImageIndex{{
				Name: "mate", Digest: "sha256:03",
				Platforms: []artifact.PlatformImage{{Platform: "linux/amd64", Digest: "sha256:04"}},
			}}},
		},
	}
}

// TestKeys changes one input at a time: which of the two tarballs is another one then?
func TestKeys(t *testing.T) {
	plain := newKeyed()
	before, tree := plain.plan.keys(plain.lock, plain.in), plain.plan.treeKey(plain.lock)
	for name, c := range map[string]struct {
		change          func(k *keyed)
		src, crew, tree bool // are others
	}{
		"nothing":          {change: func(*keyed) {}},
		"the date":         {func(k *keyed) { k.plan.date = time.Unix(1, 0) }, true, true, false},
		"the lock":         {func(k *keyed) { k.lock.Tree = "sha256:05" }, true, true, true},
		"a module":         {func(k *keyed) { k.plan.fork.Upstream.Module = "example.org/ship@v1.4.1" }, true, true, true},
		"a binary":         {func(k *keyed) { k.in.built[amd64].All[0].SHA256 = "06" }, false, true, false},
		"another's binary": {func(k *keyed) { k.in.built[amd64].All[1].SHA256 = "06" }, false, false, false},
		"an image": {
			func(k *keyed) { k.in.images.Images[0].Platforms[0].Digest = "sha256:07" }, false, true, false,
		},
		"the tag":            {func(k *keyed) { k.in.images.Tag = "v2" }, false, true, false},
		"what src holds":     {func(k *keyed) { k.plan.tarballs[0].parts[0].Tree = "docs" }, true, true, true},
		"where programs are": {func(k *keyed) { k.plan.tarballs[1].parts[0].To = "sbin" }, false, true, true},
		"the folder":         {func(k *keyed) { k.plan.tarballs[1].folder = "boat" }, false, true, false},
		"an image's name":    {func(k *keyed) { k.plan.tarballs[1].parts[0].Images["mate"] = "y" }, false, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeyed()
			c.change(&k)
			now := k.plan.keys(k.lock, k.in)
			if got := now["src.tar.gz"] != before["src.tar.gz"]; got != c.src {
				t.Errorf("src is another: %v", got)
			}
			if got := now["crew.tar.gz"] != before["crew.tar.gz"]; got != c.crew {
				t.Errorf("crew is another: %v", got)
			}
			if got := k.plan.treeKey(k.lock) != tree; got != c.tree {
				t.Errorf("what the tree must have is another: %v", got)
			}
		})
	}
}
