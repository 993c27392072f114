package profiles

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// A fakeHost is a folder with the scripts of a version of Kubernetes, whose paths are those of the folder, and with
// what they read. Programs in its folder bin count before those of this system.
type fakeHost struct{ dir string }

// newHost lays out a host with files of packages, and further ones. The text - makes a folder for a file, and no file.
func newHost(t *testing.T, packaged, files map[string]string) fakeHost {
	t.Helper()
	testkit.Need(t, "awk")
	h := fakeHost{t.TempDir()}
	paths := []string{"forward . /etc/", "forward . /etc/", "/usr/bin/", h.dir + "/bin/"}
	for _, at := range []string{"/etc/", "/usr/sbin/", "/usr/libexec/", "/usr/lib/kubernetes/", "/var/lib/",
		"/run/containerd/", "/run/systemd/"} {
		paths = append(paths, at, h.dir+at)
	}
	for name, text := range packaged {
		if text != "" && !strings.HasPrefix(name, "/usr/lib/systemd/") { // or it is a folder
			h.write(t, name, strings.NewReplacer(paths...).Replace(text))
		}
	}
	h.write(t, "bin/id", "#!/bin/sh\necho 0\n")
	h.write(t, "bin/uname", "#!/bin/sh\necho Deck\n")
	h.write(t, "var/lib/kubelet/nothing", "-")
	h.write(t, "run/systemd/system/nothing", "-")
	for name, text := range files {
		h.write(t, name, text)
	}
	return h
}

func (h fakeHost) write(t *testing.T, name, text string) {
	t.Helper()
	at := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if text == "-" {
		_ = os.Remove(at)
		return
	}
	if err := os.WriteFile(at, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// run runs a command of the host, and returns what it says, with its exit status.
func (h fakeHost) run(t *testing.T, command string, args ...string) (string, int) {
	t.Helper()
	at := filepath.Join(h.dir, "usr", "sbin", command)
	if _, err := os.Stat(at); err != nil {
		at = filepath.Join(h.dir, "usr", "libexec", "kubernetes", command)
	}
	cmd := exec.Command("sh", append([]string{at}, args...)...)
	cmd.Env = []string{"PATH=" + h.dir + "/bin:" + testkit.Path(), "fake=" + h.dir + "/fake"}
	out, err := cmd.CombinedOutput()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(out), h.dir, ""), cmd.ProcessState.ExitCode()
}

// state lists what there is in the folders that commands write to.
func (h fakeHost) state(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("find", filepath.Join(h.dir, "etc"), filepath.Join(h.dir, "var")).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
