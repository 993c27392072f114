package sign

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/sign/rpmheader"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/rpm"
	"github.com/slipway-build/slipway/version"
)

// signer opens keys, with an environment that has programs, a home and more.
func signer(t *testing.T, more []string, keys ...string) *Signer {
	t.Helper()
	env := append(run.Env{"PATH=" + testkit.Path(), "HOME=" + t.TempDir()}, more...)
	s, err := Open(context.Background(), Settings{Keys: keys, Time: signtest.Release, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tool runs a program that must accept what it is given.
func tool(t *testing.T, env []string, args ...string) string {
	t.Helper()
	testkit.Need(t, args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(env, "PATH="+testkit.Path(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// gnupg makes a home of gpg; the agent that gpg starts ends with it.
func gnupg(t *testing.T) []string {
	t.Helper()
	// The path of the agent's socket has to be short.
	home, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"GNUPGHOME=" + home}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "gpg-agent").Run()
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	return env
}

func put(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// dearmored is a keyring of one public key, as gpgv reads it.
func dearmored(t *testing.T, env []string, public string) string {
	t.Helper()
	ring := filepath.Join(t.TempDir(), "ring.gpg")
	tool(t, env, "gpg", "--batch", "--dearmor", "--output", ring, public)
	return ring
}

// clearTexts are texts, and what is signed of them.
var clearTexts = map[string]struct{ text, signed string }{
	"lines":           {"Package: captain\nVersion: 1.36.1\n", "Package: captain\nVersion: 1.36.1\n"},
	"dashes":          {"-----BEGIN\n- first\n--\n", "-----BEGIN\n- first\n--\n"},
	"trailing blanks": {"one \t\ntwo  \n\n\n", "one\ntwo\n\n\n"},
	"no last newline": {"one\ntwo", "one\ntwo\n"},
	"windows":         {"one\r\ntwo\r\n", "one\ntwo\n"},
	"empty":           {"", "\n"},
}

func TestGnuPG(t *testing.T) {
	env := gnupg(t)
	pair := signtest.OpenPGP(t, "captain")
	tool(t, env, "gpg", "--batch", "--import", pair.Secret)
	ring := dearmored(t, env, pair.Public)
	for name, s := range map[string]*Signer{
		"a file":    signer(t, nil, pair.Secret),
		"gpg-agent": signer(t, env, "gpg:captain@example.org"),
	} {
		data := []byte("sums  of\r\nfiles\n")
		asc, err := s.Detach(context.Background(), data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file, sig := put(t, data), put(t, asc)
		tool(t, env, "gpg", "--batch", "--trust-model=always", "--verify", sig, file)
		tool(t, env, "gpgv", "--keyring", ring, sig, file)
		if again, err := s.Detach(context.Background(), data); err != nil || !bytes.Equal(again, asc) {
			t.Errorf("%s: a second signature is another one, or none: %v", name, err)
		}
		for kind, c := range clearTexts {
			signed, err := s.Clear(context.Background(), []byte(c.text))
			if err != nil {
				t.Fatalf("%s: %s: %v", name, kind, err)
			}
			tool(t, env, "gpg", "--batch", "--trust-model=always", "--verify", put(t, signed))
			got, by, err := s.Verifier().VerifyClear("Manifest", signed)
			if err != nil || by.Fingerprint != pair.Fingerprint {
				t.Errorf("%s: %s: our verifier says %v, %v", name, kind, by, err)
			}
			if string(got) != c.signed {
				t.Errorf("%s: %s: the text is %q, want %q", name, kind, got, c.signed)
			}
		}
	}
}

func TestSequoia(t *testing.T) {
	testkit.Need(t, "sqv")
	pair := signtest.OpenPGP(t, "captain")
	data := []byte("sums\n")
	asc, err := signer(t, nil, pair.Secret).Detach(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	out := tool(t, nil, "sqv", "--keyring", pair.Public, put(t, asc), put(t, data))
	if !strings.Contains(out, pair.Fingerprint) {
		t.Errorf("sqv says %q, want %s", out, pair.Fingerprint)
	}
}

// writeRPM writes an rpm without a signature.
func writeRPM(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	v, err := version.Parse("1.36.1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = rpm.Write(packaging.Package{
		Name: "captain", Version: v, Distro: "1.36.1", Revision: 1, Platform: platform.Platform{OS: "linux", Arch: "amd64"},
		Summary: "steers", Description: "Steers.", Homepage: "https://example.org", License: "Apache-2.0",
		Maintainer: "Mate <mate@example.org>", Date: signtest.Born, Compression: "gzip",
		Files: []packaging.File{{Path: "/usr/bin/captain", Mode: 0o755, Data: []byte("a program\n")}},
	}, &out, "")
	if err != nil {
		t.Fatal(err)
	}
	return put(t, out.Bytes())
}

func TestRPM(t *testing.T) {
	pair := signtest.OpenPGP(t, "captain")
	s := signer(t, nil, pair.Secret)
	path := writeRPM(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if signed, err := rpmheader.Signed(path); err != nil || signed {
		t.Fatalf("signed before it is: %v, %v", signed, err)
	}
	first, err := s.RPM(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.RPM(context.Background(), path)
	if err != nil || again != first {
		t.Errorf("signed again it is %v, %v; want %v", again, err, first)
	}
	if want := (rpmheader.Digests{Unsigned: sum(before), Signed: sum(signed), Size: int64(len(signed))}); first != want {
		t.Errorf("the digests are %v, want %v", first, want)
	}
	unsigned, err := rpmheader.Unsigned(path)
	if err != nil {
		t.Fatal(err)
	}
	defer unsigned.Close()
	if got, err := io.ReadAll(unsigned); err != nil || !bytes.Equal(got, before) {
		t.Errorf("without its signature it is not what it was: %v", err)
	}
	if by, err := s.Verifier().VerifyRPM(path); err != nil || by.Fingerprint != pair.Fingerprint {
		t.Errorf("our verifier says %v, %v", by, err)
	}
	db := t.TempDir()
	tool(t, nil, "rpm", "--dbpath", db, "--import", pair.Public)
	out := tool(t, nil, "rpm", "--dbpath", db, "--verbose", "--checksig", path)
	if !strings.Contains(out, "Header V4 RSA/SHA256 Signature") || strings.Contains(out, "NOKEY") {
		t.Errorf("rpm says:\n%s", out)
	}
}

func sum(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// TestMetadata holds that the first key's signature is the last: zypper looks at that alone.
func TestMetadata(t *testing.T) {
	first, second := signtest.OpenPGP(t, "captain"), signtest.OpenPGP(t, "mate")
	asc, err := signer(t, nil, first.Secret, second.Secret).Metadata(context.Background(), []byte("<repomd/>\n"))
	if err != nil {
		t.Fatal(err)
	}
	block, err := armor.Decode(bytes.NewReader(asc))
	if err != nil {
		t.Fatal(err)
	}
	var by []string
	for in := packet.NewReader(block.Body); ; {
		p, err := in.Next()
		if err != nil {
			break
		}
		by = append(by, fmt.Sprintf("%X", p.(*packet.Signature).IssuerFingerprint))
	}
	if want := []string{second.Fingerprint, first.Fingerprint}; !slices.Equal(by, want) {
		t.Errorf("it is signed by %s, want %s", by, want)
	}
}
