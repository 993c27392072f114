package dev

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// A page is what is linked in one Markdown file, and what of it can be linked to.
type page struct {
	links   []string
	anchors map[string]bool
}

// TestLinks holds that each link between pages, and from a page to a file, leads somewhere.
func TestLinks(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	pages := readPages(t, root)
	if len(pages) < 10 {
		t.Errorf("only %d pages were read", len(pages))
	}
	for name, p := range pages {
		for _, link := range p.links {
			if fault := broken(root, pages, name, link); fault != "" {
				t.Errorf("%s: %s", name, fault)
			}
		}
	}
}

// TestMenu holds that docs/README.md, which is the menu of the site, has each page of docs.
func TestMenu(t *testing.T) {
	pages := readPages(t, os.DirFS(filepath.Join("..", "..")))
	const menu = "docs/README.md"
	for name := range pages {
		to := strings.TrimPrefix(name, "docs/")
		if to != name && name != menu && !slices.Contains(pages[menu].links, to) {
			t.Errorf("%s does not link to %s", menu, to)
		}
	}
}

func TestBroken(t *testing.T) {
	root := os.DirFS(filepath.Join("..", ".."))
	pages := map[string]page{
		"README.md": parsePage([]byte("# Ship\n\n## Who `sails`, and why\n\n## Who sails, and why\n")),
		"docs/a.md": {},
	}
	for link, want := range map[string]string{
		"../README.md":                     "",
		"../README.md#who-sails-and-why":   "",
		"../README.md#who-sails-and-why-1": "",
		"../README.md#who-sails-and-why-2": "README.md has no heading #who-sails-and-why-2",
		"../LICENSE":                       "",
		"../LICENSE#terms":                 "LICENSE is no page, so it has no #terms",
		"pipelines":                        "",
		"../../elsewhere.md":               "../elsewhere.md is outside of the project",
		"missing.md":                       "there is no docs/missing.md",
		"#missing":                         "docs/a.md has no heading #missing",
		"/LICENSE":                         "/LICENSE is absolute, which a forge and the site take differently",
		"https://example.org/x":            "",
		"http://example.org/x":             "http://example.org/x is not https",
		"mailto:mate@example.org":          "",
		"https://example.org/%zz":          `parse "https://example.org/%zz": invalid URL escape "%zz"`,
	} {
		if got := broken(root, pages, "docs/a.md", link); got != want {
			t.Errorf("broken(%s) = %q, want %q", link, got, want)
		}
	}
}

// broken says what is wrong with a link of a page, if anything is.
func broken(root fs.FS, pages map[string]page, from, link string) string {
	u, err := url.Parse(link)
	switch {
	case err != nil:
		return err.Error()
	case u.Scheme == "http":
		return link + " is not https"
	case u.Scheme != "":
		return ""
	case strings.HasPrefix(u.Path, "/"):
		return link + " is absolute, which a forge and the site take differently"
	}
	to := from
	if u.Path != "" {
		to = path.Join(path.Dir(from), u.Path)
	}
	p, isPage := pages[to]
	switch _, err := fs.Stat(root, to); {
	case !fs.ValidPath(to):
		return to + " is outside of the project"
	case !isPage && err != nil:
		return "there is no " + to
	case u.Fragment == "":
		return ""
	case !isPage:
		return to + " is no page, so it has no #" + u.Fragment
	case !p.anchors[u.Fragment]:
		return to + " has no heading #" + u.Fragment
	}
	return ""
}

// readPages reads the Markdown files of the project.
func readPages(t *testing.T, root fs.FS) map[string]page {
	t.Helper()
	pages := map[string]page{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(d.Name(), ".") && name != "."
		switch {
		case err != nil:
			return err
		case d.IsDir() && (hidden || d.Name() == "dist" || d.Name() == "testdata"):
			return fs.SkipDir
		case path.Ext(name) != ".md":
			return nil
		}
		data, err := fs.ReadFile(root, name)
		pages[name] = parsePage(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

var address = regexp.MustCompile(`\b(?:href|src|srcset)="([^"]*)"`)

func parsePage(source []byte) page {
	p := page{anchors: map[string]bool{}}
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	visit := func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			p.anchors[anchor(plain(n, source), p.anchors)] = true
		case *ast.Link:
			p.links = append(p.links, string(n.Destination))
		case *ast.Image:
			p.links = append(p.links, string(n.Destination))
		case *ast.AutoLink:
			p.links = append(p.links, string(n.URL(source)))
		case *ast.RawHTML:
			p.html(n.Segments.Value(source))
		case *ast.HTMLBlock:
			p.html(n.Lines().Value(source))
		}
		return ast.WalkContinue, nil
	}
	if err := ast.Walk(doc, visit); err != nil {
		panic(err) // visit returns none
	}
	return p
}

func (p *page) html(tags []byte) {
	for _, m := range address.FindAllSubmatch(tags, -1) {
		p.links = append(p.links, string(m[1]))
	}
}

// plain returns the text of a heading, without its marks.
func plain(n ast.Node, source []byte) string {
	var out strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if leaf, ok := c.(*ast.Text); ok {
			out.Write(leaf.Value(source))
		} else {
			out.WriteString(plain(c, source))
		}
	}
	return out.String()
}

// anchor returns the ID that GitHub, and Hugo as the site has it, give a heading: in lower case,
// without punctuation, and with a number if a heading before it has the ID.
func anchor(heading string, taken map[string]bool) string {
	id := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
	free := id
	for i := 1; taken[free]; i++ {
		free = fmt.Sprintf("%s-%d", id, i)
	}
	return free
}
