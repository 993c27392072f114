package release

import (
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/output"
)

// Quick puts tarballs into dist/FORK/_output/release-tars, in one step: make quick-release of
// Kubernetes left them there, and scripts that deploy it look there.
func Quick(d output.Dist, f fork.Fork, tarballs artifact.Set) error {
	return d.Replace(f.Dist("_output", "release-tars"), func(dst string) error {
		if err := os.Mkdir(dst, 0o755); err != nil {
			return err
		}
		for _, a := range tarballs {
			to := filepath.Join(dst, filepath.Base(a.Path))
			if err := filetree.LinkOrCopy(d.Abs(a.Path), to, filetree.Regular); err != nil {
				return err
			}
		}
		return nil
	})
}
