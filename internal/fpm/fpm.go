// Package fpm describes a package to nFPM, as far as the description is the same
// for debs and rpms.
package fpm

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/files"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/packaging"
)

// Info returns what nFPM is told of a package. nFPM reads content from files, so
// content that is in memory is written to scratch.
func Info(p packaging.Package, scratch string) (*nfpm.Info, error) {
	info := &nfpm.Info{
		Name: p.Name, Arch: arch(p), Platform: "linux", Section: p.Section, Maintainer: p.Maintainer, Homepage: p.Homepage,
		Version: p.Distro, VersionSchema: "none", Release: fmt.Sprint(p.Revision),
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

// A word is a value in a maintainer script. A template writes it quoted for the
// shell, and {{.Inside}} where it is between double quotes already.
type word string

// String returns the value as one word of the shell.
func (w word) String() string { return shell.Quote(string(w)) }

// Inside returns the value as it is written between double quotes.
func (w word) Inside() string { return shell.QuoteInside(string(w)) }

func words(values []string) []word {
	var out []word
	for _, v := range values {
		out = append(out, word(v))
	}
	return out
}

// fields are what the templates of maintainer scripts know of a package.
type fields struct {
	Units, Sysusers, Tmpfiles, Restart, State, Retired []word
	HasUnits                                           bool
}

// Script fills in the template of a maintainer script. It returns "" if the
// script has nothing to do for the package.
func Script(p packaging.Package, name, text string) (string, error) {
	t, err := template.New(name).Parse(text)
	if err != nil {
		return "", fmt.Errorf("template of %s: %w", name, err)
	}
	var body bytes.Buffer
	if err := t.Execute(&body, fields{
		Units: words(p.Units()), Sysusers: words(p.Sysusers()), Tmpfiles: words(p.Tmpfiles()), Restart: words(p.Restart),
		State: words(p.State), Retired: words(p.Retired), HasUnits: p.HasUnits(),
	}); err != nil {
		return "", fmt.Errorf("%s of package %s: %w", name, p.Name, err)
	}
	return string(bytes.TrimSpace(body.Bytes())), nil
}

// Scripts writes the maintainer scripts of a package to scratch, each filled in
// from a template and with head before it, and sets where in the package's Info
// nFPM looks for them. A script with nothing to do is left out.
func Scripts(p packaging.Package, scratch, head string, templates map[string]string, at map[string]*string) error {
	for name, to := range at {
		text, err := Script(p, name, templates[name])
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		if *to, err = Put(scratch, name, fmt.Appendf(nil, "%s%s\n", head, text)); err != nil {
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
