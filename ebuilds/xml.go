package ebuilds

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/packaging"
)

// doctype is how Gentoo's metadata.xml files begin; it takes the root element.
const doctype = xml.Header + "<!DOCTYPE %s SYSTEM \"https://www.gentoo.org/dtd/metadata.dtd\">\n"

const maintainerText = `	<maintainer type="person">
		<email>%s</email>
		<name>%s</name>
	</maintainer>
`

const upstreamText = `	<upstream>
		<remote-id type="%s">%s</remote-id>
	</upstream>
`

const categoryText = `<catmetadata>
	<longdescription lang="en">Packages of the category %s.</longdescription>
</catmetadata>
`

// metadataXML writes the metadata.xml of a package of a fork: its maintainer, its
// upstream, and what its USE flags do.
func (o Overlay) metadataXML(f Fork, flags map[string]string) ([]byte, error) {
	name, mail, err := Maintainer(o.Maintainer)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, doctype, "pkgmetadata")
	b.WriteString("<pkgmetadata>\n")
	fmt.Fprintf(&b, maintainerText, escape(mail), escape(name))
	if kind, id, ok := strings.Cut(f.Project.Remote, ":"); ok {
		fmt.Fprintf(&b, upstreamText, escape(kind), escape(id))
	}
	b.WriteString(useXML(flags))
	b.WriteString("</pkgmetadata>\n")
	return b.Bytes(), nil
}

// useXML writes what USE flags do.
func useXML(flags map[string]string) string {
	if len(flags) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\t<use>\n")
	for _, flag := range slices.Sorted(maps.Keys(flags)) {
		fmt.Fprintf(&b, "\t\t<flag name=\"%s\">%s</flag>\n", escape(flag), escape(flags[flag]))
	}
	b.WriteString("\t</use>\n")
	return b.String()
}

var useElement = regexp.MustCompile(`(?s)[ \t]*<use>.*</use>\n?`)

// describe returns a metadata.xml that describes these USE flags instead of its own.
func describe(data []byte, flags map[string]string) []byte {
	head, tail, _ := strings.Cut(useElement.ReplaceAllString(string(data), ""), "</pkgmetadata>")
	return []byte(head + useXML(flags) + "</pkgmetadata>" + tail)
}

// Maintainer returns the name and the address of a maintainer: Name <mail>. A name with a
// comma may be in quotes, as in mails.
func Maintainer(text string) (name, address string, err error) {
	if strings.HasPrefix(text, `"`) {
		if a, err := mail.ParseAddress(text); err == nil {
			return a.Name, a.Address, nil
		}
	}
	name, address, ok := strings.Cut(strings.TrimSuffix(text, ">"), " <")
	if !ok {
		err = fmt.Errorf("%q is not a maintainer: want a name and address, such as Mate <mate@example.org>", text)
	}
	return name, address, err
}

// describes returns what USE flags of a fork install: those of some of its packages.
func (f Fork) describes(packages []packaging.Package) map[string]string {
	out := map[string]string{}
	for _, p := range packages {
		if flag := f.flag(p.Name); flag != "" {
			out[flag] = "Install " + p.Name + ": " + p.Summary
		}
	}
	return out
}

// binaryFlags returns what the USE flags of the precompiled package do.
func (f Fork) binaryFlags() map[string]string {
	out := f.describes(f.Packages)
	for _, u := range f.Project.Use {
		out[strings.TrimPrefix(u.Flag, "+")] = u.Summary
	}
	return out
}

// sourceFlags returns what the USE flags of the package that compiles do.
func (f Fork) sourceFlags() map[string]string {
	out := f.binaryFlags()
	if f.PIE {
		out["pie"] = "Compile programs that can be loaded at any address, which makes some attacks harder"
	}
	return out
}

// described returns what the USE flags of a package do by its metadata.xml.
func (t Tree) described(dir string) map[string]string {
	var of struct {
		Flags []struct {
			Name string `xml:"name,attr"`
			Text string `xml:",chardata"`
		} `xml:"use>flag"`
	}
	out := map[string]string{}
	if xml.Unmarshal(t[dir+"/metadata.xml"], &of) != nil {
		return out // checkXML says why
	}
	for _, flag := range of.Flags {
		out[flag.Name] = flag.Text
	}
	return out
}

// categoryXML writes the metadata.xml of a category.
func categoryXML(category string) []byte {
	return fmt.Appendf(nil, doctype+categoryText, "catmetadata", escape(category))
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}
