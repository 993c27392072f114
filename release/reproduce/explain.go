package reproduce

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/release/contents"
)

// most is how many findings a result has; maxRead, how many members are read for them.
const (
	most    = 20
	maxRead = 20
)

// arrow is between the places of a finding, from the outside in.
const arrow = " → "

// explain returns how two builds of an artifact differ.
func explain(ctx context.Context, want, got build) ([]Finding, error) {
	if want.plain() && got.plain() {
		return explainFile(want, got)
	}
	ws, err := want.entries(ctx)
	if err != nil {
		return nil, err
	}
	gs, err := got.entries(ctx)
	if err != nil {
		return nil, err
	}
	found, differ := compareMembers(ws, gs)
	of, err := explainContents(ctx, want, got, differ)
	if err != nil {
		return nil, err
	}
	for i, p := range differ {
		if derived(want.of, p.want, found) {
			of[i] = follow(of[i])
		}
	}
	inside := slices.Concat(of...)
	found = append(found, inside...)
	if !slices.ContainsFunc(found, Finding.cause) {
		of, err := compareContainers(ctx, want, got)
		if err != nil {
			return nil, err
		}
		around := slices.ContainsFunc(of, func(f Finding) bool { return f.bytes })
		if others := membersOf(want.of, inside); len(others) > 0 && around {
			return group(others), nil // they differ by digests of what the release does not have
		}
		found = append(found, of...)
	}
	return group(causes(found)), nil
}

// membersOf returns the findings that are about files of an artifact: of an image, those in its
// layers, since its manifests follow from these.
func membersOf(a artifact.Released, found []Finding) []Finding {
	if a.Kind != artifact.Image {
		return found
	}
	return slices.DeleteFunc(slices.Clone(found), func(f Finding) bool {
		return len(f.Where) == 0 || !strings.Contains(f.Where[0], " layer ")
	})
}

// explainFile returns how two files differ that are no archives.
func explainFile(want, got build) ([]Finding, error) {
	w, err := want.whole()
	if err != nil {
		return nil, err
	}
	g, err := got.whole()
	if err != nil {
		return nil, err
	}
	return compareContent(nil, want.of.Path, w, g), nil
}

// explainContents returns how the content of each pair differs. Of pairs that differ alike,
// as of one program in several archives, and of what is too much to read, it is only said
// that it does.
func explainContents(ctx context.Context, want, got build, differ []pair) ([][]Finding, error) {
	found, asked := make([][]Finding, len(differ)), map[string]bool{}
	like, size := map[[2][sha256.Size]byte]entry{}, int64(0)
	for i, p := range differ {
		sums := [2][sha256.Size]byte{p.want.sum, p.got.sum}
		if first, ok := like[sums]; ok {
			found[i] = []Finding{{Where: p.want.where(), What: "content, as of " + strings.Join(first.where(), arrow)}}
			continue
		}
		larger := max(p.want.Size, p.got.Size)
		if len(asked) == maxRead || size+larger > maxContent {
			found[i] = []Finding{{Where: p.want.where(), What: "content"}}
			continue
		}
		size, asked[p.want.key], like[sums] = size+larger, true, p.want
	}
	ws, err := want.contents(ctx, asked)
	if err != nil {
		return nil, err
	}
	gs, err := got.contents(ctx, asked)
	if err != nil {
		return nil, err
	}
	for i, p := range differ {
		if asked[p.want.key] {
			found[i] = compareContent(p.want.where(), p.want.Name, ws[p.want.key], gs[p.want.key])
		}
	}
	return found, nil
}

// follow marks findings as such that follow from others.
func follow(found []Finding) []Finding {
	for i := range found {
		found[i].derived = true
	}
	return found
}

// derivedTags are the fields of an rpm's header that follow from its payload: from any
// difference in it, or from one of a kind.
func derivedTags() map[string]string {
	const always = ""
	return map[string]string{
		"Payloadsha256": always, "Payloadsha256alt": always, "Payloaddigest": always, "Payloaddigestalt": always,
		"Payloadsize": always, "Payloadsizealt": always, "Archivesize": always, "Size": always, "Longsize": always,
		"Filesizes": always, "Longfilesizes": always, "Filedigests": always, "Filemd5s": always,
		"Filemodes": "mode", "Filemtimes": "time", "Fileusername": "owner", "Filegroupname": "owner",
		"Filelinktos": "link",
	}
}

// derived reports whether a member only says what others are, of which this was found.
func derived(of artifact.Released, e entry, found []Finding) bool {
	switch format := contents.FormatOf(of.Path); {
	case format == contents.Deb:
		return path.Base(e.Name) == "md5sums"
	case format != contents.RPM || e.Type != contents.Field:
		return false
	}
	from, ok := derivedTags()[e.Name]
	return e.signature() || ok && (from == "" || slices.ContainsFunc(found, func(f Finding) bool {
		return f.What == from
	}))
}

// group tells once what differs in the same way in many members, as the time of all of them.
func group(found []Finding) []Finding {
	type difference struct{ what, want, got string }
	var out []Finding
	first, more := map[difference]int{}, map[int]int{}
	for _, f := range found {
		d := difference{f.What, f.Want, f.Got}
		if i, seen := first[d]; seen && f.header {
			more[i]++
			continue
		}
		first[d] = len(out)
		out = append(out, f)
	}
	for i, n := range more {
		out[i].What += fmt.Sprintf(" (and of %s)", text.Count(n, "more member"))
	}
	return out
}

// cause reports whether a finding does not merely follow from another.
func (f Finding) cause() bool { return !f.derived }

// causes returns the findings less those that follow from others, unless there are only such.
func causes(found []Finding) []Finding {
	if !slices.ContainsFunc(found, Finding.cause) {
		return found
	}
	return slices.DeleteFunc(found, func(f Finding) bool { return f.derived })
}

// in returns findings below a place.
func in(where []string, found []Finding) []Finding {
	for i := range found {
		found[i].Where = slices.Concat(where, found[i].Where)
	}
	return found
}

// String returns the finding in one line.
func (f Finding) String() string {
	s := f.What
	if len(f.Where) > 0 {
		s = strings.Join(f.Where, arrow) + ": " + s
	}
	if f.Want != "" || f.Got != "" {
		s = fmt.Sprintf("%s: %s in the release, %s in the rebuild", s, shown(f.Want), shown(f.Got))
	}
	return text.Printable(s)
}

func shown(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// maxShown is how many characters of a value are shown.
const maxShown = 160

// short returns a text that fits into a report.
func short(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown]) + "…"
	}
	return s
}
