package testkit

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// DebianKeys are the keys that sign Debian's archive.
const DebianKeys = "/usr/share/keyrings/debian-archive-keyring.gpg"

// DebianArchive returns the URL of the archive of Debian's that apt uses here. It skips
// a test where there is none, or no keys of it.
func DebianArchive(t testing.TB) string {
	t.Helper()
	if _, err := os.Stat(DebianKeys); err != nil {
		t.Skipf("the keys of Debian's archive are missing (package debian-archive-keyring): %v", err)
	}
	out, err := exec.Command("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages").Output()
	if err != nil {
		t.Skipf("apt does not say which archive it uses: %v", err)
	}
	for site := range strings.FieldsSeq(string(out)) {
		if site = strings.TrimSuffix(site, "/"); strings.HasSuffix(site, "/debian") {
			return site
		}
	}
	t.Skip("apt knows no archive of Debian's")
	return ""
}
