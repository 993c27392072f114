//go:build acceptance && linux

package acceptance

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/slipway-build/slipway/internal/testkit"
)

// TestTutorial runs the tutorial from an empty folder, with the command installed, and Slipway published as a module.
func TestTutorial(t *testing.T) {
	dir := clone(t)
	bin, proxy, work := t.TempDir(), t.TempDir(), t.TempDir()
	mustRun(t, dir, "go", "build", "-o", bin, "./cmd/slipway")
	publishModule(t, dir, proxy)
	user := strings.TrimSpace(mustRun(t, dir, "go", "env", "GOPROXY"))
	runPage(t, filepath.Join(dir, "docs", "tutorial.md"), work, "GOPROXY=file://"+proxy+","+user,
		"GONOSUMDB=github.com/slipway-build/*", "PATH="+bin+string(os.PathListSeparator)+testkit.Path())
	runsPackages(t, filepath.Join(work, "kubernetes-builds"))
}

// publishModule writes a clone of Slipway into a module proxy on disk, as a version of its own.
func publishModule(t *testing.T, dir, proxy string) {
	t.Helper()
	m := module.Version{Path: "github.com/slipway-build/slipway", Version: "v0.0.1"}
	at := filepath.Join(proxy, filepath.FromSlash(m.Path), "@v")
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err := errors.Join(err, os.MkdirAll(at, 0o755)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"list": m.Version + "\n", m.Version + ".mod": string(mod), m.Version + ".info": `{"Version":"` + m.Version + `"}`,
	} {
		if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := os.Create(filepath.Join(at, m.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(zip.CreateFromVCS(out, m, dir, "HEAD", ""), out.Close()); err != nil {
		t.Fatal(err)
	}
}

// runsPackages installs the packages of docs/tutorial.md on a Debian, and has it become the node of the page.
func runsPackages(t *testing.T, project string) {
	t.Helper()
	onAMD64(t)
	l := openLab(t, "tutorial", "198.51.100.0/24")
	base, err := l.Base(t.Context(), "ca-certificates", "containerd", "openssl")
	if err != nil {
		t.Fatal(err)
	}
	w := newWalk(t, filepath.Join("..", "docs", "tutorial.md"), t.Name())
	w.nodes[""] = bootNode(t, l, base, "ada", "198.51.100.11", func(root string) {
		mustRun(t, project, "sh", "-ec", spare, root)
	})
	t.Cleanup(w.tell)
	w.to("## Where to go from here")
}

// spare makes a root the host of somebody who says yes, with the packages of a project in root's home. The kubelet
// is permitted a disk that is nearly full, and version 1 of control groups.
const spare = `cp dist/*/deb/linux_amd64/*.deb "$0/root"
rm -f "$0"/etc/apt/sources.list "$0"/etc/apt/sources.list.d/*
printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n' >"$0/etc/apt/apt.conf.d/90yes"
mkdir -p "$0/etc/kubernetes/kubelet.d"
cat >"$0/etc/kubernetes/kubelet.d/50-host.conf" <<E
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
E`
