package yum

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// A part is a document that repomd.xml names.
type part struct {
	kind    string // primary
	suffix  string // .gz
	open    int    // bytes, before it is compressed
	openSum string
	data    []byte
	sum     string
}

// file returns the name of the part, which tells its content.
func (p part) file() string { return p.sum + "-" + p.kind + ".xml" + p.suffix }

// lists are the documents that have an element of each package.
var lists = []struct {
	kind, root, attributes string
	element                func(Package) string
}{
	{"primary", "metadata", `xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm"`,
		func(p Package) string { return p.Primary }},
	{"filelists", "filelists", `xmlns="http://linux.duke.edu/metadata/filelists"`,
		func(p Package) string { return p.Filelists }},
	{"other", "otherdata", `xmlns="http://linux.duke.edu/metadata/other"`, func(p Package) string { return p.Other }},
}

// parts returns the documents of the repository, compressed at the same time.
func (r Repository) parts() ([]part, error) {
	packages := slices.SortedFunc(slices.Values(r.Packages), compare)
	packages = slices.CompactFunc(packages, func(a, b Package) bool { return a.SHA256 == b.SHA256 })
	advisories, err := r.updates()
	if err != nil {
		return nil, err
	}
	parts := make([]part, len(lists), len(lists)+1)
	var group errgroup.Group
	for i, l := range lists {
		group.Go(func() (err error) {
			var text bytes.Buffer
			fmt.Fprintf(&text, "%s<%s %s packages=\"%d\">\n", xml.Header, l.root, l.attributes, len(packages))
			for _, p := range packages {
				text.WriteString(l.element(p))
				text.WriteByte('\n')
			}
			fmt.Fprintf(&text, "</%s>\n", l.root)
			parts[i], err = r.part(l.kind, text.Bytes())
			return err
		})
	}
	if err := group.Wait(); err != nil || len(advisories.List) == 0 {
		return parts, err
	}
	text, err := encode(advisories)
	if err != nil {
		return nil, err
	}
	updates, err := r.part("updateinfo", text)
	return append(parts, updates), err
}

// compare orders packages by name and version, as texts.
func compare(a, b Package) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Epoch, b.Epoch),
		strings.Compare(a.Version, b.Version), strings.Compare(a.Release, b.Release),
		strings.Compare(a.Architecture, b.Architecture), strings.Compare(a.SHA256, b.SHA256))
}

func (r Repository) part(kind string, text []byte) (part, error) {
	p := part{kind: kind, suffix: ".gz", open: len(text), openSum: sum(text)}
	var out bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&out)
	if r.Zstd {
		p.suffix = ".zst"
		var err error
		if w, err = zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1)); err != nil {
			return p, err
		}
	}
	if _, err := w.Write(text); err != nil {
		return p, err
	}
	if err := w.Close(); err != nil {
		return p, err
	}
	p.data = out.Bytes()
	p.sum = sum(p.data)
	return p, nil
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// encode returns a whole document.
func encode(document any) ([]byte, error) {
	data, err := xml.MarshalIndent(document, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

// The elements of repomd.xml.
type (
	repomd struct {
		XMLName  xml.Name `xml:"repomd"`
		Space    string   `xml:"xmlns,attr"`
		Revision int64    `xml:"revision"`
		Data     []data   `xml:"data"`
	}
	data struct {
		Type         string   `xml:"type,attr"`
		Checksum     checksum `xml:"checksum"`
		OpenChecksum checksum `xml:"open-checksum"`
		Location     location `xml:"location"`
		Timestamp    int64    `xml:"timestamp"`
		Size         int      `xml:"size"`
		OpenSize     int      `xml:"open-size"`
	}
)

// index returns repomd.xml.
func (r Repository) index(parts []part) repomd {
	index := repomd{Space: "http://linux.duke.edu/metadata/repo", Revision: r.Time.Unix()}
	for _, p := range parts {
		index.Data = append(index.Data, data{
			Type: p.kind, Checksum: checksum{Type: "sha256", Sum: p.sum},
			OpenChecksum: checksum{Type: "sha256", Sum: p.openSum}, Location: location{"repodata/" + p.file()},
			Timestamp: r.Time.Unix(), Size: len(p.data), OpenSize: p.open,
		})
	}
	return index
}
