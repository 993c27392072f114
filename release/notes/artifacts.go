package notes

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/text"
)

// listed are the kinds of artifacts that the notes list one by one, in this order. The
// rest is counted.
var listed = []artifact.Kind{artifact.Package, artifact.Image, artifact.Binary, artifact.Tarball, artifact.Distfile,
	artifact.Source}

// artifacts lists what is released, with sizes beside those of the last release.
func (w *writer) artifacts(in Input) {
	now, last := byIdentity(&in.Release), byIdentity(in.Last)
	var rows [][]string
	for _, kind := range listed {
		for _, a := range in.Release.Kind(kind) {
			since := ""
			if in.Last != nil {
				since = growth(now[identity(a)], last[identity(a)])
			}
			rows = append(rows, []string{plain(name(a)), plain(a.Platform), size(a.Size), since, code(a.Digest)})
		}
	}
	w.line("## Artifacts\n")
	if len(rows) > 0 {
		w.table([]string{"artifact", "platform", "size", "since " + lastVersion(in), "digest"}, rows)
	}
	var gone []string
	for id, before := range last {
		if len(now[id]) == 0 {
			gone = append(gone, plain(name(before[0])))
		}
	}
	if slices.Sort(gone); len(gone) > 0 {
		w.line("Not released any more: %s.\n", strings.Join(gone, ", "))
	}
	w.line("%s lists each file, %s in all.\n", code(artifact.ReleaseFile),
		text.Count(len(in.Release.Artifacts), "artifact"))
}

// name returns the name of an image, or of the file that something is.
func name(a artifact.Released) string {
	if a.Kind == artifact.Image {
		return "image " + a.Name
	}
	return path.Base(a.Path)
}

// number matches the numbers of a file's name, in which that of the next release differs.
var number = regexp.MustCompile(`[0-9][0-9A-Za-z.+~]*`)

// identity is what an artifact has in common with the same of another version.
func identity(a artifact.Released) string {
	file := number.ReplaceAllString(path.Base(a.Path), "#")
	return strings.Join([]string{string(a.Kind), a.Format, a.Platform, a.Name, file}, "\x00")
}

// byIdentity returns the listed artifacts of a release by what they have in common with
// those of another.
func byIdentity(r *artifact.Release) map[string][]artifact.Released {
	out := map[string][]artifact.Released{}
	if r == nil {
		return out
	}
	for _, a := range r.Artifacts {
		if slices.Contains(listed, a.Kind) {
			out[identity(a)] = append(out[identity(a)], a)
		}
	}
	return out
}

// growth says how much larger an artifact is than it was. Of several that are alike,
// nobody knows which was which.
func growth(now, last []artifact.Released) string {
	switch {
	case len(last) == 0:
		return "new"
	case len(now) > 1, len(last) > 1, last[0].Size == 0:
		return ""
	case last[0].Digest == now[0].Digest:
		return "same"
	}
	before := last[0].Size
	return fmt.Sprintf("%+.1f %% from %s", 100*float64(now[0].Size-before)/float64(before), size(before))
}

// size returns a number of bytes for people: 53.0 MB.
func size(n int64) string {
	value, unit := float64(n), ""
	for _, next := range []string{"kB", "MB", "GB", "TB"} {
		if value < 999.95 {
			break
		}
		value, unit = value/1000, next
	}
	if unit == "" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}
