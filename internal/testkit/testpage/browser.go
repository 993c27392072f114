package testpage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
)

// axeVersion is the release of axe-core, which finds what a page keeps from people who
// cannot see it, or use no mouse.
const axeVersion = "4.14.1"

// probe opens all that is folded, and tells what a browser made of the page.
const probe = `addEventListener("load", async () => {
  for (const d of document.querySelectorAll("details")) d.open = true;
  const told = {
    inner: innerWidth, scroll: document.scrollingElement.scrollWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches, violations: [], rules: 0,
    wide: [...document.querySelectorAll("body *")]
      .filter(e => !e.closest(".scroll, svg, .skip") && e.getBoundingClientRect().right > innerWidth + 0.5)
      .map(e => e.tagName + "." + e.getAttribute("class")),
  };
  if (window.axe) {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    told.rules = found.passes.length;
    told.violations = found.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).join(" "));
  }
  parent.postMessage(JSON.stringify(told), "*");
});`

// frame shows pages one after the other, as wide as is asked for: no window of Chromium is
// narrower than 500 pixels. At the end it has what they told.
const frame = `<!DOCTYPE html><meta name="color-scheme" content="light dark"><pre id="told"></pre>
<iframe style="width: %dpx; height: 900px; border: 0"></iframe>
<script>
const pages = %s, told = [], shown = document.querySelector("iframe");
function next() {
  if (told.length < pages.length) shown.src = pages[told.length];
  else document.getElementById("told").textContent = JSON.stringify(told);
}
addEventListener("message", e => { told.push(e.data); next(); });
next();
</script>`

type told struct {
	Inner, Scroll int
	Dark          bool
	Wide          []string
	Violations    []string
	Rules         int
}

// Browse has a browser lay a page out on a phone and on a wide screen, in the light and in
// the dark. It fails the test for what is wider than the screen, and for what axe-core finds.
// Pictures of the page are written to the folder screenshots, if there is one.
func Browse(t *testing.T, page []byte, screenshots string) {
	t.Helper()
	BrowseSite(t, fstest.MapFS{"page.html": {Data: page}}, screenshots)
}

// BrowseSite is Browse for each HTML page of a site. axe-core takes seconds for a long page: if
// there are several, it sees each in the dark on a phone and in the light on a wide screen.
func BrowseSite(t *testing.T, site fs.FS, screenshots string) {
	t.Helper()
	testkit.Need(t, "chromium")
	axe := axeCore(t)
	pages := htmlPages(t, site)
	for _, width := range []int{390, 1280} {
		for scheme, dark := range []bool{true, false} {
			name := fmt.Sprintf("%d-%s", width, map[bool]string{true: "dark", false: "light"}[dark])
			look := fmt.Sprintf("--blink-settings=preferredColorScheme=%d", scheme)
			script := probe
			if len(pages) == 1 || dark == (width == 390) {
				script = axe + "\n" + probe
			}
			t.Run(name, func(t *testing.T) {
				for i, text := range ask(t, site, pages, script, width, look) {
					var got told
					if err := json.Unmarshal([]byte(text), &got); err != nil {
						t.Fatalf("%s tells %q: %v", pages[i], text, err)
					}
					got.check(t, pages[i], width, dark)
					if script != probe && got.Rules < 20 {
						t.Errorf("%s: axe-core had only %d rules to check", pages[i], got.Rules)
					}
				}
				if screenshots != "" {
					photograph(t, site, pages, width, look, filepath.Join(screenshots, name))
				}
			})
		}
	}
}

// InPage has a browser run a script in a page of a site, and returns the text that the script
// posts to the page's parent.
func InPage(t *testing.T, site fs.FS, page, script string) string {
	t.Helper()
	testkit.Need(t, "chromium")
	return ask(t, site, []string{page}, script, 1280)[0]
}

func htmlPages(t *testing.T, site fs.FS) []string {
	t.Helper()
	var pages []string
	err := fs.WalkDir(site, ".", func(name string, _ fs.DirEntry, err error) error {
		if path.Ext(name) == ".html" {
			pages = append(pages, name)
		}
		return err
	})
	if err != nil || len(pages) == 0 {
		t.Fatalf("the site has %d pages: %v", len(pages), err)
	}
	return pages
}

func (got told) check(t *testing.T, page string, width int, dark bool) {
	t.Helper()
	if got.Inner != width || got.Dark != dark {
		t.Errorf("%s: the browser shows another page than was asked for: %+v", page, got)
	}
	if got.Scroll > width || len(got.Wide) > 0 {
		t.Errorf("%s is %d pixels wide in a window of %d: %q", page, got.Scroll, width, got.Wide)
	}
	for _, v := range got.Violations {
		t.Errorf("%s: %s", page, v)
	}
}

// ask shows pages of a site, each with a script, and returns what each told.
func ask(t *testing.T, site fs.FS, pages []string, script string, width int, flags ...string) []string {
	t.Helper()
	names, err := json.Marshal(pages)
	if err != nil {
		t.Fatal(err)
	}
	served := map[string][]byte{
		"the-frame.html": fmt.Appendf(nil, frame, width, names),
		"the-script.js":  []byte(script),
	}
	for _, name := range pages {
		page, err := fs.ReadFile(site, name)
		if err != nil {
			t.Fatal(err)
		}
		served[name] = withScript(t, page)
	}
	files := http.FileServerFS(site)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if data, ok := served[name]; ok {
			http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
		} else {
			files.ServeHTTP(w, r)
		}
	}))
	defer server.Close()
	dom := browse(t, append(flags, "--window-size=1400,1000", "--dump-dom", "--virtual-time-budget=600000",
		server.URL+"/the-frame.html")...)
	_, after, ok := strings.Cut(dom, `<pre id="told">`)
	text, _, _ := strings.Cut(after, "</pre>")
	var told []string
	if err := json.Unmarshal([]byte(html.UnescapeString(text)), &told); !ok || err != nil {
		t.Fatalf("the pages tell nothing: %v: %s", err, text)
	}
	return told
}

// withScript returns the page with the script, which the page's policy is made to allow.
func withScript(t *testing.T, page []byte) []byte {
	t.Helper()
	policy := regexp.MustCompile(`(<meta http-equiv="Content-Security-Policy" content=")([^"]*)`)
	found := policy.FindSubmatch(page)
	if found == nil {
		t.Error("the page has no policy")
		return page
	}
	if !bytes.Contains(found[2], []byte("script-src 'self'")) {
		page = policy.ReplaceAll(page, []byte("${1}script-src 'self'; ${2}"))
	}
	return bytes.Replace(page, []byte("</head>"), []byte(`<script src="/the-script.js"></script></head>`), 1)
}

// photograph writes a picture of each page.
func photograph(t *testing.T, site fs.FS, pages []string, width int, look, prefix string) {
	t.Helper()
	server := httptest.NewServer(http.FileServerFS(site))
	defer server.Close()
	for _, page := range pages {
		file := prefix + "-" + strings.ReplaceAll(strings.TrimSuffix(page, ".html"), "/", "-") + ".png"
		browse(t, look, fmt.Sprintf("--window-size=%d,%d", width, 18_000_000/(width+900)), "--hide-scrollbars",
			"--screenshot="+file, server.URL+"/"+page)
	}
}

// axeCore returns the script of axe-core, from npm.
func axeCore(t *testing.T) string {
	t.Helper()
	testkit.Need(t, "npm")
	dir := t.TempDir()
	cmd := exec.Command("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save",
		"--prefix="+dir, "axe-core@"+axeVersion)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("npm install axe-core: %v\n%s", err, out)
		}
		t.Skipf("npm cannot install axe-core: %v\n%s", err, out)
	}
	script, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

func browse(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "chromium", append([]string{"--headless=new", "--no-sandbox", "--disable-gpu",
		"--disable-dev-shm-usage", "--user-data-dir=" + t.TempDir()}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, stderr.String())
	}
	return string(out)
}
