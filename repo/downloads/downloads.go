// Package downloads lays the binaries and tarballs of a release out as dl.k8s.io has them, so
// that scripts and tools that download Kubernetes find those of a fork.
package downloads

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/tree"
)

// An Input is a release to lay out.
type Input struct {
	Release artifact.Release
	Dir     string // its folder, absolute
	Folder  string // below the repository's root: release
	// Names are the names that a component which is several programs is called by, by the
	// component: kubelet and kubeadm of hyperkube. Each is there as a copy of its binary, unless
	// the release has a binary of that name.
	Names map[string][]string
	// As are further paths of tarballs in the version's folder, by their names: where scripts that
	// deploy the project look for them.
	As map[string]string
}

// Files returns the files of a release, FOLDER/vVERSION/…, and its binaries for Linux where
// mage deploy:kubespray looks for them with -url=ROOT/FOLDER. by signs the sums; nil, or one
// without keys, leaves them unsigned. Sums come from the release: no large file is read.
//
// The release's documents are there too, but not its own sums and page, which name paths of its
// folder.
func Files(ctx context.Context, in Input, by *sign.Signer) ([]tree.File, error) {
	sums, err := readSums(in.Dir, artifact.SHA512Sums)
	if err != nil {
		return nil, err
	}
	l := layout{Input: in, at: path.Join(in.Folder, "v"+in.Release.Version), sha512: sums}
	for _, a := range in.Release.Artifacts {
		switch a.Kind {
		case artifact.Binary:
			err = l.binary(a)
		case artifact.Tarball, artifact.Source:
			err = l.tarball(a)
		case artifact.Document:
			_, err = l.add(a, a.Path)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := l.described(); err != nil {
		return nil, err
	}
	if err := l.sums(ctx, by); err != nil {
		return nil, err
	}
	return tree.Merge(l.files)
}

// A layout is the files of a release as they are found.
type layout struct {
	Input
	at     string            // the folder of the version
	sha512 map[string]string // hex, by paths in the release
	files  []tree.File
	listed []listed // in the sums
}

// binary adds a binary, by each name that it is called by.
func (l *layout) binary(a artifact.Released) error {
	at := path.Join("bin", a.Platform, path.Base(a.Path))
	made, err := l.download(a, at)
	if err != nil {
		return err
	}
	on, err := platform.Parse(a.Platform)
	if err != nil {
		return l.damaged("%s: %v", a.Path, err)
	}
	for _, name := range l.names(a) {
		l.alias(a, path.Join(path.Dir(at), on.Exe(name)), at, made)
	}
	if on.OS == "linux" {
		kubespray := path.Join(l.Folder, l.Release.Version, strings.TrimPrefix(a.Path, "bin/"))
		l.files = append(l.files, tree.AliasOf(tree.Content, kubespray, made[0]))
	}
	return nil
}

// tarball adds a tarball, at each of its paths.
func (l *layout) tarball(a artifact.Released) error {
	name := path.Base(a.Path)
	made, err := l.download(a, name)
	if further := l.As[name]; err == nil && further != "" {
		l.alias(a, further, name, made)
	}
	return err
}

// names returns those that a binary is called by besides its own, less those of other binaries.
func (l *layout) names(a artifact.Released) []string {
	return slices.DeleteFunc(slices.Clone(l.Names[a.Name]), func(name string) bool {
		return slices.ContainsFunc(l.Release.Artifacts, func(b artifact.Released) bool {
			return b.Kind == artifact.Binary && b.Platform == a.Platform && b.Name == name
		})
	})
}

// alias adds a download, as it was made at a path, at another one.
func (l *layout) alias(a artifact.Released, at, was string, made []tree.File) {
	for _, f := range made {
		suffix := strings.TrimPrefix(f.Path, path.Join(l.at, was))
		l.files = append(l.files, tree.AliasOf(tree.Content, path.Join(l.at, at)+suffix, f))
	}
	l.list(at, made[0].SHA256, l.sha512[a.Path])
}

// download adds a file that is downloaded by itself, with its sums and signatures beside it. The
// first of the files that it returns is the file.
func (l *layout) download(a artifact.Released, at string) ([]tree.File, error) {
	f, err := l.add(a, at)
	if err != nil {
		return nil, err
	}
	made := []tree.File{
		tree.Of(tree.Content, f.Path+".sha256", []byte(f.SHA256)),
		tree.Of(tree.Content, f.Path+".sha512", []byte(l.sha512[a.Path])),
	}
	signatures, err := l.signatures(a, f)
	if err != nil {
		return nil, err
	}
	made = append(made, signatures...)
	l.files = append(l.files, made...)
	return append([]tree.File{f}, made...), nil
}

// described adds what the record does not name: itself, and the signed provenance.
func (l *layout) described() error {
	record, err := l.small(artifact.ReleaseFile, artifact.ReleaseFile)
	if err != nil {
		return err
	}
	l.files = append(l.files, record)
	sum, err := l.known(artifact.ReleaseFile)
	if err != nil {
		return err
	}
	l.list(artifact.ReleaseFile, record.SHA256, sum)
	bundle, err := l.present(artifact.ProvenanceBundle, artifact.ProvenanceBundle)
	l.files = append(l.files, bundle...)
	return err
}

// list has the sums name a file.
func (l *layout) list(at, sha256, sha512 string) {
	l.listed = append(l.listed, listed{at, sha256, sha512})
}
