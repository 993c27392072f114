package packaging

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"time"
)

func TestManPage(t *testing.T) {
	date := time.Date(2001, 9, 9, 1, 0, 0, 0, time.FixedZone("", 2*3600)) // the day before, in UTC
	const head = ".TH COOK 8 2001-09-08 \"cook 1.4.1\"\n.SH NAME\ncook \\- cooks\n.SH DESCRIPTION\n.nf\n"
	for _, c := range []struct {
		name string
		page manPage
		want string
	}{
		{"no help", manPage{"cook", "8", "cooks", "1.4.1", date, nil}, head + ".fi\n"},
		{"lines", manPage{"cook", "8", "cooks", "1.4.1", date, []byte("cooks \t\n\n  peas")},
			head + "cooks\n\n  peas\n.fi\n"},
		{"options", manPage{"cook", "8", "cooks", "1.4.1", date, []byte("  --salt\n")}, head + "  \\-\\-salt\n.fi\n"},
		{"backslashes", manPage{"cook", "8", "cooks", "1.4.1", date, []byte(`a\nb`)}, head + "a\\enb\n.fi\n"},
		{"what looks like a request", manPage{"cook", "8", "cooks", "1.4.1", date, []byte(".so x\n'br\n -.\n")},
			head + "\\&.so x\n\\&'br\n \\-.\n.fi\n"},
		{"names with dashes", manPage{"sous-chef", "1", "helps - much", "1.4.1-rc.1", date, nil},
			".TH SOUS\\-CHEF 1 2001-09-08 \"sous-chef 1.4.1-rc.1\"\n" +
				".SH NAME\nsous\\-chef \\- helps \\- much\n.SH DESCRIPTION\n.nf\n.fi\n"},
	} {
		if got := string(c.page.render()); got != c.want {
			t.Errorf("%s:\n%q, want\n%q", c.name, got, c.want)
		}
	}
}

func TestDocumentFiles(t *testing.T) {
	for _, c := range []struct {
		name   string
		family Family
		recipe Recipe
		want   string
	}{
		{"none", Debian(), Recipe{}, ""},
		{"pages", Debian(), Recipe{Man: map[string]string{"cook": "8", "bosun": "1"}},
			"/usr/share/man/man1/bosun.1.gz\n/usr/share/man/man8/cook.8.gz\n"},
		{"completions", Debian(), Recipe{Completions: map[string][]string{"cook": {"bash", "fish", "zsh"}}},
			"/usr/share/bash-completion/completions/cook\n/usr/share/fish/vendor_completions.d/cook.fish\n" +
				"/usr/share/zsh/vendor-completions/_cook\n"},
		{"completions of Fedora", Fedora(), Recipe{Completions: map[string][]string{"cook": {"zsh"}}},
			"/usr/share/zsh/site-functions/_cook\n"},
	} {
		in := ship(t)
		in.Family = c.family
		files, err := in.documentFiles(c.recipe)
		fails(t, c.name, err, "")
		if got := listed(files); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, got, c.want)
		}
	}
}

func TestGzip(t *testing.T) {
	for _, want := range []string{"", "peas\n", strings.Repeat("peas\n", 1e5)} {
		data, err := Gzip([]byte(want))
		fails(t, "Gzip", err, "")
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		if err != nil || string(got) != want || z.Name != "" || !z.ModTime.IsZero() {
			t.Errorf("%d bytes come back as %d, %v, of %q at %v", len(want), len(got), err, z.Name, z.ModTime)
		}
	}
}
