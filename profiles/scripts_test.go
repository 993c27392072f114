package profiles

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/internal/testkit"
)

// TestScripts has the shell and shellcheck read the scripts of the packages of each kind of version, and what a
// kubelet's package brings for its host fit into an ebuild.
func TestScripts(t *testing.T) {
	testkit.Need(t, "shellcheck")
	for _, v := range []string{"1.13.0", "1.29.0", "1.30.0", "1.36.1"} {
		read := 0
		for _, p := range assembled(t, "kubernetes", v+"+acme.1") {
			switch {
			case p.Name == "kubelet":
				if err := ebuilds.Check(p); err != nil {
					t.Errorf("%s: %v", v, err)
				}
			case v == "1.29.0" || v == "1.30.0":
				continue
			}
			for _, f := range p.Files {
				if !bytes.HasPrefix(f.Data, []byte("#!/bin/sh\n")) && !bytes.HasPrefix(f.Data, []byte("# shellcheck ")) ||
					strings.HasSuffix(f.Path, "-options") { // which packaging has read
					continue
				}
				read++
				checkLines(t, v, f.Path, string(f.Data))
				script := filepath.Join(t.TempDir(), "script")
				if err := os.WriteFile(script, f.Data, 0o755); err != nil {
					t.Fatal(err)
				}
				for _, reader := range [][]string{{"sh", "-n", script}, {"shellcheck", script}} {
					if out, err := exec.Command(reader[0], reader[1:]...).CombinedOutput(); err != nil {
						t.Errorf("%s: %s: %s\n%s", v, f.Path, err, out)
					}
				}
			}
		}
		if read < 5 {
			t.Errorf("%s: %d scripts, want 5 or more", v, read)
		}
	}
}
