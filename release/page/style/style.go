// Package style is what Slipway's pages have in common: how they look, what a browser lets
// them do, and how they show commands to copy. A page loads nothing, from elsewhere or from
// beside it.
package style

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/shell"
)

//go:embed style.css
var rules string

//go:embed parts.html.tmpl
var parts string

// A Head is what is in a page's head. A page's view embeds it.
type Head struct {
	Policy template.HTMLAttr // Content-Security-Policy
	Style  template.CSS
	Title  string
}

// NewHead returns the head of a page, which a browser lets load nothing.
func NewHead(title string) Head {
	sum := sha256.Sum256([]byte(rules))
	return Head{
		Policy: template.HTMLAttr(fmt.Sprintf(`content="default-src 'none'; style-src 'sha256-%s'; img-src data:; `+
			`base-uri 'none'; form-action 'none'"`, base64.StdEncoding.EncodeToString(sum[:]))),
		Style: template.CSS(rules), Title: title,
	}
}

// Parse parses the template of a page. It can call two of this package: head of its view, which
// begins the page, and command of a Command.
func Parse(page string, funcs template.FuncMap) (*template.Template, error) {
	t, err := template.New("page").Funcs(funcs).Parse(page)
	if err != nil {
		return nil, err
	}
	_, err = t.New("parts").Parse(parts)
	return t, err
}

// A Command is what somebody copies into a shell.
type Command struct {
	For    string // what it is for, or which platform
	Lines  []string
	Folded bool // few need it
}

// Words returns a command of these words, quoted for a shell.
func Words(all ...string) string {
	var quoted []string
	for _, w := range all {
		quoted = append(quoted, shell.Quote(w))
	}
	return strings.Join(quoted, " ")
}

// Continued returns a command of one line each.
func Continued(parts []string) []string {
	var out []string
	for i, p := range parts {
		if i > 0 {
			p = "  " + p
		}
		if i < len(parts)-1 {
			p += ` \`
		}
		out = append(out, p)
	}
	return out
}

// Day returns a time in RFC 3339 as people write it, or as it is where it is none.
func Day(rfc3339 string) string {
	t, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		return rfc3339
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}
