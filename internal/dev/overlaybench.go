package dev

import (
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// written has Portage write what it can of an overlay by itself.
const written = `rm -rf dist/overlay/metadata/md5-cache dist/overlay/*/*/Manifest
for e in dist/overlay/*/*/*.ebuild; do ebuild "$e" manifest; done
egencache --repositories-configuration="$PORTAGE_REPOSITORIES" --update --repo=slipway`

// overlay compares an overlay of all forks, their distfiles at hand, with what
// Portage takes to write the Manifests and the metadata of the same, on a host
// that has it.
func (b *bench) overlay() error {
	out, err := exec.CommandContext(b.ctx, "portageq", "get_repo_path", "/", "gentoo").Output()
	if err != nil {
		return nil // there is no Portage here
	}
	gentoo := strings.TrimSpace(string(out))
	if _, err := b.mage(nil, "ebuild", "-gentoo="+gentoo); err != nil { // makes the distfiles
		return err
	}
	env := []string{
		"PORTAGE_REPOSITORIES=[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = " + gentoo +
			"\n[slipway]\nlocation = " + filepath.Join(b.dir, "dist", "overlay") + "\nmasters = gentoo\n",
		"DISTDIR=" + filepath.Join(b.dir, "dist", "distfiles"),
	}
	var ours, other []time.Duration
	for range 5 {
		if err := b.sh("rm -r dist/overlay", ""); err != nil {
			return err
		}
		a, err := b.mage(nil, "ebuild", "-gentoo="+gentoo)
		if err != nil {
			return err
		}
		c, err := b.time(b.dir, env, "sh", "-ec", written)
		if err != nil {
			return err
		}
		ours, other = append(ours, a), append(other, c)
	}
	row("an overlay of all forks: ebuild manifest and egencache", ours, other)
	return nil
}
