package filetree

import (
	"errors"
	"os"
	"syscall"
)

// Exchange swaps two folders of one file system: at no time is there none by
// either name, unless the file system cannot do it in one step.
func Exchange(a, b string) error {
	err := exchange(a, b)
	if !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOSYS) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	aside := b + ".old"
	if err := os.Rename(b, aside); err != nil {
		return err
	}
	return errors.Join(os.Rename(a, b), os.Rename(aside, a))
}
