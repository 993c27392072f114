// Package fpm puts a package into the terms of nFPM, as far as they are the same
// for every format.
package fpm

import (
	"bytes"
	"fmt"
	"html/template"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/files"

	"github.com/slipway-build/slipway/packaging"
)

// Info returns what nFPM is told of a package. nFPM reads files: those that are
// none yet are written to scratch.
func Info(p packaging.Package, scratch string) (*nfpm.Info, error) {
	info := &nfpm.Info{
		Name: p.Name, Arch: arch(p), Platform: "linux", Version: p.Distro, VersionSchema: "none", Release: fmt.Sprint(p.Revision),
		Section: p.Section, Maintainer: p.Maintainer, Description: p.Summary + "\n" + p.Description, Homepage: p.Homepage,
		MTime: p.Date, DisableGlobbing: true,
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
			if c.Source, err = Put(scratch, fmt.Sprint(i), f.Data); err != nil {
				return nil, err
			}
		}
		info.Contents = append(info.Contents, c)
	}
	return info, nil
}

// Put writes a file for nFPM to read, and returns its path.
func Put(scratch, name string, data []byte) (string, error) {
	at := filepath.Join(scratch, name)
	return at, os.WriteFile(at, data, 0o644)
}

// Scripts writes the maintainer scripts of a package, each made of a template and
// below head, and tells nFPM of them by at. One with nothing to do is left out.
func Scripts(p packaging.Package, scratch, head string, templates map[string]string, at map[string]*string) error {
	for name, to := range at {
		t, err := template.New(name).Parse(templates[name])
		if err != nil {
			return err
		}
		var body bytes.Buffer
		if err := t.Execute(&body, p); err != nil {
			return fmt.Errorf("%s of package %s: %w", name, p.Name, err)
		}
		text := bytes.TrimSpace(body.Bytes())
		if len(text) == 0 {
			continue
		}
		if *to, err = Put(scratch, name, fmt.Appendf(nil, "%s%s\n", head, text)); err != nil {
			return err
		}
	}
	return nil
}

// arch returns the package's architecture by nFPM's names, which are Go's but for
// arm.
func arch(p packaging.Package) string {
	switch p.Platform.Arch {
	case "":
		return "all"
	case "arm":
		return "arm7"
	}
	return p.Platform.Arch
}
