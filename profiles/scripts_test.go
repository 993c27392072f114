package profiles

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/internal/testkit"
)

// TestScriptsOfKubelets has the shell and shellcheck read what the packages of a node bring
// for its host, of each kind of version; and has them fit into an ebuild.
func TestScriptsOfKubelets(t *testing.T) {
	testkit.Need(t, "shellcheck")
	for _, v := range []string{"1.13.0", "1.29.0", "1.30.0", "1.36.1"} {
		for _, p := range assembled(t, "kubernetes", v+"+acme.1") {
			least, ok := map[string]int{"kubelet": 5, "kubeadm": 1, "kubernetes-node": 1}[p.Name]
			if !ok {
				continue
			}
			if err := ebuilds.Check(p); err != nil {
				t.Errorf("%s: %v", v, err)
			}
			read := 0
			for _, f := range p.Files {
				if !bytes.HasPrefix(f.Data, []byte("#!/bin/sh\n")) {
					continue
				}
				read++
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
			if read < least {
				t.Errorf("%s: %d scripts of %s, want %d or more", v, read, p.Name, least)
			}
		}
	}
}
