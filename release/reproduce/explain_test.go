package reproduce

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/rpmpack"
	"github.com/klauspost/compress/gzip"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/testkit"
)

// compareFiles returns the findings of two artifacts of one path.
func compareFiles(t *testing.T, name string, want, got []byte) []string {
	t.Helper()
	r, err := Compare(t.Context(), Comparison{Want: sideOf(t, map[string][]byte{name: want}),
		Got: sideOf(t, map[string][]byte{name: got})})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 1 || r.Results[0].Verdict != Differs || r.Same {
		t.Fatalf("%+v", r)
	}
	return findings(r.Results[0])
}

func findings(r Result) []string {
	var out []string
	for _, f := range r.Found {
		out = append(out, f.String())
	}
	return out
}

func check(t *testing.T, name string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s is explained by\n  %s\nwant\n  %s", name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// changed returns the crew with one thing changed.
func changed(change func([]member) []member) []member { return change(crew()) }

// TestExplainMembers seeds a difference of a member, in each archive that has it.
func TestExplainMembers(t *testing.T) {
	for name, c := range map[string]struct {
		change func([]member) []member
		want   string // behind the archive
	}{
		"time": {func(m []member) []member { m[0].time = launch.Add(time.Second); return m },
			"./usr/bin/captain: time: 2026-02-03T04:05:06Z in the release, 2026-02-03T04:05:07Z in the rebuild"},
		"mode": {func(m []member) []member { m[1].mode = 0o600; return m },
			"./etc/ship.conf: mode: 0644 in the release, 0600 in the rebuild"},
		"owner": {func(m []member) []member { m[1].uid = 4711; return m },
			"./etc/ship.conf: owner: 0:0 : in the release, 4711:0 : in the rebuild"},
		"link": {func(m []member) []member { m[2].link = "mate"; return m },
			"./usr/bin/bosun: link: captain in the release, mate in the rebuild"},
		"attribute": {func(m []member) []member { m[0].xattr = "x"; return m },
			"./usr/bin/captain: attributes: nothing in the release, map[security.capability:x] in the rebuild"},
		"order": {func(m []member) []member { m[0], m[1] = m[1], m[0]; return m },
			"./usr/bin/captain: order of members: ./usr/bin/captain in the release, ./etc/ship.conf in the rebuild"},
		"one byte": {func(m []member) []member { m[0].content = "ahoi\n"; return m },
			`./usr/bin/captain: line 1: "ahoy" in the release, "ahoi" in the rebuild`},
		"line": {func(m []member) []member { m[1].content += "flags=2\n"; return m },
			`./etc/ship.conf: line 3: the end in the release, "flags=2" in the rebuild`},
		"missing": {func(m []member) []member { return m[:2] }, "./usr/bin/bosun: is missing"},
		"added": {func(m []member) []member { return append(m, member{name: "./usr/bin/mate", time: launch}) },
			"./usr/bin/mate: was added"},
	} {
		a, b := gzipOf(tarOf(crew()), 9, ""), gzipOf(tarOf(changed(c.change)), 9, "")
		check(t, name, compareFiles(t, "tarballs/ship.tar.gz", a, b), c.want)
		fields := control("Package: ship\n")
		check(t, name+" in a deb", compareFiles(t, "deb/ship.deb", debOf(launch, fields, a), debOf(launch, fields, b)),
			"data.tar.gz → "+c.want)
		inner := func(data []byte) []byte {
			return tarOf([]member{{name: "server/captain.tar.gz", content: string(data)}})
		}
		check(t, name+" in a nested archive", compareFiles(t, "tarballs/server.tar", inner(a), inner(b)),
			"server/captain.tar.gz → "+c.want)
	}
}

// TestExplainContainers seeds a difference outside of the members.
func TestExplainContainers(t *testing.T) {
	data, fields := tarOf(crew()), control("Package: ship\n")
	text := strings.Repeat("sails and anchors and ropes ", 999)
	long := tarOf([]member{{name: "./etc/ship.conf", content: text, time: launch}})
	best, fast := gzipOf(long, gzip.BestCompression, ""), gzipOf(long, gzip.BestSpeed, "")
	const level = "gzip header: level (XFL): 2 in the release, 4 in the rebuild"
	const same = "compressed differently, same content"
	for _, c := range []struct {
		name      string
		want, got []byte
		found     []string
	}{
		{"a.tar.gz", best, fast, []string{level, same}},
		{"b.tar.gz", best, gzipOf(long, 9, "x"),
			[]string{"gzip header: name: nothing in the release, x in the rebuild", same}},
		{"c.deb", debOf(launch, fields, best), debOf(launch, fields, fast),
			[]string{"data.tar.gz → " + level, "data.tar.gz: " + same}},
		{"d.deb", debOf(launch, fields, best), debOf(launch.Add(time.Hour), fields, best), []string{
			"debian-binary: time: 2026-02-03T04:05:06Z in the release, 2026-02-03T05:05:06Z in the rebuild"}},
		{"e.deb", debOf(launch, fields, best), debOf(launch, fields, zstdOf(long)),
			[]string{"data.tar.gz: compression: gzip in the release, zstd in the rebuild"}},
		{"f.tar", data, append(slices.Clone(data), make([]byte, 512)...),
			[]string{"same members, other bytes around them, the first at 0xe00"}},
		{"g.1.gz", gzipOf([]byte("sails\n"), 9, ""), gzipOf([]byte("sail\n"), 9, ""),
			[]string{`gzip: line 1: "sails" in the release, "sail" in the rebuild`}},
	} {
		check(t, c.name, compareFiles(t, c.name, c.want, c.got), c.found...)
	}
}

func TestExplainDebControl(t *testing.T) {
	data := gzipOf(tarOf(crew()), 9, "")
	got := compareFiles(t, "ship.deb", debOf(launch, control("Package: ship\nDepends: a,\n b\nSize: 1\n"), data),
		debOf(launch, control("Package: ship\nDepends: a,\n c\nSize: 1\n"), data))
	check(t, "a field", got,
		`control.tar.gz → ./control → Depends: field: a,\n b in the release, a,\n c in the rebuild`)
}

func TestExplainRPM(t *testing.T) {
	file := rpmpack.RPMFile{Name: "/usr/bin/captain", Body: []byte("ahoy\n"), Mode: 0o100755, Owner: "root", Group: "root",
		MTime: uint32(launch.Unix())}
	content, mode, owner := file, file, file
	content.Body, mode.Mode, owner.Owner = []byte("ahoi\n"), 0o100700, "mate"
	for name, c := range map[string]struct {
		got  []byte
		want []string
	}{
		"a tag": {rpmOf(rpmpack.RPMMetaData{Vendor: "Acme"}, file), []string{"header → Vendor: was added"}},
		"another tag": {rpmOf(rpmpack.RPMMetaData{Licence: "MIT"}, file),
			[]string{`header → License: line 1: the end in the release, "MIT" in the rebuild`}},
		"a byte": {rpmOf(rpmpack.RPMMetaData{}, content),
			[]string{`payload → /usr/bin/captain: line 1: "ahoy" in the release, "ahoi" in the rebuild`}},
		"a mode": {rpmOf(rpmpack.RPMMetaData{}, mode),
			[]string{"payload → /usr/bin/captain: mode: 0755 in the release, 0700 in the rebuild"}},
		"an owner": {rpmOf(rpmpack.RPMMetaData{}, owner),
			[]string{"payload → /usr/bin/captain: owner: 0:0 root:root in the release, 0:0 mate:root in the rebuild"}},
		"the level": {rpmOf(rpmpack.RPMMetaData{Compressor: "gzip:1"}, file), []string{
			"payload → gzip header: level (XFL): 2 in the release, 4 in the rebuild",
			"payload: compressed differently, same content"}},
	} {
		check(t, name, compareFiles(t, "ship.rpm", rpmOf(rpmpack.RPMMetaData{}, file), c.got), c.want...)
	}
}

// TestExplainSigned has a signed package, and another one that was rebuilt, unsigned.
func TestExplainSigned(t *testing.T) {
	file := rpmpack.RPMFile{Name: "/usr/bin/captain", Body: []byte("ahoy\n"), Mode: 0o100755}
	r := must(rpmpack.NewRPM(rpmpack.RPMMetaData{Name: "ship", Version: "1.0", Release: "1", Arch: "x86_64",
		BuildTime: launch}))
	r.AddFile(file)
	r.SetPGPSigner(func([]byte) ([]byte, error) { return []byte("signature"), nil })
	var signed bytes.Buffer
	if err := r.Write(&signed); err != nil {
		t.Fatal(err)
	}
	file.Body = []byte("ahoi\n")
	got := sideOf(t, map[string][]byte{"ship.rpm": rpmOf(rpmpack.RPMMetaData{}, file)})
	want := sideOf(t, map[string][]byte{"ship.rpm": signed.Bytes()})
	want.Release.Artifacts[0].Unsigned = sha([]byte("unsigned"))
	check(t, "a signed rpm", findings(compare(t, Comparison{Want: want, Got: got}).Results[0]),
		`payload → /usr/bin/captain: line 1: "ahoy" in the release, "ahoi" in the rebuild`)
}

func TestExplainJSON(t *testing.T) {
	const want = `{"a": {"list": [1, 2, {"name": "mate"}]}, "none": null, "x": "y"}`
	for got, found := range map[string][]string{
		`{"a": {"list": [1, 2, {"name": "cook"}]}, "none": null, "x": "y"}`: {
			`.a.list[2].name: field: "mate" in the release, "cook" in the rebuild`},
		`{"a": {"list": [1, 2]}, "none": null, "x": "y"}`: {
			`.a.list[2]: field: {"name":"mate"} in the release, nothing in the rebuild`},
		`{"a": {"list": [1, 2, {"name": "mate"}]}, "x": 1}`: {
			".none: field: null in the release, nothing in the rebuild", `.x: field: "y" in the release, 1 in the rebuild`},
		strings.ReplaceAll(want, " ", ""): {"formatted differently, same values"},
	} {
		check(t, got, compareFiles(t, "vex.openvex.json", []byte(want), []byte(got)), found...)
	}
}

func TestExplainImages(t *testing.T) {
	layer := gzipOf(tarOf(crew()), 9, "")
	other := gzipOf(tarOf(changed(func(m []member) []member { m[0].mode = 0o700; return m })), 9, "")
	for name, c := range map[string]struct {
		env   string
		layer []byte
		want  string
	}{
		"environment": {"B=3", layer,
			`linux/amd64 → config → .config.Env[1]: field: "B=2" in the release, "B=3" in the rebuild`},
		"file of a layer": {"B=2", other,
			"linux/amd64 layer 2 → ./usr/bin/captain: mode: 0755 in the release, 0700 in the rebuild"},
		"compression": {"B=2", gzipOf(tarOf(crew()), 6, ""), "linux/amd64 layer 2: compressed differently, same content"},
	} {
		side := func(env string, top []byte) Side {
			s := Side{Dir: t.TempDir(), Release: artifact.Release{Fork: "ship", Version: "1"}}
			s.Release.Artifacts = []artifact.Released{{Kind: artifact.Image, Name: "captain", Path: "images",
				Digest: imageOf(filepath.Join(s.Dir, "images"), env, layer, top)}}
			return s
		}
		r, err := Compare(t.Context(), Comparison{Want: side("B=2", layer), Got: side(c.env, c.layer)})
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(findings(r.Results[0]), func(s string) bool { return strings.Contains(s, "gzip header") })
		check(t, name, got, c.want)
	}
}

// program compiles a small program in a folder. What -trimpath keeps out of build info, such
// as -ldflags, is in it.
func program(t *testing.T, dir string, flags ...string) []byte {
	t.Helper()
	args := append([]string{"build", "-o", "ship.bin", "-buildvcs=false"}, flags...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return must(os.ReadFile(filepath.Join(dir, "ship.bin")))
}

func TestExplainPrograms(t *testing.T) {
	dir := testkit.Lay(t, map[string]string{"go.mod": "module example.org/ship\n\ngo 1.26.0\n",
		"main.go": "package main\n\nvar rank string\n\nfunc main() { println(rank) }\n"})
	captain := program(t, dir, "-ldflags=-s -w -buildid= -X main.rank=captain")
	bosun := program(t, dir, "-ldflags=-s -w -buildid= -X main.rank=bosunxx -X main.x=1")
	got := compareFiles(t, "bin/linux_amd64/ship", captain, bosun)
	const settings = "build info: setting -ldflags: -s -w -buildid= -X main.rank=captain in the release, " +
		"-s -w -buildid= -X main.rank=bosunxx -X main.x=1 in the rebuild"
	if len(got) < 3 || got[0] != settings {
		t.Errorf("the settings are not told: %q", got)
	}
	for _, section := range []string{".go.buildinfo: section: ", ".rodata: section: "} {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, section) }) {
			t.Errorf("%s is not told: %q", section, got)
		}
	}
	flipped := slices.Clone(captain)
	flipped[len(flipped)-1] ^= 1
	got = compareFiles(t, "bin/linux_amd64/ship", captain, flipped)
	if len(got) != 1 || !strings.Contains(got[0], ": 1 of ") {
		t.Errorf("a byte at the end is explained by %q", got)
	}
	// In a package, the program is named before the section.
	deb := func(program []byte) []byte {
		data := tarOf([]member{{name: "./usr/bin/ship", content: string(program)}})
		return debOf(launch, control("Package: ship\n"), gzipOf(data, 1, ""))
	}
	got = compareFiles(t, "ship.deb", deb(captain), deb(bosun))
	if got[0] != "data.tar.gz → ./usr/bin/ship → "+settings {
		t.Errorf("in a deb: %q", got)
	}
}

// TestExplainOnce holds that a program which is in several places is explained once.
func TestExplainOnce(t *testing.T) {
	twice := func(data []byte) []byte {
		return tarOf([]member{{name: "a/captain", content: string(data)}, {name: "b/captain", content: string(data)}})
	}
	check(t, "two programs", compareFiles(t, "a.tar", twice([]byte("ahoy")), twice([]byte("ahoi"))),
		`a/captain: line 1: "ahoy" in the release, "ahoi" in the rebuild`, "b/captain: content, as of a/captain")
}

// TestExplainGroups holds that a time which is everywhere hides no other difference.
func TestExplainGroups(t *testing.T) {
	later := changed(func(m []member) []member {
		for i := range m {
			m[i].time = launch.Add(time.Second)
		}
		m[1].content = "sails=2\n"
		return m
	})
	check(t, "all times", compareFiles(t, "a.tar", tarOf(crew()), tarOf(later)),
		"./usr/bin/captain: time (and of 2 more members): "+
			"2026-02-03T04:05:06Z in the release, 2026-02-03T04:05:07Z in the rebuild",
		`./etc/ship.conf: line 1: "sails=3" in the release, "sails=2" in the rebuild`)
}

// TestExplainIsBounded holds that a build which differs everywhere is told in a few lines.
func TestExplainIsBounded(t *testing.T) {
	many := func(content string) []byte {
		var all []member
		for i := range 100 {
			name := "./" + strings.Repeat("x", i+1)
			all = append(all, member{name: name, content: name + content, time: launch})
		}
		return tarOf(all)
	}
	r, err := Compare(t.Context(), Comparison{Want: sideOf(t, map[string][]byte{"a.tar": many("a")}),
		Got: sideOf(t, map[string][]byte{"a.tar": many("b")})})
	if err != nil {
		t.Fatal(err)
	}
	if a := r.Results[0]; len(a.Found) != most || a.More != 100-most {
		t.Errorf("%d are told and %d counted", len(a.Found), a.More)
	}
}
