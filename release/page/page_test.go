package page

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testpage"
)

// inputs are releases of every shape that a page has to have room for.
func inputs() map[string]Input {
	unsigned := sample()
	unsigned.Keys, unsigned.Last, unsigned.Timeline = nil, nil, artifact.Timeline{}
	unsigned.Files = []string{"SHA256SUMS"}
	hostile := sample()
	testpage.Poison(&hostile)
	return map[string]Input{"sample": sample(), "unsigned": unsigned, "hostile": hostile, "nothing": {}}
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
			testpage.CheckPage(t, page, func(l string) bool {
				return l == artifact.ReleaseFile || strings.HasPrefix(l, "https://example.org/ship/pull/12") ||
					slices.ContainsFunc(in.Files, func(path string) bool { return escaped(path) == l }) ||
					slices.ContainsFunc(in.Release.Artifacts, func(a artifact.Released) bool { return escaped(a.Path) == l })
			})
		})
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
		text := testpage.PageText(t, page)
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
		{tail("go.etcd.io/etcd/api/v3"), "api/v3"}, {tail("k8s.io/api"), "api"}, {tail("data"), "data"},
	} {
		if c.got != c.want {
			t.Errorf("it is %q, want %q", c.got, c.want)
		}
	}
}
