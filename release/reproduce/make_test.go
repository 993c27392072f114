package reproduce

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/blakesmith/ar"
	"github.com/google/rpmpack"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/slipway-build/slipway/artifact"
)

var launch = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

// must returns a value of a function that cannot fail here.
func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// A member is a file of an archive that a test makes.
type member struct {
	name, content string
	mode          int64
	uid           int
	time          time.Time
	link          string
	xattr         string
}

// crew are the files that most tests change one thing of.
func crew() []member {
	return []member{
		{name: "./usr/bin/captain", content: "ahoy\n", mode: 0o755, time: launch},
		{name: "./etc/ship.conf", content: "sails=3\nanchors=1\n", mode: 0o644, time: launch},
		{name: "./usr/bin/bosun", link: "captain", mode: 0o777, time: launch},
	}
}

func tarOf(members []member) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Typeflag: tar.TypeReg, Mode: m.mode, Uid: m.uid, ModTime: m.time,
			Size: int64(len(m.content)), Linkname: m.link}
		if m.link != "" {
			h.Typeflag = tar.TypeSymlink
		}
		if m.xattr != "" {
			h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": m.xattr}
		}
		if err := w.WriteHeader(h); err != nil {
			panic(err)
		}
		_ = must(io.WriteString(w, m.content))
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func gzipOf(data []byte, level int, name string) []byte {
	var b bytes.Buffer
	w := must(gzip.NewWriterLevel(&b, level))
	w.Name = name
	_ = must(w.Write(data))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func zstdOf(data []byte) []byte {
	w := must(zstd.NewWriter(nil))
	defer w.Close() //nolint:errcheck // writes nowhere
	return w.EncodeAll(data, nil)
}

// debOf returns a deb of archives that are compressed already.
func debOf(at time.Time, control, data []byte) []byte {
	var b bytes.Buffer
	w := ar.NewWriter(&b)
	if err := w.WriteGlobalHeader(); err != nil {
		panic(err)
	}
	for _, m := range []struct {
		name string
		data []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar.gz", control}, {"data.tar.gz", data}} {
		if err := w.WriteHeader(&ar.Header{Name: m.name, ModTime: at, Mode: 0o644, Size: int64(len(m.data))}); err != nil {
			panic(err)
		}
		_ = must(w.Write(m.data))
	}
	return b.Bytes()
}

// control is the control.tar.gz of a deb whose control file has this text.
func control(text string) []byte {
	return gzipOf(tarOf([]member{{name: "./control", content: text, mode: 0o644, time: launch},
		{name: "./md5sums", content: fmt.Sprintf("%x  usr/bin/captain\n", sha256.Sum256([]byte(text)))}}), 9, "")
}

func rpmOf(meta rpmpack.RPMMetaData, files ...rpmpack.RPMFile) []byte {
	meta.Name, meta.Version, meta.Release, meta.Arch, meta.BuildTime = "ship", "1.0", "1", "x86_64", launch
	r := must(rpmpack.NewRPM(meta))
	for _, f := range files {
		r.AddFile(f)
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// imageOf writes a layout that has one image of one platform, and returns its index's digest.
func imageOf(dir, env string, layers ...[]byte) string {
	blob := func(data []byte) (string, int) {
		at := filepath.Join(dir, "blobs", "sha256", sha(data)[7:])
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			panic(err)
		}
		if err := os.WriteFile(at, data, 0o644); err != nil {
			panic(err)
		}
		return sha(data), len(data)
	}
	type object = map[string]any
	document := func(o object) (string, int) { return blob(must(json.Marshal(o))) }
	var diffs []string
	var descriptors []object
	for _, l := range layers {
		digest, size := blob(l)
		descriptors = append(descriptors, object{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
			"digest": digest, "size": size})
		diffs = append(diffs, sha(must(io.ReadAll(must(gzip.NewReader(bytes.NewReader(l)))))))
	}
	config, size := document(object{"architecture": "amd64", "os": "linux", "config": object{"Env": []string{"A=1", env}},
		"rootfs": object{"type": "layers", "diff_ids": diffs}})
	manifest, mSize := document(object{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": object{"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": size},
		"layers": descriptors})
	index, _ := document(object{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
		"manifests": []object{{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": manifest,
			"size": mSize, "platform": object{"os": "linux", "architecture": "amd64"}}}})
	return index
}

// sideOf writes files by their paths, and returns the release that has them.
func sideOf(t *testing.T, files map[string][]byte) Side {
	t.Helper()
	s := Side{Dir: t.TempDir(), Release: artifact.Release{Schema: 1, Fork: "ship", Name: "ship", Version: "1.2.3"}}
	for _, name := range keysOf(files, nil) {
		at := filepath.Join(s.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, files[name], 0o644); err != nil {
			t.Fatal(err)
		}
		kind := artifact.Package
		if filepath.Ext(name) == ".json" {
			kind = artifact.Document
		}
		s.Release.Artifacts = append(s.Release.Artifacts,
			artifact.Released{Kind: kind, Path: name, Size: int64(len(files[name])), Digest: sha(files[name])})
	}
	return s
}
