package bootstrap

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/deb"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/rpm"
)

// Packages are the files of a version, below the scratch folder.
type Packages struct {
	Deb string // NAME-archive-keyring_N-1_all.deb
	RPM string // NAME-release-N-1.noarch.rpm, signed
}

// Make writes the packages of a version to an empty folder. The rpm has the signature of the
// first key. A version is made once: another time makes other bytes.
func Make(ctx context.Context, in Input, scratch string, by *sign.Signer) (Packages, error) {
	in = in.sorted()
	if err := in.Check(); err != nil {
		return Packages{}, err
	}
	ring, err := in.keyring()
	switch {
	case err != nil:
		return Packages{}, err
	case len(ring.certs) == 0:
		return Packages{}, fmt.Errorf("%s: there is no key that a keyring package could have", in.Name)
	}
	var out Packages
	if out.Deb, err = write(in.deb(ring), scratch, deb.Write); err != nil {
		return Packages{}, err
	}
	if out.RPM, err = write(in.rpm(ring), scratch, rpm.Write); err != nil {
		return Packages{}, err
	}
	if _, err := by.RPM(ctx, out.RPM); err != nil {
		return Packages{}, err
	}
	return out, nil
}

// A formatWriter writes a package to w, with a folder for intermediate files, and returns the
// name that the file should have.
type formatWriter func(p packaging.Package, w io.Writer, scratch string) (name string, err error)

// write writes a package to a folder, and returns its path.
func write(p packaging.Package, dir string, as formatWriter) (path string, err error) {
	parts, err := os.MkdirTemp(dir, "parts")
	if err != nil {
		return "", err
	}
	defer func() {
		if e := os.RemoveAll(parts); err == nil {
			err = e
		}
	}()
	f, err := os.Create(filepath.Join(dir, p.Name+".part"))
	if err != nil {
		return "", err
	}
	name, err := as(p, f, parts)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	return path, os.Rename(f.Name(), path)
}

// deb is the keyring package.
func (in Input) deb(ring keyring) packaging.Package {
	p := in.base(ring, in.Name+"-archive-keyring", "keys and sources of "+in.Label)
	p.Files = []packaging.File{{Path: keyringDir + in.keyringFile(), Mode: 0o644, Data: ring.binary}}
	p.Overrides = []packaging.Override{{Tag: "package-installs-apt-sources", Reason: "That is what the package is for."}}
	if len(in.Packages) > 0 {
		p.Overrides = append(p.Overrides, packaging.Override{
			Tag: "package-installs-apt-preferences", Reason: "Other repositories have packages of the same names."})
		p.Files = append(p.Files, config(preferencesDir+in.Name, in.preferences()))
	}
	for _, s := range in.Suites {
		p.Files = append(p.Files, config(sourcesDir+in.Name+"-"+s.Name+".sources", in.sources(s)))
	}
	return p
}

// rpm is the release package.
func (in Input) rpm(ring keyring) packaging.Package {
	p := in.base(ring, in.Name+"-release", "keys and repositories of "+in.Label)
	p.Files = []packaging.File{{Path: in.rpmKey(), Mode: 0o644, Data: ring.armored}}
	for _, s := range in.Suites {
		p.Files = append(p.Files, config(yumDir+in.Name+"-"+s.Name+".repo", in.repo(s, "file://"+in.rpmKey())))
	}
	return p
}

func config(path string, data []byte) packaging.File {
	return packaging.File{Path: path, Kind: packaging.Config, Mode: 0o644, Data: data}
}

// base is what both packages have. gzip is what each dpkg and rpm unpacks.
func (in Input) base(ring keyring, name, summary string) packaging.Package {
	changes := []string{fmt.Sprintf("Version %d of the keys and sources.", in.Version)}
	for _, c := range ring.certs {
		changes = append(changes, "Has the key "+c.Fingerprint+".")
	}
	return packaging.Package{
		Name: name, Distro: fmt.Sprint(in.Version), Revision: 1, Section: "misc", Homepage: in.URL,
		Summary: summary, Description: in.about(), Maintainer: in.Maintainer, Date: in.Time, Changes: changes,
		License: "FSFAP", LicenseText: []byte(license),
		Copyright:   fmt.Sprintf("%d %s", in.Time.Year(), in.Maintainer),
		Compression: "gzip",
	}
}

// license is the text of FSFAP.
const license = `Copying and distribution of this file, with or without modification, are permitted in any
medium without royalty provided the copyright notice and this notice are preserved. This
file is offered as-is, without any warranty.
`

// about is the description of both packages.
func (in Input) about() string {
	var on []string
	for _, s := range in.Suites {
		if s.Enabled {
			on = append(on, s.Name)
		}
	}
	if len(on) == 0 {
		on = []string{"none"}
	}
	return fmt.Sprintf("The keys that sign the packages at\n%s,\nand a file for each suite there.\n"+
		"Switched on unless the operator says otherwise:\n%s.", in.URL, strings.Join(on, ",\n"))
}
