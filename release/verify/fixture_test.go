package verify_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/lock"
	ct "github.com/slipway-build/slipway/release/contents/contentstest"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/referrers"
	"github.com/slipway-build/slipway/release/sbom"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

var (
	captain = "\x7fELF captain " + strings.Repeat("sails the ship ", 1000)
	mate    = "\x7fELF mate " + strings.Repeat("mends the sails ", 900)
)

const (
	debPath    = "deb/linux_amd64/ship_1.0-1_amd64.deb"
	rpmPath    = "rpm/linux_amd64/ship-1.0-1.x86_64.rpm"
	binPath    = "distfiles/ship-bin-1.0-amd64.tar.xz"
	serverPath = "tarballs/ship-server-linux-amd64.tar.gz"
)

// A ship is a small release in a folder. Tests change it before it is sealed, or after.
type ship struct {
	t      testing.TB
	dir    string
	signer *sign.Signer
	record artifact.Release
}

// newShip makes a release with an artifact of each kind, which is not sealed.
func newShip(t testing.TB, signer *sign.Signer) *ship {
	t.Helper()
	s := &ship{t: t, dir: t.TempDir(), signer: signer, record: artifact.Release{
		Schema: 1, Fork: "ship", Name: "ship", Version: "1.0+acme.1", Tree: "sha256:" + strings.Repeat("a", 64),
		Commit: strings.Repeat("b", 40), Lock: "sha256:" + strings.Repeat("c", 64), Date: "2026-02-03T04:05:06Z",
		Toolchain: "go1.26.8", Platforms: []string{"linux/amd64"},
	}}
	both := []ct.Entry{ct.File("./", ""), ct.File("./usr/bin/captain", captain), ct.File("./usr/bin/mate", mate),
		ct.File("./usr/bin/bosun", "-> captain"), ct.File("./etc/init.d/captain", "#!/bin/sh\n")}
	s.add(artifact.Released{Kind: artifact.Binary, Name: "captain", Path: "bin/linux_amd64/captain",
		Holds: []string{"captain"}}, []byte(captain))
	s.add(artifact.Released{Kind: artifact.Binary, Name: "mate", Path: "bin/linux_amd64/mate",
		Holds: []string{"mate"}}, []byte(mate))
	s.add(artifact.Released{Kind: artifact.Package, Name: "ship", Format: "deb", Path: debPath,
		Holds: []string{"captain", "mate"}}, ct.Deb(t, "zst", both...))
	s.add(artifact.Released{Kind: artifact.Package, Name: "ship", Format: "rpm", Path: rpmPath,
		Holds: []string{"captain"}}, ct.RPM(t, "zstd", ct.File("/usr/bin/captain", captain)))
	s.add(artifact.Released{Kind: artifact.Distfile, Path: binPath,
		Holds: []string{"captain"}}, ct.Compress(t, "xz", ct.Tar(t, ct.File("captain", captain))))
	s.add(artifact.Released{Kind: artifact.Tarball, Path: serverPath,
		Holds: []string{"captain", "mate"}}, server(t, captain))
	s.put("overlay/app/ship/Manifest", []byte("DIST ship-1.0.tar.gz 1 BLAKE2B 0\n"))
	s.images(captain)
	return s
}

// server returns a release tarball with a docker archive in it.
func server(t testing.TB, captain string) []byte {
	layer := ct.Compress(t, "gz", ct.Tar(t, ct.File("usr/local/bin/captain", captain)))
	archive := ct.Tar(t, ct.File("manifest.json", "[]"), ct.File("0123.tar.gz", string(layer)))
	return ct.Compress(t, "gz", ct.Tar(t, ct.File("ship/server/bin/mate", mate),
		ct.File("ship/server/bin/captain.tar", string(archive))))
}

// add writes an artifact, which the record then has. Those with binaries are for linux/amd64.
func (s *ship) add(a artifact.Released, data []byte) {
	a.Platform = "linux/amd64"
	s.record.Artifacts = append(s.record.Artifacts, a)
	s.put(a.Path, data)
}

func (s *ship) at(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *ship) put(name string, data []byte) {
	s.t.Helper()
	s.check(os.MkdirAll(filepath.Dir(s.at(name)), 0o755))
	s.check(os.WriteFile(s.at(name), data, 0o644))
}

func (s *ship) get(name string) []byte {
	s.t.Helper()
	data, err := os.ReadFile(s.at(name))
	s.check(err)
	return data
}

func (s *ship) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// images writes the layout, with one image that holds a captain.
func (s *ship) images(captain string) {
	s.t.Helper()
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(ct.Tar(s.t, ct.File("usr/local/bin/captain", captain)))), nil
	}, tarball.WithMediaType(types.OCILayer))
	s.check(err)
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.AppendLayers(image, layer)
	s.check(err)
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{
		Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
	s.check(os.RemoveAll(s.at("images")))
	at, err := layout.Write(s.at("images"), empty.Index)
	s.check(err)
	s.check(at.AppendIndex(index))
	digest, err := index.Digest()
	s.check(err)
	one, err := image.Digest()
	s.check(err)
	s.record.Artifacts = slices.DeleteFunc(s.record.Artifacts, func(a artifact.Released) bool {
		return a.Kind == artifact.Image
	})
	s.record.Artifacts = append(s.record.Artifacts, artifact.Released{
		Kind: artifact.Image, Name: "captain", Path: "images",
		Digest: digest.String(), Holds: []string{"captain"},
		Images: []artifact.PlatformImage{{Platform: "linux/amd64", Digest: one.String()}}})
}

// attach puts a signature beside an image in the layout.
func (s *ship) attach(subject string) {
	s.t.Helper()
	hash, err := v1.NewHash(subject)
	s.check(err)
	signed, err := s.signer.Image(s.t.Context(), subject)
	s.check(err)
	_, err = referrers.Add(s.at("images"), hash, referrers.Document{
		Type: signed.ArtifactType, Annotations: signed.Annotations, Data: signed.Blob})
	s.check(err)
}

// seal describes the folder as it is, and signs it.
func (s *ship) seal() *ship {
	s.t.Helper()
	for i, a := range s.record.Artifacts {
		switch {
		case a.Kind == artifact.Image && s.signer.Sigstore():
			s.attach(a.Digest)
			s.attach(a.Images[0].Digest)
		case a.Format == "rpm" && s.signer.OpenPGP():
			d, err := s.signer.RPM(s.t.Context(), s.at(a.Path))
			s.check(err)
			s.record.Artifacts[i].Unsigned = d.Unsigned
		}
	}
	s.describe()
	for _, a := range s.record.Artifacts {
		for _, stem := range sbom.Paths(a) {
			digest := a.Digest
			if a.Kind == artifact.Image {
				digest = a.Images[0].Digest
			}
			s.put(stem+sbom.CycloneDX, fmt.Appendf(nil, cycloneDX, strings.TrimPrefix(digest, "sha256:")))
			s.put(stem+sbom.SPDX, fmt.Appendf(nil, spdx, strings.TrimPrefix(digest, "sha256:")))
		}
	}
	s.describe()
	s.prove()
	s.put("notes.md", []byte("# ship 1.0\n"))
	s.describe()
	s.list()
	s.sign()
	s.put("index.html", []byte("<p>ship"))
	return s
}

// prove writes the provenance of what is in the record.
func (s *ship) prove() {
	s.t.Helper()
	statement, err := provenance.Statement(provenance.Input{Release: s.record, Lock: lock.Lock{
		Upstream: "https://example.org/ship.tar.gz@sha256:" + strings.Repeat("d", 64),
		Source:   "sha256:" + strings.Repeat("e", 64)}, Slipway: "v1.0.0"})
	s.check(err)
	s.put(provenance.File, statement)
}

const (
	cycloneDX = `{"bomFormat":"CycloneDX","metadata":{"component":{"hashes":[{"alg":"SHA-256","content":"%s"}]}}}`
	spdx      = `{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-P","checksums":[{"algorithm":"SHA256",
"checksumValue":"%s"}]}],"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES",
"relatedSpdxElement":"SPDXRef-P"}]}`
)

// describe brings the record up to date with the folder.
func (s *ship) describe() {
	s.t.Helper()
	listed := map[string]bool{}
	for i, a := range s.record.Artifacts {
		if a.Kind != artifact.Image {
			listed[a.Path] = true
			s.record.Artifacts[i].Size, s.record.Artifacts[i].Digest = s.sum(a.Path)
		}
	}
	for _, name := range s.files() {
		a := artifact.Released{Kind: artifact.Document, Path: name}
		switch {
		case listed[name] || name == artifact.ReleaseFile || late(name):
			continue
		case strings.HasPrefix(name, "images/"):
			a.Kind = artifact.Layout
		case strings.HasPrefix(name, "overlay/"):
			a.Kind = artifact.Overlay
		case path.Ext(name) == ".md":
			a.Format = "markdown"
		}
		a.Size, a.Digest = s.sum(name)
		s.record.Artifacts = append(s.record.Artifacts, a)
	}
	slices.SortFunc(s.record.Artifacts, func(a, b artifact.Released) int {
		return strings.Compare(a.Path+"\x00"+a.Name, b.Path+"\x00"+b.Name)
	})
}

func (s *ship) sum(name string) (int64, string) {
	data := s.get(name)
	sum := sha256.Sum256(data)
	return int64(len(data)), "sha256:" + hex.EncodeToString(sum[:])
}

func (s *ship) files() []string {
	var out []string
	s.check(fs.WalkDir(os.DirFS(s.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, name)
		}
		return err
	}))
	slices.Sort(out)
	return out
}

// late reports whether a file is made after the sums.
func late(name string) bool {
	return name == "index.html" || strings.HasSuffix(name, "SUMS") || strings.HasSuffix(name, ".asc") ||
		strings.HasSuffix(name, ".sigstore.json")
}

// list writes the record and the sums.
func (s *ship) list() {
	s.t.Helper()
	data, err := s.record.Encode()
	s.check(err)
	s.put(artifact.ReleaseFile, data)
	var short, long strings.Builder
	for _, name := range s.files() {
		if late(name) {
			continue
		}
		data := s.get(name)
		fmt.Fprintf(&short, "%x  %s\n", sha256.Sum256(data), name)
		fmt.Fprintf(&long, "%x  %s\n", sha512.Sum512(data), name)
	}
	s.put("SHA256SUMS", []byte(short.String()))
	s.put("SHA512SUMS", []byte(long.String()))
}

// sign writes the signatures beside files.
func (s *ship) sign() {
	s.t.Helper()
	names := []string{"SHA256SUMS", "SHA512SUMS"}
	for _, name := range names {
		if s.signer.OpenPGP() {
			asc, err := s.signer.Detach(s.t.Context(), s.get(name))
			s.check(err)
			s.put(name+".asc", asc)
		}
	}
	if !s.signer.Sigstore() {
		return
	}
	for _, a := range s.record.Artifacts {
		switch a.Kind {
		case artifact.Binary, artifact.Package, artifact.Tarball:
			names = append(names, a.Path)
		}
	}
	for _, name := range names {
		bundle, err := s.signer.Bundle(s.t.Context(), sigstore.Bytes(s.get(name)))
		s.check(err)
		s.put(name+".sigstore.json", bundle)
	}
	bundle, err := s.signer.Attest(s.t.Context(), sigstore.StatementType, s.get(provenance.File))
	s.check(err)
	s.put("provenance.sigstore.json", bundle)
}
