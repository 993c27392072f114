package page

import (
	"strings"

	"github.com/slipway-build/slipway/release/page/style"
	"github.com/slipway-build/slipway/repo/page/index"
)

// A view is what the template reads.
type view struct {
	index.Index
	style.Head
	Day       string // of the snapshot that is shown
	KeyFile   string // with the keys
	Dated     *command
	Sections  []section
	Ways      []way
	Rows      []row
	Downloads []downloads
	History   []change
}

// A section is a part of the page, by its ID.
type section struct{ Text, ID string }

// A row is a suite, with links that are relative to the page.
type row struct {
	index.Suite
	Sources, Repo, Mirrorlist string // "" where there is none
}

// downloads are the versions of a fork in a channel.
type downloads struct {
	index.Download
	PointerLink string
	Links       []link // to the sums of each version
}

// A link is text that leads to a file of the repository.
type link struct{ Text, URL string }

// A change is a snapshot, and what made it.
type change struct {
	index.Snapshot
	Day, What string
	Shown     bool
}

func newView(in Input, doc index.Index) view {
	v := view{Index: doc, Head: style.NewHead(in.Origin + " packages"), Day: style.Day(doc.Time), Ways: ways(in, doc),
		KeyFile: escaped(in.Name + ".asc")}
	for _, s := range doc.Suites {
		r := row{Suite: s}
		if s.Apt != nil && s.Apt.Sources != "" {
			r.Sources = escaped("apt", s.Name+".sources")
		}
		if s.Yum != nil {
			r.Mirrorlist = escaped("rpm", s.Name, "mirrorlist")
			if s.Yum.Repo != "" {
				r.Repo = escaped("rpm", s.Name+".repo")
			}
		}
		v.Rows = append(v.Rows, r)
	}
	for _, d := range doc.Downloads {
		one := downloads{Download: d, PointerLink: relative(doc, d.Pointer)}
		for _, version := range d.Fork.Versions {
			one.Links = append(one.Links, link{version, relative(doc, d.URL) + escaped("/v"+version, "SHA256SUMS")})
		}
		v.Downloads = append(v.Downloads, one)
	}
	for _, s := range doc.Snapshots {
		v.History = append(v.History, change{s, style.Day(s.Time), strings.Join(append([]string{s.Verb}, s.Args...), " "),
			s.ID == doc.Snapshot})
	}
	if in.Dated && doc.Snapshots[0].Apt != "" {
		id := doc.Snapshots[0].ID
		v.Dated = &command{Lines: []string{style.Words("apt", "--snapshot", id, "update"),
			style.Words("apt", "--snapshot", id, "upgrade")}}
	}
	v.Sections = sections(v)
	return v
}

// relative returns a URL of the repository relative to its root.
func relative(doc index.Index, url string) string { return strings.TrimPrefix(url, doc.URL+"/") }

func sections(v view) []section {
	var out []section
	for _, s := range []struct {
		section
		there bool
	}{
		{section{"Use it", "use"}, len(v.Ways) > 0},
		{section{"Suites", "suites"}, len(v.Rows) > 0},
		{section{"Downloads", "downloads"}, len(v.Downloads) > 0},
		{section{"Images", "images"}, len(v.Images) > 0},
		{section{"Keys", "keys"}, true},
		{section{"Snapshots", "snapshots"}, true},
	} {
		if s.there {
			out = append(out, s.section)
		}
	}
	return out
}
