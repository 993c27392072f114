package build

import (
	"errors"
	"io/fs"
	"os"

	"github.com/slipway-build/slipway/internal/action"
)

// Clean removes all outputs and everything that is kept between runs. Each of them
// goes in one step, so that a run that is killed leaves no part of one that a later
// run could take for the whole.
func (h *Held) Clean() error {
	dist := h.project.Path("dist")
	if info, err := os.Lstat(dist); err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return errors.Join(err, os.Remove(dist)) // what it leads to stays
	}
	if err := h.cache.DiscardAll(dist, h.cache.Dir); err != nil {
		return err
	}
	if err := h.cache.Remove(); err != nil {
		return err
	}
	return action.RemoveEmpty(dist)
}
