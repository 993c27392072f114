//go:build acceptance && linux

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// bundled is how the names of sigstore bundles end.
const bundled = ".sigstore.json"

// gnupg has GnuPG and Sequoia verify what is signed by OpenPGP, with the public key alone.
func (r released) gnupg(t *testing.T) {
	home, err := os.MkdirTemp("", "gpg") // the path of an agent's socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	gpg := func(args ...string) string {
		return mustRun(t, "", "gpg", append([]string{"--homedir=" + home, "--batch", "--trust-model=always"}, args...)...)
	}
	ring := filepath.Join(t.TempDir(), "ring.gpg")
	gpg("--no-autostart", "--import", r.openPGP.Public)
	gpg("--dearmor", "--output", ring, r.openPGP.Public)
	for _, file := range []string{r.at("SHA256SUMS"), r.at("SHA512SUMS")} {
		says(t, "gpg", gpg("--verify", file+".asc", file), "Good signature")
		says(t, "gpgv", mustRun(t, "", "gpgv", "--keyring", ring, file+".asc", file), "Good signature")
		says(t, "sqv", mustRun(t, "", "sqv", "--keyring", r.openPGP.Public, file+".asc", file), r.openPGP.Fingerprint)
	}
	if read(t, r.at("keys/openpgp.asc")) != read(t, r.openPGP.Public) {
		t.Error("the public key in the release is another one than what signed it")
	}
}

// rpms has rpm check signatures once it has the key, and not before; and read what a
// patch fixes.
func (r released) rpms(t *testing.T) {
	db := t.TempDir()
	rpm := func(args ...string) (string, error) {
		out, err := command("", "rpm", append([]string{"--dbpath", db}, args...)...).CombinedOutput()
		return string(out), err
	}
	files := r.files(t, "rpm/*/*.rpm")
	if out, err := rpm("-K", files[0]); err == nil || !strings.Contains(out, "SIGNATURES NOT OK") {
		t.Errorf("without the key rpm says (%v)\n%s", err, out)
	}
	if out, err := rpm("--import", r.openPGP.Public); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, file := range files {
		out, err := rpm("-K", file)
		if want := file + ": digests signatures OK\n"; err != nil || out != want {
			t.Errorf("rpm says (%v) %q, want %q", err, out, want)
		}
		says(t, file, mustRun(t, "", "rpm", "-qp", "--changelog", "--nosignature", file), "("+cve+")")
	}
}

// debs has dpkg read what is in debs.
func (r released) debs(t *testing.T) {
	for _, a := range r.record.Kind(artifact.Package) {
		if a.Format != "deb" {
			continue
		}
		says(t, a.Path, mustRun(t, r.dir, "dpkg-deb", "-I", a.Path), " Package: "+a.Name+"\n",
			" Version: 1.4.1+test.1-1\n", " Architecture: "+strings.TrimPrefix(a.Platform, "linux/")+"\n")
		says(t, a.Path, mustRun(t, r.dir, "sh", "-ec", `dpkg-deb --fsys-tarfile "$0" |
tar -xO --wildcards './usr/share/doc/*/changelog*' | zcat`, a.Path), "urgency=high", "("+cve+")")
	}
}

// cosign has cosign verify, without a network, each file that is downloaded by itself: by
// its bundle, and as a subject of the provenance.
func (r released) cosign(t *testing.T) {
	cosign, other := cosign(t), signtest.PEM(t)
	verify := func(verb, key, bundle, file string, more ...string) ([]byte, error) {
		args := []string{"--map-root-user", "--net", cosign, verb, "--insecure-ignore-tlog=true", "--key=" + key,
			"--bundle=" + bundle + bundled}
		return command(r.dir, "unshare", append(append(args, more...), file)...).CombinedOutput()
	}
	checked := []string{"SHA256SUMS", "SHA512SUMS"}
	for _, a := range r.record.Artifacts {
		if slices.Contains([]artifact.Kind{artifact.Binary, artifact.Package, artifact.Tarball}, a.Kind) {
			checked = append(checked, a.Path)
			out, err := verify("verify-blob-attestation", r.sigstore.Public, "provenance", a.Path,
				"--type=https://slsa.dev/provenance/v1")
			if err != nil {
				t.Errorf("cosign does not find %s in the provenance: %v\n%s", a.Path, err, out)
			}
		}
	}
	for _, file := range checked {
		if out, err := verify("verify-blob", r.sigstore.Public, file, file); err != nil {
			t.Errorf("cosign does not verify %s: %v\n%s", file, err, out)
		}
	}
	for _, c := range []struct{ key, bundle, file string }{
		{other.Public, "SHA256SUMS", "SHA256SUMS"}, {r.sigstore.Public, "SHA512SUMS", "SHA256SUMS"},
	} {
		if out, err := verify("verify-blob", c.key, c.bundle, c.file); err == nil {
			t.Errorf("cosign verifies %s by %s%s and %s:\n%s", c.file, c.bundle, bundled, c.key, out)
		}
	}
	if out, err := verify("verify-blob-attestation", r.sigstore.Public, "provenance", "index.html",
		"--type=https://slsa.dev/provenance/v1"); err == nil {
		t.Errorf("cosign finds the page in the provenance:\n%s", out)
	}
	if bundles := len(r.bundles(t)); bundles != len(checked)+1 || len(checked) != 17 {
		t.Errorf("there are %d bundles, and %d of files were verified", bundles, len(checked))
	}
}

// bundles are the names of all sigstore bundles.
func (r released) bundles(t *testing.T) []string {
	var out []string
	for _, f := range scan(t, r.dir) {
		if strings.HasSuffix(f.Path, bundled) {
			out = append(out, f.Path)
		}
	}
	return out
}

// pushed pushes the images of the release to Debian's registry, which lists no referrers,
// and has cosign verify them by their tag and by the digest of each platform.
func (r released) pushed(h harbour) {
	t, cosign, other := h.t, cosign(h.t), signtest.PEM(h.t)
	s := newServer(t)
	s.start("")
	h.run("push", "-registry="+s.host+"/team")
	image := r.record.Kind(artifact.Image)[0]
	name := s.host + "/team/" + image.Name
	refs := []string{name + ":v1.4.1_test.1", name + "@" + image.Digest}
	for _, one := range image.Images {
		refs = append(refs, name+"@"+one.Digest)
		raw := mustRun(t, "", "skopeo", "inspect", "--raw", s.skopeo,
			"docker://"+name+":"+strings.Replace(one.Digest, ":", "-", 1))
		if types, want := beside(t, raw), []string{"application/spdx+json", "application/vnd.cyclonedx+json",
			"application/vnd.dev.sigstore.bundle.v0.3+json"}; !slices.Equal(types, want) {
			t.Errorf("beside the image for %s there are %q, want %q", one.Platform, types, want)
		}
	}
	verify := func(key, ref string) (string, error) {
		out, err := command(t.TempDir(), cosign, "verify", "--allow-http-registry", "--insecure-ignore-tlog=true",
			"--key="+key, ref).CombinedOutput()
		return string(out), err
	}
	for _, ref := range refs {
		if out, err := verify(r.sigstore.Public, ref); err != nil || !strings.Contains(out, "claims were validated") {
			t.Errorf("cosign does not verify %s: %v\n%s", ref, err, out)
		}
		if out, err := verify(other.Public, ref); err == nil {
			t.Errorf("cosign verifies %s by another key:\n%s", ref, out)
		}
	}
	if again := h.run("push", "-registry="+s.host+"/team"); !strings.Contains(again, ": 0 bytes") {
		t.Errorf("pushed again, something moved:\n%s", again)
	}
}

// beside returns the types of what an index of referrers lists, sorted.
func beside(t *testing.T, index string) []string {
	t.Helper()
	var list struct {
		Manifests []struct{ ArtifactType string }
	}
	if err := json.Unmarshal([]byte(index), &list); err != nil {
		t.Fatalf("%v in\n%s", err, index)
	}
	var types []string
	for _, m := range list.Manifests {
		types = append(types, m.ArtifactType)
	}
	slices.Sort(types)
	return types
}
