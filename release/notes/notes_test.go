package notes

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/golden"
)

// digest is one of 64 equal hex digits.
func digest(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

// first is a release without another before it.
func first() artifact.Release {
	return artifact.Release{
		Name: "ship", Version: "1.4.0+acme.1", Toolchain: "go1.26.8",
		Upstream: artifact.Pinned{Name: "example.org/ship@v1.4.0", Digest: "h1:one="},
		Patches: []artifact.ReleasedPatch{
			{Name: "0001-crew.patch", Digest: digest("a"), Title: "crew: sign on a bosun", Author: "Mate <mate@example.org>",
				Origin: "backport, https://example.org/ship/pull/7?a=1&b=2"},
			{Name: "0002-rope.patch", Digest: digest("b"), Title: "rope: do not slip", CVEs: []string{"CVE-2025-0001"}},
			{Name: "0003-log.patch", Digest: digest("c"), Title: "log: mend", CVEs: []string{"CVE-2024-0009"}},
			{Name: "0004-deck.patch", Digest: digest("d"), Title: "deck: swab"},
		},
		Artifacts: []artifact.Released{
			{Kind: artifact.Binary, Name: "captain", Platform: "linux/amd64", Path: "bin/linux_amd64/captain", Size: 50_000_000,
				Digest: digest("1")},
			{Kind: artifact.Binary, Name: "cook", Platform: "linux/amd64", Path: "bin/linux_amd64/cook", Size: 1000,
				Digest: digest("2")},
			{Kind: artifact.Package, Format: "deb", Name: "captain", Platform: "linux/amd64", Size: 12_300_000,
				Path: "deb/linux_amd64/captain_1.4.0+acme.1-1_amd64.deb", Digest: digest("3")},
			{Kind: artifact.Package, Format: "rpm", Name: "mate", Platform: "linux/amd64", Size: 1_000_000,
				Path: "rpm/linux_amd64/mate-1.4.0+acme.1-1.x86_64.rpm", Digest: digest("4")},
			{Kind: artifact.Document, Format: "spdx", Path: "sbom/captain.spdx.json", Size: 9, Digest: digest("5")},
		},
	}
}

// second is the release after it.
func second() artifact.Release {
	r := first()
	r.Version = "1.4.1+acme.1"
	r.Upstream = artifact.Pinned{Name: "example.org/ship@v1.4.1", Digest: "h1:two="}
	r.Patches = []artifact.ReleasedPatch{
		{Name: "0001-rope.patch", Digest: digest("b"), Title: "rope: do not slip", CVEs: []string{"CVE-2025-0001"}},
		{Name: "0002-crew.patch", Digest: digest("e"), Title: "crew: sign on a bosun", Author: "Mate <mate@example.org>"},
		{Name: "0004-deck.patch", Digest: digest("f"), Title: "deck: swab twice"},
		{Name: "0005-odd.patch", Digest: digest("0"), Title: "Fix <script> | *x* [y](javascript:alert(1))",
			Author: "O'Neil `\u202e` <o@example.org>", Origin: "javascript:alert(1)",
			CVEs: []string{"CVE-2026-0002", "GO-2026-0001"}},
	}
	r.Artifacts = []artifact.Released{
		{Kind: artifact.Binary, Name: "captain", Platform: "linux/amd64", Path: "bin/linux_amd64/captain", Size: 50_000_000,
			Digest: digest("1")},
		{Kind: artifact.Package, Format: "deb", Name: "captain", Platform: "linux/amd64", Size: 12_915_000,
			Path: "deb/linux_amd64/captain_1.4.1+acme.1-2_amd64.deb", Digest: digest("6")},
		{Kind: artifact.Image, Name: "captain", Path: "images", Size: 20_000_000, Digest: digest("7")},
		{Kind: artifact.Package, Format: "rpm", Name: "mate", Platform: "linux/amd64", Size: 500_000,
			Path: "rpm/linux_amd64/mate-1.4.1+acme.1-1.x86_64.rpm", Digest: digest("8")},
	}
	return r
}

func TestMarkdown(t *testing.T) {
	last := first()
	bare := artifact.Release{Name: "ship", Version: "1.4.1", Toolchain: "go1.26.8",
		Upstream: artifact.Pinned{Name: "example.org/ship@v1.4.1"}}
	keys := []artifact.ReleaseKey{
		{Use: "OpenPGP", ID: "0123456789ABCDEF0123456789ABCDEF01234567", Path: "keys/release key.asc"},
		{Use: "sigstore", ID: "sha256:" + strings.Repeat("9", 64)},
	}
	for name, in := range map[string]Input{
		"first":  {Release: first()},
		"second": {Release: second(), Last: &last, Keys: keys},
		"bare":   {Release: bare},
		"again":  {Release: first(), Last: &last},
	} {
		got := Markdown(in)
		golden.Check(t, filepath.Join("testdata", name+".md"), got)
		if string(Markdown(in)) != string(got) {
			t.Errorf("%s: a second run makes other notes", name)
		}
	}
}

func TestGrowth(t *testing.T) {
	of := func(size int64, digest string) artifact.Released {
		return artifact.Released{Size: size, Digest: digest}
	}
	some := func(all ...artifact.Released) []artifact.Released { return all }
	for _, c := range []struct {
		now, last []artifact.Released
		want      string
	}{
		{some(of(1, "a")), nil, "new"},
		{some(of(1, "a")), some(of(1, "a")), "same"},
		{some(of(1, "a")), some(of(1, "b")), "+0.0 % from 1 B"},
		{some(of(1500, "a")), some(of(1000, "b")), "+50.0 % from 1.0 kB"},
		{some(of(500, "a")), some(of(1000, "b")), "-50.0 % from 1.0 kB"},
		{some(of(500, "a")), some(of(0, "b")), ""},
		{some(of(500, "a"), of(1, "c")), some(of(1, "b")), ""},
		{some(of(500, "a")), some(of(1, "b"), of(1, "c")), ""},
	} {
		if got := growth(c.now, c.last); got != c.want {
			t.Errorf("%v after %v is %q, want %q", c.now, c.last, got, c.want)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB",
		53_000_000: "53.0 MB", 2_500_000_000: "2.5 GB", 3_000_000_000_000: "3.0 TB", 4_000_000_000_000_000: "4000.0 TB"} {
		if got := size(n); got != want {
			t.Errorf("%d bytes are %s, want %s", n, got, want)
		}
	}
}

func TestEscape(t *testing.T) {
	for _, c := range []struct{ text, plain, code, linked string }{
		{"a-b.c", "a-b.c", "`a-b.c`", "a-b.c"},
		{"Fix <script> | *x* [y](javascript:1)", `Fix &lt;script&gt; \| \*x\* \[y\](javascript:1)`,
			"`Fix <script> \\| *x* [y](javascript:1)`", `Fix &lt;script&gt; \| \*x\* \[y\](javascript:1)`},
		{"a\nb\t c\x00\u202ed", "a b c\ufffd\ufffdd", "`a b c\ufffd\ufffdd`", "a b c\ufffd\ufffdd"},
		{"`a``", "\\`a\\`\\`", "``` `a`` ```", "\\`a\\`\\`"},
		{`\_~$!#&`, `\\\_\~\$\!\#&amp;`, "`\\_~$!#&`", `\\\_\~\$\!\#&amp;`},
		{"see https://example.org/a_b?c=<d>|e&f", `see https://example.org/a\_b?c=&lt;d&gt;\|e&amp;f`,
			"`see https://example.org/a_b?c=<d>\\|e&f`",
			`see [https://example.org/a\_b?c=&lt;d&gt;\|e&amp;f](<https://example.org/a_b?c=%3Cd%3E%7Ce&amp;f>)`},
		{"https:nowhere ftp://example.org", "https:nowhere ftp://example.org", "`https:nowhere ftp://example.org`",
			"https:nowhere ftp://example.org"},
	} {
		if got := plain(c.text); got != c.plain {
			t.Errorf("%q is %s, want %s", c.text, got, c.plain)
		}
		if got := code(c.text); got != c.code {
			t.Errorf("%q is the code %s, want %s", c.text, got, c.code)
		}
		if got := linked(c.text); got != c.linked {
			t.Errorf("%q is linked as %s, want %s", c.text, got, c.linked)
		}
	}
}
