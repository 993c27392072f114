package verify_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/contents"
	ct "github.com/slipway-build/slipway/release/contents/contentstest"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/verify"
)

// other is a captain that was built otherwise, of the same size.
var other = strings.Replace(captain, "sails the ship", "sinks the ship", 1)

// A fault is something that is done to a release, and what is found then: each a check, where
// it is, and a part of what is wrong.
type fault struct {
	name   string
	before func(*ship) // it is sealed
	after  func(*ship) // it was sealed
	want   []string
}

// artifactAt returns an artifact of the record, to be changed.
func (s *ship) artifactAt(path string) *artifact.Released {
	s.t.Helper()
	i := slices.IndexFunc(s.record.Artifacts, func(a artifact.Released) bool { return a.Path == path })
	if i < 0 {
		s.t.Fatalf("no artifact %s", path)
	}
	return &s.record.Artifacts[i]
}

// dropBinaries makes it a release whose fork has no binaries in release.artifacts.
func (s *ship) dropBinaries() {
	for _, a := range s.record.Kind(artifact.Binary) {
		s.remove(a.Path)
	}
	s.record.Artifacts = slices.DeleteFunc(s.record.Artifacts, func(a artifact.Released) bool {
		return a.Kind == artifact.Binary
	})
}

func (s *ship) remove(name string) {
	s.t.Helper()
	s.check(os.Remove(s.at(name)))
}

// flip changes a byte in the middle of a file.
func (s *ship) flip(name string) {
	s.t.Helper()
	data := s.get(name)
	data[len(data)/2] ^= 1
	s.put(name, data)
}

// edit replaces text of a file.
func (s *ship) edit(name, old, new string) {
	s.t.Helper()
	data := s.get(name)
	if !bytes.Contains(data, []byte(old)) {
		s.t.Fatalf("%s has no %q:\n%s", name, old, data)
	}
	s.put(name, bytes.Replace(data, []byte(old), []byte(new), 1))
}

// layer returns the path of the image's layer.
func (s *ship) layer() string {
	var layer string
	err := contents.WalkImage(s.t.Context(), contents.Image{Layout: os.DirFS(s.at("images")), Digest: s.image().Digest},
		func(m contents.Member) error {
			if m.Part == "linux/amd64" && m.Name == "manifest" {
				var data bytes.Buffer
				data.ReadFrom(m.Reader)
				_, rest, _ := strings.Cut(data.String(), `"layers":`)
				_, rest, _ = strings.Cut(rest, `"sha256:`)
				layer = "images/blobs/sha256/" + rest[:64]
			}
			return nil
		})
	s.check(err)
	return layer
}

func (s *ship) image() *artifact.Released {
	i := slices.IndexFunc(s.record.Artifacts, func(a artifact.Released) bool { return a.Kind == artifact.Image })
	return &s.record.Artifacts[i]
}

// changes are what is done to a release that is not signed.
var changes = []fault{
	{"a flipped byte", nil, func(s *ship) { s.flip("bin/linux_amd64/mate") }, []string{
		"sums bin/linux_amd64/mate: SHA256SUMS has", "sums bin/linux_amd64/mate: SHA512SUMS has",
		"record bin/linux_amd64/mate: artifacts.json says sha256:"}},
	{"cut off", nil, func(s *ship) { s.put("notes.md", nil) }, []string{
		"record notes.md: it has 0 bytes, and artifacts.json says 11"}},
	{"far too large", nil, func(s *ship) { s.check(os.Truncate(s.at("notes.md"), 1<<40)) }, []string{
		"record notes.md: it has 1099511627776 bytes, and artifacts.json says 11"}},
	{"far too large sums", nil, func(s *ship) { s.check(os.Truncate(s.at("SHA256SUMS"), 1<<40)) }, []string{
		"sums SHA256SUMS: SHA256SUMS has 1099511627776 bytes; at most"}},
	{"removed", nil, func(s *ship) { s.remove("bin/linux_amd64/mate") }, []string{
		"sums bin/linux_amd64/mate: SHA256SUMS lists it, and it is missing",
		"sums bin/linux_amd64/mate: SHA512SUMS lists it, and it is missing",
		"record bin/linux_amd64/mate: artifacts.json has it, and it is missing"}},
	{"added", nil, func(s *ship) { s.put("bin/linux_amd64/stowaway", []byte("ELF")) }, []string{
		"sums bin/linux_amd64/stowaway: SHA256SUMS does not list it",
		"sums bin/linux_amd64/stowaway: SHA512SUMS does not list it",
		"record bin/linux_amd64/stowaway: artifacts.json does not have it"}},
	{"a bundle of nothing", nil, func(s *ship) { s.put("bin/captain.sigstore.json", []byte("{}")) }, []string{
		"sums bin/captain.sigstore.json: SHA256SUMS does not list it",
		"sums bin/captain.sigstore.json: SHA512SUMS does not list it",
		"record bin/captain.sigstore.json: artifacts.json does not have it"}},
	{"a link", nil, func(s *ship) {
		s.remove("notes.md")
		s.check(os.Symlink("/etc/passwd", s.at("notes.md")))
	}, []string{"folder notes.md: it is a symbolic link",
		"sums notes.md: SHA256SUMS lists it, and it is missing", "sums notes.md: SHA512SUMS lists it, and it is missing",
		"record notes.md: artifacts.json has it, and it is missing"}},
	{"a pipe", nil, func(s *ship) { s.check(syscall.Mkfifo(s.at("pipe"), 0o644)) },
		[]string{"folder pipe: it is a pipe"}},
	{"no record", nil, func(s *ship) { s.remove("artifacts.json") }, []string{
		"folder artifacts.json: artifacts.json is missing"}},
	{"a link for a record", nil, func(s *ship) {
		s.remove("artifacts.json")
		s.check(os.Symlink("/etc/passwd", s.at("artifacts.json")))
	}, []string{"folder artifacts.json: it is a symbolic link", "folder artifacts.json: artifacts.json is missing"}},
	{"a record that leads out", func(s *ship) { s.put("notes.md", nil) }, func(s *ship) {
		s.edit("artifacts.json", `"path": "notes.md"`, `"path": "../notes.md"`)
	}, []string{`folder artifacts.json: the path "../notes.md" leads out`}},
	{"no sums", nil, func(s *ship) { s.remove("SHA512SUMS") }, []string{"sums SHA512SUMS: SHA512SUMS is missing"}},
	{"listed twice", nil, func(s *ship) {
		lines := strings.SplitAfter(string(s.get("SHA256SUMS")), "\n")
		s.put("SHA256SUMS", []byte(lines[0]+strings.Join(lines, "")))
	}, []string{"sums SHA256SUMS:2: it lists artifacts.json twice"}},
	{"not sorted", nil, func(s *ship) {
		lines := strings.SplitAfter(string(s.get("SHA256SUMS")), "\n")
		lines[0], lines[1] = lines[1], lines[0]
		s.put("SHA256SUMS", []byte(strings.Join(lines, "")))
	}, []string{"sums SHA256SUMS:2: artifacts.json is listed after bin/linux_amd64/captain"}},
	{"a list that leads out", nil, func(s *ship) {
		s.put("SHA256SUMS", fmt.Appendf(nil, "%064d  ../outside\n%s", 0, s.get("SHA256SUMS")))
	}, []string{`sums SHA256SUMS:1: the path "../outside" leads out`}},
	{"a list for another tool", nil, func(s *ship) { s.edit("SHA256SUMS", "  notes.md", " *notes.md") }, []string{
		"sums SHA256SUMS:12: is not a line of sums", "sums notes.md: SHA256SUMS does not list it"}},
	{"a list cut off", nil, func(s *ship) {
		data := s.get("SHA256SUMS")
		s.put("SHA256SUMS", data[:len(data)-1])
	}, []string{"sums SHA256SUMS: its last line does not end"}},
}

// contradictions are releases whose parts do not agree, with the right sums.
var contradictions = []fault{
	{"another captain in the deb", func(s *ship) {
		s.put(debPath, ct.Deb(s.t, "xz", ct.File("./usr/bin/captain", other), ct.File("./usr/bin/mate", mate)))
	}, nil, []string{"binaries " + debPath + ": it does not hold the binary of captain",
		"binaries " + debPath + ": data.tar.xz: ./usr/bin/captain: it is another captain"}},
	{"two captains in the rpm", func(s *ship) {
		s.put(rpmPath, ct.RPM(s.t, "gzip", ct.File("/opt/captain", other), ct.File("/usr/bin/captain", captain)))
	}, nil, []string{"binaries " + rpmPath + ": payload: /opt/captain: it is another captain"}},
	{"another captain in an image", func(s *ship) { s.images(other) }, nil, []string{
		"binaries images: image captain for linux/amd64: it does not hold the binary of captain",
		"binaries images: image captain for linux/amd64: images/blobs/sha256/"}},
	{"another captain in the server's archive", func(s *ship) { s.put(serverPath, server(s.t, other)) }, nil, []string{
		"binaries " + serverPath + ": it does not hold the binary of captain",
		"binaries " + serverPath +
			": ship/server/bin/captain.tar: 0123.tar.gz: usr/local/bin/captain: it is another captain"}},
	{"a renamed captain", func(s *ship) {
		s.put(binPath, ct.Compress(s.t, "gz", ct.Tar(s.t, ct.File("skipper", captain))))
	}, nil, nil},
	{"a damaged archive among sources", func(s *ship) {
		bad := ct.File("testdata/bad.tgz", "\x1f\x8b")
		s.put(binPath, ct.Compress(s.t, "gz", ct.Tar(s.t, bad, ct.File("captain", captain))))
	}, nil, nil},
	{"a script for a captain", func(s *ship) {
		script := ct.File("bin/captain", "#!/bin/sh\n")
		s.put(binPath, ct.Compress(s.t, "gz", ct.Tar(s.t, script, ct.File("skipper", captain))))
	}, nil, []string{"binaries " + binPath + ": bin/captain: it is another captain"}},
	{"no captain", func(s *ship) { s.put(binPath, ct.Compress(s.t, "gz", ct.Tar(s.t))) }, nil, []string{
		"binaries " + binPath + ": it does not hold the binary of captain"}},
	{"no archive", func(s *ship) { s.put(binPath, []byte("\xfd7zXZ\x00")) }, nil, []string{
		"binaries " + binPath + ": its members cannot be read: " + binPath}},
	{"no binary to compare with", func(s *ship) {
		s.artifactAt(binPath).Holds = []string{"captain", "steward"}
	}, nil, []string{
		"binaries " + binPath + ": it holds steward, but artifacts.json has no binary of it for linux/amd64"}},
	{"no binaries by themselves", (*ship).dropBinaries, nil, nil},
	{"no binaries by themselves, and two captains", func(s *ship) {
		s.dropBinaries()
		s.put(binPath, ct.Compress(s.t, "xz", ct.Tar(s.t, ct.File("captain", other))))
	}, nil, []string{": it is another captain: its digest is sha256:"}},
	{"a layer is gone", nil, func(s *ship) {
		layer := s.layer()
		s.remove(layer)
		s.drop(layer)
		s.list()
	}, []string{"images images: image captain for linux/amd64: layer 1: the layout does not have sha256:"}},
	{"another layer", func(s *ship) { s.flip(s.layer()) }, nil, []string{
		"images images/blobs/sha256/: a blob's name is its digest",
		"images images: image captain for linux/amd64: layer 1: the content of sha256:",
		"binaries images: image captain for linux/amd64: its members cannot be read"}},
	{"an image that is not listed", func(s *ship) {
		s.put("images/index.json", []byte(`{"schemaVersion":2,"manifests":[]}`))
	}, nil, []string{"images images: image captain: images/index.json does not list its index"}},
	{"no index", func(s *ship) { s.image().Digest = s.image().Images[0].Digest }, nil, []string{
		`images images: image captain: its digest is of a "application/vnd.oci.image.manifest.v1+json"`,
		"images images: image captain: images/index.json does not list its index",
		"images images: image captain: its index has none for linux/amd64"}},
	{"another platform", func(s *ship) { s.image().Images[0].Platform = "linux/arm64" }, nil, []string{
		"images images: image captain: its index has none for linux/arm64",
		"binaries images: image captain for linux/arm64: artifacts.json has no binary of it for linux/arm64"}},
	{"no provenance", nil, func(s *ship) {
		s.remove(provenance.File)
		s.drop(provenance.File)
		s.list()
	}, []string{"documents provenance.json: provenance.json is missing"}},
	{"another provenance", nil, func(s *ship) {
		_, digest := s.sum("bin/linux_amd64/mate")
		s.edit(provenance.File, strings.TrimPrefix(digest, "sha256:"), strings.Repeat("0", 64))
		s.describe()
		s.list()
	}, []string{"documents provenance.json: it has bin/linux_amd64/mate with the digest sha256:000"}},
	{"too much provenance", nil, func(s *ship) {
		s.remove("overlay/app/ship/Manifest")
		s.drop("overlay/app/ship/Manifest")
		s.list()
	}, []string{"documents provenance.json: it names overlay/app/ship/Manifest, which is not an artifact of the release"}},
	{"too little provenance", nil, func(s *ship) {
		all := slices.Clone(s.record.Artifacts)
		s.drop(s.record.Kind(artifact.Package)[0].Path)
		s.prove()
		s.record.Artifacts = all
		s.describe()
		s.list()
	}, []string{"documents provenance.json: it does not name deb/"}},
}

// drop takes an artifact out of the record.
func (s *ship) drop(path string) {
	s.record.Artifacts = slices.DeleteFunc(s.record.Artifacts, func(a artifact.Released) bool { return a.Path == path })
}

func TestFaults(t *testing.T) {
	for _, f := range slices.Concat(changes, contradictions) {
		f.check(t, newShip(t, &sign.Signer{}))
	}
}

func (f fault) check(t *testing.T, s *ship) {
	t.Helper()
	if f.before != nil {
		f.before(s)
	}
	s.seal()
	if f.after != nil {
		f.after(s)
	}
	report, err := verify.Release(t.Context(), s.dir, verify.Request{Keys: s.signer.Verifier()})
	if err != nil {
		t.Errorf("%s: %v", f.name, err)
	}
	var got []string
	for _, c := range report.Checks {
		for _, one := range c.Faults {
			got = append(got, fmt.Sprintf("%s %s", c.Name, one))
		}
	}
	if !matches(got, f.want) || report.OK() != (len(f.want) == 0) {
		t.Errorf("%s: the faults are\n  %s\nwant\n  %s", f.name, strings.Join(got, "\n  "), strings.Join(f.want, "\n  "))
	}
}

// matches reports whether each fault begins as is wanted, and has the rest after that.
func matches(got, want []string) bool {
	return slices.EqualFunc(got, want, func(got, want string) bool {
		where, what, _ := strings.Cut(want, ": ")
		for rest := what; ; {
			if strings.HasPrefix(got, where) && strings.Contains(got, rest) {
				return true
			}
			head, tail, more := strings.Cut(rest, ": ")
			if !more {
				return false
			}
			where, rest = where+": "+head, tail
		}
	})
}
