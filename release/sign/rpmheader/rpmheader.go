// Package rpmheader puts the signature of an rpm's header into the rpm, and takes it out
// again: the file without a signature is the same bytes as before it was signed.
//
// Only the header is signed, as rpm does since 4.14: it holds the digest of the payload.
package rpmheader

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	rpmutils "github.com/sassoftware/go-rpmutils"
)

// Digests are those of an rpm, as sha256:HEX.
type Digests struct {
	Unsigned string // of the file without a signature
	Signed   string
	Size     int64 // bytes, with the signature
}

// An rpm is an open file, split where signatures go.
type rpm struct {
	file    *os.File
	lead    []byte  // what comes first
	entries []entry // of the signature header
	header  []byte  // what is signed
	rest    int64   // where the header begins
}

// open reads the headers of an rpm, and checks the digest of what is signed.
func open(path string) (*rpm, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := readHeaders(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: it is not an rpm, or is damaged: %w", path, err)
	}
	return r, nil
}

func readHeaders(f *os.File) (*rpm, error) {
	front, header, _, err := checked(f)
	if err != nil {
		return nil, err
	}
	r := &rpm{file: f, lead: make([]byte, leadSize), header: header, rest: after(front)}
	if _, err := f.ReadAt(r.lead, 0); err != nil {
		return nil, err
	}
	if r.entries, err = parse(front); err != nil {
		return nil, err
	}
	padding := make([]byte, -len(front)&7)
	if !bytes.Equal(encode(r.entries), append(front, padding...)) {
		return nil, errors.New("its signature header is not laid out as Slipway writes it, so a signature " +
			"could not be taken out again")
	}
	return r, nil
}

// Headers reads the headers of any rpm. It checks that their values are in them, which the
// library trusts, and the digest of what is signed.
func Headers(f io.ReaderAt) (*rpmutils.RpmHeader, error) {
	_, _, headers, err := checked(f)
	return headers, err
}

// checked returns the signature header without its padding, the header, and both as the
// library has them.
func checked(f io.ReaderAt) (front, header []byte, both *rpmutils.RpmHeader, err error) {
	if front, err = readHeader(f, leadSize); err != nil {
		return nil, nil, nil, err
	}
	if header, err = readHeader(f, after(front)); err != nil {
		return nil, nil, nil, err
	}
	// The library trusts what the two checks above hold; it compares the header's digest.
	both, err = rpmutils.ReadHeader(io.NewSectionReader(f, 0, after(front)+int64(len(header))))
	return front, header, both, err
}

// after returns where the header begins that follows a signature header: leadSize is a
// multiple of 8, and so is the padded front.
func after(front []byte) int64 { return int64(leadSize + len(front) + -len(front)&7) }

// signature returns that of the header; nil if there is none.
func (r *rpm) signature() []byte {
	for _, e := range r.entries {
		if e.tag == rpmutils.SIG_RSA {
			return e.data
		}
	}
	return nil
}

// front returns what comes before the header, with a signature or, if it is nil, without.
func (r *rpm) front(signature []byte) []byte {
	kept := withoutSignatures(r.entries)
	if signature != nil {
		kept = append(kept, entry{tag: rpmutils.SIG_RSA, kind: rpmutils.RPM_BIN_TYPE,
			count: uint32(len(signature)), data: signature})
	}
	return append(bytes.Clone(r.lead), encode(kept)...)
}

// Sign puts a signature into the rpm at path, in the place of those that it has. The
// function signs the bytes of the header. The file is replaced in one step.
func Sign(path string, sign func(header []byte) ([]byte, error)) (Digests, error) {
	r, err := open(path)
	if err != nil {
		return Digests{}, err
	}
	defer r.file.Close()
	signature, err := sign(r.header)
	if err != nil {
		return Digests{}, fmt.Errorf("%s: %w", path, err)
	}
	d, err := r.replace(path, r.front(signature), r.front(nil))
	if err != nil {
		return Digests{}, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// replace writes the rpm with another front beside itself and puts it in its place.
func (r *rpm) replace(path string, signed, unsigned []byte) (d Digests, err error) {
	info, err := r.file.Stat()
	if err != nil {
		return d, err
	}
	out, err := os.CreateTemp(filepath.Dir(path), ".signing-*")
	if err != nil {
		return d, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(out.Name()))
		}
	}()
	with, without := sha256.New(), sha256.New()
	without.Write(unsigned)
	to := io.MultiWriter(out, with)
	_, err = to.Write(signed)
	if err == nil {
		_, err = io.Copy(io.MultiWriter(to, without), io.NewSectionReader(r.file, r.rest, info.Size()-r.rest))
	}
	err = errors.Join(err, out.Chmod(info.Mode().Perm()), out.Sync(), out.Close())
	if err == nil {
		err = os.Chtimes(out.Name(), info.ModTime(), info.ModTime())
	}
	if err != nil {
		return d, err
	}
	d = Digests{
		Unsigned: "sha256:" + hex.EncodeToString(without.Sum(nil)),
		Signed:   "sha256:" + hex.EncodeToString(with.Sum(nil)),
		Size:     int64(len(signed)) + info.Size() - r.rest,
	}
	return d, os.Rename(out.Name(), path)
}

// Signed reports whether the rpm at path has a signature.
func Signed(path string) (bool, error) {
	r, err := open(path)
	if err != nil {
		return false, err
	}
	defer r.file.Close()
	return len(withoutSignatures(r.entries)) < len(r.entries), nil
}

// Read returns the signature of the header of the rpm at path, and the header. It checks
// that the payload is the one that the header names. The signature is nil if there is none.
func Read(path string) (signature, header []byte, err error) {
	r, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	defer r.file.Close()
	if _, err = r.file.Seek(0, io.SeekStart); err == nil {
		_, _, err = rpmutils.Verify(r.file, nil)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: it is damaged: %w", path, err)
	}
	return r.signature(), r.header, nil
}

// Unsigned returns the rpm at path as it was before it was signed.
func Unsigned(path string) (io.ReadCloser, error) {
	r, err := open(path)
	if err != nil {
		return nil, err
	}
	info, err := r.file.Stat()
	if err != nil {
		r.file.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{
		io.MultiReader(bytes.NewReader(r.front(nil)), io.NewSectionReader(r.file, r.rest, info.Size()-r.rest)), r.file,
	}, nil
}
