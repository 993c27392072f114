//go:build acceptance && linux

package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/slipway-build/slipway/internal/testkit"
)

// oldForks are settings of the fork in the shape of Kubernetes 1.5: the base that
// upstream's image of that version had, and what its deployers call besides.
const oldForks = `images:
  debian:
    suites: [SITE bullseye]
    keyring: keys.gpg
    set: upstream
    packages: [rsync]
  add:
    hyperkube:
      links: {/nsenter: /usr/bin/nsenter, /bin/kubectl: /hyperkube}
      from: [{fork: cni-plugins-1.9, folder: /opt/cni/bin}]
`

// TestHyperkubeOf2017 makes the image of a fork from before modules on Debian 11, and
// calls under runc what deployers of that time called in it.
func TestHyperkubeOf2017(t *testing.T) {
	if _, err := os.Stat(keyring); err != nil || os.Getuid() != 0 {
		t.Skip("wants Debian's keys, and to be root")
	}
	for _, tool := range []string{"apt-get", "skopeo", "zstd", "tar", "runc", "unshare"} {
		testkit.Need(t, tool)
	}
	site := strings.TrimSpace(mustRun(t, "", "sh", "-c",
		`apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -E '/debian/?$' | head -1`))
	if site == "" {
		t.Skip("apt knows no archive of Debian's")
	}
	dir := clone(t)
	writeOldFork(t, dir, site)
	const old = "kubernetes-1.5"
	for _, args := range [][]string{
		{"patches:lock", "-fork=" + old}, {"image", "-fork=" + old, "-platforms=linux/" + runtime.GOARCH},
	} {
		t.Log(mage(t, dir, args...))
	}
	if base := manifest(t, dir, old, "pause").Layers; len(base) != 2 {
		t.Errorf("the image of pause has %d layers, as if it had a base", len(base))
	}
	out := contained(t, unpackImage(t, dir, old, "hyperkube"), `
cp /hyperkube /tmp/kubelet; cmp /hyperkube /tmp/kubelet && echo same
rsync -ac /opt/cni/bin/ /tmp/cni/; ls /tmp/cni
CNI_COMMAND=VERSION /tmp/cni/bridge </dev/null
for c in rsync cp cmp iptables conntrack ethtool /nsenter git ebtables glusterfs; do $c --version | head -1; done
/kubelet; kubectl; /usr/local/bin/kubelet`)
	for _, want := range []string{
		"same\n", "\nhost-local\n", "supportedVersions", "rsync  version 3", "cp (GNU coreutils)", "cmp (GNU diffutils)",
		"iptables v1.8", "conntrack v1.4", "ethtool version", "nsenter from util-linux", "git version", "ebtables 1.8",
		"glusterfs 9", "\nkubelet v1.5.2+acme.1\nkubectl v1.5.2+acme.1\nkubelet v1.5.2+acme.1\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("in the image nothing says %q:\n%s", want, out)
		}
	}
}

// writeOldFork writes a fork in the shape of Kubernetes 1.5, without cgo, so that the
// libraries of this machine do not matter.
func writeOldFork(t *testing.T, dir, site string) {
	t.Helper()
	sample, err := txtar.ParseFile(filepath.Join("..", "targets", "testdata", "samples", "kubernetes-1.5.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	cgo := regexp.MustCompile(`// static int .*\nimport "C"\n|C\.ready\(\) != 1 \|\| `)
	for _, f := range sample.Files {
		text := cgo.ReplaceAllString(string(f.Data), "")
		if strings.HasSuffix(f.Name, "/fork.yaml") {
			text += strings.Replace(oldForks, "SITE", site, 1)
		}
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mustRun(t, dir, "sh", "-ec",
		`sh make.sh; cp "$0" keys.gpg; sed -i 's/, cgo: true}/}/' profiles/kubernetes.yaml`, keyring)
}

// contained runs a script in a container of a root folder.
func contained(t *testing.T, root, script string) string {
	t.Helper()
	bundle(t, root, []string{"/bin/bash", "-c", script})
	return mustRun(t, filepath.Dir(root), "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-ec", `
mount -t proc proc /proc; state=$(mktemp -d); runc --root "$state" run ship 2>&1 || :; rm -rf "$state"`)
}
