// Package downloads lays the binaries and tarballs of a release out as dl.k8s.io has them, so
// that scripts and tools that download Kubernetes find those of a fork.
package downloads

import (
	"context"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/tree"
)

// An Input is a release to lay out.
type Input struct {
	Release artifact.Release
	Dir     string // its folder, absolute
	Folder  string // below the repository's root: release
	// Names are the names that a component which is several programs is called by, by the
	// component: kubelet and kubeadm of hyperkube. Each is there as a copy of its binary, unless
	// the release has a binary of that name.
	Names map[string][]string
}

// Files returns the files of a release, FOLDER/vVERSION/…, and its binaries for Linux where
// mage deploy:kubespray looks for them. No file but small ones is read. by signs the sums; nil,
// or one without keys, leaves them unsigned.
func Files(ctx context.Context, in Input, by *sign.Signer) ([]tree.File, error) { return nil, nil }

// Pointers returns the files that name the newest version: CHANNEL.txt, CHANNEL-1.txt and
// CHANNEL-1.36.txt of each channel, and latest.txt, latest-1.txt and latest-1.36.txt of the
// first. channels are the versions in each, in any order.
func Pointers(folder string, channels map[string][]string, first string) ([]tree.File, error) {
	return nil, nil
}
