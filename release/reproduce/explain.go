package reproduce

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/contents"
)

// most is how many findings a result has, and how many members are read to explain one.
const most = 20

// explain returns how two builds of an artifact differ.
func explain(ctx context.Context, want, got build) ([]Finding, error) {
	if want.plain() && got.plain() {
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
	ws, err := want.entries(ctx)
	if err != nil {
		return nil, err
	}
	gs, err := got.entries(ctx)
	if err != nil {
		return nil, err
	}
	found, differ := compareMembers(ws, gs)
	for i, e := range differ {
		if i == most {
			for _, e := range differ[i:] {
				found = append(found, Finding{Where: e.where(), What: "content"})
			}
			break
		}
		of, err := explainMember(ctx, want, got, e)
		if err != nil {
			return nil, err
		}
		found = append(found, of...)
	}
	if !slices.ContainsFunc(found, Finding.cause) {
		of, err := compareContainers(ctx, want, got)
		if err != nil {
			return nil, err
		}
		found = append(found, of...)
	}
	return causes(found), nil
}

// explainMember returns how the content of a member differs.
func explainMember(ctx context.Context, want, got build, e entry) ([]Finding, error) {
	w, err := want.content(ctx, e.key)
	if err != nil {
		return nil, err
	}
	g, err := got.content(ctx, e.key)
	if err != nil {
		return nil, err
	}
	found := compareContent(e.where(), e.Name, w, g)
	for i := range found {
		found[i].derived = found[i].derived || derived(want.of, e)
	}
	return found, nil
}

// derivedTags are the fields of an rpm's header that follow from its payload.
var derivedTags = []string{"Size", "Longsize", "Archivesize", "Payloadsha256", "Payloadsha256alt", "Payloaddigest",
	"Payloaddigestalt", "Payloadsize", "Payloadsizealt", "Filesizes", "Longfilesizes", "Filedigests", "Filemd5s",
	"Filemodes", "Filemtimes", "Fileusername", "Filegroupname", "Filelinktos", "Basenames", "Dirnames", "Dirindexes",
	"Fileinodes", "Fileflags"}

// derived reports whether a member only says what others are.
func derived(of artifact.Released, e entry) bool {
	if contents.FormatOf(of.Path) == contents.RPM && e.Type == contents.Field {
		return e.Part == "signature" || slices.Contains(derivedTags, e.Name)
	}
	return contents.FormatOf(of.Path) == contents.Deb && path.Base(e.Name) == "md5sums"
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
		s = strings.Join(f.Where, " → ") + ": " + s
	}
	if f.Want != "" || f.Got != "" {
		s = fmt.Sprintf("%s: %s in the release, %s in the rebuild", s, shown(f.Want), shown(f.Got))
	}
	return printable(s)
}

// printable returns a text without what a terminal would take for commands: the names in an
// archive are anybody's.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
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
