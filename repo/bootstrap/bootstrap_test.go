package bootstrap

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/keys"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/repo/tree"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Input)
		want   string // "": nothing is wrong
	}{
		"as it is":               {func(*Input) {}, ""},
		"a port":                 {func(in *Input) { in.URL = "http://packages.example.org:8080/acme" }, ""},
		"no name":                {func(in *Input) { in.Name = "" }, `name "": want`},
		"a plus in the name":     {func(in *Input) { in.Name = "a+b" }, `name "a+b": want`},
		"two lines":              {func(in *Input) { in.Label = "Acme\nEnabled: yes" }, `label "Acme\nEnabled: yes": want`},
		"no origin":              {func(in *Input) { in.Origin = "" }, `origin "": want`},
		"blanks around":          {func(in *Input) { in.Origin = " Acme" }, `origin " Acme": want`},
		"a slash at the end":     {func(in *Input) { in.URL += "/" }, "without a slash"},
		"no scheme":              {func(in *Input) { in.URL = "packages.example.org" }, "want the root"},
		"a query":                {func(in *Input) { in.URL = "https://example.org/?a=b" }, "want the root"},
		"a blank in the URL":     {func(in *Input) { in.URL = "https://example.org/a b" }, "want the root"},
		"a variable of dnf":      {func(in *Input) { in.URL = "https://example.org/$basearch" }, "want the root"},
		"nobody's mail":          {func(in *Input) { in.Maintainer = "Mate" }, `maintainer "Mate": want`},
		"no suite":               {func(in *Input) { in.Suites = nil }, "suites: there is none"},
		"a suite twice":          {func(in *Input) { in.Suites = append(in.Suites, in.Suites[0]) }, "is there twice"},
		"a suite in a folder":    {func(in *Input) { in.Suites[0].Name = "a/b" }, `suite "a/b": want`},
		"a wildcard for the pin": {func(in *Input) { in.Packages = []string{"*"} }, `package "*": want`},
		"no version":             {func(in *Input) { in.Version = 0 }, "version 0: want 1"},
	} {
		in := sample(t)
		c.change(&in)
		err := in.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestDigest holds what asks for a new version of the packages.
func TestDigest(t *testing.T) {
	in := sample(t, "captain", "mate")
	want := in.Digest()
	for name, c := range map[string]struct {
		change func(*Input)
		same   bool
	}{
		"nothing":         {func(*Input) {}, true},
		"the version":     {func(in *Input) { in.Version = 7 }, true},
		"the time":        {func(in *Input) { in.Time = in.Time.AddDate(1, 0, 0) }, true},
		"the order":       {func(in *Input) { slices.Reverse(in.Suites) }, true},
		"a package twice": {func(in *Input) { in.Packages = append(in.Packages, "captain") }, true},
		"a package":       {func(in *Input) { in.Packages = append(in.Packages, "bosun") }, false},
		"a suite":         {func(in *Input) { in.Suites = append(in.Suites, Suite{Name: "ship-1.38"}) }, false},
		"the keys' order": {func(in *Input) { in.Keys = public(t, "mate", "captain") }, true},
		"a key":           {func(in *Input) { in.Keys = public(t, "captain", "mate", "bosun") }, false},
		"the URL":         {func(in *Input) { in.URL = "https://example.org" }, false},
	} {
		changed := sample(t, "captain", "mate")
		c.change(&changed)
		if got := changed.Digest(); (got == want) != c.same {
			t.Errorf("with %s changed, the digest stays: %v, want %v", name, got == want, c.same)
		}
	}
}

// TestKeep holds that a default of a suite, once shipped, stays.
func TestKeep(t *testing.T) {
	shipped := []Suite{{"ship-1.36", true}, {"ship-1.37", false}}
	got := Keep(shipped, []Suite{{"ship-1.36", false}, {"ship-1.37", true}, {"ship-1.38", true}})
	if want := []Suite{{"ship-1.36", true}, {"ship-1.37", false}, {"ship-1.38", true}}; !slices.Equal(got, want) {
		t.Errorf("kept are %v, want %v", got, want)
	}
}

func TestFiles(t *testing.T) {
	in := sample(t)
	if files, err := Files(in); err != nil || len(files) != 0 {
		t.Errorf("an unsigned repository has %d files, %v; want none", len(files), err)
	}
	in = sample(t, "captain", "mate")
	files, err := Files(in)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
		if f.Class != tree.Commit {
			t.Errorf("%s is of the class %s", f.Path, f.Class)
		}
	}
	want := []string{"acme-archive-keyring.gpg", "acme.asc", "apt/ship-1.36.sources", "apt/ship-1.37.sources",
		"rpm/ship-1.36.repo", "rpm/ship-1.37.repo"}
	if !slices.Equal(paths, want) {
		t.Fatalf("the files are %q, want %q", paths, want)
	}
	// Whoever fetches the file of a suite wants it, also where the packages have it off.
	const sources = `# Acme's ships: ship-1.37
# Enabled: yes switches it on, no off.
Enabled: yes
Types: deb
URIs: file:///srv/acme/apt
Suites: ship-1.37
Components: main
Signed-By: /usr/share/keyrings/acme-archive-keyring.gpg
`
	if got := string(files[3].Data); got != sources {
		t.Errorf("%s is\n%s, want\n%s", files[3].Path, got, sources)
	}
	const repo = `# enabled=1 switches it on, 0 off.
[acme-ship-1.37]
name=Acme's ships: ship-1.37
mirrorlist=file:///srv/acme/rpm/ship-1.37/mirrorlist
enabled=1
gpgcheck=1
repo_gpgcheck=1
gpgkey=file:///srv/acme/acme.asc
priority=10
`
	if got := string(files[5].Data); got != repo {
		t.Errorf("%s is\n%s, want\n%s", files[5].Path, got, repo)
	}
	if n := strings.Count(string(files[1].Data), "-----BEGIN PGP PUBLIC KEY BLOCK-----"); n != 2 {
		t.Errorf("%s has %d blocks, want 2", files[1].Path, n)
	}
}

// TestRotate walks through changes of keys. Keys are letters: those that sign, a slash,
// and those that are shipped.
func TestRotate(t *testing.T) {
	parse := func(s string) Keys {
		signing, shipped, _ := strings.Cut(s, "/")
		return Keys{strings.Split(signing, "")[:len(signing)], strings.Split(shipped, "")[:len(shipped)]}
	}
	for _, c := range []struct {
		name, before, now string
		warnings          []string // a part of each
		err               string
	}{
		{"the first snapshot", "/", "A/A", nil, ""},
		{"a repository that is signed from now on", "/", "AB/AB", nil, ""},
		{"the same key", "A/A", "A/A", nil, ""},
		{"a key that is shipped first", "A/A", "A/AB", nil, ""},
		{"a key that signs beside the older one", "A/A", "AB/AB", nil, ""},
		{"the older one is dropped", "AB/AB", "B/AB",
			[]string{"rpms are signed by B from now on, and no longer by A", "key A no longer signs"}, ""},
		{"the newer one goes first", "AB/AB", "BA/AB", []string{"rpms are signed by B from now on"}, ""},
		{"the older one is no longer shipped", "B/AB", "B/B", []string{"key A is no longer shipped"}, ""},
		{"a key that was shipped, at once", "A/AB", "B/AB",
			[]string{"rpms are signed by B", "key A no longer signs"}, ""},
		{"the second is dropped", "AB/AB", "A/AB", []string{"key B no longer signs"}, ""},
		{"a key that nobody has", "A/A", "B/AB", nil, "-key=gpg:A,gpg:B; once clients have updated, with -key=gpg:B"},
		{"two that nobody has", "A/A", "BC/ABC", nil, "key B signs alone"},
		{"a key that nobody has, first", "A/A", "BA/AB", nil, "-key=gpg:A,gpg:B"},
		{"a key that is not shipped", "A/A", "AB/A", nil, "key B signs, but is in no keyring"},
		{"no key any more", "A/A", "/A", nil, "key A no longer signs, and no other key does"},
	} {
		warnings, err := Rotate(parse(c.before), parse(c.now))
		var refused *RotationError
		if errors.As(err, &refused) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
		}
		if !slices.EqualFunc(warnings, c.warnings, strings.Contains) {
			t.Errorf("%s: the warnings are %q, want %q", c.name, warnings, c.warnings)
		}
	}
}

// TestFit holds what is said of a key that a repository is signed with 31 days after it was made.
func TestFit(t *testing.T) {
	const day = 24 * 3600
	rsa := packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: 3072}
	ends := func(days uint32) packet.Config {
		return packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveNistP256, KeyLifetimeSecs: days * day}
	}
	edwards := packet.Config{Algorithm: packet.PubKeyAlgoEdDSA}
	for _, c := range []struct {
		name     string
		key      packet.Config
		validFor time.Duration
		rpms     bool
		warnings []string
		err      string
	}{
		{"RSA", rsa, 0, true, nil, ""},
		{"good for a year", ends(365), 0, false, nil, ""},
		{"good for two months", ends(91), 0, false,
			[]string{"within 90 days", "rather sign with another key"}, ""},
		{"good for 150 days, and the indexes for half a year", ends(181), 180 * day * time.Second, false,
			[]string{"within 180 days", "rather sign with another key"}, ""},
		{"expired", ends(30), 0, false, nil, "expired on 2026-02-01"},
		{"Ed25519 for debs", edwards, 0, false, []string{"apt of Debian 8", "yum of CentOS 7"}, ""},
		{"Ed25519 for rpms", edwards, 0, true, []string{"apt of Debian 8", "yum of CentOS 7"}, "rpm before 4.18"},
	} {
		key := signtest.Write(t, signtest.New("captain", c.key))
		by, err := sign.Open(t.Context(), sign.Settings{Keys: []string{key.Secret}, Time: signtest.Born, Env: run.Env{}})
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := Fit(by, signtest.Born.AddDate(0, 0, 31), c.validFor, c.rpms)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
		}
		if !slices.EqualFunc(warnings, c.warnings, func(f keys.Fault, want string) bool {
			return strings.Contains(f.String(), want)
		}) {
			t.Errorf("%s: the warnings are %q, want %q", c.name, warnings, c.warnings)
		}
	}
}
