package page

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/testkit"
)

// inputs are releases of every shape that a page has to have room for.
func inputs() map[string]Input {
	unsigned := sample()
	unsigned.Keys, unsigned.Last, unsigned.Timeline = nil, nil, artifact.Timeline{}
	unsigned.Files = []string{"SHA256SUMS"}
	hostile := sample()
	poison(reflect.ValueOf(&hostile).Elem())
	return map[string]Input{"sample": sample(), "unsigned": unsigned, "hostile": hostile, "nothing": {}}
}

const poisoned = `"'><script>alert(1)</script><img src=x onerror=alert(1)>$(reboot)`

// poison appends what no page may take for its own to every text.
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
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() { // kinds stay what they are
			v.SetString(v.String() + poisoned)
		}
	}
}

func TestHTML(t *testing.T) {
	for name, in := range inputs() {
		t.Run(name, func(t *testing.T) {
			page, err := HTML(in)
			if err != nil {
				t.Fatal(err)
			}
			again, err := HTML(in)
			if err != nil || !bytes.Equal(page, again) {
				t.Errorf("a second page is another: %v", err)
			}
			doc, err := html.Parse(bytes.NewReader(page))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(page, []byte("ZgotmplZ")) {
				t.Error("html/template has refused a value")
			}
			checkDocument(t, doc, in)
		})
	}
}

// checkDocument checks what every page must be.
func checkDocument(t *testing.T, doc *html.Node, in Input) {
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
	checkLinks(t, links, refers, ids, in)
}

func checkLinks(t *testing.T, links, refers []string, ids map[string]bool, in Input) {
	t.Helper()
	known := map[string]bool{artifact.ReleaseFile: true}
	for _, a := range in.Release.Artifacts {
		known[escaped(a.Path)] = true
	}
	for _, path := range in.Files {
		known[escaped(path)] = true
	}
	for _, l := range links {
		id, own := strings.CutPrefix(l, "#")
		switch {
		case own && !ids[id]:
			t.Errorf("nothing on the page has the ID of %s", l)
		case own, known[l], strings.HasPrefix(l, "https://example.org/ship/pull/12"):
		default:
			t.Errorf("%s is no file of the release", l)
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

// TestPolicy holds that a browser takes the page's style, and loads nothing.
func TestPolicy(t *testing.T) {
	page, err := HTML(sample())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
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

func TestText(t *testing.T) {
	for name, want := range map[string][]string{
		"sample": {"ship 1.5.0+acme.2", "example.org/ship@v1.5.0 with 3 patches; fixes CVE-2026-1001, CVE-2026-1002.",
			"3 February 2026, 04:05 UTC", `captain: quote <names> & "titles"`, "javascript:alert(1)",
			"No longer applied since 1.5.0+acme.1:", "stow the <old> sails", "gpg --verify SHA256SUMS.asc SHA256SUMS",
			"OpenPGP, sigstore", "No longer released", "bin/linux_amd64/stoker", "−79.4 KiB (−0.2 %)"},
		"unsigned": {"This release is unsigned.", "release:reproduce"},
		"nothing":  {"None: it is the upstream as it is.", "This release is unsigned."},
	} {
		page, err := HTML(inputs()[name])
		if err != nil {
			t.Fatal(err)
		}
		text := readable(t, page)
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: the page does not say %q:\n%s", name, w, text)
			}
		}
		if name != "sample" && (strings.Contains(text, "gpg") || strings.Contains(text, "release:verify")) {
			t.Errorf("%s: the page says how to check signatures that there are not", name)
		}
	}
}

// readable returns the text of a page.
func readable(t *testing.T, page []byte) string {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			out.WriteString(n.Data)
		}
	}
	return out.String()
}

// TestCommands has a shell run each command with programs that do nothing: whatever files
// are called, none of their names is more than a word.
func TestCommands(t *testing.T) {
	testkit.Need(t, "sh")
	const programs = `for p in apt dnf rpm emerge docker skopeo curl tar sha256sum gpg cosign go; do
	eval "$p() { :; }"
done
reboot() { echo ran >&2; }
`
	for name, in := range inputs() {
		v := newView(in)
		commands := v.Checks
		for _, i := range v.Installs {
			commands = append(commands, i.Commands...)
		}
		for _, c := range commands {
			cmd := exec.Command("sh", "-euc", programs+strings.Join(c.Lines, "\n"))
			cmd.Env = []string{"PATH=/nowhere"}
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %q: %v\n%s", name, c.Lines, err, out)
			}
		}
	}
}

// TestSizes weighs this very test, which is a Go program.
func TestSizes(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	release := artifact.Release{Artifacts: []artifact.Released{
		{Kind: artifact.Binary, Path: filepath.Base(program)}, {Kind: artifact.Document, Path: "missing"},
	}}
	got, err := Sizes(filepath.Dir(program), release)
	if err != nil || len(got) != 1 || len(got[filepath.Base(program)]) < 10 {
		t.Errorf("its sizes are %v, %v", got, err)
	}
	release.Artifacts[1].Kind = artifact.Binary
	if _, err := Sizes(filepath.Dir(program), release); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing binary is no error: %v", err)
	}
}

func TestLinked(t *testing.T) {
	for _, c := range []struct {
		text string
		want []link
	}{
		{"", nil},
		{"upstream", []link{{"upstream", ""}}},
		{"backport, https://example.org/a", []link{{"backport", ""}, {",", ""}, {" ", ""},
			{"https://example.org/a", "https://example.org/a"}}},
		{"http://example.org/a,", []link{{"http://example.org/a", "http://example.org/a"}, {",", ""}}},
		{"javascript:alert(1)", []link{{"javascript:alert(1)", ""}}},
		{"javascript://example.org/%0aalert(1)", []link{{"javascript://example.org/%0aalert(1)", ""}}},
		{"https:relative", []link{{"https:relative", ""}}},
		{"data:text/html,x", []link{{"data:text/html,x", ""}}},
	} {
		if got := linked(c.text); !slices.Equal(got, c.want) {
			t.Errorf("linked(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		got, want string
	}{
		{amount(0), "0 B"}, {amount(1023), "1023 B"}, {amount(1024), "1.0 KiB"}, {amount(155983998), "148.8 MiB"},
		{amount(1023 << 20), "1.0 GiB"}, {amount(5 << 40), "5120.0 GiB"},
		{change(5, 5), "same"}, {change(2048, 0), "+2.0 KiB"}, {change(2048, 1024), "+1.0 KiB (+100.0 %)"},
		{change(512, 1024), "−512 B (−50.0 %)"},
		{duration(0), "0 s"}, {duration(120), "0.1 s"}, {duration(10_900), "10 s"}, {duration(61_000), "1:01 min"},
		{duration(3_660_000), "1:01 h"},
		{day("2026-02-03T05:05:06+01:00"), "3 February 2026, 04:05 UTC"}, {day("soon"), "soon"},
		{tail("go.etcd.io/etcd/api/v3"), "api/v3"}, {tail("k8s.io/api"), "api"}, {tail("data"), "data"},
	} {
		if c.got != c.want {
			t.Errorf("it is %q, want %q", c.got, c.want)
		}
	}
}
