// Package rpm writes packages in the format of Fedora and its relatives.
package rpm

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/rpmpack"

	"github.com/slipway-build/slipway/internal/scripts"
	"github.com/slipway-build/slipway/packaging"
)

// Revision counts the changes of this package that change what it writes.
const Revision = 3

// buildHost is written instead of the name of the machine that makes the package.
const buildHost = "slipway"

// Write writes a package to w, without intermediate files. It returns the name that
// the file should have.
func Write(p packaging.Package, w io.Writer, _ string) (name string, err error) {
	p.Files = append(folders(p), p.Files...)
	r, err := describe(p)
	if err != nil {
		return "", fmt.Errorf("package %s: %w", p.Name, err)
	}
	if err := addFiles(r, p); err != nil {
		return "", fmt.Errorf("package %s: %w", p.Name, err)
	}
	if err := addScriptlets(r, p); err != nil {
		return "", err
	}
	addChangelog(r, p)
	if err := r.Write(w); err != nil {
		return "", fmt.Errorf("package %s: %w", p.Name, err)
	}
	return fmt.Sprintf("%s-%s.%s.rpm", p.Name, p.Release(), arch(p)), nil
}

// describe returns the package without its files. What is in its header is data: rpm
// expands no macros in it.
func describe(p packaging.Package) (*rpmpack.RPM, error) {
	m := rpmpack.RPMMetaData{
		Name: p.Name, Version: p.Distro, Release: fmt.Sprint(p.Revision), Arch: arch(p), OS: "linux",
		Summary: capital(p.Summary), Description: p.Description,
		Licence: p.License, URL: p.Homepage, Packager: p.Maintainer, Group: "System/Management",
		Compressor: p.Compression, BuildTime: p.Date, BuildHost: buildHost, Epoch: rpmpack.NoEpoch,
	}
	for _, list := range []struct {
		to   *rpmpack.Relations
		from []string
	}{
		{&m.Requires, append(relations(p.Relations.Depends), "/bin/sh")},
		{&m.Recommends, relations(p.Relations.Recommends)},
		{&m.Suggests, relations(p.Relations.Suggests)},
		{&m.Conflicts, relations(p.Relations.Conflicts)},
		{&m.Obsoletes, relations(p.Relations.Replaces)},
		{&m.Provides, append(relations(p.Relations.Provides), p.Name+" = "+p.Release())},
	} {
		for _, relation := range list.from {
			if err := list.to.Set(relation); err != nil {
				return nil, err
			}
		}
	}
	m.Requires = append(m.Requires, &prefixed)
	return rpmpack.NewRPM(m)
}

// capital returns a text that begins with a capital letter, as a summary does.
func capital(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[n:]
}

// prefixed is the feature that rpm needs to read a payload whose names begin with ./
var prefixed = rpmpack.Relation{
	Name: "rpmlib(PayloadFilesHavePrefix)", Version: "4.0-1",
	Sense: rpmpack.SenseLess | rpmpack.SenseEqual | rpmpack.SenseRPMLIB,
}

// arch returns the package's architecture as rpm names it.
func arch(p packaging.Package) string {
	switch a := p.Platform.Arch; a {
	case "":
		return "noarch"
	case "amd64":
		return "x86_64"
	case "386":
		return "i386"
	case "arm64":
		return "aarch64"
	case "arm":
		return "armv7hl"
	case "loong64":
		return "loongarch64"
	default:
		return a
	}
}

// relations writes relations as in spec files.
func relations(list []packaging.Relation) []string {
	var out []string
	for _, r := range list {
		n := r.Names()[0]
		if n.Op != "" {
			out = append(out, n.Package+" "+n.Op+" "+n.Version)
			continue
		}
		out = append(out, n.Package)
	}
	return out
}

func addScriptlets(r *rpmpack.RPM, p packaging.Package) error {
	for name, add := range map[string]func(string){"post": r.AddPostin, "preun": r.AddPreun, "postun": r.AddPostun} {
		text, err := scripts.Fill(p, name, templates[name])
		if err != nil {
			return err
		}
		if text != "" {
			add(text + "\n")
		}
	}
	return nil
}

// The tags of the header that rpmpack has no words for.
const (
	tagChangelogTime = 1080
	tagChangelogName = 1081
	tagChangelogText = 1082
	tagDirnames      = 1118
)

func addChangelog(r *rpmpack.RPM, p packaging.Package) {
	r.AddCustomTag(tagChangelogTime, rpmpack.EntryUint32([]uint32{uint32(p.Date.Unix())}))
	r.AddCustomTag(tagChangelogName, rpmpack.EntryStringSlice([]string{p.Maintainer + " - " + p.Release()}))
	r.AddCustomTag(tagChangelogText, rpmpack.EntryStringSlice([]string{changes(p)}))
}

// changes writes what is new, an item for each.
func changes(p packaging.Package) string {
	var items []string
	for _, line := range p.Changes {
		items = append(items, "- "+strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(items, "\n")
}
