package verify

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/reproduce"
)

// A sumList is one of the two lists of sums of a release.
type sumList struct {
	file   string
	digits int // of a sum
	of     func(*facts) string
}

var sumLists = []sumList{
	{artifact.SHA256Sums, 2 * sha256.Size, func(f *facts) string { return f.sha256 }},
	{artifact.SHA512Sums, 2 * sha512.Size, func(f *facts) string { return f.sha512 }},
}

// pageFile is the page that tells how one machine built the release.
const pageFile = "index.html"

// unlisted reports whether a file is in no list of sums: the lists, signatures of files,
// the page, and the statements of those who rebuilt the release, which are added later.
func (v *verification) unlisted(name string) bool {
	switch strings.TrimSuffix(name, artifact.ArmorSuffix) {
	case artifact.SHA256Sums, artifact.SHA512Sums:
		return true
	}
	return name == pageFile || v.signs(name) != "" || path.Dir(name) == reproduce.AttestationsFolder
}

// signs returns the file that a bundle beside it signs; "" where there is none.
func (v *verification) signs(name string) string {
	signed, bundle := strings.CutSuffix(name, artifact.BundleSuffix)
	switch {
	case name == artifact.ProvenanceBundle:
		return provenance.File
	case bundle && v.has(signed):
		return signed
	}
	return ""
}

// checkSums checks that both lists name every file with its sum, and nothing else.
func (v *verification) checkSums() Check {
	c := Check{Name: "sums", Of: "files with the sums of SHA256SUMS and SHA512SUMS"}
	var listed []map[string]string
	for _, l := range sumLists {
		data, err := v.read(l.file)
		if err != nil {
			c.fault(l.file, again, "%v", err)
			continue
		}
		sums := l.parse(string(data), &c)
		listed = append(listed, sums)
		v.checkList(&c, l, sums)
	}
	for _, name := range v.paths {
		right := len(listed) == len(sumLists)
		for i, sums := range listed {
			right = right && sums[name] == sumLists[i].of(v.facts[name])
		}
		if right {
			c.Count++
		}
	}
	return c.done()
}

// checkList checks the files of the folder against one list.
func (v *verification) checkList(c *Check, l sumList, sums map[string]string) {
	for _, name := range v.paths {
		sum, ok := sums[name]
		switch {
		case !ok && !v.unlisted(name):
			c.fault(name, "remove it, or "+again, "%s does not list it", l.file)
		case ok && v.facts[name].unread: // it has another size than the record says, or is not in it
		case ok && sum != l.of(v.facts[name]):
			c.fault(name, again, "its sum is %s, and %s has %s", l.of(v.facts[name]), l.file, sum)
		}
	}
	for name := range sums {
		if !v.has(name) {
			c.fault(name, again, "%s lists it, and it is missing", l.file)
		}
	}
}

var hexDigits = regexp.MustCompile(`^[0-9a-f]+$`)

// parse reads a list. A line that it cannot read is a fault, and is left out.
func (l sumList) parse(text string, c *Check) map[string]string {
	sums, last := map[string]string{}, ""
	if text != "" && !strings.HasSuffix(text, "\n") {
		c.fault(l.file, again, "its last line does not end: it is cut off")
	}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		where := fmt.Sprintf("%s:%d", l.file, i+1)
		sum, name, ok := strings.Cut(line, "  ")
		_, twice := sums[name]
		switch {
		case !ok || len(sum) != l.digits || !hexDigits.MatchString(sum):
			c.fault(where, again, "%.80q is not a line of sums: want %d hexadecimal digits, two spaces, a path", line, l.digits)
			continue
		case name != path.Clean(name) || !filepath.IsLocal(name) || strings.Contains(name, `\`):
			c.fault(where, publish, "the path %q leads out of the release, or is not clean", name)
			continue
		case twice:
			c.fault(where, publish, "it lists %s twice", name)
			continue
		case name < last:
			c.fault(where, publish, "%s is listed after %s: a list is sorted by path", name, last)
		}
		sums[name], last = sum, name
	}
	return sums
}
