package provenance

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/lock"
)

const tip = "1f00000000000000000000000000000000000000"

func sum(c string) string { return strings.Repeat(c, 64) }

// h1 is the sum of a module, and its digits.
const (
	h1    = "h1:Khu2En+0gcYPZ2kuIihfswbzxv/mIHXgzPZ018Oty48="
	h1Hex = "2a1bb6127fb481c60f67692e22285fb306f3c6ffe62075e0ccf674d7c3adcb8f"
)

func sample() Input {
	return Input{
		Release: artifact.Release{
			Schema: 1, Fork: "ship", Name: "ship", Version: "1.2.3+acme.1", Tree: "sha256:" + sum("a"), Commit: tip,
			Lock: "sha256:" + sum("b"), Date: "2026-01-02T03:04:05Z", Toolchain: "go1.26.8",
			Platforms: []string{"linux/amd64", "linux/arm64"},
			Artifacts: []artifact.Released{
				{Kind: artifact.Binary, Name: "captain", Platform: "linux/amd64", Path: "bin/linux_amd64/captain",
					Digest: "sha256:" + sum("1")},
				{Kind: artifact.Image, Name: "captain", Path: "images", Digest: "sha256:" + sum("2"),
					Images: []artifact.PlatformImage{{Platform: "linux/amd64", Digest: "sha256:" + sum("3")}}},
				{Kind: artifact.Document, Format: Format, Path: File, Digest: "sha256:" + sum("4")},
				{Kind: artifact.Package, Name: "ship-captain", Format: "rpm", Platform: "linux/amd64",
					Path: "rpm/linux_amd64/ship-captain.rpm", Digest: "sha256:" + sum("5"), Unsigned: "sha256:" + sum("6")},
			},
		},
		Lock: lock.Lock{
			Upstream: "example.org/ship@v1.2.3", Time: time.Unix(1, 0).UTC(), Source: "sha256:" + sum("c"),
			Modules: []lock.Module{{Place: ".", Path: "example.org/ship", Version: "v1.2.3", Sum: h1}},
			Carried: []lock.Carried{{Git: "https://mate:secret@example.org/ship.git", Commits: "v1.2.3.." + tip},
				{Library: "slipway:bosun"}},
			Patches: []lock.Patch{{Name: tip, Strip: 1, SHA256: sum("d")},
				{Name: "slipway:bosun/0001-bosun.patch", Strip: 1, SHA256: sum("8")},
				{Name: "0001-sails.patch", Strip: 1, SHA256: sum("e")}},
			Deps: []lock.Dep{{Path: "example.org/rope", Version: "v1.0.1+incompatible"}},
			Tree: "sha256:" + sum("a"),
		},
		Options: map[string]string{"formats": "deb,rpm"},
		Sources: Sources{Roots: []string{"forks/ship", "profiles"}, Files: []artifact.Pinned{
			{Name: "forks/ship/fork.lock", Digest: "sha256:" + sum("b")},
			{Name: "forks/ship/fork.yaml", Digest: "sha256:" + sum("7")},
		}},
		Checkout: Checkout{URL: "https://example.org/forks.git", Commit: tip},
		Slipway:  "v0.9.0", Go: "go1.26.9",
		Builds: []Build{{Platform: "linux/amd64", Flags: []string{"-trimpath", "-ldflags=-s -w <&>"},
			Env: []string{"GOAMD64=v1"}}},
		Modules: []artifact.Module{{Path: "example.org/rope", Version: "v1.0.1", Sum: h1},
			{Path: "example.org/knot", Version: "v0.1.0"}},
		Packages: []Package{{"libc6", "2.41-12", "amd64", "https://deb.example.org/pool/libc6_2.41-12_amd64.deb", sum("9")}},
		Images:   []Image{{"registry.example.org/base", "sha256:" + sum("0")}},
	}
}

func statement(t *testing.T, in Input) []byte {
	t.Helper()
	data, err := Statement(in)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestStatement(t *testing.T) {
	golden.Check(t, filepath.Join("testdata", "provenance.json"), statement(t, sample()))
}

// TestStatementIsTheSame holds that neither the order of what was gathered nor protojson,
// whose spaces differ from program to program, changes a byte.
func TestStatementIsTheSame(t *testing.T) {
	want := statement(t, sample())
	in := sample()
	slices.Reverse(in.Modules)
	in.Options = map[string]string{"formats": "deb,rpm"}
	if got := statement(t, in); !bytes.Equal(got, want) {
		t.Errorf("the statement differs:\n%s\n%s", got, want)
	}
	var formatted bytes.Buffer
	err := json.Indent(&formatted, bytes.TrimSpace(want), "", "  ")
	if err != nil || formatted.String()+"\n" != string(want) {
		t.Errorf("the statement is not formatted as encoding/json does: %v", err)
	}
}

// TestStatementIsValid has the libraries of in-toto read it.
func TestStatementIsValid(t *testing.T) {
	var s intoto.Statement
	if err := protojson.Unmarshal(statement(t, sample()), &s); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	said, err := protojson.Marshal(s.GetPredicate())
	if err != nil {
		t.Fatal(err)
	}
	var p slsa.Provenance
	if err := protojson.Unmarshal(said, &p); err != nil {
		t.Fatal(err)
	}
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
	if p.GetRunDetails().GetMetadata() != nil {
		t.Error("it tells of a clock")
	}
}

func TestStatementTellsNoSecret(t *testing.T) {
	if data := statement(t, sample()); bytes.Contains(data, []byte("secret")) || !bytes.Contains(data, []byte(h1Hex)) {
		t.Errorf("%s", data)
	}
}

func TestUpstreams(t *testing.T) {
	for upstream, want := range map[string]dependency{
		"https://example.org/ship.git@" + tip: {uri: "git+https://example.org/ship.git@" + tip,
			digests: []string{"gitCommit", tip}},
		"https://u:p@example.org/ship.tar.gz@sha256:" + sum("1"): {uri: "https://example.org/ship.tar.gz",
			digests: []string{"sha256", "sha256:" + sum("1")}},
		"git@example.org:ship.git@" + tip: {uri: "git+git@example.org:ship.git@" + tip,
			digests: []string{"gitCommit", tip}},
	} {
		got := archive(upstream)
		if got.uri != want.uri || !slices.Equal(got.digests, want.digests) {
			t.Errorf("%s: %+v", upstream, got)
		}
	}
}

func TestStatementRefuses(t *testing.T) {
	for want, change := range map[string]func(*Input){
		`bin/linux_amd64/captain: "" is not a digest`: func(in *Input) { in.Release.Artifacts[0].Digest = "" },
		`"h1:x" is not the sum of a module`:           func(in *Input) { in.Modules[0].Sum = "h1:x" },
		"at least one subject required":               func(in *Input) { in.Release.Artifacts = nil },
		"Debian package libc6":                        func(in *Input) { in.Packages[0].SHA256 = "x" },
		"got 32 bytes, want 20 bytes":                 func(in *Input) { in.Checkout.Commit = sum("1") },
	} {
		in := sample()
		change(&in)
		if _, err := Statement(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestRead(t *testing.T) {
	in := sample()
	got, err := Read(statement(t, in))
	if err != nil {
		t.Fatal(err)
	}
	want := Record{
		Fork: "ship", Name: "ship", Version: "1.2.3+acme.1", Platforms: in.Release.Platforms, Options: in.Options,
		Sources: in.Sources, Lock: in.Release.Lock, Date: in.Release.Date, Toolchain: "go1.26.8", Slipway: "v0.9.0",
		Go: "go1.26.9",
		Subjects: []Subject{
			{Name: "bin/linux_amd64/captain", Digest: "sha256:" + sum("1")},
			{Name: "images/captain", Digest: "sha256:" + sum("2")},
			{Name: "rpm/linux_amd64/ship-captain.rpm", Digest: "sha256:" + sum("5"), Unsigned: "sha256:" + sum("6")},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ old, now, want string }{
		{"{", "[", "is not an in-toto statement"},
		{"in-toto.io/Statement/v1", "in-toto.io/Statement/v0.1", "want a https://in-toto.io/Statement/v1"},
		{"slsa.dev/provenance/v1", "slsa.dev/provenance/v2", "want a https://in-toto.io/Statement/v1 with a https://slsa"},
		{"slipway/release/v1", "slipway/release/v2", `it is of the build type "https://github.com/slipway-`},
		{`"fork": "ship"`, `"fork": ""`, "it has no fork"},
		{`"fork": "ship"`, `"fork": "ship", "speed": "9"`, `externalParameters: json: unknown field "speed"`},
		{`"toolchain": "go1.26.8"`, `"compiler": "go1.26.8"`, `internalParameters: json: unknown field "compiler"`},
		{"forks/ship/fork.yaml", "../fork.yaml", `sources: "../fork.yaml"`},
		{`"profiles"`, `"/etc"`, `sourceRoots: "/etc" leads out`},
		{`"lock": "sha256:`, `"lock": "sha512:`, "lock: "},
		{"2026-01-02T", "yesterday", "date: "},
		{`"runDetails"`, `"details"`, "predicate: "},
		{`"sha256": "1`, `"sha256": "x`, "not valid hex"},
	} {
		data := strings.Replace(string(statement(t, sample())), c.old, c.now, 1)
		// protojson separates words by another space in some programs.
		_, err := Read([]byte(data))
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "\u00a0", " "), c.want) {
			t.Errorf("%s: %v, want %s", c.now, err, c.want)
		}
	}
}

func TestReadSources(t *testing.T) {
	dir := testkit.Lay(t, map[string]string{"forks/ship/fork.yaml": "a", "forks/ship/patches/series": "b",
		"forks/boat/fork.yaml": "c", "magefile.go": "d", "forks/ship/link": ">patches"})
	got, err := ReadSources(dir, "magefile.go", "forks/ship", "profiles", "forks/ship/patches")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got.Files {
		names = append(names, f.Name)
	}
	want := []string{"forks/ship/fork.yaml", "forks/ship/link", "forks/ship/patches/series", "magefile.go"}
	if !slices.Equal(names, want) {
		t.Errorf("the sources are %q, want %q", names, want)
	}
	if d := got.Files[0].Digest; d != "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" {
		t.Errorf("the digest is %s", d)
	}
	if _, err := ReadSources(dir, "../x"); err == nil || !strings.Contains(err.Error(), "leads out of the project") {
		t.Errorf("a root outside is read: %v", err)
	}
}
