package reproduce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/google/rpmpack"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/release/provenance"
)

// verdicts are those of a report, as NAME: VERDICT.
func verdicts(r Report) []string {
	var out []string
	for _, a := range r.Results {
		out = append(out, a.Name+": "+string(a.Verdict))
	}
	return out
}

func compare(t *testing.T, c Comparison) Report {
	t.Helper()
	r, err := Compare(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCompare(t *testing.T) {
	files := map[string][]byte{"bin/captain": []byte("ahoy"), "bin/bosun": []byte("aye"), "bin/mate": []byte("oh")}
	other := map[string][]byte{"bin/captain": []byte("ahoy"), "bin/bosun": []byte("nay"), "bin/cook": []byte("soup")}
	if r := compare(t, Comparison{Want: sideOf(t, files), Got: sideOf(t, files)}); !r.Same || len(r.Results) != 3 {
		t.Errorf("two builds of the same files: %+v", r)
	}
	c := Comparison{Want: sideOf(t, files), Got: sideOf(t, other)}
	want := []string{"bin/bosun: differs", "bin/captain: same", "bin/cook: extra", "bin/mate: missing"}
	if r := compare(t, c); r.Same || !slices.Equal(verdicts(r), want) {
		t.Errorf("%q, want %q", verdicts(r), want)
	}
	c.Exceptions = []Exception{{Path: "bin/*o*", Reason: "is not pinned"}, {Path: "bin/mate", Reason: "left"},
		{Path: "deb/*", Reason: "never"}, {Path: "bin/captain", Reason: "never either"}}
	r := compare(t, c)
	want = []string{"bin/bosun: excepted", "bin/captain: same", "bin/cook: excepted", "bin/mate: excepted"}
	if !r.Same || !slices.Equal(verdicts(r), want) || r.Results[3].Reason != "left" {
		t.Errorf("%+v, want %q", r, want)
	}
	if !slices.Equal(r.Unused, c.Exceptions[2:]) {
		t.Errorf("the unused exceptions are %v", r.Unused)
	}
}

func TestCompareRefuses(t *testing.T) {
	a, b := sideOf(t, nil), sideOf(t, nil)
	b.Release.Version = "1.2.4"
	for want, c := range map[string]Comparison{
		"the release is ship 1.2.3, and ship 1.2.4 was built": {Want: a, Got: b},
	} {
		if _, err := Compare(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestCompareWithoutSignatures has a release with a signed package, and documents that name
// it by its digest.
func TestCompareWithoutSignatures(t *testing.T) {
	plain := rpmOf(rpmpack.RPMMetaData{})
	signed := append(slices.Clone(plain), "signature"...)
	sbom := func(of []byte) []byte { return fmt.Appendf(nil, `{"hash": %q}`, sha(of)[7:]) }
	vex := func(of []byte) []byte { // its id is made of what it holds
		return fmt.Appendf(nil, `{"@id": "https://example.org/vex-%s", "hash": %q}`, sha(sbom(of))[7:], sha(of)[7:])
	}
	files := func(rpm []byte) map[string][]byte {
		return map[string][]byte{"rpm/ship.rpm": rpm, "sbom/ship.cdx.json": sbom(rpm), "vex.openvex.json": vex(rpm)}
	}
	want, got := sideOf(t, files(signed)), sideOf(t, files(plain))
	want.Release.Artifacts[0].Unsigned = sha(plain)
	for i, s := range []*Side{&want, &got} {
		in := provenance.Input{Release: s.Release, Slipway: "v1.0.0"}
		in.Release.Platforms, in.Release.Tree, in.Lock.Source = []string{"linux/amd64"}, sha(nil), sha(nil)
		in.Release.Toolchain = "go1.26.8"
		in.Lock.Upstream = "https://example.org/ship.tar.gz@" + sha(nil)
		if i == 0 {
			in.Checkout.Commit = strings.Repeat("1", 40)
		}
		// A document of the release has another digest, too.
		in.Release.Artifacts = in.Release.Artifacts[:1]
		data := must(provenance.Statement(in))
		*s = withFile(t, *s, provenance.File, provenance.Format, data)
	}
	r := compare(t, Comparison{Want: want, Got: got})
	if !r.Same {
		t.Errorf("%s", strings.Join(r.Lines(), "\n"))
	}
	got = withFile(t, got, provenance.File, provenance.Format, []byte("{}"))
	if r := compare(t, Comparison{Want: want, Got: got}); r.Same || r.Count(Differs) != 1 {
		t.Errorf("a document that says something else is the same: %+v", r)
	}
}

// withFile returns a side with one file more, or another.
func withFile(t *testing.T, s Side, name, format string, data []byte) Side {
	t.Helper()
	added := sideOf(t, map[string][]byte{name: data})
	files := map[string][]byte{name: data}
	for _, a := range s.Release.Artifacts {
		files[a.Path] = must(build{s, a}.whole())
	}
	maps.Copy(files, map[string][]byte{name: data})
	out := sideOf(t, files)
	for i, a := range out.Release.Artifacts {
		for _, old := range s.Release.Artifacts {
			if a.Path == old.Path {
				out.Release.Artifacts[i].Unsigned = old.Unsigned
			}
		}
		if a.Path == added.Release.Artifacts[0].Path {
			out.Release.Artifacts[i].Format = format
		}
	}
	return out
}

func TestCompareWhatCannotBeRead(t *testing.T) {
	want := sideOf(t, map[string][]byte{"a.tar.gz": gzipOf(tarOf(crew()), 9, ""), "bin/captain": []byte("ahoy")})
	got := sideOf(t, map[string][]byte{"a.tar.gz": []byte("\x1f\x8b rubbish"), "bin/captain": []byte("ahoi")})
	want.Dir = filepath.Join(want.Dir, "absent") // only the record is known
	r := compare(t, Comparison{Want: want, Got: got})
	const says = "absent/bin/captain does not exist, so what differs cannot be told"
	if s := findings(r.Results[1])[0]; !strings.HasSuffix(s, says) {
		t.Errorf("%s", s)
	}
	want = sideOf(t, map[string][]byte{"a.tar.gz": gzipOf(tarOf(crew()), 9, "")})
	got.Release.Artifacts = got.Release.Artifacts[:1]
	r = compare(t, Comparison{Want: want, Got: got})
	if s := findings(r.Results[0])[0]; r.Same || !strings.HasPrefix(s, "it cannot be read: a.tar.gz: ") {
		t.Errorf("%s", s)
	}
}

// sampleReport has something of everything.
func sampleReport() Report {
	return Report{
		Schema: ReportSchema, Fork: "ship", Name: "ship", Version: "1.2.3", Record: sha(nil),
		Changes:  []Change{{"folder", "/home/mate/<ship>", "/tmp/ship", true}, {"user", "1000", "1000", false}},
		Problems: []string{"toolchain: go1.26.8 in the release, go1.26.9 in the rebuild"},
		Results: []Result{
			{Name: "bin/captain", Kind: artifact.Binary, Verdict: Same, Want: sha(nil), Got: sha(nil)},
			{Name: "deb/ship.deb", Kind: artifact.Package, Verdict: Differs, Found: []Finding{
				{Where: []string{"data.tar.gz", "./<script>alert(1)</script>"}, What: "mode", Want: "0755", Got: `"'&0700`},
			}, More: 2},
			{Name: "images/captain", Kind: artifact.Image, Verdict: Excepted, Reason: "its base is not pinned"},
			{Name: "rpm/ship.rpm", Kind: artifact.Package, Verdict: Missing},
		},
		Unused: []Exception{{Path: "deploy/*", Reason: "has a clock"}},
	}
}

func TestReport(t *testing.T) {
	r := sampleReport()
	golden.Check(t, filepath.Join("testdata", "report.txt"), []byte(strings.Join(r.Lines(), "\n")+"\n"))
	html := must(r.HTML())
	golden.Check(t, filepath.Join("testdata", "report.html"), html)
	for _, s := range []string{"<script", "/<ship>", `"'&0700`, "http:", "https:"} {
		if bytes.Contains(html, []byte(s)) {
			t.Errorf("the page has %s", s)
		}
	}
	var back Report
	if err := json.Unmarshal(must(r.JSON()), &back); err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("the JSON is read as %+v: %v", back, err)
	}
}

func TestSummary(t *testing.T) {
	r := sampleReport()
	r.Same, r.Results = true, r.Results[:1]
	if got, want := r.Summary(), "ship 1.2.3 was rebuilt: 1 artifact, byte for byte"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFoldLayout(t *testing.T) {
	image := func(v Verdict) Result { return Result{Name: "images/captain", Kind: artifact.Image, Verdict: v} }
	file := func(name string, v Verdict) Result { return Result{Name: name, Kind: artifact.Layout, Verdict: v} }
	layout := []Result{file("images/blobs/sha256/1", Missing), file("images/blobs/sha256/2", Extra),
		file("images/index.json", Differs), file("images/oci-layout", Same)}
	for v, want := range map[Verdict]string{
		Same:     "same missing extra differs same",
		Differs:  "differs differs same",
		Excepted: "excepted excepted excepted excepted same",
	} {
		var got []string
		for _, r := range foldLayout(append([]Result{image(v)}, layout...)) {
			got = append(got, string(r.Verdict))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("with an image that is %s: %q, want %s", v, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	f := Finding{Where: []string{"./\x1b[2Jcaptain"}, What: "link", Want: "a\nb", Got: "ü"}
	if got, want := f.String(), `./\x1b[2Jcaptain: link: a\nb in the release, ü in the rebuild`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestCompareSignedText has a Manifest with a signature around it.
func TestCompareSignedText(t *testing.T) {
	key := must(openpgp.NewEntity("Mate", "", "mate@example.org", nil))
	var signed bytes.Buffer
	w := must(clearsign.Encode(&signed, key.PrivateKey, nil))
	_ = must(w.Write([]byte("DIST ship.tar.xz 1\n")))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := sideOf(t, map[string][]byte{"overlay/Manifest": signed.Bytes()})
	want.Release.Artifacts[0].Unsigned = sha([]byte("DIST ship.tar.xz 1\n"))
	got := sideOf(t, map[string][]byte{"overlay/Manifest": []byte("DIST ship.tar.xz 2\n")})
	check(t, "a signed text", findings(compare(t, Comparison{Want: want, Got: got}).Results[0]),
		`line 1: "DIST ship.tar.xz 1" in the release, "DIST ship.tar.xz 2" in the rebuild`)
}
