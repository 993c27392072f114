package testpage

import (
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// CheckSite checks the HTML pages of a site: each link leads to a file of the site and to an
// element of it, or elsewhere by https; nothing is loaded from elsewhere; no two elements of a
// page have the same ID.
func CheckSite(t *testing.T, site fs.FS) {
	t.Helper()
	docs := map[string]*html.Node{}
	ids := map[string]map[string]bool{}
	for _, name := range htmlPages(t, site) {
		data, err := fs.ReadFile(site, name)
		if err != nil {
			t.Fatal(err)
		}
		docs[name] = parse(t, data)
		ids[name] = pageIDs(t, name, docs[name])
	}
	for name, doc := range docs {
		for n := range doc.Descendants() {
			checkAddress(t, site, ids, name, n)
		}
	}
}

func pageIDs(t *testing.T, name string, doc *html.Node) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for n := range doc.Descendants() {
		id := attr(n, "id")
		if id != "" && ids[id] {
			t.Errorf("%s: two elements have the ID %s", name, id)
		}
		ids[id] = true
	}
	return ids
}

// checkAddress checks where an element leads, or what it loads.
func checkAddress(t *testing.T, site fs.FS, ids map[string]map[string]bool, name string, n *html.Node) {
	t.Helper()
	link := attr(n, "href") + attr(n, "src")
	u, err := url.Parse(link)
	loads := slices.Contains([]string{"link", "script", "img"}, n.Data)
	switch {
	case link == "", n.Data == "link" && link == "data:,":
		return
	case err != nil:
		t.Errorf("%s: %v", name, err)
		return
	case u.Scheme == "https" && !loads:
		return
	case u.Scheme != "" || u.Host != "" || strings.HasPrefix(u.Path, "/"):
		t.Errorf("%s: <%s> leads to %s", name, n.Data, link)
		return
	}
	to := name
	if u.Path != "" {
		to = path.Join(path.Dir(name), u.Path)
	}
	if info, err := fs.Stat(site, to); err != nil || info.IsDir() {
		t.Errorf("%s: <%s> leads to %s, which is not a file of the site", name, n.Data, link)
	} else if u.Fragment != "" && !ids[to][u.Fragment] {
		t.Errorf("%s: %s leads to no element", name, link)
	}
}
