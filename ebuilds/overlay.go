package ebuilds

import (
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"
)

// An Overlay is a repository of ebuilds.
type Overlay struct {
	Name       string // of the repository
	Maintainer string // Name <mail>
	Thin       bool   // Manifests list only what is fetched
	Forks      []Fork
	// Others are the packages of forks that are not written again, such as
	// sys-cluster/kubernetes-1.36.2_p1: what the overlay has of them stays.
	Others []string
	// earlier has what the USE flags of ebuilds that stay in an overlay do, by the
	// folder of the package.
	earlier map[string]map[string]string
}

// Files returns the files of the forks' packages and the overlay's settings,
// without Manifests, sorted by path.
func (o Overlay) Files() ([]File, error) {
	files := map[string][]byte{
		"profiles/repo_name":             []byte(o.Name + "\n"),
		"profiles/eapi":                  []byte("8\n"),
		"metadata/layout.conf":           fmt.Appendf(nil, layout, o.Thin),
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
	precompiled, err := f.withoutParts().page()
	if err != nil {
		return err
	}
	name := f.Project.Name
	for _, pkg := range []struct {
		name   string
		ebuild func() ([]byte, error)
		flags  func(Fork) map[string]string
	}{
		{name, func() ([]byte, error) { return f.source(compiled) }, Fork.sourceFlags},
		{name + "-bin", func() ([]byte, error) { return f.binary(precompiled) }, Fork.binaryFlags},
		{name + "-meta", f.meta, func(f Fork) map[string]string { return f.describes(f.names()) }},
	} {
		data, err := pkg.ebuild()
		if err != nil {
			return err
		}
		if data == nil {
			continue
		}
		dir := f.Project.Category + "/" + pkg.name
		files[dir+"/"+pkg.name+"-"+f.pvr()+".ebuild"] = data
		if files[dir+"/metadata.xml"], err = o.metadataXML(f, o.flags(f, dir, pkg.flags)); err != nil {
			return err
		}
	}
	if _, ok := f.Distfiles["patches"]; !ok {
		for _, patch := range f.Series {
			files[fmt.Sprintf("%s/%s/files/%s-%s", f.Project.Category, name, f.P(), patch.Name)] = patch.Data
		}
	}
	return o.accounts(f, files)
}

// flags returns what the USE flags of all versions of a package do.
func (o Overlay) flags(f Fork, dir string, of func(Fork) map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, o.earlier[dir])
	for _, other := range o.Forks {
		if other.Project.Category == f.Project.Category && other.Project.Name == f.Project.Name {
			maps.Copy(out, of(other))
		}
	}
	return out
}

// accounts adds the packages of a fork's users and groups.
func (o Overlay) accounts(f Fork, files map[string][]byte) error {
	for _, user := range f.users() {
		id, ok := f.Project.Accounts[user]
		if !ok {
			continue
		}
		for kind, text := range map[string]string{"group": acctGroup, "user": acctUser} {
			metadata, err := o.metadataXML(Fork{}, nil)
			if err != nil {
				return err
			}
			dir := "acct-" + kind + "/" + user
			files[dir+"/"+user+"-0.ebuild"] = fmt.Appendf(nil, text, f.header(), user, id)
			files[dir+"/metadata.xml"] = metadata
		}
	}
	return nil
}

const acctGroup = `%s
EAPI=8

inherit acct-group

DESCRIPTION="Group of %s"

ACCT_GROUP_ID=%d
`

const acctUser = `%s
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
thin-manifests = %t
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

// summarize returns the files that are about all packages of an overlay: those
// that this run wrote, and older ones.
func (o Overlay) summarize(t Tree) []File {
	newest := map[string]string{}
	categories := map[string]bool{}
	for _, name := range t.Ebuilds() {
		parts := strings.Split(name, "/")
		if len(parts) != 3 {
			continue
		}
		categories[parts[0]] = true
		dir := path.Dir(name)
		if list := t.Versions(dir); len(list) > 0 && !strings.HasPrefix(dir, "acct-") {
			newest[dir] = list[len(list)-1]
		}
	}
	var table strings.Builder
	for _, dir := range slices.Sorted(maps.Keys(newest)) {
		fmt.Fprintf(&table, "| `%s` | %s |\n", dir, newest[dir])
	}
	names := slices.Sorted(maps.Keys(categories))
	out := []File{
		{"README.md", fmt.Appendf(nil, readme, o.Name, table.String())},
		{"profiles/categories", []byte(strings.Join(names, "\n") + "\n")},
	}
	for _, category := range names {
		out = append(out, File{category + "/metadata.xml", categoryXML(category)})
	}
	return out
}

const readme = `# %s

A Gentoo overlay, written by Slipway from pinned forks.

| package | version |
| --- | --- |
%s
The packages that end in ` + "`-bin`" + ` install what was compiled already.

To use it, as root:

` + "```" + `
eselect repository add %[1]s git URL
emaint sync -r %[1]s
` + "```" + `
`

// Manifest writes the Manifest of a package: a line for each file of its folder,
// whose paths are relative to it, and for each distfile.
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
		lines = append(lines, manifestLine(kind, sumOf(name, f.Data)))
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

// sumOf returns the size and the sums of a file under the name that a Manifest has for it.
func sumOf(name string, data []byte) Distfile {
	blake, sha := blake2b.Sum512(data), sha512.Sum512(data)
	return Distfile{
		Name: name, Size: int64(len(data)), SHA512: hex.EncodeToString(sha[:]), BLAKE: hex.EncodeToString(blake[:]),
	}
}

// Sum returns a distfile with its size and sums, which it reads from disk.
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
	return Distfile{
		Name: path.Base(name), Size: n, SHA512: hex.EncodeToString(sha.Sum(nil)), BLAKE: hex.EncodeToString(blake.Sum(nil)),
	}, err
}
