package release

import (
	"context"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/release/notes"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/referrers"
	"github.com/slipway-build/slipway/release/sbom"
	"github.com/slipway-build/slipway/release/vex"
)

// layoutDir is the folder of a release with the layout of its images.
const layoutDir = "images"

// describe writes what says something of finished files: SBOMs, also beside the images in
// the layout, which vulnerabilities are fixed, and the public keys. Images are signed here,
// since their signatures are files of the layout.
func (b builder) describe(ctx context.Context, record artifact.Release, all []sums) error {
	subject := b.subject(record, all)
	docs, err := sbom.Documents(ctx, b.dir, subject)
	if err != nil {
		return err
	}
	if err := b.vulnerabilities(record, docs); err != nil {
		return err
	}
	public, err := b.publicKeys()
	if err != nil {
		return err
	}
	maps.Copy(docs, public)
	if err := output.WriteFiles(b.dir, docs); err != nil {
		return err
	}
	for _, image := range record.Kind(artifact.Image) {
		if err := b.attach(image, docs); err != nil {
			return err
		}
		if err := b.signImage(ctx, image); err != nil {
			return err
		}
	}
	return nil
}

// subject returns what SBOMs are of.
func (b builder) subject(record artifact.Release, all []sums) sbom.Subject {
	f, k := b.in.Fork, b.in.Known
	s := sbom.Subject{
		Release: record, Creator: f.Packages.Maintainer, License: k.License, Modules: k.Modules, Bases: k.Bases,
		Patches: k.Patches, Repositories: b.repositories(record), SHA512: map[string]string{},
	}
	for _, one := range all {
		s.SHA512[one.path] = one.sha512
	}
	for _, one := range k.Statements {
		v := sbom.Vulnerability{ID: one.Vulnerability, Components: one.Components}
		v.State, v.Justification, v.Detail = one.Analysis()
		s.Vulnerabilities = append(s.Vulnerabilities, v)
	}
	return s
}

// repositories are where the images are pulled from, by name.
func (b builder) repositories(record artifact.Release) map[string]string {
	out := map[string]string{}
	for _, image := range record.Kind(artifact.Image) {
		if to := b.in.Fork.Images.Registry; to != "" {
			out[image.Name] = path.Join(to, image.Name)
		}
	}
	return out
}

// vulnerabilities adds to documents what is said of vulnerabilities, if anything is.
func (b builder) vulnerabilities(record artifact.Release, docs map[string][]byte) error {
	module, _, _ := strings.Cut(b.in.Fork.Upstream.Module, "@")
	in := vex.Input{
		Release: record, Statements: b.in.Known.Statements, Author: b.in.Fork.Packages.Maintainer,
		Module: module, Repositories: b.repositories(record),
	}
	data, err := vex.Document(in)
	if err != nil {
		return err
	}
	if data != nil {
		docs[vex.DocumentFile] = data
	}
	update, err := vex.UpdateOf(in)
	if err != nil || update == nil {
		return err
	}
	docs[vex.UpdateFile], err = update.Encode()
	return err
}

// attach puts the SBOMs of an image beside it in the layout, a document for each platform.
func (b builder) attach(image artifact.Released, docs map[string][]byte) error {
	paths := sbom.Paths(image)
	for _, one := range image.Images {
		subject, err := v1.NewHash(one.Digest)
		if err != nil {
			return err
		}
		for ending, kind := range map[string]string{sbom.CycloneDX: sbom.CycloneDXType, sbom.SPDX: sbom.SPDXType} {
			d := referrers.Document{Type: kind, Data: docs[paths[one.Platform]+ending]}
			if _, err := referrers.Add(b.layout(), subject, d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b builder) layout() string { return filepath.Join(b.dir, layoutDir) }

// conclude returns the documents that speak of all others: the provenance and the notes.
func (b builder) conclude(record artifact.Release) (map[string][]byte, error) {
	k := b.in.Known
	statement, err := provenance.Statement(provenance.Input{
		Release: record, Lock: k.Lock, Options: k.Options, Sources: k.Sources, Checkout: k.Checkout,
		Slipway: k.Slipway, Go: k.Go, Builds: k.Builds, Modules: k.Modules, Packages: k.Packages, Images: k.BaseImages,
	})
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		provenance.File: statement,
		notes.File:      notes.Markdown(notes.Input{Release: record, Last: b.last, Keys: b.keys()}),
	}, nil
}

// Notes returns the notes of the release in dist, beside another one than it was made with
// if last names one.
func Notes(f fork.Fork, last string) ([]byte, error) {
	dir := f.Project.Path(f.Dist("release"))
	record, err := artifact.ReadRelease(dir)
	if err != nil {
		return nil, f.Project.Explain(err)
	}
	if last == "" {
		return os.ReadFile(filepath.Join(dir, notes.File))
	}
	before, err := artifact.ReadRelease(f.Project.At(last))
	if err != nil {
		return nil, f.Project.Explain(err)
	}
	return notes.Markdown(notes.Input{Release: record, Last: &before}), nil
}
