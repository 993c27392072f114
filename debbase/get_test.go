package debbase

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestArch(t *testing.T) {
	for arch, want := range map[string]string{
		"amd64": "amd64", "arm": "armhf", "386": "i386", "ppc64le": "ppc64el",
	} {
		if got := Arch(arch); got != want {
			t.Errorf("%s: got %s, want %s", arch, got, want)
		}
	}
}

func TestGetAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "InRelease")
	if err := os.WriteFile(name, []byte("Suite: bookworm"), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Get(context.Background(), "file://"+filepath.ToSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if data, err := io.ReadAll(r); string(data) != "Suite: bookworm" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
	for _, url := range []string{"file://" + filepath.ToSlash(name) + ".gpg", "sail://example.org", "%"} {
		if _, err := Get(context.Background(), url); err == nil {
			t.Errorf("%s is no error", url)
		}
	}
}
