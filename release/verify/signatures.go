package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// A signatures is the check of signatures, as it is made.
type signatures struct {
	Check
	*verification
	by map[sign.By]bool
}

// checkSignatures checks each signature that a key at hand can have made. What is not
// signed by a key of a kind that was given is a fault.
func (v *verification) checkSignatures() Check {
	s := &signatures{Check: Check{Name: "signatures", Of: "signatures by the keys given"}, verification: v,
		by: map[sign.By]bool{}}
	switch {
	case v.Keys.OpenPGP() || v.Keys.Sigstore():
		s.byKind()
	case v.signed():
		s.note("not checked: give the publisher's public key with -key, or nothing proves who made the release")
	default:
		s.note("the release is not signed: nothing proves who made it")
	}
	for by := range s.by {
		s.Check.Keys = append(s.Check.Keys, by)
	}
	slices.SortFunc(s.Check.Keys, func(a, b sign.By) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	return s.done()
}

// byKind checks what keys of the kinds that were given sign.
func (s *signatures) byKind() {
	if s.verification.Keys.OpenPGP() {
		s.openPGP()
	} else {
		s.note("OpenPGP signatures were not checked: no -key is of OpenPGP")
	}
	if s.verification.Keys.Sigstore() {
		s.sigstore()
	} else {
		s.note("sigstore bundles were not checked: no -key is in PEM")
	}
}

// signed reports whether the sums are signed.
func (v *verification) signed() bool {
	for _, l := range sumLists {
		if v.has(l.file+artifact.ArmorSuffix) || v.has(l.file+artifact.BundleSuffix) {
			return true
		}
	}
	return false
}

func (s *signatures) note(text string) { s.Notes = append(s.Notes, text) }

// result counts a signature, or adds what is wrong with it.
func (s *signatures) result(name string, by sign.By, err error) {
	if err != nil {
		s.fault(name, publish, "%v", err)
		return
	}
	s.Count++
	s.by[by] = true
}

// openPGP checks the sums, the headers of rpms, and the Manifests of the overlay.
func (s *signatures) openPGP() {
	for _, l := range sumLists {
		data, err := s.read(l.file)
		asc, ascErr := s.read(l.file + artifact.ArmorSuffix)
		if err != nil || ascErr != nil {
			s.fault(l.file, again, "it has no OpenPGP signature beside it, %s", l.file+artifact.ArmorSuffix)
			continue
		}
		by, err := s.verification.Keys.VerifyDetached(l.file+artifact.ArmorSuffix, data, asc)
		s.result(l.file, by, err)
	}
	for _, a := range s.release.Artifacts {
		switch {
		case !s.has(a.Path):
		case a.Kind == artifact.Package && a.Format == "rpm":
			s.result(a.Path, s.rpms[a.Path].by, s.rpms[a.Path].bad)
		case a.Kind == artifact.Overlay && path.Base(a.Path) == "Manifest":
			s.manifest(a)
		}
	}
}

// manifest checks a Manifest, if it is signed.
func (s *signatures) manifest(a artifact.Released) {
	data, err := s.read(a.Path)
	if err == nil && a.Unsigned == "" && !bytes.HasPrefix(data, []byte("-----BEGIN PGP SIGNED")) {
		return
	}
	var by sign.By
	if err == nil {
		_, by, err = s.verification.Keys.VerifyClear(a.Path, data)
	}
	s.result(a.Path, by, err)
}

// sigstore checks the bundles of the sums, of what is downloaded by itself, of the
// provenance and of images, and any other that is beside a file.
func (s *signatures) sigstore() {
	signed := map[string]bool{}
	for _, l := range sumLists {
		signed[l.file] = true
	}
	for _, a := range s.release.Artifacts {
		switch a.Kind {
		case artifact.Binary, artifact.Package, artifact.Tarball, artifact.Source:
			signed[a.Path] = true
		case artifact.Image:
			s.image(a)
		}
	}
	for _, name := range s.paths {
		if of := s.signs(name); of != "" && name != artifact.ProvenanceBundle {
			signed[of] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(signed)) {
		s.bundle(name)
	}
	s.provenance()
}

// bundle checks the bundle beside a file.
func (s *signatures) bundle(name string) {
	facts := s.facts[name]
	if facts == nil || facts.unread {
		return // missing, or another file: another check's fault
	}
	data, err := s.read(name + artifact.BundleSuffix)
	if err != nil {
		s.fault(name, again, "it has no bundle beside it, %s", name+artifact.BundleSuffix)
		return
	}
	var sum [sha256.Size]byte
	hex.Decode(sum[:], []byte(facts.sha256)) // it was encoded here
	by, err := s.verification.Keys.VerifyBundle(name+artifact.BundleSuffix, data, sigstore.File(s.file(name), sum))
	s.result(name, by, err)
}

// provenance checks that the signed statement is the one beside it.
func (s *signatures) provenance() {
	bundle, err := s.read(artifact.ProvenanceBundle)
	if err != nil {
		s.fault(provenance.File, again, "it has no bundle beside it, %s", artifact.ProvenanceBundle)
		return
	}
	payload, by, err := s.verification.Keys.VerifyAttestation(artifact.ProvenanceBundle, sigstore.StatementType, bundle)
	if err != nil {
		s.result(artifact.ProvenanceBundle, by, err)
		return
	}
	data, err := s.read(provenance.File)
	switch {
	case err != nil: // missing, which is another check's fault
	case !bytes.Equal(payload, data):
		s.fault(artifact.ProvenanceBundle, publish, "its statement is another than %s", provenance.File)
	default:
		s.result(artifact.ProvenanceBundle, by, nil)
	}
}

// image checks that an image, and that of each platform, has a signature in the layout.
func (s *signatures) image(a artifact.Released) {
	s.subject(a, "", a.Digest)
	for _, i := range a.Images {
		s.subject(a, i.Platform, i.Digest)
	}
}

func (s *signatures) subject(a artifact.Released, platform, digest string) {
	where := (&image{Released: a}).name(platform)
	var last error
	for _, file := range s.referrers(a.Path)[digest] {
		bundle, err := s.read(file)
		if err != nil {
			last = err
			continue
		}
		payload, by, err := s.verification.Keys.VerifyAttestation(file, sigstore.StatementType, bundle)
		if err == nil {
			err = imageStatement(payload, digest)
		}
		if err == nil {
			s.result(where, by, nil)
			return
		}
		last = err
	}
	if last != nil {
		s.result(where, sign.By{}, last)
		return
	}
	s.fault(where, again, "the layout has no signature of %s", digest)
}
