package deb

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/files"

	"github.com/slipway-build/slipway/internal/scripts"
	"github.com/slipway-build/slipway/packaging"
)

// describe returns what nFPM is told of a package. nFPM reads content from files, so
// content that is in memory is written to scratch.
func describe(p packaging.Package, scratch string) (*nfpm.Info, error) {
	info := &nfpm.Info{
		Name: p.Name, Arch: arch(p), Platform: "linux", Section: p.Section, Homepage: p.Homepage,
		Maintainer: mailbox(p.Maintainer),
		Version:    p.Distro, VersionSchema: "none", Release: fmt.Sprint(p.Revision),
		Description: p.Summary + "\n" + p.Description, MTime: p.Date, DisableGlobbing: true,
	}
	for i, f := range p.Files {
		c := &files.Content{
			Source: f.Source, Destination: f.Path, Type: files.TypeFile,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.Mode, MTime: p.Date},
		}
		switch {
		case f.Kind == packaging.Link:
			c.Source, c.Type = f.Target, files.TypeSymlink
		case f.Kind == packaging.Folder:
			c.Type = files.TypeDir
		case f.Kind == packaging.Config:
			c.Type = files.TypeConfigNoReplace
		}
		if c.Source == "" && f.Kind != packaging.Folder {
			var err error
			if c.Source, err = put(scratch, fmt.Sprint(i), f.Data); err != nil {
				return nil, err
			}
		}
		info.Contents = append(info.Contents, c)
	}
	return info, nil
}

// put writes a file for nFPM to read, and returns its path.
func put(scratch, name string, data []byte) (string, error) {
	at := filepath.Join(scratch, name)
	return at, os.WriteFile(at, data, 0o644)
}

// addScripts writes the maintainer scripts to scratch, and tells nFPM where they are.
// One with nothing to do is left out.
func addScripts(info *nfpm.Info, p packaging.Package, scratch string) error {
	for name, to := range map[string]*string{
		"preinst": &info.Scripts.PreInstall, "postinst": &info.Scripts.PostInstall,
		"prerm": &info.Scripts.PreRemove, "postrm": &info.Scripts.PostRemove,
	} {
		text, err := scripts.Fill(p, name, templates[name])
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		if *to, err = put(scratch, name, fmt.Appendf(nil, "#!/bin/sh\nset -e\n%s\n", text)); err != nil {
			return err
		}
	}
	return nil
}

// arch returns the package's architecture as nFPM names it: as Go does, except
// for arm.
func arch(p packaging.Package) string {
	switch p.Platform.Arch {
	case "":
		return "all"
	case "arm":
		return "arm7"
	}
	return p.Platform.Arch
}
