package profiles

import (
	"strings"
	"testing"
)

func TestConformance(t *testing.T) {
	r, err := Conformance("", "kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1.34.0", "1.36.1+acme.1"} {
		if _, err := r.Suite(parse(t, version)); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.Suite(parse(t, "1.33.13+acme.1")); err == nil || !strings.Contains(err.Error(), "it has rows for") {
		t.Errorf("got %v", err)
	}
	_, err = Conformance("", "etcd")
	if want := "profile etcd does not say what its tests consist of: write profiles/etcd/conformance.yaml"; err == nil ||
		err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
