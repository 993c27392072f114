package packaging

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"time"
)

// A Doc is what a program tells of itself.
type Doc struct {
	Help        []byte            // what it prints when asked for help
	Completions map[string][]byte // by shell
}

// manPage writes a program's help as a page of the manual.
func manPage(program, section, summary, version string, date time.Time, help []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH %s %s %s %q\n", strings.ToUpper(roff(program)), section, date.UTC().Format("2006-01-02"), program+" "+version)
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n.SH DESCRIPTION\n.nf\n", roff(program), roff(summary))
	for line := range strings.Lines(string(help)) {
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

// Gzip compresses data, without name and time.
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
