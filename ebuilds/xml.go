package ebuilds

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
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

// metadataXML writes the metadata.xml of a package: its maintainer, its upstream,
// and what the USE flags of the given packages install.
func (o Overlay) metadataXML(f Fork, packages []packaging.Package) ([]byte, error) {
	name, mail, ok := strings.Cut(strings.TrimSuffix(o.Maintainer, ">"), " <")
	if !ok {
		return nil, fmt.Errorf("%q is not a maintainer: "+
			"want a name and address, such as Mate <mate@example.org>", o.Maintainer)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, doctype, "pkgmetadata")
	b.WriteString("<pkgmetadata>\n")
	fmt.Fprintf(&b, maintainerText, escape(mail), escape(name))
	if kind, id, ok := strings.Cut(f.Project.Remote, ":"); ok {
		fmt.Fprintf(&b, upstreamText, escape(kind), escape(id))
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

// categoryXML writes the metadata.xml of a category.
func categoryXML(category string) []byte {
	return fmt.Appendf(nil, doctype+categoryText, "catmetadata", escape(category))
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}
