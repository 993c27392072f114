package installer

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/internal/testkit"
)

var byDigestImage = "registry.example.org/acme/installer@sha256:" + strings.Repeat("ab", 32)

func unitOf(t *testing.T) string {
	t.Helper()
	unit, err := Boot{"ship", byDigestImage, "worker"}.Unit()
	if err != nil {
		t.Fatal(err)
	}
	return string(unit)
}

func TestUnitIsVerified(t *testing.T) {
	testkit.Need(t, "systemd-analyze")
	name := filepath.Join(t.TempDir(), UnitName("worker"))
	if err := os.WriteFile(name, []byte(unitOf(t)), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("systemd-analyze", "verify", "--man=no", name).CombinedOutput()
	if err != nil || strings.Contains(string(out), filepath.Base(name)) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestUnitRuns runs the unit's command with engines that only say how they were
// called.
func TestUnitRuns(t *testing.T) {
	testkit.Need(t, "sh")
	_, script, _ := strings.Cut(unitOf(t), "ExecStart=/bin/sh -ec '")
	script, _, ok := strings.Cut(script, "'\n")
	if !ok {
		t.Fatalf("the unit has no script:\n%s", unitOf(t))
	}
	script = strings.ReplaceAll(script, "\\\n", " ") // as systemd joins lines
	bin := t.TempDir()
	run := "run --rm --privileged --pid=host --network=host -v /:/rootfs " + byDigestImage + " -role=worker\n"
	for _, c := range []struct{ engine, want string }{ // each goes before those above it
		{"ctr", "ctr image pull " + byDigestImage + "\nctr task rm -f slipway-install\n" +
			"ctr container rm slipway-install\nctr run --rm --privileged --net-host " +
			"--with-ns pid:/proc/1/ns/pid --mount type=bind,src=/,dst=/rootfs,options=rbind:rw " +
			byDigestImage + " slipway-install /installer -role=worker\n"},
		{"docker", "docker " + run},
		{"podman", "podman " + run},
	} {
		text := "#!/bin/sh\necho " + c.engine + " \"$@\"\n"
		if err := os.WriteFile(filepath.Join(bin, c.engine), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("/bin/sh", "-ec", script)
		cmd.Env = []string{"PATH=" + bin}
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != c.want {
			t.Errorf("with %s the unit runs %q (%v), want %q", c.engine, out, err, c.want)
		}
	}
}

// TestConfigsHoldTheUnit reads each config as its tool does, and finds the unit.
func TestConfigsHoldTheUnit(t *testing.T) {
	want := unitOf(t)
	var butane, ignition struct {
		Systemd struct {
			Units []struct {
				Name, Contents string
				Enabled        bool
			}
		}
	}
	var cloud struct {
		Files []struct{ Path, Content string } `yaml:"write_files"`
		Run   [][]string                       `yaml:"runcmd"`
	}
	for _, c := range []struct {
		name string
		make func(Boot) ([]byte, error)
		read func([]byte, any) error
		into any
	}{
		{"Butane", Boot.Butane, yaml.Unmarshal, &butane},
		{"Ignition", Boot.Ignition, json.Unmarshal, &ignition},
		{"CloudConfig", Boot.CloudConfig, yaml.Unmarshal, &cloud},
	} {
		data, err := c.make(Boot{"ship", byDigestImage, "worker"})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.read(data, c.into); err != nil {
			t.Fatalf("%s: %v\n%s", c.name, err, data)
		}
		for image, role := range map[string]string{
			"registry.example.org/acme/installer:latest": "worker", byDigestImage + "' ": "worker", byDigestImage: "a b",
		} {
			if _, err := c.make(Boot{"ship", image, role}); err == nil {
				t.Errorf("%s(%q, %q) is no error", c.name, image, role)
			}
		}
	}
	const unit = "worker-install.service"
	if u := butane.Systemd.Units; len(u) != 1 || u[0].Name != unit || !u[0].Enabled || u[0].Contents != want {
		t.Errorf("Butane() has %+v", u)
	}
	if u := ignition.Systemd.Units; len(u) != 1 || u[0].Name != unit || !u[0].Enabled || u[0].Contents != want {
		t.Errorf("Ignition() has %+v", u)
	}
	f := cloud.Files
	if len(f) != 1 || f[0].Path != "/etc/systemd/system/"+unit || f[0].Content != want || len(cloud.Run) != 3 {
		t.Errorf("CloudConfig() has %+v", cloud)
	}
}
