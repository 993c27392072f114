package profiles

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// The commands of Docker's units, and their files with variables.
const (
	debianDocker = "[Unit]\nDescription=Docker\n\n[Service]\nType=notify\n# as it is\n" +
		"EnvironmentFile=-/etc/default/docker\n" +
		"ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS\n"
	upstreamDocker = "[Service]\nType=notify\n" +
		"ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock\n"
	fedoraDocker = "[Service]\nType=notify\nEnvironmentFile=-/etc/sysconfig/docker\n" +
		"EnvironmentFile=-/etc/sysconfig/docker-network\nExecStart=/usr/bin/dockerd \\\n          --host=fd:// \\\n" +
		"          # as it is\n          $OPTIONS \\\n          $DOCKER_NETWORK_OPTIONS\n"
	flatcarDocker = "[Service]\nType=notify\nExecStart=/usr/bin/env PATH=/opt:/usr/bin /opt/dockerd --host=fd:// " +
		"$DOCKER_OPTS $DOCKER_OPT_BIP $DOCKER_OPT_MTU $DOCKER_OPT_IPMASQ"
)

// TestDockerIsToldItsSubnet has systemd read units of Docker, with the drop-in that
// the generator of flannel's package makes of them.
func TestDockerIsToldItsSubnet(t *testing.T) {
	const unit, added = "docker.service", ` "\$DOCKER_NETWORK_OPTIONS"`
	const single = ` "\$DOCKER_OPT_BIP" "\$DOCKER_OPT_IPMASQ" "\$DOCKER_OPT_MTU"`
	for _, c := range []struct {
		name  string
		files map[string]string // DIR/PATH, where DIR is etc, run or lib
		added string            // to the command; - where there is no drop-in
		env   []string          // files with variables, in order
	}{
		{"Debian", map[string]string{"lib/" + unit: debianDocker}, added, []string{"/etc/default/docker"}},
		{"Docker's own", map[string]string{"lib/" + unit: upstreamDocker}, added, nil},
		{"Fedora", map[string]string{"lib/" + unit: fedoraDocker}, single,
			[]string{"/etc/sysconfig/docker", "/etc/sysconfig/docker-network"}},
		{"Flatcar", map[string]string{"lib/" + unit: flatcarDocker}, "", nil},
		{"none", map[string]string{"lib/mate.service": upstreamDocker}, "-", nil},
		{"an administrator's unit", map[string]string{"lib/" + unit: debianDocker, "etc/" + unit: upstreamDocker},
			added, nil},
		{"a command that an administrator replaced", map[string]string{"lib/" + unit: debianDocker,
			"etc/docker.service.d/override.conf": "[Service]\nExecStart=\nExecStart=/opt/dockerd\n"}, added,
			[]string{"/etc/default/docker"}},
		{"drop-ins of several folders", map[string]string{"lib/" + unit: debianDocker,
			"etc/docker.service.d/b.conf": "[Service]\nExecStart=/opt/two\nEnvironmentFile=\nEnvironmentFile=-/b",
			"run/docker.service.d/a.conf": "[Service]\nExecStart=\nExecStart=/opt/one",
			"lib/docker.service.d/b.conf": "[Service]\nExecStart=/opt/hidden\n",
			"lib/docker.service.d/c.conf": "[Service]\nExecStart=\nExecStart=/opt/three\nEnvironmentFile=-/c\n"},
			added, []string{"/b", "/c"}},
		{"a drop-in after all", map[string]string{"lib/" + unit: debianDocker,
			"etc/docker.service.d/zzz.conf": "[Service]\nExecStart=\nExecStart=/opt/last\n"}, "",
			[]string{"/etc/default/docker"}},
		{"ends of lines of another system", map[string]string{"lib/" + unit: strings.ReplaceAll(fedoraDocker, "\n", "\r\n")},
			single, []string{"/etc/sysconfig/docker", "/etc/sysconfig/docker-network"}},
		{"odd forms", map[string]string{"lib/" + unit: "; [Service]\nExecStart=/no\n[ Service]\n[Service]\n ExecStart = " +
			`/opt/docker\x20d "a  b" 'c;d' %%n $$HOME ${A} e\\` + "\nExecReload=/bin/true \\\n[x]\n" +
			"ExecStopPost=/bin/echo ExecStart=/no\n[X-Mate]\nExecStart=/no"}, added, nil},
	} {
		dirs := dockerUnits(t, c.files)
		out := runGenerator(t, "sh", dirs)
		dropIn, err := os.ReadFile(filepath.Join(out, "docker.service.d", "zz-flannel.conf"))
		if (err == nil) != (c.added != "-") {
			t.Errorf("%s: the drop-in: %v", c.name, err)
		}
		bash, _ := os.ReadFile(filepath.Join(runGenerator(t, "bash", dirs), "docker.service.d", "zz-flannel.conf"))
		if !bytes.Equal(bash, dropIn) {
			t.Errorf("%s: bash writes %q, and sh %q", c.name, bash, dropIn)
		}
		if c.added == "-" {
			continue
		}
		before, after := commandOf(testkit.Systemd(t, unit, dirs...)), testkit.Systemd(t, unit, append(dirs, out)...)
		if got, want := commandOf(after), before+c.added; got != want {
			t.Errorf("%s: Docker is started by %s, want %s", c.name, got, want)
		}
		want := append([]string{"/run/flannel/docker"}, c.env...)
		if got := environmentOf(after); !slices.Equal(got, want) {
			t.Errorf("%s: the files with variables are %q, want %q", c.name, got, want)
		}
	}
}

// dockerUnits writes units, and returns the folders etc, run and lib.
func dockerUnits(t *testing.T, files map[string]string) []string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return []string{filepath.Join(root, "etc"), filepath.Join(root, "run"), filepath.Join(root, "lib")}
}

// runGenerator has a shell run flannel's generator, and returns the folder that it
// writes to.
func runGenerator(t *testing.T, shell string, dirs []string) string {
	t.Helper()
	testkit.Need(t, shell)
	dir := t.TempDir()
	cmd := exec.Command(shell, filepath.Join("flannel", "files", "docker-flannel"), dir, dir, dir)
	cmd.Env = []string{"PATH=" + testkit.Path(), "SYSTEMD_UNIT_PATH=" + strings.Join(dirs, ":")}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%s runs the generator: %v\n%s", shell, err, out)
	}
	return dir
}

// commandOf and environmentOf return settings of what systemd reads of a service.
func commandOf(unit []string) string {
	i := slices.Index(unit, "-> ExecStart:")
	return strings.TrimPrefix(unit[i+1], "Command Line: ")
}

func environmentOf(unit []string) []string {
	var out []string
	for _, line := range unit {
		if file, ok := strings.CutPrefix(line, "EnvironmentFile: "); ok {
			out = append(out, strings.TrimPrefix(file, "-"))
		}
	}
	return out
}
