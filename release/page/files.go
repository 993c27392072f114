package page

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
)

// A group is the files of one kind.
type group struct {
	ID, Title string
	Total     int64
	Folded    bool // there are many, and few people look for one
	Blocks    []block
}

// A block is the files of a kind for one platform.
type block struct {
	Platform string
	Files    []file
}

// A file is a file of the release, or an image in it.
type file struct {
	artifact.Released
	Label, URL string // URL is "" of an image
	Change     string
	Signature  string // URL; "" where there is none
}

// kinds are those of a release in the order of the page.
var kinds = []struct {
	kind   artifact.Kind
	title  string
	folded bool
}{
	{artifact.Package, "Packages", false},
	{artifact.Image, "Images", false},
	{artifact.Tarball, "Tarballs", false},
	{artifact.Binary, "Binaries", false},
	{artifact.Source, "Source", false},
	{artifact.Document, "Documents", false},
	{artifact.Distfile, "Distfiles of the overlay", true},
	{artifact.Overlay, "Files of the overlay", true},
	{artifact.Layout, "Files of the image layout", true},
}

// groups returns the files of a release by kind and platform, and the paths of those of
// the last release that have no successor.
func groups(in Input) (out []group, gone []string) {
	before := newLast(in)
	for _, k := range kinds {
		g := group{ID: "files-" + string(k.kind), Title: k.title, Folded: k.folded}
		blocks := map[string]int{}
		for _, a := range in.Release.Kind(k.kind) {
			i, ok := blocks[a.Platform]
			if !ok {
				i = len(g.Blocks)
				blocks[a.Platform] = i
				g.Blocks = append(g.Blocks, block{Platform: a.Platform})
			}
			g.Blocks[i].Files = append(g.Blocks[i].Files, newFile(in, a, before))
			g.Total += a.Size
		}
		slices.SortFunc(g.Blocks, func(a, b block) int { // what is for any platform is the last
			const last = "\xff"
			return strings.Compare(cmp.Or(a.Platform, last), cmp.Or(b.Platform, last))
		})
		if len(g.Blocks) > 0 {
			out = append(out, g)
		}
	}
	return out, before.gone()
}

func newFile(in Input, a artifact.Released, before *last) file {
	f := file{Released: a, Label: a.Path, URL: escaped(a.Path), Change: before.change(a)}
	if a.Kind == artifact.Image {
		f.Label, f.URL = a.Name, ""
	}
	for _, suffix := range []string{artifact.BundleSuffix, artifact.ArmorSuffix} {
		if slices.Contains(in.Files, a.Path+suffix) {
			f.Signature = escaped(a.Path + suffix)
		}
	}
	return f
}

// escaped returns a path as a relative URL.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// last is the release before this one, by what its files are.
type last struct {
	release *artifact.Release
	version string // of this release
	files   map[string][]artifact.Released
	taken   map[string]bool
}

func newLast(in Input) *last {
	l := &last{in.Last, in.Release.Version, map[string][]artifact.Released{}, map[string]bool{}}
	if in.Last != nil {
		for _, a := range in.Last.Artifacts {
			key := identity(a, in.Last.Version)
			l.files[key] = append(l.files[key], a)
		}
	}
	return l
}

// identity returns what a file is, whatever its version: what has a name is known by it,
// and the rest by its path without the version.
func identity(a artifact.Released, version string) string {
	name := a.Name
	if name == "" {
		name = strings.ReplaceAll(a.Path, version, "VERSION")
	}
	return strings.Join([]string{string(a.Kind), a.Format, a.Platform, name}, "\n")
}

// before returns the file that a is the successor of.
func (l *last) before(a artifact.Released) (artifact.Released, bool) {
	key := identity(a, l.version)
	if was := l.files[key]; len(was) == 1 {
		l.taken[key] = true
		return was[0], true
	}
	return artifact.Released{}, false
}

// change returns how the size of a differs from before; "" where there is no last release.
func (l *last) change(a artifact.Released) string {
	if l.release == nil {
		return ""
	}
	was, ok := l.before(a)
	if !ok {
		return "new"
	}
	return change(a.Size, was.Size)
}

// gone returns the paths of the last release's files that no file of this one is the
// successor of. The files of overlays and layouts are many, and their names change.
func (l *last) gone() []string {
	var out []string
	for key, files := range l.files {
		for _, a := range files {
			if !l.taken[key] && a.Kind != artifact.Overlay && a.Kind != artifact.Layout && a.Kind != artifact.Distfile {
				out = append(out, a.Path)
				if a.Kind == artifact.Image {
					out[len(out)-1] = "image " + a.Name
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
