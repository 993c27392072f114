package settings

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/version"
)

const acme = "name: acme\norigin: Acme\nurl: https://packages.example.org/\nmaintainer: Ada <ada@example.org>\n"

func TestRead(t *testing.T) {
	s, err := Read(File, []byte(acme))
	if err != nil {
		t.Fatal(err)
	}
	if s.URL != "https://packages.example.org" || s.Label != "Acme" || s.Suite("ship-1.4", "stable") != "ship-1.4" ||
		*s.Keep.Snapshots != 10 || *s.Keep.Days != 14 || s.Metadata != "gz" {
		t.Errorf("what is left out is %+v", s)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"no name":           {strings.Replace(acme, "name: acme\n", "", 1), `name: "": want small letters`},
		"a name of a path":  {strings.Replace(acme, "acme", "../acme", 1), `name: "../acme"`},
		"no origin":         {strings.Replace(acme, "origin: Acme\n", "", 1), `origin: ""`},
		"two lines":         {strings.Replace(acme, "Acme", `"Acme\nLabel: x"`, 1), "origin: "},
		"a URL of a file":   {strings.Replace(acme, "https:", "file:", 1), "url: "},
		"a URL with a user": {strings.Replace(acme, "https://", "https://u:p@", 1), "url: "},
		"no address":        {strings.Replace(acme, " <ada@example.org>", "", 1), "maintainer: "},
		"a channel twice":   {acme + "channels: [stable, stable]\n", "channels[1]: stable is there twice"},
		"no snapshot":       {acme + "keep: {snapshots: 0}\n", "keep.snapshots: 0: want at least 1"},
		"less than no days": {acme + "keep: {days: -1}\n", "keep.days: -1"},
		"an unknown key":    {acme + "suite: x\n", "repo.yaml:5: suite: unknown key"},
		"a compression":     {acme + "metadata: xz\n", `metadata: "xz": want gz or zstd`},
	} {
		if _, err := Read(File, []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func TestSuite(t *testing.T) {
	s := Settings{Channels: []string{"edge", "candidate", "stable"}}
	for channel, want := range map[string]string{"edge": "ship-1.4-edge", "candidate": "ship-1.4-candidate",
		"stable": "ship-1.4"} {
		if got := s.Suite("ship-1.4", channel); got != want {
			t.Errorf("the suite in %s is %s, want %s", channel, got, want)
		}
	}
}

func TestPlacement(t *testing.T) {
	v, err := version.Parse("1.36.1+acme.1")
	if err != nil {
		t.Fatal(err)
	}
	p := Placement{}.Defaults("ship", "", v)
	if p.Suites[0] != "ship-1.36" || p.Downloads != "ship" {
		t.Errorf("by default, it is %+v", p)
	}
	if p = (Placement{}).Defaults("ship", "release", v); p.Downloads != "release" {
		t.Errorf("of a profile that names the folder, it is %+v", p)
	}
	for name, bad := range map[string]Placement{
		"a suite twice": {Suites: []string{"a", "a"}}, "a path": {Suites: []string{"a/b"}},
		"a folder that is taken": {Downloads: "apt"},
	} {
		if len(bad.Validate()) == 0 {
			t.Errorf("%s: nothing is wrong with %+v", name, bad)
		}
	}
}
