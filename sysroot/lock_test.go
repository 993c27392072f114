package sysroot

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/platform"
)

func TestPins(t *testing.T) {
	want := cross.Debian{Suites: []string{"https://deb.example.org/debian bullseye"}, Keyring: "keys.gpg",
		Packages: []string{"libc6-dev"}}
	const of = `"of": {"suites": ["https://deb.example.org/debian bullseye"], "keyring": "keys.gpg", ` +
		`"packages": ["libc6-dev"]}, "packages": [{"name": "libc6-dev"}]`
	const remedy = "\n  To pin them: mage patches:lock -fork=ship"
	for _, c := range []struct{ name, lock, err string }{
		{"pinned", `{"linux/amd64": {` + of + `}}`, ""},
		{"no lock", "", "forks/ship/sysroot.lock does not pin its packages" + remedy},
		{"another platform", `{"linux/arm64": {` + of + `}}`, "forks/ship/sysroot.lock does not pin its packages" + remedy},
		{"other settings", `{"linux/amd64": {"of": {"packages": ["libc6"]}}}`,
			"forks/ship/sysroot.lock pins the packages of other settings" + remedy},
		{"damaged", `{`, "forks/ship/sysroot.lock: unexpected end of JSON input\n" +
			"  To pin the packages again, delete it, then: mage patches:lock -fork=ship"},
	} {
		f := fork.Fork{Project: fork.Project{Dir: t.TempDir()}, ID: "ship"}
		f.Build.C = map[string]cross.C{"linux/amd64": {Debian: want}}
		if c.lock != "" {
			if err := os.MkdirAll(filepath.Dir(f.Abs(LockFile)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(f.Abs(LockFile), []byte(c.lock), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := Pins(f, platform.Platform{OS: "linux", Arch: "amd64"})
		switch {
		case c.err == "" && (err != nil || len(got) != 1 || got[0].Name != "libc6-dev"):
			t.Errorf("%s: got %v, %v", c.name, got, err)
		case c.err != "" && (err == nil || err.Error() != c.err):
			t.Errorf("%s: got %v, want %s", c.name, err, c.err)
		}
	}
}

// TestPin holds what stays, what goes, and that a keyring has to be there.
func TestPin(t *testing.T) {
	debian := cross.Debian{Suites: []string{"file:///none bullseye"}, Keyring: "keys.gpg", Packages: []string{"libc6-dev"}}
	old := Lock{"linux/amd64": {debian, []debbase.Pin{{Name: "libc6-dev"}}}, "linux/arm64": {debian, nil}}
	dir := t.TempDir()
	got, err := old.Pin(t.Context(), dir, map[string]cross.C{
		"linux/amd64": {Debian: debian}, "linux/s390x": {CC: "gcc"},
	}, time.Time{})
	if want := (Lock{"linux/amd64": old["linux/amd64"]}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	_, err = old.Pin(t.Context(), dir, map[string]cross.C{"linux/386": {Debian: debian}}, time.Time{})
	if err == nil || !strings.HasPrefix(err.Error(), "build.c.linux/386.debian: keyring: open "+dir) {
		t.Errorf("without a keyring: got %v", err)
	}
}
