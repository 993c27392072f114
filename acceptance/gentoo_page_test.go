//go:build acceptance && linux

package acceptance

import (
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// TestGentooPage makes the ebuilds that docs/gentoo.md shows, in a clean clone: those
// of etcd, and of one more revision of flannel.
func TestGentooPage(t *testing.T) {
	testkit.Need(t, "patch")
	dir := clone(t)
	shown(t, "docs/gentoo.md", mage(t, dir, "ebuild", "-fork=etcd-3.7"))
	mage(t, dir, "ebuild", "-fork=flannel-0.28")
	mustRun(t, dir, "sed", "-i", `s/^version: .*/version: 0.28.4+slipway.2/`, "forks/flannel-0.28/fork.yaml")
	mage(t, dir, "patches:lock", "-fork=flannel-0.28")
	shown(t, "docs/gentoo.md", mage(t, dir, "ebuild", "-fork=flannel-0.28"))
}
