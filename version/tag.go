package version

import (
	"fmt"
	"strings"
)

// Tag returns the version as the tag of an image: v1.36.1_acme.1. A tag may hold
// no +, and Kubernetes writes _ for it, which no version has.
func (v Version) Tag() string { return "v" + strings.ReplaceAll(v.String(), "+", "_") }

// ParseTag returns the version that a tag was made from.
func ParseTag(tag string) (Version, error) {
	text, ok := strings.CutPrefix(tag, "v")
	v, err := Parse(strings.ReplaceAll(text, "_", "+"))
	if !ok || err != nil || v.Tag() != tag {
		return Version{}, fmt.Errorf("%q is not a version tag: want one like v1.36.1_acme.1", tag)
	}
	return v, nil
}
