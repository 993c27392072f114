package fork

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestExplain(t *testing.T) {
	const (
		room  = "\n  Free some space on that disk: mage clean removes everything in /src/builds/dist, go clean -cache"
		write = "\n  Check that this user may write to /src/builds/dist"
		move  = "\n  Something that Slipway did not make is in /src/builds/dist: move it away"
	)
	below := func(path string, err error) error { return &fs.PathError{Op: "mkdir", Path: path, Err: err} }
	const dist = "/src/builds/dist/ship-1.4"
	for name, c := range map[string]struct {
		in   error
		want string // how it begins
		hint string // what follows; "" for nothing
	}{
		"a full disk":       {below(dist, syscall.ENOSPC), "mkdir dist/ship-1.4: no space left on device", room},
		"a full disk of Go": {fmt.Errorf("go: %w", syscall.ENOSPC), "go: no space left on device", room},
		"no permission":     {below(dist, syscall.EACCES), "mkdir dist/ship-1.4: permission denied", write},
		"not permitted":     {below(dist, syscall.EPERM), "mkdir dist/ship-1.4: operation not permitted", write},
		"read-only":         {below(dist, syscall.EROFS), "mkdir dist/ship-1.4: read-only file system", write},
		"a file in the way": {below(dist, syscall.ENOTDIR), "mkdir dist/ship-1.4: not a directory", move},
		"dist is a file":    {below("/src/builds/dist", syscall.ENOTDIR), "mkdir dist: not a directory", move},
		"something is there": {
			fmt.Errorf("placing: %w", below(dist, syscall.EEXIST)), "placing: mkdir dist/ship-1.4: file exists", move,
		},
		"a file in the way elsewhere": {below("/tmp/a/b", syscall.ENOTDIR), "mkdir /tmp/a/b: not a directory", ""},
		"a folder beside dist": {
			below("/src/builds/distance/a", syscall.ENOTDIR), "mkdir distance/a: not a directory", "",
		},
		"no path":         {syscall.ENOTDIR, "not a directory", ""},
		"missing":         {below(dist, syscall.ENOENT), "mkdir dist/ship-1.4: no such file or directory", ""},
		"paths are shown": {errors.New("/src/builds/forks/a and /src/builds/b"), "forks/a and b", ""},
		"several at once": {
			errors.Join(errors.New("first"), below(dist, syscall.ENOSPC)), "first\nmkdir dist/ship-1.4", room,
		},
		"somebody's stop":  {context.Canceled, "context canceled", ""},
		"a stale lock too": {&StaleError{Fork: "ship-1.4", Faults: []error{errors.New("stale")}}, "stale\n  To pin", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Project{Dir: "/src/builds"}.Explain(c.in)
			text := got.Error()
			if !strings.HasPrefix(text, c.want) || !strings.Contains(text, c.hint) {
				t.Errorf("%q, want %q, then %q", text, c.want, c.hint)
			}
			for _, hint := range []string{room, write, move} {
				if hint != c.hint && strings.Contains(text, hint) {
					t.Errorf("%q also says %q", text, hint)
				}
			}
			if !errors.Is(got, c.in) {
				t.Errorf("%q does not wrap the error", text)
			}
		})
	}
	if err := (Project{Dir: "/src/builds"}).Explain(nil); err != nil {
		t.Errorf("no error is explained as %v", err)
	}
}
