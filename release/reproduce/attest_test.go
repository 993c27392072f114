package reproduce

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/slipway-build/slipway/artifact"
)

// rebuiltShip is a release, and the report of somebody who rebuilt it. The release is signed,
// so its layout of images lists signatures that nobody else makes.
func rebuiltShip(t *testing.T) (artifact.Release, Report) {
	t.Helper()
	s := sideOf(t, map[string][]byte{"bin/captain": []byte("ahoy"), "rpm/ship.rpm": []byte("aye"),
		"sbom/ship.json": []byte("{}")})
	s.Release.Artifacts[1].Unsigned = sha([]byte("unsigned"))
	got := s
	got.Release.Artifacts = append([]artifact.Released{}, s.Release.Artifacts...)
	s.Release.Artifacts = append(s.Release.Artifacts,
		artifact.Released{Kind: artifact.Layout, Path: "images/index.json", Digest: sha([]byte("signed"))})
	got.Release.Artifacts[1].Digest, got.Release.Artifacts[1].Unsigned = sha([]byte("unsigned")), ""
	return s.Release, compare(t, Comparison{Want: s, Got: got, Changes: []Change{{"umask", "0022", "0077", true}}})
}

func TestAttest(t *testing.T) {
	release, report := rebuiltShip(t)
	var kind string
	data, err := report.Attest(t.Context(), func(_ context.Context, payloadType string, payload []byte) ([]byte, error) {
		kind = payloadType
		return payload, nil // the envelope is the signer's
	})
	if err != nil || kind != "application/vnd.in-toto+json" {
		t.Fatalf("%s, %v", kind, err)
	}
	var s intoto.Statement
	if err := protojson.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	got, err := ReadAttestation(data)
	want := Attestation{Fork: "ship", Name: "ship", Version: "1.2.3", Record: must(Digest(release)),
		Digests: map[string]string{"bin/captain": sha([]byte("ahoy")), "rpm/ship.rpm": sha([]byte("unsigned")),
			"sbom/ship.json": sha([]byte("{}"))},
		Changes: []Change{{"umask", "0022", "0077", true}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	if err := got.Check(release); err != nil {
		t.Error(err)
	}
}

func TestAttestFails(t *testing.T) {
	_, report := rebuiltShip(t)
	broken := errors.New("no such key")
	refuse := func(context.Context, string, []byte) ([]byte, error) { return nil, broken }
	if _, err := report.Attest(t.Context(), refuse); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	report.Same = false
	if _, err := report.Attest(t.Context(), refuse); err == nil || errors.Is(err, broken) {
		t.Errorf("what differs is attested: %v", err)
	}
}

func TestAttestationCheck(t *testing.T) {
	for want, change := range map[string]func(*Attestation){
		"it is of ship 1.2.2, not of ship 1.2.3":        func(a *Attestation) { a.Version = "1.2.2" },
		"it is of a release whose artifacts.json":       func(a *Attestation) { a.Record = sha(nil) },
		"it names bin/mate, which the release does not": func(a *Attestation) { a.Digests["bin/mate"] = "x" },
		"it says that bin/captain was rebuilt as x":     func(a *Attestation) { a.Digests["bin/captain"] = "x" },
		"it does not say that rpm/ship.rpm was":         func(a *Attestation) { delete(a.Digests, "rpm/ship.rpm") },
		"rpm/ship.rpm was rebuilt, but that it may differ: a clock": func(a *Attestation) {
			delete(a.Digests, "rpm/ship.rpm")
			a.Excepted = map[string]string{"rpm/ship.rpm": "a clock"}
		},
		"": func(a *Attestation) { delete(a.Digests, "sbom/ship.json") },
	} {
		release, report := rebuiltShip(t)
		a, err := ReadAttestation(must(report.Statement()))
		if err != nil {
			t.Fatal(err)
		}
		change(&a)
		err = a.Check(release)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestReadAttestationRefuses(t *testing.T) {
	_, report := rebuiltShip(t)
	for _, c := range []struct{ old, now, want string }{
		{"{", "[", "is not an in-toto statement"},
		{"slipway/rebuild/v1", "slipway/rebuild/v2", "it is a https://in-toto.io/Statement/v1 with a https://github.com/"},
		{`"result": "same"`, `"result": "nearly"`, `the result "nearly" is neither`},
		{`"result"`, `"mood": "x", "result"`, `unknown field "mood"`},
		{`"name": "bin/captain"`, `"name": "rpm/ship.rpm"`, "it names rpm/ship.rpm twice"},
	} {
		data := strings.Replace(string(must(report.Statement())), c.old, c.now, 1)
		if _, err := ReadAttestation([]byte(data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.now, err, c.want)
		}
	}
}
