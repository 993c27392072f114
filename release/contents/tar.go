package contents

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/blakesmith/ar"
)

// tar walks a tar, compressed or not, to its end.
func (w *walker) tar(r io.Reader, part string) error {
	in, free, err := w.decompress(r)
	if err != nil {
		return within(part, err)
	}
	defer free()
	last := ""
	for t := tar.NewReader(in); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, in)
			return within(part, err)
		}
		if err != nil {
			return within(part, after(last, err))
		}
		last = h.Name
		if err := w.give(tarMember(h, part, t)); err != nil {
			return within(part, within(h.Name, err))
		}
	}
}

// within adds where in an artifact an error is, unless it is the caller's.
func within(where string, err error) error {
	var call *callError
	if err == nil || where == "" || errors.As(err, &call) {
		return err
	}
	return fmt.Errorf("%s: %w", where, err)
}

// after says where in an archive what cannot be read begins.
func after(last string, err error) error {
	if last == "" {
		return err
	}
	return fmt.Errorf("after %s: %w", last, err)
}

func tarMember(h *tar.Header, part string, r io.Reader) Member {
	m := Member{
		Part: part, Name: h.Name, Type: Special, Mode: h.Mode & 0o7777, UID: h.Uid, GID: h.Gid,
		User: h.Uname, Group: h.Gname, Time: h.ModTime, Link: h.Linkname, Attrs: attrs(h),
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		m.Type, m.Size, m.Reader = Regular, h.Size, r
	case tar.TypeDir:
		m.Type = Dir
	case tar.TypeSymlink:
		m.Type = Symlink
	case tar.TypeLink:
		m.Type = Hardlink
	}
	return m
}

// attrs returns the records of a header that are no field of a Member.
func attrs(h *tar.Header) map[string]string {
	var out map[string]string
	for key, value := range h.PAXRecords {
		switch key {
		case "path", "linkpath", "size", "uid", "gid", "uname", "gname", "mtime":
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[strings.TrimPrefix(key, "SCHILY.xattr.")] = value
	}
	return out
}

// deb walks a Debian package: debian-binary, and the members of control.tar and data.tar.
// See deb(5).
func (w *walker) deb(r io.Reader) error {
	b := bufio.NewReader(r)
	if magic, _ := b.Peek(8); string(magic) != ar.GLOBAL_HEADER {
		return errors.New("it is not a Debian package: it does not begin as an ar archive")
	}
	var seen []string
	for a := ar.NewReader(b); ; {
		h, err := nextInAr(a)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("it is not a Debian package: %w", err)
		}
		name := strings.TrimSuffix(h.Name, "/")
		stem, _, _ := strings.Cut(name, ".")
		seen = append(seen, stem)
		if stem == "control" || stem == "data" {
			err = w.tar(a, name)
		} else {
			err = w.give(arMember(h, name, a))
		}
		if err != nil {
			return err
		}
	}
	if got := strings.Join(seen, " "); !strings.HasPrefix(got, "debian-binary control data") {
		return fmt.Errorf("it is not a Debian package: it holds %q; want debian-binary, control.tar and data.tar", got)
	}
	return nil
}

// nextInAr returns the next header of an ar archive. The library takes a header of blanks
// for one, and panics.
func nextInAr(a *ar.Reader) (h *ar.Header, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a header of the ar archive is damaged: %v", p)
		}
	}()
	h, err = a.Next()
	if err == nil && h.Size < 0 {
		err = fmt.Errorf("%s: its size is %d", h.Name, h.Size)
	}
	return h, err
}

func arMember(h *ar.Header, name string, r io.Reader) Member {
	return Member{
		Name: name, Type: Regular, Mode: h.Mode & 0o7777, UID: h.Uid, GID: h.Gid, Time: h.ModTime.UTC(),
		Size: h.Size, Reader: r,
	}
}
