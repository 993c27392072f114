//go:build acceptance

package acceptance

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// cosign returns the program.
func cosign(t *testing.T) string {
	t.Helper()
	return devTool(t, "cosign", "github.com/sigstore/cosign/v3/cmd/cosign")
}

// devTool returns a program of a module of its own, compiled: that takes minutes, unless Go's build cache has it. The
// flags are those that forks are compiled with, so it has the standard library.
func devTool(t *testing.T, name, main string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build := command("../internal/dev/"+name, "go", "build", "-trimpath", "-gcflags=all=-dwarf=false", "-ldflags=-s -w",
		"-o", program, main)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOGC=400")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compiling %s: %v\n%s", name, err, out)
	}
	return program
}

// TestCosign has cosign verify what is signed by keys of each kind, offline.
func TestCosign(t *testing.T) {
	program := cosign(t)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for kind, pair := range map[string]signtest.Pair{
		"ECDSA": signtest.PEM(t), "Ed25519": signtest.WritePEM(t, edwards),
		"RSA": signtest.WritePEM(t, signtest.RSA(t, "captain")),
	} {
		t.Run(kind, func(t *testing.T) {
			s, err := sign.Open(context.Background(), sign.Settings{Keys: []string{pair.Secret}, Time: signtest.Release})
			if err != nil {
				t.Fatal(err)
			}
			c := cosigned{s, program, pair.Public}
			t.Run("a blob", c.blob)
			t.Run("an attestation", c.attestation)
			t.Run("an image", c.image)
		})
	}
}

// cosigned is a signer, and the cosign that has to accept it.
type cosigned struct {
	signer  *sign.Signer
	program string
	public  string
}

func (c cosigned) verify(t *testing.T, verb string, args ...string) {
	t.Helper()
	fixed := []string{verb, "--key=" + c.public, "--insecure-ignore-tlog=true"}
	mustRun(t, t.TempDir(), c.program, append(fixed, args...)...)
}

func (c cosigned) blob(t *testing.T) {
	data := "a program\n"
	bundle, err := c.signer.Bundle(context.Background(), sigstore.Bytes([]byte(data)))
	if err != nil {
		t.Fatal(err)
	}
	dir := testkit.Lay(t, map[string]string{"captain": data, "captain.sigstore.json": string(bundle)})
	c.verify(t, "verify-blob", "--bundle="+filepath.Join(dir, "captain.sigstore.json"), filepath.Join(dir, "captain"))
}

func (c cosigned) attestation(t *testing.T) {
	data := "a program\n"
	sum := sha256.Sum256([]byte(data))
	digest := map[string]string{"sha256": hex.EncodeToString(sum[:])}
	statement, err := json.Marshal(map[string]any{
		"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1",
		"subject":   []any{map[string]any{"name": "captain", "digest": digest}},
		"predicate": map[string]any{},
	})
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := c.signer.Attest(context.Background(), sigstore.StatementType, statement)
	if err != nil {
		t.Fatal(err)
	}
	dir := testkit.Lay(t, map[string]string{"captain": data, "provenance.sigstore.json": string(bundle)})
	c.verify(t, "verify-blob-attestation", "--type=https://slsa.dev/provenance/v1",
		"--bundle="+filepath.Join(dir, "provenance.sigstore.json"), filepath.Join(dir, "captain"))
}

// image attaches the signature of an image in a registry.
func (c cosigned) image(t *testing.T) {
	quiet := log.New(io.Discard, "", 0)
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(quiet)))
	defer server.Close()
	repo, err := name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/ship/captain")
	if err != nil {
		t.Fatal(err)
	}
	subject, err := partial.Descriptor(empty.Image)
	if err != nil {
		t.Fatal(err)
	}
	image := repo.Digest(subject.Digest.String())
	if err := remote.Write(image, empty.Image); err != nil {
		t.Fatal(err)
	}
	signature, err := c.signer.Image(context.Background(), subject.Digest.String())
	if err != nil {
		t.Fatal(err)
	}
	attach(t, repo, *subject, signature)
	c.verify(t, "verify", "--allow-http-registry", image.String())
}

// attach pushes what is attached to an image.
func attach(t *testing.T, repo name.Repository, subject v1.Descriptor, r sigstore.Referrer) {
	t.Helper()
	m := referrer{Manifest: v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Subject: &subject,
		Annotations: r.Annotations}, ArtifactType: r.ArtifactType}
	config := static.NewLayer([]byte("{}"), "application/vnd.oci.empty.v1+json")
	for _, layer := range []v1.Layer{config, static.NewLayer(r.Blob, types.MediaType(r.ArtifactType))} {
		if err := remote.WriteLayer(repo, layer); err != nil {
			t.Fatal(err)
		}
		d, err := partial.Descriptor(layer)
		if err != nil {
			t.Fatal(err)
		}
		m.Layers = append(m.Layers, *d)
	}
	m.Config, m.Layers = m.Layers[0], m.Layers[1:]
	raw, err := m.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	if err := remote.Put(repo.Digest("sha256:"+hex.EncodeToString(sum[:])), m); err != nil {
		t.Fatal(err)
	}
}

// A referrer is a manifest with the type of what it holds, which the library's has not.
type referrer struct {
	v1.Manifest
	ArtifactType string `json:"artifactType"`
}

func (r referrer) RawManifest() ([]byte, error) { return json.Marshal(r) }

func (r referrer) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
