package page

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/release/page/style"
)

// A view is what the template reads: every text, number and coordinate of the page.
type view struct {
	Input
	style.Head
	Facts     []fact
	CVEs      []string
	Sections  []link
	Installs  []install
	Patches   []patch
	Dropped   []string // patches that only the last release has
	Pictures  []picture
	Build     *gantt
	Groups    []group
	Gone      []string // paths of what only the last release has
	Checks    []command
	Documents []document
}

// A fact is a line of what is said first.
type fact struct {
	Name  string
	Parts []link
	Code  bool   // it is to be copied
	Time  string // RFC 3339, of a time
}

// A link is text that leads to URL, if there is one.
type link struct{ Text, URL string }

// A command is what somebody copies into a shell.
type command = style.Command

func newView(in Input) view {
	r := in.Release
	v := view{Input: in, Head: style.NewHead(r.Name + " " + r.Version), CVEs: closed(r.Patches)}
	v.Facts = facts(in)
	v.Installs = installs(in)
	v.Patches, v.Dropped = patches(r, in.Last)
	v.Pictures = pictures(in)
	v.Build = newGantt(in.Timeline)
	v.Groups, v.Gone = groups(in)
	v.Checks, v.Documents = checks(in), documents(in)
	for _, s := range []struct {
		link
		there bool
	}{
		{link{"Install", "#install"}, len(v.Installs) > 0},
		{link{"Patches", "#patches"}, true},
		{link{"Check it", "#check"}, true},
		{link{"Files", "#files"}, len(v.Groups) > 0},
		{link{"Sizes", "#sizes"}, len(v.Pictures) > 0},
		{link{"Build", "#build"}, v.Build != nil},
	} {
		if s.there {
			v.Sections = append(v.Sections, s.link)
		}
	}
	return v
}

func facts(in Input) []fact {
	r := in.Release
	plain := func(name, value string) fact { return fact{Name: name, Parts: []link{{Text: value}}} }
	code := func(name, value string) fact { return fact{Name: name, Parts: []link{{Text: value}}, Code: true} }
	out := []fact{
		plain("Upstream", r.Upstream.Name),
		{Name: "Changes", Parts: []link{{text.Count(len(r.Patches), "patch"), "#patches"}}},
		{Name: "Date", Parts: []link{{Text: style.Day(r.Date)}}, Time: r.Date},
		plain("Platforms", strings.Join(r.Platforms, ", ")),
		plain("Toolchain", r.Toolchain),
		{Name: "Signed", Parts: []link{{signedBy(in.Keys), "#check"}}},
		code("Commit", r.Commit),
		code("Sum of upstream", r.Upstream.Digest),
		code("Sum of the patched tree", r.Tree),
		code("Sum of fork.lock", r.Lock),
	}
	return slices.DeleteFunc(out, func(f fact) bool { return f.Parts[0].Text == "" })
}

func signedBy(keys []artifact.ReleaseKey) string {
	var uses []string
	for _, k := range keys {
		uses = append(uses, k.Use)
	}
	return cmp.Or(strings.Join(slices.Compact(uses), ", "), "no")
}

// A patch is one of the series, and how it differs from the last release's.
type patch struct {
	artifact.ReleasedPatch
	From  []link // its origin
	State string // new or changed; "" as before, or where there is no release before
}

// patches returns those of a release, and the titles of those that only the last one has.
func patches(now artifact.Release, last *artifact.Release) (out []patch, dropped []string) {
	var before []artifact.ReleasedPatch
	if last != nil {
		before = last.Patches
	}
	changes, gone := artifact.ComparePatches(now.Patches, before)
	for _, c := range changes {
		one := patch{ReleasedPatch: c.ReleasedPatch, From: linked(c.Origin)}
		if last != nil {
			one.State = string(c.Change)
		}
		out = append(out, one)
	}
	for _, p := range gone {
		dropped = append(dropped, cmp.Or(p.Title, p.Name))
	}
	return out, dropped
}

// closed returns what the patches fix, sorted.
func closed(patches []artifact.ReleasedPatch) []string {
	var out []string
	for _, p := range patches {
		out = append(out, p.CVEs...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// linked returns a text in parts: its words that are URLs of the web are links. Whoever
// wrote the patch wrote the text, so nothing else of it is one.
func linked(s string) []link {
	var out []link
	for i, word := range strings.Fields(s) {
		trail := ""
		if bare := strings.TrimRight(word, ",;"); bare != word {
			word, trail = bare, word[len(bare):]
		}
		one := link{Text: word}
		if u, err := url.Parse(word); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
			one.URL = word
		}
		if i > 0 {
			out = append(out, link{Text: " "})
		}
		if out = append(out, one); trail != "" {
			out = append(out, link{Text: trail})
		}
	}
	return out
}

// amount returns a number of bytes as people read it.
func amount(n int64) string {
	units := []string{"KiB", "MiB", "GiB"}
	if n < 1<<10 && n > -1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for ; (value >= 999.95 || value <= -999.95) && unit < len(units)-1; unit++ {
		value /= 1024
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

// change returns how a number of bytes differs from the one before.
func change(now, before int64) string {
	switch diff := now - before; {
	case diff == 0:
		return "same"
	case before == 0:
		return "+" + amount(diff)
	default:
		sign, percent := "+", 100*float64(diff)/float64(before)
		if diff < 0 {
			sign, diff, percent = "−", -diff, -percent
		}
		return fmt.Sprintf("%s%s (%s%.1f %%)", sign, amount(diff), sign, percent)
	}
}

// count returns how many files there are, in the template.
func count(files []file) string { return text.Count(len(files), "file") }
