package installer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

const (
	savedSuffix = ".slipway-saved"
	asideSuffix = ".slipway-tmp"
)

// A host is the file system that is installed into. Names in it are relative to
// its root, and os.Root sees that no link leads out of it, whoever changes links
// meanwhile.
type host struct {
	root *os.Root
	hook func(step string) // called before each change; tests end the run there
}

// resolve returns the name that an absolute path of the host stands for, its
// last element not followed. os.Root refuses absolute links; here they mean
// what they mean to the host's own programs, that is start at its root.
func (h *host) resolve(p string) (string, error) {
	dir, rest := ".", strings.Split(strings.TrimPrefix(p, "/"), "/")
	for links := 0; len(rest) > 1; {
		element := rest[0]
		rest = rest[1:]
		switch element {
		case "", ".":
			continue
		case "..":
			dir = path.Dir(dir)
			continue
		}
		name := path.Join(dir, element)
		target, err := h.root.Readlink(name)
		if err != nil { // no link, or not there
			dir = name
			continue
		}
		if links++; links > 40 {
			return "", fmt.Errorf("%s: its links form a loop", p)
		}
		if path.IsAbs(target) {
			dir = "."
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return path.Join(dir, rest[0]), nil
}

// state returns what stands under a name.
func (h *host) state(name string) (state, error) {
	info, err := h.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return state{}, nil
	} else if err != nil {
		return state{}, err
	}
	s := state{Kind: other, Mode: info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)}
	switch {
	case info.IsDir():
		s.Kind = folder
	case info.Mode().IsRegular():
		s.Kind = file
		f, err := h.root.Open(name)
		if err != nil {
			return s, err
		}
		defer f.Close()
		s.SHA256, err = hash(f)
		return s, err
	case info.Mode()&fs.ModeSymlink != 0:
		s = state{Kind: link}
		s.Target, err = h.root.Readlink(name)
		return s, err
	}
	return s, nil
}

func hash(r io.Reader) (string, error) {
	d := sha256.New()
	_, err := io.Copy(d, r)
	return hex.EncodeToString(d.Sum(nil)), err
}

func (h *host) exists(name string) bool {
	_, err := h.root.Lstat(name)
	return err == nil
}

// same reports whether two names are links to one file.
func (h *host) same(a, b string) bool {
	x, err := h.root.Lstat(a)
	y, berr := h.root.Lstat(b)
	return err == nil && berr == nil && os.SameFile(x, y)
}

// aside returns where what is to stand under a name is made.
func aside(name string) string { return path.Join(path.Dir(name), "."+path.Base(name)+asideSuffix) }

// writeFile makes or replaces a file in one go.
func (h *host) writeFile(name string, mode fs.FileMode, write func(io.Writer) error) error {
	return h.replace(name, func(tmp string) error {
		f, err := h.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		h.hook("fill " + name)
		return errors.Join(write(f), f.Chmod(mode), f.Sync(), f.Close())
	})
}

// makeLink makes or replaces a symbolic link in one go.
func (h *host) makeLink(name, target string) error {
	return h.replace(name, func(tmp string) error { return h.root.Symlink(target, tmp) })
}

// makeFolder makes a folder that has its mode from the start.
func (h *host) makeFolder(name string, mode fs.FileMode) error {
	return h.replace(name, func(tmp string) error {
		return errors.Join(h.root.Mkdir(tmp, 0o700), h.root.Chmod(tmp, mode))
	})
}

// replace has what is to stand under a name made aside, and renames it. It
// cleans up after errors, not after panics: to tests those are its being killed.
func (h *host) replace(name string, build func(tmp string) error) error {
	tmp := aside(name)
	h.hook("make " + tmp)
	if err := h.root.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := build(tmp)
	if err == nil {
		h.hook("rename " + tmp)
		err = h.root.Rename(tmp, name)
	}
	if err != nil {
		_ = h.root.Remove(tmp)
		return err
	}
	return h.sync(name)
}

// save keeps what stands under a name under another, too: the name is never
// free, except where the file system has no hard links.
func (h *host) save(name, saved string) error {
	h.hook("save " + name)
	if err := h.root.Link(name, saved); err != nil {
		if rerr := h.root.Rename(name, saved); rerr != nil {
			return errors.Join(err, rerr)
		}
	}
	return h.sync(saved)
}

// restore puts back what was saved.
func (h *host) restore(saved, name string) error {
	h.hook("restore " + name)
	if h.same(saved, name) { // renaming does nothing to two links to one file
		return h.remove(saved)
	}
	if err := h.root.Rename(saved, name); err != nil {
		return err
	}
	return h.sync(name)
}

// remove removes a file, a link or an empty folder, if it is there.
func (h *host) remove(name string) error {
	h.hook("remove " + name)
	if err := h.root.Remove(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	return h.sync(name)
}

func (h *host) chmod(name string, mode fs.FileMode) error {
	h.hook("chmod " + name)
	return h.root.Chmod(name, mode)
}

// sync has the change of a name outlive a power failure.
func (h *host) sync(name string) error {
	d, err := h.root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
