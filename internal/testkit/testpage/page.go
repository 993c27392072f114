// Package testpage checks HTML pages for tests: their structure and links, and how a browser shows them.
package testpage

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const poisoned = `"'><script>alert(1)</script><img src=x onerror=alert(1)>$(reboot)`

// Poison appends what no page may take for its own to every text below a pointer.
func Poison(value any) { poison(reflect.ValueOf(value)) }

func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			poison(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			poison(value)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() { // kinds stay what they are
			v.SetString(v.String() + poisoned)
		}
	}
}

// CheckPage checks what every page must be: headings in order, one element of each ID, no
// script, nothing that is loaded, and links to what known has alone. A browser takes its style.
func CheckPage(t *testing.T, page []byte, known func(link string) bool) {
	t.Helper()
	if bytes.Contains(page, []byte("ZgotmplZ")) {
		t.Error("html/template has refused a value")
	}
	doc := parse(t, page)
	checkPolicy(t, doc)
	checkDocument(t, doc, known)
}

func parse(t *testing.T, page []byte) *html.Node {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func checkDocument(t *testing.T, doc *html.Node, known func(string) bool) {
	t.Helper()
	ids, level := map[string]bool{}, 0
	var links, refers []string
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "img", "iframe", "object", "embed", "form", "base":
			t.Errorf("the page has <%s>", n.Data)
		case "h1", "h2", "h3":
			next := int(n.Data[1] - '0')
			if next > level+1 {
				t.Errorf("<%s> follows a heading of level %d", n.Data, level)
			}
			level = next
		case "th":
			if attr(n, "scope") == "" {
				t.Error("a <th> has no scope")
			}
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "id":
				if ids[a.Val] {
					t.Errorf("two elements have the ID %s", a.Val)
				}
				ids[a.Val] = true
			case a.Key == "href" && n.Data != "link":
				links = append(links, a.Val)
			case a.Key == "aria-labelledby":
				refers = append(refers, a.Val)
			case strings.HasPrefix(a.Key, "on"), a.Key == "src", a.Key == "style":
				t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
			}
		}
	}
	checkLinks(t, links, refers, ids, known)
}

func checkLinks(t *testing.T, links, refers []string, ids map[string]bool, known func(string) bool) {
	t.Helper()
	for _, l := range links {
		id, own := strings.CutPrefix(l, "#")
		switch {
		case own && !ids[id]:
			t.Errorf("nothing on the page has the ID of %s", l)
		case own, known(l):
		default:
			t.Errorf("the page links to %s", l)
		}
	}
	for _, id := range refers {
		if !ids[id] {
			t.Errorf("aria-labelledby names %s, which nothing has", id)
		}
	}
}

func attr(n *html.Node, key string) string {
	i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
	if i < 0 {
		return ""
	}
	return n.Attr[i].Val
}

// checkPolicy holds that a browser takes the page's style, and loads nothing.
func checkPolicy(t *testing.T, doc *html.Node) {
	t.Helper()
	policy, css := "", ""
	for n := range doc.Descendants() {
		switch {
		case n.Data == "meta" && attr(n, "http-equiv") == "Content-Security-Policy":
			policy = attr(n, "content")
		case n.Data == "style":
			css = n.FirstChild.Data
		}
	}
	styles := "style-src 'sha256-" + sum256(css) + "'"
	if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.Contains(policy, styles) {
		t.Errorf("the policy is %s, and the sum of the style %s", policy, sum256(css))
	}
	for _, outside := range []string{"url(", "@import", "@font-face"} {
		if strings.Contains(css, outside) {
			t.Errorf("the style has %s", outside)
		}
	}
}

func sum256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// PageText returns the text of a page.
func PageText(t *testing.T, page []byte) string {
	t.Helper()
	var out strings.Builder
	for n := range parse(t, page).Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			out.WriteString(n.Data)
		}
	}
	return out.String()
}
