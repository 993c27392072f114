package fork

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
)

// Explain makes paths in an error relative to the project, and adds the way out to
// those that come from below every stage.
func (p Project) Explain(err error) error {
	dist, relative := p.Path("dist"), p.Relative(err)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w\n  Free some space on that disk: mage clean removes everything in %s, "+
			"go clean -cache removes Go's build cache", relative, dist)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w\n  Check that this user may write to %s", relative, dist)
	}
	var at *fs.PathError
	if errors.As(err, &at) && (at.Path == dist || strings.HasPrefix(at.Path, dist+"/")) &&
		(errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrExist)) {
		return fmt.Errorf("%w\n  Something that Slipway did not make is in %s: move it away", relative, dist)
	}
	return relative
}

// Relative returns err with the paths in its text relative to the project. It is
// the one place where that is done.
func (p Project) Relative(err error) error {
	if err == nil {
		return nil
	}
	return relativeError{err, p.Dir}
}

// A relativeError shows an error with paths relative to a folder.
type relativeError struct {
	error
	dir string
}

func (e relativeError) Error() string {
	text, dir := e.error.Error(), e.dir+string(filepath.Separator)
	var out strings.Builder
	for {
		i := strings.Index(text, dir)
		if i < 0 {
			return out.String() + text
		}
		if i > 0 && partOfPath(text[i-1]) {
			out.WriteString(text[:i+len(dir)]) // another folder, whose path ends like this one's
		} else {
			out.WriteString(text[:i])
		}
		text = text[i+len(dir):]
	}
}

// partOfPath reports whether a path goes on to the left of a slash behind b.
func partOfPath(b byte) bool {
	return b >= 0x80 || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' ||
		strings.IndexByte("._-+@~/", b) >= 0
}

func (e relativeError) Unwrap() error { return e.error }
