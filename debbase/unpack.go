package debbase

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/blakesmith/ar"
)

// A node is an entry of a package on its way into the layer.
type node struct {
	Entry
	owner string // the package
	same  *node  // of a hard link: the file that it is another name of
}

// A deb is the part of a package that goes into a layer.
type deb struct {
	pin     Pin
	control []byte // its paragraph
	script  string // its postinst, which is not run
	nodes   []*node
	notes   []string
}

// readDeb reads the package in the file name, after it has checked that it is the one
// that is pinned. It writes the content to the file data, as a tar, from which the
// entries are read later.
func readDeb(p Pin, name, data string) (deb, error) {
	d := deb{pin: p}
	f, err := os.Open(name)
	if err != nil {
		return d, fmt.Errorf("package %s: it is missing: fetch it first: %w", p.Name, err)
	}
	defer f.Close()
	err = copyExactly(io.Discard, f, p.Size, p.SHA256)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = d.members(f, data)
	}
	if err != nil {
		return d, fmt.Errorf("package %s: %s: %w", p.Name, name, err)
	}
	return d, nil
}

// members reads the members of a deb; see deb(5).
func (d *deb) members(f *os.File, data string) error {
	magic := make([]byte, 8)
	if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != ar.GLOBAL_HEADER {
		return errors.New("it is not a Debian package")
	}
	var unpacked bool
	for r := ar.NewReader(f); ; {
		hdr, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("it is not a Debian package: %w", err)
		}
		name := strings.TrimSuffix(hdr.Name, "/")
		control := strings.HasPrefix(name, "control.tar")
		if !control && !strings.HasPrefix(name, "data.tar") {
			continue
		}
		in, err := decompress(name, r)
		if err == nil && control {
			err = d.readControl(in)
		} else if err == nil {
			unpacked = true
			err = d.readData(in, data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if d.control == nil || !unpacked {
		return errors.New("it is not a Debian package: it has no control.tar with a control file, or no data.tar")
	}
	return d.matches()
}

// matches checks that the package is the one that the pin names.
func (d *deb) matches() error {
	return paragraphs(bytes.NewReader(d.control), func(f map[string]string) error {
		if f["Package"] != d.pin.Name || f["Version"] != d.pin.Version || f["Architecture"] != d.pin.Architecture {
			return fmt.Errorf("it is %s %s for %s, but pinned as %s %s for %s: lock again",
				f["Package"], f["Version"], f["Architecture"], d.pin.Name, d.pin.Version, d.pin.Architecture)
		}
		return nil
	})
}

// readControl reads control.tar.
func (d *deb) readControl(in io.Reader) error {
	for r := tar.NewReader(in); ; {
		hdr, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch path.Clean(hdr.Name) {
		case "control":
			if d.control, err = io.ReadAll(r); err == nil && len(d.control) == 0 {
				err = errors.New("the control file is empty")
			}
		case "postinst":
			var script []byte
			script, err = io.ReadAll(r)
			d.script = string(script)
		}
		if err != nil {
			return err
		}
	}
}

// readData writes data.tar to the file name, and lists what is in it.
func (d *deb) readData(in io.Reader, name string) error {
	out, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		_, err = out.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = d.list(out)
	}
	return errors.Join(err, out.Close())
}

// list lists the entries of a tar that belong in a layer.
func (d *deb) list(f *os.File) error {
	seen := map[string]*node{} // with those that are left out, which hard links may name
	for r := tar.NewReader(f); ; {
		hdr, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := inLayer(hdr.Name)
		if err != nil {
			return err
		}
		if name == "" {
			continue
		}
		// tar reads no further than the header: the content follows.
		at, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		n, err := d.node(hdr, name, seen)
		if err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
		if n == nil {
			continue
		}
		if n.Kind == File && n.same == nil {
			n.Open = section(f.Name(), at, n.Size)
		}
		n.Path = mergeUsr(name, n.Kind)
		seen[name] = n
		if keep(n.Path, n.Kind) {
			d.nodes = append(d.nodes, n)
		}
	}
}

// node returns the node of an entry of a tar, or nil if it is left out.
func (d *deb) node(hdr *tar.Header, name string, seen map[string]*node) (*node, error) {
	mode := hdr.FileInfo().Mode()
	n := &node{owner: d.pin.Name, Entry: Entry{Mode: mode & fs.ModePerm, UID: hdr.Uid, GID: hdr.Gid}}
	if old := seen[name]; old != nil && (old.Kind != Folder || hdr.Typeflag != tar.TypeDir) {
		return nil, errors.New("is in it twice: dpkg would not install the package either")
	}
	switch hdr.Typeflag {
	case tar.TypeDir:
		n.Kind, n.Mode = Folder, mode&(fs.ModePerm|fs.ModeSticky)
	case tar.TypeReg:
		n.Size = hdr.Size
		if mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			d.notes = append(d.notes, fmt.Sprintf("%s: %s has lost its set-user-ID or set-group-ID bit", d.pin.Name, name))
		}
	case tar.TypeSymlink:
		if hdr.Linkname == "" || strings.ContainsRune(hdr.Linkname, 0) {
			return nil, errors.New("is a link to nowhere")
		}
		n.Kind, n.Mode, n.Target = Link, fs.ModePerm, hdr.Linkname
	case tar.TypeLink:
		target, err := inLayer(hdr.Linkname)
		if err != nil {
			return nil, err
		}
		file := seen[target]
		if file == nil || file.Kind == Folder {
			return nil, fmt.Errorf("is a hard link to %q, which is not a file before it in the package", hdr.Linkname)
		}
		*n = *file
		if n.same == nil && n.Kind == File {
			n.same = file
		}
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		d.notes = append(d.notes, fmt.Sprintf("%s: %s is left out: a layer has no devices and pipes", d.pin.Name, name))
		return nil, nil
	default:
		return nil, fmt.Errorf("is of an unknown type (%q in the tar)", hdr.Typeflag)
	}
	return n, nil
}

// inLayer returns the path in the layer of a name in a tar, "" for the root. A name
// that leaves the layer, or is not clean, is an error.
func inLayer(name string) (string, error) {
	p := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if p == "" || p == "." {
		return "", nil
	}
	outside := path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../")
	if outside || path.Clean(p) != p || strings.ContainsAny(p, "\n\x00") { // dpkg takes neither of these two
		return "", fmt.Errorf("%q leaves the layer or is not a clean path: leave the package out", name)
	}
	return p, nil
}

// section returns a function that opens a part of a file.
func section(name string, at, size int64) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(f, at, size), f}, nil
	}
}
