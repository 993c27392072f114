package page

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testpage"
	"github.com/slipway-build/slipway/repo/page/index"
)

// inputs are repositories of every shape that the page has to have room for.
func inputs() map[string]Input {
	unsigned, plain, rpms, hostile := sample(), sample(), sample(), sample()
	unsigned.Keys, unsigned.Keyring, unsigned.Package = nil, false, false
	plain.Keyring, plain.Package, plain.Dated = false, false, false
	for i := range rpms.Suites {
		rpms.Suites[i].Debs = nil
	}
	testpage.Poison(&hostile)
	empty := Input{Name: "acme", Origin: "Acme", URL: "https://packages.example.org", Snapshot: "20261126T034500.000Z",
		Snapshots: []Snapshot{{ID: "20261126T034500.000Z", Time: "2026-11-26T03:45:00Z", Verb: "add"}}}
	return map[string]Input{"sample": sample(), "unsigned": unsigned, "plain": plain, "rpms": rpms, "hostile": hostile,
		"empty": empty}
}

func TestIndex(t *testing.T) {
	data, err := Index(sample())
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/index.json", data)
}

// TestIndexInAnyOrder holds that the order of an input's lists changes nothing.
func TestIndexInAnyOrder(t *testing.T) {
	in := sample()
	slices.Reverse(in.Suites)
	slices.Reverse(in.Suites[0].Forks)
	slices.Reverse(in.Suites[0].Debs)
	slices.Reverse(in.Snapshots)
	slices.Reverse(in.Downloads)
	slices.Reverse(in.Images)
	for name, write := range map[string]func(Input) ([]byte, error){index.File: Index, File: HTML} {
		want, err1 := write(sample())
		got, err2 := write(in)
		if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is another one: %v, %v\n%s", name, err1, err2, got)
		}
	}
}

// TestSchema holds that what is written keeps to the schema that readers are given.
func TestSchema(t *testing.T) {
	schema, err := os.ReadFile("../../docs/index.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range inputs() {
		data, err := Index(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := testkit.Valid(t, schema, data); (err != nil) != (name == "hostile") {
			t.Errorf("%s: %v", name, err)
		}
		var back index.Index
		if err := json.Unmarshal(data, &back); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrors(t *testing.T) {
	in := sample()
	in.Snapshot = "20270101T000000.000Z"
	const want = "https://packages.example.org: the snapshot 20270101T000000.000Z that it shows " +
		"is not among those that are kept"
	for name, write := range map[string]func(Input) ([]byte, error){index.File: Index, File: HTML} {
		if _, err := write(in); err == nil || err.Error() != want {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

func TestByMinor(t *testing.T) {
	want := []string{"anchor-0.10", "anchor-0.9", "ship-1.10", "ship-1.9-candidate", "ship", "ship-1.9.1"}
	got := slices.Clone(want)
	slices.Reverse(got)
	if slices.SortFunc(got, byMinor); !slices.Equal(got, want) {
		t.Errorf("the order is %q, want %q", got, want)
	}
}

func TestHTML(t *testing.T) {
	for name, in := range inputs() {
		t.Run(name, func(t *testing.T) {
			page, err := HTML(in)
			if err != nil {
				t.Fatal(err)
			}
			testpage.CheckPage(t, page, func(link string) bool { return served(in, link) })
		})
	}
}

// served reports whether the repository has a file that the page links to.
func served(in Input, link string) bool {
	link, err := url.PathUnescape(link)
	files := []string{index.File, in.Name + ".asc"}
	for _, s := range in.Suites {
		if len(s.Debs) > 0 {
			files = append(files, "apt/"+s.Name+".sources")
		}
		if len(s.RPMs) > 0 {
			files = append(files, "rpm/"+s.Name+".repo", "rpm/"+s.Name+"/mirrorlist")
		}
	}
	for _, d := range in.Downloads {
		files = append(files, d.Folder+"/"+d.Pointer)
		for _, v := range d.Fork.Versions {
			files = append(files, d.Folder+"/v"+v+"/SHA256SUMS")
		}
	}
	return err == nil && slices.Contains(files, link)
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct{ has, hasNot []string }{
		"sample": {has: []string{"The ship, as Acme sails it.", "26 November 2026, 03:45 UTC", "promote candidate stable",
			"apt install ./acme-archive-keyring.deb", "dnf install https://packages.example.org/acme-release.rpm",
			"sync-uri = https://packages.example.org/overlay.git", "FEDCBA9876543210FEDCBA9876543210FEDCBA98",
			"1.5.0+acme.10, 1.5.0+acme.9", "apt --snapshot 20261126T034500.000Z update",
			"https://packages.example.org/apt/snapshots/20261101T010203.000Z",
			"https://packages.example.org/rpm/ship-1.5/1761958923-01020304/"}},
		"unsigned": {has: []string{"This repository is unsigned.", "mirrorlist"},
			hasNot: []string{"apt install", "dnf install", "acme.asc", ".sources"}},
		"plain": {has: []string{"/usr/share/keyrings/acme-archive-keyring.gpg", "/etc/yum.repos.d/ship-1.5.repo"},
			hasNot: []string{"acme-archive-keyring.deb", "acme-release.rpm", "--snapshot", "apt/snapshots"}},
		"rpms":  {has: []string{"acme-release.rpm"}, hasNot: []string{"acme-archive-keyring", ".sources"}},
		"empty": {hasNot: []string{"apt install", "dnf install", "emaint", "curl", "docker", "Suites", "Downloads"}},
	} {
		page, err := HTML(inputs()[name])
		if err != nil {
			t.Fatal(err)
		}
		text := testpage.PageText(t, page)
		for _, w := range c.has {
			if !strings.Contains(text, w) {
				t.Errorf("%s: the page does not say %q:\n%s", name, w, text)
			}
		}
		for _, w := range c.hasNot {
			if strings.Contains(text, w) {
				t.Errorf("%s: the page says %q", name, w)
			}
		}
	}
}

// TestCommands has a shell run each command with programs that do nothing: whatever something
// is called, no name is more than a word.
func TestCommands(t *testing.T) {
	testkit.Need(t, "sh")
	const programs = `for p in apt dnf rpm sed emaint docker curl sha256sum; do
	eval "$p() { :; }"
done
reboot() { echo ran >&2; }
`
	for name, in := range inputs() {
		doc, err := in.index()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range ways(in, doc) {
			for _, c := range w.Commands {
				if strings.HasPrefix(c.For, "in /etc/") {
					continue // a file
				}
				cmd := exec.Command("sh", "-euc", programs+strings.Join(c.Lines, "\n"))
				cmd.Env = []string{"PATH=/nowhere"}
				if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
					t.Errorf("%s: %q: %v\n%s", name, c.Lines, err, out)
				}
			}
		}
	}
}

var screenshots = flag.String("screenshots", "", "folder that pictures of the page are written to")

func TestBrowser(t *testing.T) {
	page, err := HTML(sample())
	if err != nil {
		t.Fatal(err)
	}
	testpage.Browse(t, page, *screenshots)
}
