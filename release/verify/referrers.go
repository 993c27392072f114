package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/release/contents"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// referrers returns the paths of the sigstore bundles in a layout, by the digest of the image
// that they are attached to. They are found here, and not by the package that attaches them,
// for it opens whatever is in the folder.
func (v *verification) referrers(layout string) map[string][]string {
	if v.attached[layout] == nil {
		out := map[string][]string{}
		for _, d := range v.listed(layout) {
			v.addReferrer(out, layout, d, 0)
		}
		v.attached[layout] = out
	}
	return v.attached[layout]
}

// addReferrer adds the bundle that a manifest carries. An index may list further manifests:
// the one that stands in for the list of referrers where a registry has none does.
func (v *verification) addReferrer(out map[string][]string, layout string, d v1.Descriptor, depth int) {
	at := blobPath(layout, d.Digest)
	if info := v.files[at]; info == nil || info.Size() > contents.MaxManifest {
		return
	}
	data, err := v.read(at)
	if err != nil {
		return
	}
	if d.MediaType.IsIndex() {
		index, err := v1.ParseIndexManifest(bytes.NewReader(data))
		for i := 0; err == nil && depth == 0 && i < len(index.Manifests); i++ {
			v.addReferrer(out, layout, index.Manifests[i], depth+1)
		}
		return
	}
	m, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil || m.Subject == nil {
		return
	}
	for _, layer := range m.Layers {
		if layer.MediaType == sigstore.BundleType {
			subject := m.Subject.Digest.String()
			out[subject] = append(out[subject], blobPath(layout, layer.Digest))
		}
	}
}

func blobPath(layout string, d v1.Hash) string { return path.Join(layout, "blobs", d.Algorithm, d.Hex) }

// imageStatement checks that a signed payload is the signature of an image: cosign's
// statement with its digest as the subject.
func imageStatement(payload []byte, digest string) error {
	var s struct {
		Subject []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(payload, &s); err != nil {
		return fmt.Errorf("its payload: %w", err)
	}
	if s.PredicateType != sigstore.ImagePredicate {
		return fmt.Errorf("it is a statement of the type %s, want %s", s.PredicateType, sigstore.ImagePredicate)
	}
	for _, one := range s.Subject {
		if "sha256:"+one.Digest["sha256"] == digest {
			return nil
		}
	}
	return fmt.Errorf("its signature is of another image than %s", digest)
}
