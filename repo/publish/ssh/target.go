package ssh

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/tree"
)

// Get reads a file. Its tag is its SHA-256.
func (h *Host) Get(ctx context.Context, path string) ([]byte, string, error) {
	out, err := h.run(ctx, "reading "+path, "path="+shell.Quote(path)+"; "+get, "")
	if err != nil {
		return nil, "", err
	}
	what, data, _ := strings.Cut(out, "\n")
	switch what {
	case "file":
		return []byte(data), tree.Of(tree.Content, path, []byte(data)).SHA256, nil
	case "absent":
		return nil, "", &fs.PathError{Op: "reading", Path: h.root + "/" + path, Err: fs.ErrNotExist}
	case "other":
		return nil, "", h.obstacle(path)
	}
	return nil, "", fmt.Errorf("%s: reading %s: the host said %q", h, path, what)
}

func (h *Host) obstacle(path string) error {
	return fmt.Errorf("%s: %s/%s is where the repository has a file, and is none: remove it", h, h.root, path)
}

// StatAll asks for the digests of files that have the right size.
func (h *Host) StatAll(ctx context.Context, entries []tree.Entry) ([]publish.Presence, error) {
	var list strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&list, "%d %s\n", e.Size, e.Path)
	}
	out, err := h.run(ctx, "looking for files", stat, list.String())
	if err != nil {
		return nil, err
	}
	lines := strings.Split(out, "\n")
	if len(lines) != len(entries)+2 || lines[len(entries)] != "end" {
		return nil, fmt.Errorf("%s: looking for %d files: the host reported %d", h, len(entries), len(lines)-2)
	}
	found := make([]publish.Presence, len(entries))
	for i, e := range entries {
		what, _, _ := strings.Cut(lines[i], " ")
		switch what {
		case "absent":
			found[i] = publish.Absent
		case e.SHA256:
			found[i] = publish.Same
		case "link", "other":
			return nil, h.obstacle(e.Path)
		default:
			found[i] = publish.Different
		}
	}
	return found, nil
}

// CopyAll links files to their content, or copies them where the host's file system has no links.
func (h *Host) CopyAll(ctx context.Context, entries []tree.Entry) error {
	var list strings.Builder
	for _, e := range entries {
		list.WriteString(e.Alias + "\n" + e.Path + "\n")
	}
	return h.toTheEnd(ctx, "copying files", duplicate, list.String())
}

// Delete removes files, and the folders that are empty then.
func (h *Host) Delete(ctx context.Context, paths []string) error {
	return h.toTheEnd(ctx, "deleting files", remove, strings.Join(append(paths, ""), "\n"))
}

// toTheEnd runs a script that holds the lock, and says when it has done all.
func (h *Host) toTheEnd(ctx context.Context, doing, script, list string) error {
	out, err := h.run(ctx, doing, h.locked(script), list)
	if err == nil && !strings.HasSuffix(out, "end\n") {
		err = fmt.Errorf("%s: %s: the host did not say that it is done", h, doing)
	}
	return err
}

// Swap replaces the head under a lock, if it is still what tag says.
func (h *Host) Swap(ctx context.Context, head []byte, tag string, _ []tree.Entry) (string, error) {
	next := tree.Of(tree.Commit, publish.HeadFile, head).SHA256
	script := h.locked("tag=" + shell.Quote(tag) + "; new=" + next + "; " + swap)
	out, err := h.run(ctx, "replacing "+publish.HeadFile, script, string(head))
	switch {
	case err != nil:
		return "", err
	case out == "swapped\n":
		return next, nil
	case out == "conflict\n":
		return "", &publish.ConflictError{Target: h.String()}
	}
	return "", fmt.Errorf("%s: replacing %s: the host said %q", h, publish.HeadFile, out)
}

// Stat is StatAll of one.
func (h *Host) Stat(ctx context.Context, e tree.Entry) (publish.Presence, error) {
	found, err := h.StatAll(ctx, []tree.Entry{e})
	if err != nil {
		return publish.Absent, err
	}
	return found[0], nil
}

// Put is PutAll of one.
func (h *Host) Put(ctx context.Context, f tree.File) error { return h.PutAll(ctx, []tree.File{f}) }

// Copy is CopyAll of one.
func (h *Host) Copy(ctx context.Context, e tree.Entry) error {
	return h.CopyAll(ctx, []tree.Entry{e})
}

var _ publish.Batch = (*Host)(nil)
