package build

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/internal/action"
)

// Clean removes all outputs and everything that is kept between runs, but for the paths in keep, which are
// relative to the project. Each of them
// goes in one step, so that a run that is killed leaves no part of one that a later
// run could take for the whole.
func (h *Held) Clean(keep ...string) error {
	dist := h.project.Path("dist")
	if info, err := os.Lstat(dist); err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return errors.Join(err, os.Remove(dist)) // what it leads to stays
	}
	but := []string{h.cache.Dir}
	for _, path := range keep {
		but = append(but, h.project.Path(filepath.FromSlash(path)))
	}
	if err := h.cache.DiscardAll(dist, but...); err != nil {
		return err
	}
	if err := h.cache.Remove(); err != nil {
		return err
	}
	return action.RemoveEmpty(dist)
}
