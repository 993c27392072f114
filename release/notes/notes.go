// Package notes writes the notes of a release as Markdown.
package notes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/internal/vulnid"
)

// File is the name of the notes in a release's folder.
const File = "notes.md"

// Input is what the notes of a release are made of.
type Input struct {
	Release artifact.Release
	Last    *artifact.Release     // the release before it; nil if it is the first
	Keys    []artifact.ReleaseKey // that it is signed with; none if it is unsigned
}

// Markdown returns the notes of a release: its upstream, the vulnerabilities that it
// fixes, its patches and what has become of those of the last release, its artifacts
// with their sizes beside the last ones, and how to verify it. The same input makes the
// same bytes.
func Markdown(in Input) []byte {
	w := &writer{}
	w.head(in)
	w.vulnerabilities(in)
	w.patches(in)
	w.artifacts(in)
	w.verification(in)
	return []byte(w.String())
}

// A writer collects the text.
type writer struct{ strings.Builder }

// line writes a line. The format is Markdown, and so are its arguments.
func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// table writes a table without the columns that are empty in all rows.
func (w *writer) table(columns []string, rows [][]string) {
	filled := func(row []string) []string {
		var out []string
		for c, cell := range row {
			if slices.ContainsFunc(rows, func(row []string) bool { return row[c] != "" }) {
				out = append(out, cell)
			}
		}
		return out
	}
	columns = filled(columns)
	w.line("| %s |\n|%s", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)))
	for _, row := range rows {
		w.line("| %s |", strings.Join(filled(row), " | "))
	}
	w.line("")
}

// head says what is released, and of what.
func (w *writer) head(in Input) {
	r := in.Release
	w.line("# %s %s\n", plain(r.Name), plain(r.Version))
	what := "without patches"
	if n := len(r.Patches); n > 0 {
		what = "with " + text.Count(n, "patch")
	}
	w.line("Based on %s, %s. Compiled with %s.", code(r.Upstream.Name), what, plain(r.Toolchain))
	if in.Last != nil {
		since := fmt.Sprintf("The last release was %s", plain(in.Last.Version))
		if in.Last.Upstream != r.Upstream {
			since += ", based on " + code(in.Last.Upstream.Name)
		}
		w.line("%s.", since)
	}
	w.line("")
}

// vulnerabilities lists what the patches fix: first what those of the last release did
// not.
func (w *writer) vulnerabilities(in Input) {
	now, before := artifact.FixedBy(in.Release.Patches), map[string][]string{}
	if in.Last != nil {
		before = artifact.FixedBy(in.Last.Patches)
	}
	var rows [][]string
	for _, id := range slices.Sorted(maps.Keys(now)) {
		since := ""
		if in.Last != nil && before[id] == nil {
			since = "new"
		}
		rows = append(rows, []string{link(id, vulnid.URL(id)), plain(strings.Join(now[id], ", ")), since})
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(b[2], a[2]) })
	var gone []string
	for _, id := range slices.Sorted(maps.Keys(before)) {
		if now[id] == nil {
			gone = append(gone, link(id, vulnid.URL(id)))
		}
	}
	if len(rows)+len(gone) == 0 {
		return
	}
	w.line("## Vulnerabilities\n")
	if len(rows) > 0 {
		w.table([]string{"fixed", "by", "since " + lastVersion(in)}, rows)
	}
	if len(gone) > 0 {
		w.line("No patch is said to fix %s any more; the last release had one.\n", strings.Join(gone, ", "))
	}
}

// lastVersion returns the version of the last release, "" if there is none.
func lastVersion(in Input) string {
	if in.Last == nil {
		return ""
	}
	return plain(in.Last.Version)
}

// patches lists the patches, and those of the last release that are gone.
func (w *writer) patches(in Input) {
	var last []artifact.ReleasedPatch
	if in.Last != nil {
		last = in.Last.Patches
	}
	changes, dropped := artifact.ComparePatches(in.Release.Patches, last)
	if len(changes)+len(dropped) == 0 {
		return
	}
	w.line("## Patches\n")
	columns := []string{"patch", "title", "author", "origin", "since " + lastVersion(in)}
	var rows [][]string
	for _, c := range changes {
		since := ""
		if in.Last != nil {
			since = string(c.Change)
		}
		rows = append(rows, append(patchRow(c.ReleasedPatch), since))
	}
	if len(rows) > 0 {
		w.table(columns, rows)
	}
	if len(dropped) == 0 {
		return
	}
	rows = nil
	for _, p := range dropped {
		rows = append(rows, patchRow(p))
	}
	w.line("Dropped since %s:\n", lastVersion(in))
	w.table(columns[:4], rows)
}

func patchRow(p artifact.ReleasedPatch) []string {
	return []string{plain(p.Name), plain(p.Title), plain(p.Author), linked(p.Origin)}
}

// verification says how to verify the release.
func (w *writer) verification(in Input) {
	w.line("## To verify\n\nIn the folder of the release:\n\n```\nsha256sum -c SHA256SUMS\n```\n")
	if len(in.Keys) == 0 {
		w.line("The release is not signed: its sums show damage, but not who made it.")
		return
	}
	for _, k := range in.Keys {
		where := ", which is not part of the release"
		if k.Path != "" {
			where = ", in " + code(k.Path)
		}
		w.line("The sums are signed for %s with the key %s%s:\n", plain(k.Use), code(k.ID), where)
		w.line("```\n%s\n```\n", commands(k.Use, shell.Quote(cmp.Or(k.Path, "KEY"))))
	}
	w.line("Compare the fingerprint of a key with one that you have from elsewhere.")
}

// commands returns what verifies the sums with a key. cosign is asked for nothing but
// the key's signature: a release is in no log.
func commands(use, key string) string {
	if strings.EqualFold(use, "sigstore") {
		return "cosign verify-blob --key " + key + " --bundle SHA256SUMS.sigstore.json --insecure-ignore-tlog SHA256SUMS"
	}
	return "gpg --import " + key + "\ngpg --verify SHA256SUMS.asc SHA256SUMS"
}
