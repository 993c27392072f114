package release

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/referrers"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// signRPMs puts signatures into the headers of rpms, and returns the files as they are then.
func (b builder) signRPMs(ctx context.Context, files []file) ([]file, error) {
	files = slices.Clone(files)
	for i, f := range files {
		if !f.changes || f.Kind != artifact.Package {
			continue
		}
		made, err := b.Signer.RPM(ctx, filepath.Join(b.dir, filepath.FromSlash(f.Path)))
		if err != nil {
			return nil, err
		}
		files[i].Unsigned, files[i].Digest, files[i].Size = f.Digest, made.Signed, made.Size
	}
	return files, nil
}

// signImage puts signatures beside an image in the layout: of its index, and of the image
// of each platform.
func (b builder) signImage(ctx context.Context, image artifact.Released) error {
	if !b.Signer.Sigstore() {
		return nil
	}
	digests := []string{image.Digest}
	for _, one := range image.Images {
		digests = append(digests, one.Digest)
	}
	for _, digest := range digests {
		subject, err := v1.NewHash(digest)
		if err != nil {
			return err
		}
		s, err := b.Signer.Image(ctx, digest)
		if err != nil {
			return err
		}
		d := referrers.Document{Type: s.ArtifactType, Annotations: s.Annotations, Data: s.Blob}
		if _, err := referrers.Add(b.layout(), subject, d); err != nil {
			return err
		}
	}
	return nil
}

// sign signs the sums; and with a sigstore key each file that is downloaded by itself, and
// the provenance.
func (b builder) sign(ctx context.Context, record artifact.Release, all []sums) error {
	for _, name := range []string{artifact.SHA256Sums, artifact.SHA512Sums} {
		data, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil {
			return err
		}
		if err := b.signSums(ctx, name, data); err != nil {
			return err
		}
	}
	if !b.Signer.Sigstore() {
		return nil
	}
	for _, a := range record.Artifacts {
		switch a.Kind {
		case artifact.Binary, artifact.Package, artifact.Tarball, artifact.Source:
		default:
			continue
		}
		i := slices.IndexFunc(all, func(s sums) bool { return s.path == a.Path })
		if err := b.bundle(ctx, all[i]); err != nil {
			return err
		}
	}
	payload, err := os.ReadFile(filepath.Join(b.dir, provenance.File))
	if err != nil {
		return err
	}
	data, err := b.Signer.Attest(ctx, sigstore.StatementType, payload)
	if err != nil {
		return err
	}
	return output.WriteFiles(b.dir, map[string][]byte{artifact.ProvenanceBundle: data})
}

// signSums signs one of the files with sums by every key.
func (b builder) signSums(ctx context.Context, name string, data []byte) error {
	files := map[string][]byte{}
	var err error
	if b.Signer.OpenPGP() {
		if files[name+artifact.ArmorSuffix], err = b.Signer.Detach(ctx, data); err != nil {
			return err
		}
	}
	if b.Signer.Sigstore() {
		if files[name+artifact.BundleSuffix], err = b.Signer.Bundle(ctx, sigstore.Bytes(data)); err != nil {
			return err
		}
	}
	return output.WriteFiles(b.dir, files)
}

// bundle writes the bundle of one file beside it.
func (b builder) bundle(ctx context.Context, s sums) error {
	var sum [32]byte
	if _, err := hex.Decode(sum[:], []byte(s.sha256)); err != nil {
		return err
	}
	data, err := b.Signer.Bundle(ctx, sigstore.File(filepath.Join(b.dir, filepath.FromSlash(s.path)), sum))
	if err != nil {
		return err
	}
	return output.WriteFiles(b.dir, map[string][]byte{s.path + artifact.BundleSuffix: data})
}
