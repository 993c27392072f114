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

// MetadataScript is what prints the metadata of ebuilds: bash, to be run in an
// overlay with the folder of the eclasses and the ebuilds' paths as arguments.
//
//go:embed metadata.bash
var MetadataScript string

// cacheDir has what Portage would otherwise find out of each ebuild by itself.
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

// Uncache takes away what is known of ebuilds: it is about others.
func (t Tree) Uncache() {
	maps.DeleteFunc(t, func(name string, _ []byte) bool { return strings.HasPrefix(name, cacheDir) })
}

// Cache adds what MetadataScript printed, in the form of Portage's md5-dict.
// eclass returns the content of an eclass.
func (t Tree) Cache(printed string, eclass func(name string) ([]byte, error)) error {
	sums := map[string]string{}
	for _, block := range strings.Split(strings.TrimSpace(printed), "\n\n") {
		name, values, _ := strings.Cut(block, "\n")
		data, ok := t[name]
		if !ok {
			return fmt.Errorf("%s is no ebuild of the overlay", name)
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
		t[cacheDir+strings.Split(name, "/")[0]+"/"+strings.TrimSuffix(path.Base(name), ".ebuild")] = []byte(b.String())
	}
	return nil
}
