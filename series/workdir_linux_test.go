package series

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/lock"
)

// TestTreeOnADisk mounts what a person's folder is, or is in.
func TestTreeOnADisk(t *testing.T) {
	for name, c := range map[string]struct {
		flags uintptr
		tree  string
		want  string // what the error has; "" for none
	}{
		"a folder": {0, "disk/ship", ""},
		"the disk": {0, "disk",
			"/disk is where a disk is mounted, and cannot be replaced: name a folder in it"},
		"a folder, read-only":    {unix.MS_RDONLY, "disk/ship", "/disk: read-only file system: name a folder elsewhere"},
		"a far folder, the same": {unix.MS_RDONLY, "disk/a/ship", "/disk: read-only file system: name a folder elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			p, dir := newProject(t), t.TempDir()
			disk := filepath.Join(dir, "disk")
			if err := os.Mkdir(disk, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := unix.Mount("none", disk, "tmpfs", c.flags, ""); err != nil {
				t.Skip(err)
			}
			defer unix.Unmount(disk, unix.MNT_DETACH)
			_, err := p.try(lock.Lock{}, func(s *build.Session) (artifact.Set, error) {
				return Apply(t.Context(), s, ApplyRequest{Tree: filepath.Join(dir, c.tree)})
			})
			if (err == nil) != (c.want == "") || err != nil && !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("the error is %v, want %s", err, c.want)
			}
		})
	}
}
