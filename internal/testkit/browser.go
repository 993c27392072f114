package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
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

// frame shows the page as wide as is asked for: no window of Chromium is narrower than
// 500 pixels. Then it has what the page told.
const frame = `<!DOCTYPE html><meta name="color-scheme" content="light dark"><pre id="told"></pre>
<script>addEventListener("message", e => { told.textContent = e.data; });</script>
<iframe src="probed.html" style="width: %dpx; height: 900px; border: 0"></iframe>`

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
	Need(t, "chromium")
	axe := axeCore(t)
	dir := t.TempDir()
	plain, probed := filepath.Join(dir, "plain.html"), filepath.Join(dir, "probed.html")
	if err := os.WriteFile(plain, page, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(probed, withScript(t, page, axe+"\n"+probe), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{390, 1280} {
		framed := filepath.Join(dir, fmt.Sprintf("framed-%d.html", width))
		if err := os.WriteFile(framed, fmt.Appendf(nil, frame, width), 0o644); err != nil {
			t.Fatal(err)
		}
		for scheme, dark := range []bool{true, false} {
			name := fmt.Sprintf("%d-%s", width, map[bool]string{true: "dark", false: "light"}[dark])
			look := fmt.Sprintf("--blink-settings=preferredColorScheme=%d", scheme)
			t.Run(name, func(t *testing.T) {
				got := ask(t, look, "--window-size=1400,1000", "--dump-dom", "--virtual-time-budget=60000", "file://"+framed)
				got.check(t, width, dark)
				if screenshots != "" {
					browse(t, look, fmt.Sprintf("--window-size=%d,%d", width, 18_000_000/(width+900)), "--hide-scrollbars",
						"--screenshot="+filepath.Join(screenshots, name+".png"), "file://"+plain)
				}
			})
		}
	}
}

func (got told) check(t *testing.T, width int, dark bool) {
	t.Helper()
	if got.Inner != width || got.Dark != dark || got.Rules < 20 {
		t.Errorf("the browser shows another page than was asked for: %+v", got)
	}
	if got.Scroll > width || len(got.Wide) > 0 {
		t.Errorf("the page is %d pixels wide in a window of %d: %q", got.Scroll, width, got.Wide)
	}
	for _, v := range got.Violations {
		t.Error(v)
	}
}

// withScript returns the page with a script, which the page's own policy would refuse.
func withScript(t *testing.T, page []byte, script string) []byte {
	t.Helper()
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)
	if !policy.Match(page) {
		t.Fatal("the page has no policy")
	}
	page = policy.ReplaceAllLiteral(page, nil)
	return bytes.Replace(page, []byte("</head>"), []byte("<script>"+script+"</script></head>"), 1)
}

// axeCore returns the script of axe-core, from npm.
func axeCore(t *testing.T) string {
	t.Helper()
	Need(t, "npm")
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
	return strings.ReplaceAll(string(script), "</script", `<\/script`)
}

func ask(t *testing.T, args ...string) told {
	t.Helper()
	dom := browse(t, args...)
	_, after, ok := strings.Cut(dom, `<pre id="told">`)
	text, _, _ := strings.Cut(after, "</pre>")
	var got told
	if err := json.Unmarshal([]byte(html.UnescapeString(text)), &got); !ok || err != nil {
		t.Fatalf("the page tells nothing: %v: %s", err, text)
	}
	return got
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
