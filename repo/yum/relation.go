package yum

import (
	"cmp"
	"strings"

	rpmutils "github.com/sassoftware/go-rpmutils"
)

// A relation is a thing that a package provides, or wants of others.
type relation struct {
	Name    string `xml:"name,attr"`
	Flags   string `xml:"flags,attr,omitempty"` // EQ, LT, GE
	Epoch   string `xml:"epoch,attr,omitempty"`
	Version string `xml:"ver,attr,omitempty"`
	Release string `xml:"rel,attr,omitempty"`
	Pre     string `xml:"pre,attr,omitempty"` // 1 if it has to be there before the package is
}

// relations are the tags of one kind of relation.
type relations struct{ names, flags, versions int }

// The kinds of relations. The library has no names for the tags of weak ones.
var (
	provides    = relations{rpmutils.PROVIDENAME, rpmutils.PROVIDEFLAGS, rpmutils.PROVIDEVERSION}
	requires    = relations{rpmutils.REQUIRENAME, rpmutils.REQUIREFLAGS, rpmutils.REQUIREVERSION}
	conflicts   = relations{rpmutils.CONFLICTNAME, rpmutils.CONFLICTFLAGS, rpmutils.CONFLICTVERSION}
	obsoletes   = relations{rpmutils.OBSOLETENAME, rpmutils.OBSOLETEFLAGS, rpmutils.OBSOLETEVERSION}
	recommends  = relations{5046, 5048, 5047}
	suggests    = relations{5049, 5051, 5050}
	supplements = relations{5052, 5054, 5053}
	enhances    = relations{5055, 5057, 5056}
)

// before are the flags of what has to be there before a package's scripts run: of old
// prerequisites, and of the scripts %pre and %post.
const before = 1<<6 | 1<<9 | 1<<10

// comparison is how the low bits of a relation's flags are written.
var comparison = map[uint64]string{
	rpmutils.RPMSENSE_LESS: "LT", rpmutils.RPMSENSE_GREATER: "GT", rpmutils.RPMSENSE_EQUAL: "EQ",
	rpmutils.RPMSENSE_LESS | rpmutils.RPMSENSE_EQUAL:    "LE",
	rpmutils.RPMSENSE_GREATER | rpmutils.RPMSENSE_EQUAL: "GE",
}

// relations returns all relations of a kind.
func (h *header) relations(of relations) []relation {
	names, flags, versions := h.strings(of.names), h.numbers(of.flags), h.strings(of.versions)
	if !h.even("relations", len(names), len(flags), len(versions)) {
		return nil
	}
	var list []relation
	for i, name := range names {
		r := relation{Name: name, Flags: comparison[flags[i]&0xf]}
		r.Epoch, r.Version, r.Release = evr(versions[i])
		if of == requires && flags[i]&before != 0 {
			r.Pre = "1"
		}
		list = append(list, r)
	}
	return list
}

// evr splits a version. One without an epoch has 0.
func evr(s string) (epoch, version, release string) {
	if s == "" {
		return "", "", ""
	}
	epoch, rest, ok := strings.Cut(s, ":")
	if !ok {
		epoch, rest = "", s
	}
	version, release, _ = strings.Cut(rest, "-")
	return cmp.Or(epoch, "0"), version, release
}

// wanted returns the requirements that clients have to look for in other packages. What rpm
// itself or the package provides is left out, as createrepo_c does. Of glibc's symbol versions
// only the latest is kept, which has the others.
func wanted(all, provided []relation, files []file) []relation {
	with, had, installed := map[relation]bool{}, map[relation]bool{}, map[string]bool{}
	for _, r := range provided {
		with[r] = true
	}
	for _, f := range files {
		installed[f.Path] = f.primary()
	}
	var list, libc []relation
	for _, r := range all {
		bare := r
		bare.Pre = ""
		switch {
		case strings.HasPrefix(r.Name, "rpmlib("), installed[r.Name], with[bare], had[r]:
		case strings.HasPrefix(r.Name, "libc.so.6"):
			if libc == nil || rpmutils.Vercmp(libc[0].Name, r.Name) < 0 {
				libc = []relation{r}
			}
		default:
			had[r] = true
			list = append(list, r)
		}
	}
	return append(list, libc...)
}
