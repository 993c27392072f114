// Package deb writes packages in Debian's format.
package deb

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/goreleaser/nfpm/v2/deb"

	"github.com/slipway-build/slipway/packaging"
)

// Revision counts the changes of this package that change what it writes.
const Revision = 2

// Write writes a package to w. scratch is an empty folder for intermediate files.
// It returns the name that the file should have.
func Write(p packaging.Package, w io.Writer, scratch string) (name string, err error) {
	added, err := papers(p)
	if err != nil {
		return "", err
	}
	p.Files = append(added, p.Files...)
	info, err := describe(p, scratch)
	if err != nil {
		return "", err
	}
	info.Deb.Compression = p.Compression
	info.Depends = relations(p.Relations.Depends)
	info.Recommends = relations(p.Relations.Recommends)
	info.Suggests = relations(p.Relations.Suggests)
	info.Conflicts = relations(p.Relations.Conflicts)
	info.Replaces = relations(p.Relations.Replaces)
	info.Provides = relations(p.Relations.Provides)
	if err := addScripts(info, p, scratch); err != nil {
		return "", err
	}
	if err := deb.Default.Package(info, w); err != nil {
		return "", fmt.Errorf("package %s: %w", p.Name, err)
	}
	return deb.Default.ConventionalFileName(info), nil
}

// relations writes relations as in control files.
func relations(list []packaging.Relation) []string {
	var out []string
	for _, r := range list {
		var names []string
		for _, n := range r.Names() {
			name := n.Package
			switch n.Op {
			case "":
			case "<", ">":
				name += fmt.Sprintf(" (%s%s %s)", n.Op, n.Op, n.Version)
			default:
				name += fmt.Sprintf(" (%s %s)", n.Op, n.Version)
			}
			names = append(names, name)
		}
		out = append(out, strings.Join(names, " | "))
	}
	return out
}

// papers returns the files that Debian's policy wants in every package, copyright
// and changelog, and the overrides for its linter.
func papers(p packaging.Package) ([]packaging.File, error) {
	doc := "/usr/share/doc/" + p.Name + "/"
	changes, err := packaging.Gzip(changelog(p))
	if err != nil {
		return nil, err
	}
	out := []packaging.File{
		{Path: doc + "changelog.Debian.gz", Mode: 0o644, Data: changes},
		{Path: doc + "copyright", Mode: 0o644, Data: copyright(p)},
	}
	var b bytes.Buffer
	for _, o := range append(overrides(p), p.Overrides...) {
		fmt.Fprintf(&b, "# %s\n%s: %s\n", o.Reason, p.Name, o.Tag)
	}
	return append(out, packaging.File{Path: "/usr/share/lintian/overrides/" + p.Name, Mode: 0o644, Data: b.Bytes()}), nil
}

// overrides returns the linter's findings that follow from how packages are made.
func overrides(p packaging.Package) []packaging.Override {
	out := []packaging.Override{{Tag: "initial-upload-closes-no-bugs", Reason: "It is not uploaded to Debian's archive."}}
	if p.Static() {
		out = append(out, packaging.Override{
			Tag:    "statically-linked-binary",
			Reason: "Programs of Go are, and so are the same on every distribution.",
		})
	}
	if len(p.Retired)+len(p.Layers) > 0 {
		out = append(out, packaging.Override{
			Tag:    "maintainer-script-should-not-use-dpkg-maintscript-helper",
			Reason: "The lines are those that debhelper would write.",
		})
	}
	return out
}

// changelog writes the changes by Debian's policy, chapter 4.4. A version that fixes a
// vulnerability is urgent, by chapter 5.6.17.
func changelog(p packaging.Package) []byte {
	var b bytes.Buffer
	urgency := "medium"
	if len(p.Closes) > 0 {
		urgency = "high"
	}
	fmt.Fprintf(&b, "%s (%s) stable; urgency=%s\n\n", p.Name, p.Release(), urgency)
	for _, line := range p.Changes {
		fmt.Fprintf(&b, "  * %s\n", strings.Join(wrap(line, 74), "\n    "))
	}
	fmt.Fprintf(&b, "\n -- %s  %s\n", mailbox(p.Maintainer), p.Date.UTC().Format("Mon, 02 Jan 2006 15:04:05 +0000"))
	return b.Bytes()
}

// wrap breaks a line between words.
func wrap(line string, width int) []string {
	out := []string{""}
	for _, word := range strings.Fields(line) {
		last := &out[len(out)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) > width:
			out = append(out, word)
		default:
			*last += " " + word
		}
	}
	return out
}

// copyright writes https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/.
func copyright(p packaging.Package) []byte {
	text := string(p.LicenseText)
	if common[p.License] {
		text = "On Debian systems, the text of this license is in\n/usr/share/common-licenses/" + p.License + "."
	}
	return []byte("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n" +
		field("Source", p.Homepage) + "\n" + field("Files", "*") + field("Copyright", p.Copyright) +
		field("License", p.License+"\n"+text))
}

// common are the licenses, by SPDX's names, that every Debian system has a copy of
// under the same name.
var common = map[string]bool{"Apache-2.0": true, "MPL-1.1": true, "MPL-2.0": true}
