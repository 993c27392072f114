package verify_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/artifact"
	ct "github.com/slipway-build/slipway/release/contents/contentstest"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/reproduce"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/sigstore"
	"github.com/slipway-build/slipway/release/verify"
)

// relist has the record and the sums describe the folder again, and signs them.
func (s *ship) relist() {
	s.t.Helper()
	s.describe()
	s.list()
	s.sign()
}

// forgeries are what is done to a release that is signed.
var forgeries = []fault{
	{"no signatures of the sums", nil, func(s *ship) {
		s.remove("SHA256SUMS.asc")
		s.remove("SHA512SUMS.sigstore.json")
	}, []string{"signatures SHA256SUMS: it has no OpenPGP signature beside it, SHA256SUMS.asc",
		"signatures SHA512SUMS: it has no bundle beside it, SHA512SUMS.sigstore.json"}},
	{"the sums were changed", nil, func(s *ship) {
		s.put("notes.md", []byte("# pirates"))
		s.describe()
		s.list()
	}, []string{"signatures SHA256SUMS: the signature by key", "signatures SHA256SUMS: it is over the SHA-256",
		"signatures SHA512SUMS: the signature by key", "signatures SHA512SUMS: it is over the SHA-256"}},
	{"no signature", nil, func(s *ship) { s.put("SHA256SUMS.asc", []byte("trust me")) }, []string{
		"signatures SHA256SUMS: its signature is not an armored OpenPGP signature"}},
	{"no bundles", nil, func(s *ship) {
		s.remove("bin/linux_amd64/mate.sigstore.json")
		s.put(debPath+".sigstore.json", []byte("{}"))
	}, []string{"signatures bin/linux_amd64/mate: it has no bundle beside it",
		"signatures " + debPath + ": its bundle is of the type"}},
	{"the bundle of another file", nil, func(s *ship) {
		s.put("bin/linux_amd64/mate.sigstore.json", s.get("bin/linux_amd64/captain.sigstore.json"))
	}, []string{"signatures bin/linux_amd64/mate: it is over the SHA-256"}},
	{"a bundle that need not be", nil, func(s *ship) { s.put("notes.md.sigstore.json", []byte("{}")) }, []string{
		"signatures notes.md: its bundle is of the type"}},
	{"no bundle of the provenance", nil, func(s *ship) { s.remove("provenance.sigstore.json") }, []string{
		"signatures provenance.json: it has no bundle beside it"}},
	{"the bundle of another provenance", nil, func(s *ship) {
		bundle, err := s.signer.Attest(s.t.Context(), sigstore.StatementType, []byte("{}"))
		s.check(err)
		s.put("provenance.sigstore.json", bundle)
	}, []string{"signatures provenance.sigstore.json: its statement is another than provenance.json"}},
	{"a bundle of no statement", nil, func(s *ship) {
		bundle, err := s.signer.Attest(s.t.Context(), "text/plain", s.get(provenance.File))
		s.check(err)
		s.put("provenance.sigstore.json", bundle)
	}, []string{`signatures provenance.sigstore.json: its payload is of the type "text/plain"`}},
}

// TestForgeries needs keys, which take a while to make.
func TestForgeries(t *testing.T) {
	signer, _, _ := publisher(t)
	for _, f := range forgeries {
		f.check(t, newShip(t, signer))
	}
}

// TestInside takes the signatures that are inside of artifacts away.
func TestInside(t *testing.T) {
	signer, _, _ := publisher(t)
	s := newShip(t, signer).seal()
	s.put(rpmPath, ct.RPM(t, "zstd", ct.File("/usr/bin/captain", captain)))
	s.check(layout.Path(s.at("images")).RemoveDescriptors(match.MediaTypes(string(types.OCIManifestSchema1))))
	s.relist()
	report, err := verify.Release(t.Context(), s.dir, verify.Request{Keys: signer.Verifier()})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(report.Checks, func(c verify.Check) bool { return c.Name == "signatures" })
	var got []string
	for _, f := range report.Checks[i].Faults {
		got = append(got, "signatures "+f.String())
	}
	want := []string{"signatures images: image captain: the layout has no signature of sha256:",
		"signatures images: image captain for linux/amd64: the layout has no signature of sha256:",
		"signatures " + rpmPath + ": its header has no signature"}
	if !matches(got, want) {
		t.Errorf("the faults are\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestOtherKeys verifies with keys of somebody else, and of one kind alone.
func TestOtherKeys(t *testing.T) {
	signer, asc, pem := publisher(t)
	s := newShip(t, signer).seal()
	for _, c := range []struct {
		name   string
		keys   sign.Verifier
		faults int
		want   string
	}{
		{"somebody else's", rebuilder(t).Verifier(), 10, "OpenPGP signatures were not checked"},
		{"sigstore alone", public(t, pem), 0, "OpenPGP signatures were not checked: no -key is of OpenPGP"},
		{"OpenPGP alone", public(t, asc), 0, "sigstore bundles were not checked: no -key is in PEM"},
	} {
		report, err := verify.Release(t.Context(), s.dir, verify.Request{Keys: c.keys})
		lines := strings.Join(report.Lines(), "\n")
		if err != nil || report.Faults() != c.faults || !strings.Contains(lines, c.want) {
			t.Errorf("%s: %v, %d faults, want %d and %q\n%s", c.name, err, report.Faults(), c.faults, c.want, lines)
		}
	}
}

// TestRebuilds counts those who say that they rebuilt a release.
func TestRebuilds(t *testing.T) {
	publisher, alice, bob := rebuilder(t), rebuilder(t), rebuilder(t)
	s := newShip(t, publisher).seal()
	s.rebuilt("alice", alice, nil)
	s.rebuilt("alice-again", alice, nil)
	s.rebuilt("publisher", publisher, nil)
	s.rebuilt("bob", bob, func(r *reproduce.Report) { r.Results = r.Results[1:] })
	for _, c := range []struct {
		name   string
		others sign.Verifier
		wanted int
		want   []string
	}{
		{"one is enough", alice.Verifier(), 1, []string{
			"ok      rebuilds    others who say that they rebuilt it, of the 1 that are wanted: 1",
			"rebuilds/bob.sigstore.json does not count: ", "rebuilds/publisher.sigstore.json does not count: "}},
		{"two are wanted", alice.Verifier(), 2, []string{"that are wanted: 1", "To do: ask others"}},
		{"not all was rebuilt", bob.Verifier(), 1, []string{"that are wanted: 0",
			"bob.sigstore.json does not count: it does not say that bin/linux_amd64/captain was rebuilt"}},
		{"the publisher's", publisher.Verifier(), 1, []string{"that are wanted: 0", "is the publisher's"}},
		{"no keys", sign.Verifier{}, 1, []string{"no keys of those who rebuild were given"}},
	} {
		report, err := verify.Release(t.Context(), s.dir, verify.Request{Keys: publisher.Verifier(), Others: c.others,
			Rebuilders: c.wanted})
		lines := strings.Join(report.Lines(), "\n")
		for _, want := range c.want {
			if err != nil || !strings.Contains(lines, want) {
				t.Errorf("%s: %v, want %q\n%s", c.name, err, want, lines)
			}
		}
	}
}

// rebuilt adds the statement that somebody rebuilt all of the release, after it was changed.
func (s *ship) rebuilt(name string, by *sign.Signer, change func(*reproduce.Report)) {
	s.t.Helper()
	record, err := reproduce.Digest(s.record)
	s.check(err)
	r := reproduce.Report{Fork: s.record.Fork, Name: s.record.Name, Version: s.record.Version, Record: record, Same: true}
	for _, a := range s.record.Artifacts {
		if a.Kind != artifact.Document {
			r.Results = append(r.Results, reproduce.Result{Name: provenance.SubjectName(a), Kind: a.Kind,
				Verdict: reproduce.Same, Want: a.Reproducible(), Got: a.Reproducible()})
		}
	}
	if change != nil {
		change(&r)
	}
	data, err := r.Attest(s.t.Context(), by.Attest)
	s.check(err)
	s.put("rebuilds/"+name+".sigstore.json", data)
}

// TestLines holds that the names of files cannot steer a terminal.
func TestLines(t *testing.T) {
	r := verify.Report{Checks: []verify.Check{{Name: "record", Count: 2, Of: "artifacts", More: 3, Faults: []verify.Fault{
		{Where: "a\x1b[2J\n", What: "it is missing", Remedy: "look for it"}}}}}
	want := `FAILED  record      artifacts: 2
        a\x1b[2J\n: it is missing
        and 3 more
        To do: look for it`
	if got := strings.Join(r.Lines(), "\n"); got != want || r.OK() || r.Faults() != 4 {
		t.Errorf("Lines() =\n%s\nwant\n%s", got, want)
	}
}

func TestJSON(t *testing.T) {
	s := newShip(t, &sign.Signer{}).seal()
	report, err := verify.Release(t.Context(), s.dir, verify.Request{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"schema":1,"fork":"ship",`, `{"check":"images","count":1,"of":"whole images`,
		`"notes":["the release is not signed`, `"faults":[]`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the report has no %s:\n%s", want, data)
		}
	}
}
