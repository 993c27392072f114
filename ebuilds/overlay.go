package ebuilds

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/slipway-build/slipway/packaging"
)

// An Overlay is a repository of ebuilds.
type Overlay struct {
	Name       string // of the repository
	Maintainer string // Name <mail>
	Forks      []Fork
}

// Lay returns the overlay's files but for the Manifests, sorted by path.
func (o Overlay) Lay() ([]File, error) {
	files := map[string][]byte{
		"profiles/repo_name":             []byte(o.Name + "\n"),
		"profiles/eapi":                  []byte("8\n"),
		"metadata/layout.conf":           []byte(layout),
		".github/workflows/pkgcheck.yml": []byte(workflow),
	}
	for _, f := range o.Forks {
		if err := o.fork(f, files); err != nil {
			return nil, fmt.Errorf("%s: %w", f.P(), err)
		}
	}
	var out []File
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, File{name, files[name]})
	}
	return out, nil
}

// fork adds the packages of one fork.
func (o Overlay) fork(f Fork, files map[string][]byte) error {
	compiled, err := f.page()
	if err != nil {
		return err
	}
	prebuilt, err := f.withoutParts().page()
	if err != nil {
		return err
	}
	add := func(name, version string, text func() ([]byte, error), packages []packaging.Package) error {
		data, err := text()
		if err != nil || data == nil {
			return err
		}
		dir := f.Project.Category + "/" + name
		files[dir+"/"+name+"-"+version+".ebuild"] = data
		files[dir+"/metadata.xml"], err = o.metadataXML(f, packages)
		return err
	}
	name := f.Project.Name
	if err := add(name, f.pvr(), func() ([]byte, error) { return f.source(compiled) }, f.Packages); err != nil {
		return err
	}
	if err := add(name+"-bin", f.pvr(), func() ([]byte, error) { return f.binary(prebuilt) }, f.Packages); err != nil {
		return err
	}
	if err := add(name+"-meta", f.pvr(), f.meta, f.names()); err != nil {
		return err
	}
	if _, ok := f.Distfiles["patches"]; !ok {
		for _, patch := range f.Series {
			files[fmt.Sprintf("%s/%s/files/%s-%s", f.Project.Category, name, f.P(), patch.Name)] = patch.Data
		}
	}
	for _, user := range f.users() {
		if id, ok := f.Project.Accounts[user]; ok {
			for kind, text := range map[string]string{"group": acctGroup, "user": acctUser} {
				dir := "acct-" + kind + "/" + user
				files[dir+"/"+user+"-0.ebuild"] = fmt.Appendf(nil, text, f.Year, user, id)
				if files[dir+"/metadata.xml"], err = o.metadataXML(Fork{}, nil); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

const acctGroup = `# Copyright %d Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit acct-group

DESCRIPTION="Group of %s"

ACCT_GROUP_ID=%d
`

const acctUser = `# Copyright %d Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit acct-user

DESCRIPTION="User of %s"

ACCT_USER_ID=%d
ACCT_USER_GROUPS=( "${PN}" )

acct-user_add_deps
`

const layout = `masters = gentoo
cache-formats = md5-dict
eapis-banned = 0 1 2 3 4 5 6
eapis-deprecated = 7
manifest-hashes = BLAKE2B SHA512
manifest-required-hashes = BLAKE2B
profile-formats = portage-2
sign-commits = false
sign-manifests = false
thin-manifests = false
`

const workflow = `name: pkgcheck
on: [push, pull_request]
jobs:
  pkgcheck:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: pkgcore/pkgcheck-action@v1
`

// summarize adds the files that are about all packages of an overlay: those that
// a run wrote, and those that were there.
func (o Overlay) summarize(t Tree) []File {
	newest := map[string]string{}
	categories := map[string]bool{}
	for name := range t {
		parts := strings.Split(name, "/")
		if len(parts) == 3 && path.Ext(name) == ".ebuild" {
			categories[parts[0]] = true
			dir := path.Dir(name)
			if list := t.versions(dir); len(list) > 0 && !strings.HasPrefix(dir, "acct-") {
				newest[dir] = list[len(list)-1]
			}
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\nA Gentoo overlay, written by Slipway from pinned forks.\n\n| package | version |\n| --- | --- |\n", o.Name)
	for _, dir := range slices.Sorted(maps.Keys(newest)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", dir, newest[dir])
	}
	fmt.Fprintf(&b, "\nThe packages that end in `-bin` install what was compiled already.\n\nTo use it, as root:\n\n```\neselect repository add %s git URL\nemaint sync -r %[1]s\n```\n", o.Name)
	names := slices.Sorted(maps.Keys(categories))
	out := []File{{"README.md", b.Bytes()}, {"profiles/categories", []byte(strings.Join(names, "\n") + "\n")}}
	for _, category := range names {
		out = append(out, File{category + "/metadata.xml", categoryXML(category)})
	}
	return out
}

// metadataXML writes what Gentoo keeps of a package: who maintains it, where it
// comes from, what the flags do that install packages.
func (o Overlay) metadataXML(f Fork, packages []packaging.Package) ([]byte, error) {
	name, mail, ok := strings.Cut(strings.TrimSuffix(o.Maintainer, ">"), " <")
	if !ok {
		return nil, fmt.Errorf("%q is no maintainer", o.Maintainer)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header + "<!DOCTYPE pkgmetadata SYSTEM \"https://www.gentoo.org/dtd/metadata.dtd\">\n<pkgmetadata>\n")
	fmt.Fprintf(&b, "\t<maintainer type=\"person\">\n\t\t<email>%s</email>\n\t\t<name>%s</name>\n\t</maintainer>\n", escape(mail), escape(name))
	if kind, id, ok := strings.Cut(f.Project.Remote, ":"); ok {
		fmt.Fprintf(&b, "\t<upstream>\n\t\t<remote-id type=\"%s\">%s</remote-id>\n\t</upstream>\n", escape(kind), escape(id))
	}
	texts := map[string]string{}
	for _, p := range packages {
		if flag := f.flag(p.Name); flag != "" {
			texts[flag] = "Install " + p.Name + ": " + p.Summary
		}
	}
	if len(texts) > 0 {
		b.WriteString("\t<use>\n")
		for _, flag := range slices.Sorted(maps.Keys(texts)) {
			fmt.Fprintf(&b, "\t\t<flag name=\"%s\">%s</flag>\n", escape(flag), escape(texts[flag]))
		}
		b.WriteString("\t</use>\n")
	}
	b.WriteString("</pkgmetadata>\n")
	return b.Bytes(), nil
}

func categoryXML(category string) []byte {
	return fmt.Appendf(nil, "%s<!DOCTYPE catmetadata SYSTEM \"https://www.gentoo.org/dtd/metadata.dtd\">\n<catmetadata>\n\t<longdescription lang=\"en\">Packages of the category %s.</longdescription>\n</catmetadata>\n", xml.Header, escape(category))
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// Manifest writes the Manifest of a package: of the files in its folder, by
// their names there, and of what its ebuilds fetch.
func Manifest(files []File, dist []Distfile) []byte {
	var lines []string
	for _, f := range files {
		kind, name := "MISC", f.Path
		switch {
		case f.Path == "Manifest":
			continue
		case strings.HasPrefix(f.Path, "files/"):
			kind, name = "AUX", strings.TrimPrefix(f.Path, "files/")
		case path.Ext(f.Path) == ".ebuild":
			kind = "EBUILD"
		}
		blake, sha := blake2b.Sum512(f.Data), sha512.Sum512(f.Data)
		lines = append(lines, manifestLine(kind, Distfile{name, int64(len(f.Data)), hex.EncodeToString(sha[:]), hex.EncodeToString(blake[:])}))
	}
	for _, d := range dist {
		lines = append(lines, manifestLine("DIST", d))
	}
	slices.Sort(lines)
	return []byte(strings.Join(slices.Compact(lines), ""))
}

func manifestLine(kind string, d Distfile) string {
	return fmt.Sprintf("%s %s %d BLAKE2B %s SHA512 %s\n", kind, d.Name, d.Size, d.BLAKE, d.SHA512)
}

// Sum reads a distfile.
func Sum(name string) (Distfile, error) {
	f, err := os.Open(name)
	if err != nil {
		return Distfile{}, err
	}
	defer f.Close()
	blake, err := blake2b.New512(nil)
	if err != nil {
		return Distfile{}, err
	}
	sha := sha512.New()
	n, err := io.Copy(io.MultiWriter(blake, sha), f)
	return Distfile{path.Base(name), n, hex.EncodeToString(sha.Sum(nil)), hex.EncodeToString(blake.Sum(nil))}, err
}
