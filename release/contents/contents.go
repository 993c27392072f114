// Package contents opens finished artifacts and walks their members: packages, tarballs,
// images of a layout, plain files. It streams, writes nothing to disk, and trusts nothing
// that it reads: an artifact may be made to exhaust whoever opens it.
package contents

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"
)

// The formats of artifacts. How an archive is compressed is read from its first bytes.
const (
	Deb  = "deb"
	RPM  = "rpm"
	Tar  = "tar"  // plain, or compressed by gzip, xz or zstd; a docker archive, a layer
	Zip  = "zip"  // not opened: it is one member
	File = "file" // what is not an archive: its one member is itself
)

// A Type says what a Member is.
type Type string

// The types of members.
const (
	Regular  Type = "file"
	Dir      Type = "dir"
	Symlink  Type = "symlink"
	Hardlink Type = "hard link"
	Special  Type = "special file" // a device, a pipe
	Field    Type = "field"        // of a header: a tag of an rpm, a manifest of an image
	Damaged  Type = "damaged"      // a nested archive, of which no more can be read than what was
	Foreign  Type = "foreign"      // a layer that the layout does not have, and that its manifest has a URL of
)

// A Member is one entry of an artifact.
type Member struct {
	// Part is what of the artifact the member is in, as control.tar.gz of a deb, header and
	// payload of an rpm, "linux/amd64 layer 2" of an image; "" where there is only one. Below a
	// nested archive it begins with the path of that archive.
	Part   string
	Name   string // as it is written there: ./usr/bin/captain; of a field its tag
	Type   Type
	Mode   int64 // permissions, setuid, setgid and sticky: 07777
	UID    int
	GID    int
	User   string // names of the owner and the group, where the format has them
	Group  string
	Time   time.Time
	Size   int64 // bytes; -1 where that is only known at the end
	Link   string
	Attrs  map[string]string // extended attributes and other records of a tar's header; nil is none
	Opened bool              // an archive whose members follow, and whose content is not given itself
	Err    error             // of a damaged archive, why no more of it can be read
	// Reader reads the content. It is valid until the function that is given the member
	// returns, which need not read it.
	Reader io.Reader
}

// Path returns the path that the member is unpacked to, relative to the root and clean:
// usr/bin/captain. It never leads out.
func (m Member) Path() string {
	return strings.TrimPrefix(path.Clean("/"+m.Name), "/")
}

// String returns where in the artifact the member is: "data.tar.zst: ./usr/bin/captain".
func (m Member) String() string {
	if m.Part == "" {
		return m.Name
	}
	return m.Part + ": " + m.Name
}

// Limits bound what is read of one artifact, so that a hostile one is refused in time.
type Limits struct {
	Members int   // number of members; 0 is 1,000,000
	Size    int64 // uncompressed bytes of all archives in it, nested ones too; 0 is 32 GiB
	Depth   int   // archives inside archives that are opened; 0 is 4
}

func (l Limits) defaults() Limits {
	if l.Members == 0 {
		l.Members = 1_000_000
	}
	if l.Size == 0 {
		l.Size = 32 << 30
	}
	if l.Depth == 0 {
		l.Depth = 4
	}
	return l
}

// A LimitError says that an artifact is larger than its Limits.
type LimitError struct {
	What string // "members", "uncompressed bytes", "bytes of a header"
	Max  int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("it has more than %d %s, which is as far as is read", e.Max, e.What)
}

// A Source is an artifact that is read from a stream.
type Source struct {
	Name   string // for errors, and for the format where that is not given
	Format string // Deb, RPM, Tar, File; "" is what the name says
	// Nested opens archives inside the artifact too, as the docker archives of a release
	// tarball and their layers. Their members follow the archive itself. One that cannot be
	// read is a member of the type Damaged then.
	Nested bool
	Limits Limits
}

// Walk calls f for each member of an artifact that is read from r, in their order. An error
// that f returns ends the walk, and is returned as it is. It reads r to its end, unless it
// fails or f does, so that the checksums of compressed data are checked.
func Walk(ctx context.Context, r io.Reader, s Source, f func(Member) error) error {
	if s.Format == "" {
		s.Format = FormatOf(s.Name)
	}
	w := &walker{ctx: ctx, limits: s.Limits.defaults(), nested: s.Nested, f: f}
	return w.done(s.Name, w.walk(r, s.Format, path.Base(s.Name)))
}

// FormatOf returns the format that the name of a file says.
func FormatOf(name string) string {
	base := strings.ToLower(path.Base(name))
	for _, row := range []struct{ suffix, format string }{
		{".deb", Deb}, {".rpm", RPM}, {".tar", Tar}, {".tgz", Tar}, {".txz", Tar}, {".tar.gz", Tar},
		{".tar.xz", Tar}, {".tar.zst", Tar}, {".zip", Zip},
	} {
		if strings.HasSuffix(base, row.suffix) {
			return row.format
		}
	}
	return File
}

// A walker walks one artifact, and what is nested in it.
type walker struct {
	ctx     context.Context
	limits  Limits
	nested  bool
	f       func(Member) error
	members int
	size    int64 // uncompressed bytes read
	said    int64 // bytes of members, as their headers say
	depth   int
	prefix  string // of Part: where the archive that is walked is nested
}

// A callError is what the caller's function returned.
type callError struct{ err error }

func (e *callError) Error() string { return e.err.Error() }
func (e *callError) Unwrap() error { return e.err }

// done returns the error of a walk, with the name of the artifact unless it is the
// caller's or the context's.
func (w *walker) done(name string, err error) error {
	var call *callError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &call):
		return call.err
	case w.ctx.Err() != nil:
		return w.ctx.Err()
	}
	return fmt.Errorf("%s: %w", name, err)
}

// walk walks one archive. name is its last element, for a format that has no members.
func (w *walker) walk(r io.Reader, format, name string) error {
	switch format {
	case Deb:
		return w.deb(r)
	case RPM:
		return w.rpm(r)
	case Tar:
		return w.tar(r, "")
	case Zip, File:
		return w.plain(r, name)
	}
	return fmt.Errorf("the format %q is unknown: want %s, %s, %s or %s", format, Deb, RPM, Tar, File)
}

// plain gives a file that is no archive as its one member.
func (w *walker) plain(r io.Reader, name string) error {
	m := Member{Name: name, Type: Regular, Mode: 0o644, Size: -1, Reader: r}
	if s, ok := r.(interface{ Stat() (os.FileInfo, error) }); ok {
		if info, err := s.Stat(); err == nil {
			m.Size, m.Mode, m.Time = info.Size(), int64(info.Mode().Perm()), info.ModTime()
		}
	}
	if err := w.give(m); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, r)
	return err
}

// give counts a member, and calls the function with it.
func (w *walker) give(m Member) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.members++; w.members > w.limits.Members {
		return &LimitError{"members", int64(w.limits.Members)}
	}
	// A sparse file of a tar has bytes that are nowhere, so what is said counts too.
	if w.said += max(m.Size, 0); m.Size > w.limits.Size || w.said > w.limits.Size {
		return &LimitError{"uncompressed bytes", w.limits.Size}
	}
	if m.Reader == nil {
		m.Reader = strings.NewReader("")
	}
	m.Part = joinPart(w.prefix, m.Part)
	if w.nested && m.Type == Regular {
		return w.open(m)
	}
	return w.call(m)
}

func (w *walker) call(m Member) error {
	if err := w.f(m); err != nil {
		return &callError{err}
	}
	return nil
}

func joinPart(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, ": ")
}
