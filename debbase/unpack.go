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
	"path/filepath"
	"strings"

	"github.com/blakesmith/ar"
)

// A node is an entry of a package on its way into the layer.
type node struct {
	Entry
	owner string // the package
	same  *node  // of a hard link: the file that it is another name of
}

// A deb is what of a package goes into a layer.
type deb struct {
	pin     Pin
	control []byte // its paragraph
	script  string // its postinst, which nobody runs
	nodes   []*node
	notes   []string
}

// readDeb reads the package in the file name, once it is the one that is
// pinned. What it holds is written to the file data, as a tar, where the
// entries are read from later.
func readDeb(p Pin, name, data string) (deb, error) {
	d := deb{pin: p}
	f, err := os.Open(name)
	if err != nil {
		return d, fmt.Errorf("package %s: it is not there: fetch it first: %w", p.Name, err)
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

// members reads the members of a deb, as deb(5) has them.
func (d *deb) members(f *os.File, data string) error {
	magic := make([]byte, 8)
	if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != ar.GLOBAL_HEADER {
		return errors.New("it is no Debian package")
	}
	var unpacked bool
	for r := ar.NewReader(f); ; {
		hdr, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("it is no Debian package: %w", err)
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
		return errors.New("it is no Debian package: it has no control.tar with a control file, or no data.tar")
	}
	return d.matches()
}

// matches checks that the package is the one that the pin says it is.
func (d *deb) matches() error {
	return paragraphs(bytes.NewReader(d.control), func(f map[string]string) error {
		if f["Package"] != d.pin.Name || f["Version"] != d.pin.Version || f["Architecture"] != d.pin.Architecture {
			return fmt.Errorf("it is %s %s for %s, and pinned as %s %s for %s: lock again",
				f["Package"], f["Version"], f["Architecture"], d.pin.Name, d.pin.Version, d.pin.Architecture)
		}
		return nil
	})
}

// readControl reads control.tar.
func (d *deb) readControl(in io.Reader) error {
	for r := tar.NewReader(in); ; {
		hdr, err := r.Next()
		if err == io.EOF {
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

// list lists a tar, without what does not belong in a layer.
func (d *deb) list(f *os.File) error {
	seen := map[string]*node{} // with those that are left out, which hard links may name
	for r := tar.NewReader(f); ; {
		hdr, err := r.Next()
		if err == io.EOF {
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
		// tar reads no further than it has to: what follows is the content.
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

// node describes an entry of a tar, or is nil for what is left out.
func (d *deb) node(hdr *tar.Header, name string, seen map[string]*node) (*node, error) {
	mode := hdr.FileInfo().Mode()
	n := &node{owner: d.pin.Name, Entry: Entry{Mode: mode & fs.ModePerm, UID: hdr.Uid, GID: hdr.Gid}}
	if old := seen[name]; old != nil && (old.Kind != Folder || hdr.Typeflag != tar.TypeDir) {
		return nil, errors.New("is in it twice: it is a package that dpkg would not install either")
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
			return nil, fmt.Errorf("is a hard link to %q, which is no file before it in the package", hdr.Linkname)
		}
		*n = *file
		if n.same == nil && n.Kind == File {
			n.same = file
		}
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		d.notes = append(d.notes, fmt.Sprintf("%s: %s is left out: a layer has no devices and pipes", d.pin.Name, name))
		return nil, nil
	default:
		return nil, fmt.Errorf("is of a kind that packages do not have (%q in the tar)", hdr.Typeflag)
	}
	return n, nil
}

// inLayer returns the path that a name in a tar has in the layer, "" for the
// root. One that leaves the layer, or takes a way round, is an error.
func inLayer(name string) (string, error) {
	p := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if p == "" || p == "." {
		return "", nil
	}
	if !filepath.IsLocal(p) || path.Clean(p) != p || strings.ContainsAny(p, "\\\n\x00") {
		return "", fmt.Errorf("%q leaves the layer, or is a roundabout name: it is a package to leave out", name)
	}
	return p, nil
}

// section returns what opens a part of a file.
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
