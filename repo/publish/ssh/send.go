package ssh

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/tree"
)

// PutAll sends files by rsync, which renames each when it is complete, and goes on in the middle
// of one that was cut off.
func (h *Host) PutAll(ctx context.Context, files []tree.File) error {
	stage, err := os.MkdirTemp(h.dir, "send")
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	var list strings.Builder
	var taken []tree.Entry // from files, which somebody could change meanwhile
	for _, f := range files {
		if err := lay(stage, f); err != nil {
			return fmt.Errorf("%s: sending %s: %w", h, f.Path, err)
		}
		list.WriteString(f.Path + "\x00")
		if f.Data == nil {
			taken = append(taken, f.Entry)
		}
	}
	if !h.made.Load() {
		if _, err := h.run(ctx, "making "+h.root, enter, ""); err != nil {
			return err
		}
		h.made.Store(true)
	}
	if err := h.rsync(ctx, stage, list.String()); err != nil {
		return err
	}
	return h.arrived(ctx, taken)
}

// lay puts a file where rsync finds it by its path in the repository.
func lay(stage string, f tree.File) error {
	name := filepath.Join(stage, filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if f.Data != nil {
		return os.WriteFile(name, f.Data, 0o644)
	}
	if f.From == "" {
		return errors.New("nothing here has its content")
	}
	return os.Symlink(f.From, name)
}

// rsync sends the files of a list in stage. No file is skipped because of its size and time, and
// none is deleted. Modes are the same whatever the umask of either host.
func (h *Host) rsync(ctx context.Context, stage, list string) error {
	var ssh []string
	for _, arg := range append(h.args[:len(h.args):len(h.args)], "-oControlMaster=no") {
		ssh = append(ssh, shell.Quote(arg))
	}
	tmp := h.root + "/state/tmp"
	args := []string{"rsync", "-e", strings.Join(ssh, " "), "--protect-args", "--files-from=-", "--from0", "--copy-links",
		"--ignore-times", "--perms", "--chmod=D0755,F0644", "--partial-dir=" + tmp + "/partial", "--temp-dir=" + tmp,
		stage + "/", h.address() + ":" + h.root + "/"}
	err := h.options.Run.Run(ctx, run.Cmd{Args: args, Env: h.options.Env, Stdin: strings.NewReader(list)})
	if err != nil {
		return h.explain("sending files", err)
	}
	return nil
}

// arrived compares what was sent with its entries.
func (h *Host) arrived(ctx context.Context, entries []tree.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	found, err := h.StatAll(ctx, entries)
	if err != nil {
		return err
	}
	for i, e := range entries {
		if found[i] != publish.Same {
			return fmt.Errorf("%s: %s arrived with other content than sha256:%s: the file was changed meanwhile",
				h, e.Path, e.SHA256)
		}
	}
	return nil
}
