package debbase

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
	"github.com/blakesmith/ar"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// When the archives of these tests were made and signed.
func made() time.Time { return time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC) }

func at(t time.Time) *packet.Config { return &packet.Config{Time: func() time.Time { return t }} }

// newKey makes a key that is in force for ten days from two before made.
func newKey(t *testing.T) *openpgp.Entity {
	t.Helper()
	config := at(made().AddDate(0, 0, -2))
	config.KeyLifetimeSecs, config.Algorithm = 10*24*3600, packet.PubKeyAlgoEdDSA
	key, err := openpgp.NewEntity("Archive", "", "archive@example.org", config)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// public returns the public half of keys, binary.
func public(t *testing.T, keys ...*openpgp.Entity) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, k := range keys {
		if err := k.Serialize(&b); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// armored returns data in armor.
func armored(t *testing.T, kind string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := armor.Encode(&b, kind, nil)
	if err == nil {
		_, err = w.Write(data)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// clearSigned returns a text with signatures by keys.
func clearSigned(t *testing.T, text string, keys ...*openpgp.Entity) []byte {
	t.Helper()
	var b bytes.Buffer
	var private []*packet.PrivateKey
	for _, k := range keys {
		private = append(private, k.PrivateKey)
	}
	w, err := clearsign.EncodeMulti(&b, private, at(made()))
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A mirror holds the files of an archive by their path.
type mirror map[string][]byte

// get is a Getter of what lies below https://deb.example.org/debian.
func (m mirror) get(_ context.Context, url string) (io.ReadCloser, error) {
	data, ok := m[strings.TrimPrefix(url, "https://deb.example.org/debian/")]
	if !ok {
		return nil, errors.New("404 Not Found")
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (m mirror) archive(keyring []byte) Archive {
	return Archive{URL: "https://deb.example.org/debian/", Suite: "bookworm", Keyring: keyring, Get: m.get}
}

const header = "Suite: oldstable\nCodename: bookworm\n" +
	"Date: Tue, 03 Feb 2026 04:00:00 UTC\nValid-Until: Tue, 10 Feb 2026 04:00:00 UTC\n" +
	"Architectures: amd64\nComponents: main\n"

// release returns a Release file of the indexes that are in the mirror.
func (m mirror) release(header string) string {
	text := header + "SHA256:\n"
	for _, p := range slices.Sorted(maps.Keys(m)) {
		if name, ok := strings.CutPrefix(p, "dists/bookworm/"); ok && strings.HasPrefix(path.Base(p), "Packages") {
			text += fmt.Sprintf(" %x %d %s\n", sha256.Sum256(m[p]), len(m[p]), name)
		}
	}
	return text
}

// newMirror makes a signed archive of an index.
func newMirror(t *testing.T, key *openpgp.Entity, index string) mirror {
	t.Helper()
	m := mirror{"dists/bookworm/main/binary-amd64/Packages.xz": compress(t, ".xz", []byte(index))}
	m["dists/bookworm/InRelease"] = clearSigned(t, m.release(header), key)
	return m
}

// compress compresses data as the end of a name says.
func compress(t *testing.T, ext string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch ext {
	case ".xz":
		w, err = xz.NewWriter(&b)
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".zst":
		w, err = zstd.NewWriter(&b)
	default:
		return data
	}
	if err == nil {
		_, err = w.Write(data)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarOf returns a tar. Where a link has its target, a regular entry has its
// content.
func tarOf(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		var content string
		if h.Typeflag == tar.TypeReg {
			content, h.Linkname, h.Size = h.Linkname, "", int64(len(h.Linkname))
		}
		h.Format = tar.FormatGNU
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(name, content string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Linkname: content, Mode: mode}
}

func folder(name string) tar.Header {
	return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}
}

func link(kind byte, name, target string) tar.Header {
	return tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o777}
}

// arOf returns an ar file of members: names and their contents, by turns.
func arOf(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := ar.NewWriter(&b)
	if err := w.WriteGlobalHeader(); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(members); i += 2 {
		if err := w.WriteHeader(&ar.Header{Name: members[i], Size: int64(len(members[i+1])), Mode: 0o100644}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// debOf returns a package NAME 1.0 for amd64, compressed as ext says.
func debOf(t *testing.T, name, ext, postinst string, data ...tar.Header) []byte {
	t.Helper()
	text := "Package: " + name + "\nVersion: 1.0\nArchitecture: amd64\n"
	control := []tar.Header{folder("./"), file("./control", text, 0o644)}
	if postinst != "" {
		control = append(control, file("./postinst", postinst, 0o755))
	}
	return arOf(t, "debian-binary", "2.0\n",
		"control.tar"+ext, string(compress(t, ext, tarOf(t, control...))),
		"data.tar"+ext, string(compress(t, ext, tarOf(t, data...))))
}

// pinOf returns the pin of a package that debOf made.
func pinOf(name string, data []byte) Pin {
	return Pin{Name: name, Version: "1.0", Architecture: "amd64", Suite: "bookworm", Filename: "pool/" + name + ".deb",
		Size: int64(len(data)), SHA256: fmt.Sprintf("%x", sha256.Sum256(data))}
}

// wantError checks that an error says all that it has to.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("there is no error, want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error is\n%v\nwant %q in it", err, p)
		}
	}
}
