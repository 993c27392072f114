package ebuilds

import (
	"crypto/md5"
	_ "embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// MetadataScript is a bash script that prints the metadata of ebuilds. It is run
// in an overlay; its arguments are the folder of the eclasses and the ebuilds'
// paths.
//
//go:embed metadata.bash
var MetadataScript string

// cacheDir has the metadata that Portage would otherwise compute of each ebuild.
const cacheDir = "metadata/md5-cache/"

// Ebuilds returns the paths of the overlay's ebuilds, sorted.
func (t Tree) Ebuilds() []string {
	var out []string
	for name := range t {
		if path.Ext(name) == ".ebuild" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Uncache removes the metadata of ebuilds: it may be of older ones.
func (t Tree) Uncache() {
	maps.DeleteFunc(t, func(name string, _ []byte) bool { return strings.HasPrefix(name, cacheDir) })
}

// Cache adds the metadata that MetadataScript printed, in Portage's format
// md5-dict. eclass returns the content of an eclass.
func (t Tree) Cache(printed string, eclass func(name string) ([]byte, error)) error {
	sums := map[string]string{}
	for _, block := range strings.Split(strings.TrimSpace(printed), "\n\n") {
		name, values, _ := strings.Cut(block, "\n")
		data, ok := t[name]
		if !ok {
			return fmt.Errorf("%s is not an ebuild of the overlay", name)
		}
		values, inherited, _ := strings.Cut("\n"+values, "\nINHERITED=")
		names := strings.Fields(inherited)
		slices.Sort(names)
		var eclasses []string
		for _, e := range names {
			if sums[e] == "" {
				text, err := eclass(e)
				if err != nil {
					return err
				}
				sums[e] = fmt.Sprintf("%x", md5.Sum(text))
			}
			eclasses = append(eclasses, e, sums[e])
		}
		var b strings.Builder
		b.WriteString(strings.TrimPrefix(values, "\n") + "\n")
		if len(eclasses) > 0 {
			b.WriteString("_eclasses_=" + strings.Join(eclasses, "\t") + "\n")
		}
		fmt.Fprintf(&b, "_md5_=%x\n", md5.Sum(data))
		t[cacheEntry(name)] = []byte(b.String())
	}
	return nil
}

// cacheEntry returns where the metadata of an ebuild is.
func cacheEntry(ebuild string) string {
	category, _, _ := strings.Cut(ebuild, "/")
	return cacheDir + category + "/" + strings.TrimSuffix(path.Base(ebuild), ".ebuild")
}
