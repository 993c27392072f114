package release

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/artifact"
)

func TestSums(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "deb/captain.deb", "bin/captain", "notes.md")
	all, err := sumAll(t.Context(), dir, []string{"notes.md", "deb/captain.deb", "bin/captain"}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	files, err := sumFiles(all)
	if err != nil {
		t.Fatal(err)
	}
	var short, long string
	for _, name := range []string{"bin/captain", "deb/captain.deb", "notes.md"} {
		short += fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(name)), name)
		long += fmt.Sprintf("%x  %s\n", sha512.Sum512([]byte(name)), name)
	}
	if string(files[artifact.SHA256Sums]) != short || string(files[artifact.SHA512Sums]) != long {
		t.Errorf("%s%s, want\n%s%s", files[artifact.SHA256Sums], files[artifact.SHA512Sums], short, long)
	}
	if all[1].size != int64(len("deb/captain.deb")) {
		t.Errorf("%s has %d bytes", all[1].path, all[1].size)
	}
	if _, err := sumAll(t.Context(), dir, []string{"gone"}, func() {}); err == nil {
		t.Errorf("there are sums of %s, which is gone", filepath.Join(dir, "gone"))
	}
	for _, name := range []string{"a\nb", "a\\b", "a\rb"} {
		if files, err := sumFiles([]sums{{path: name}}); err == nil {
			t.Errorf("%q is written as %q", name, files[artifact.SHA256Sums])
		}
	}
}
