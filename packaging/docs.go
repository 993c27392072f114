package packaging

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Doc is the documentation that a program prints about itself.
type Doc struct {
	Help        []byte            // what it prints when asked for help
	Completions map[string][]byte // by shell
}

// documentFiles returns manual pages and completions.
func (in Input) documentFiles(r Recipe) ([]File, error) {
	var out []File
	for _, program := range slices.Sorted(maps.Keys(r.Man)) {
		page, err := Gzip(manPage{
			program: program, section: r.Man[program], summary: r.Summary,
			version: in.Version.String(), date: in.Date, help: in.Docs[program].Help,
		}.render())
		if err != nil {
			return nil, err
		}
		out = append(out, placed(fmt.Sprintf("/usr/share/man/man%s/%s.%[1]s.gz", r.Man[program], program), page))
	}
	for _, program := range slices.Sorted(maps.Keys(r.Completions)) {
		for _, shell := range r.Completions[program] {
			at := fmt.Sprintf(in.Family.Completions[shell], program)
			out = append(out, File{Path: at, Mode: 0o644, Data: in.Docs[program].Completions[shell]})
		}
	}
	return out, nil
}

// A manPage is a program's help as a page of the manual.
type manPage struct {
	program, section, summary, version string
	date                               time.Time
	help                               []byte
}

// render writes the page as man(7) has it.
func (p manPage) render() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH %s %s %s %q\n",
		strings.ToUpper(roff(p.program)), p.section, p.date.UTC().Format("2006-01-02"), p.program+" "+p.version)
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n.SH DESCRIPTION\n.nf\n", roff(p.program), roff(p.summary))
	for line := range strings.Lines(string(p.help)) {
		line = roff(strings.TrimRight(line, " \t\n"))
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			line = `\&` + line
		}
		b.WriteString(line + "\n")
	}
	b.WriteString(".fi\n")
	return b.Bytes()
}

// roff escapes text.
func roff(s string) string { return strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s) }

// Gzip compresses data. Its header has no name and no time.
func Gzip(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
