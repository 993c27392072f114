//go:build acceptance && linux

package acceptance

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/rpm"
	"github.com/slipway-build/slipway/version"
)

const dnf = "dnf -y -q --releasever=1 --repofrompath=slipway,/repo --repo=slipway --nogpgcheck " +
	"--setopt=install_weak_deps=False --setopt=metadata_expire=0 "

// TestRPMs installs the packages by dnf into a system that is Debian's below, and
// has them live the life of packages.
func TestRPMs(t *testing.T) {
	for _, tool := range []string{"createrepo_c", "rpm", "rpmlint"} {
		testkit.Need(t, tool)
	}
	first, second, _ := rpms(t)
	t.Run("rpmlint", func(t *testing.T) {
		files, _ := filepath.Glob(filepath.Join(first, "*.rpm"))
		out := mustRun(t, "", "rpmlint", append([]string{"-c", "rpmlint.toml"}, files...)...)
		if !strings.Contains(out, "0 errors, 0 warnings") {
			t.Errorf("rpmlint finds\n%s", out)
		}
	})
	m := boot(t, "dnf,rpm", func(root string) {
		below(t, filepath.Join(root, "repo"))
		offerRPMs(t, root, first)
	})
	m.sh(dnf + "install below kubernetes-master kubernetes-node etcd etcdctl etcdutl flannel kubernetes-cni")
	m.is("systemctl is-active etcd kube-apiserver || true", "inactive\ninactive")
	m.is("systemctl is-enabled "+services, strings.TrimSpace(strings.Repeat("enabled\n", 4))) // as Debian's presets say
	m.verified()
	m.sh("kubernetes-pki; systemctl start kubernetes-master.target")
	m.serves()
	m.started()
	m.is("rpm -V $(rpm -qa 'kube*' 'etcd*' flannel)", "")

	t.Log("upgrade")
	m.sh("mkdir -p /etc/sysconfig; echo KUBE_SCHEDULER_ARGS=--leader-elect=false >/etc/sysconfig/kube-scheduler")
	before := m.pids()
	offerRPMs(t, m.root, second)
	m.sh(dnf + "upgrade")
	m.is("kubectl version --client | head -1", "Client Version: v1.36.1+slipway.10")
	m.eventually("kubectl version | grep 'Server Version: v1.36.1+slipway.10'")
	m.is("grep -c leader-elect=false /etc/sysconfig/kube-scheduler", "1")
	m.is("grep -c -e --leader-elect=false /proc/$(systemctl show -p MainPID --value kube-scheduler)/cmdline", "1")
	m.restarted(before)
	m.serves()
	m.is("kubectl get configmap kept -o jsonpath={.data.cargo}", "rope")

	t.Log("downgrade")
	m.sh(dnf + "downgrade $(rpm -qa --qf '%{name}-1.36.1+slipway.1-1\\n' 'kube*' | grep -v cni)")
	m.eventually("kubectl version | grep 'Server Version: v1.36.1+slipway.1$'")
	m.serves()

	t.Log("remove, and again")
	m.sh(dnf + "remove 'kube*' 'etcd*' flannel")
	m.is("systemctl list-units --no-legend --state=active 'kube*' 'etcd*'", "")
	m.is(`find /usr /opt -xdev \( -iname '*kube*' -o -iname '*etcd*' -o -iname '*flannel*' \) \
	! -path '/usr/share/*' ! -path '/usr/lib/python3*' -print`, "")
	m.is("ls /etc/sysconfig; ls /var/lib/etcd", "kube-scheduler\ndefault")
	m.sh(dnf + "install kubernetes-master etcd; systemctl start kubernetes-master.target")
	m.serves()
}

// offerRPMs puts packages into the repository of a root.
func offerRPMs(t *testing.T, root, from string) {
	t.Helper()
	mustRun(t, "", "sh", "-ec", `mkdir -p "$2"; cp "$1"/*.rpm "$2"
createrepo_c -q --compatibility "$2" || createrepo_c -q "$2"`, "sh", from, filepath.Join(root, "repo"))
}

// TestNodeFromRPMs walks the section of docs/cluster.md about a single host with dnf, into a system that is Debian's
// below.
func TestNodeFromRPMs(t *testing.T) {
	testkit.Need(t, "createrepo_c")
	l := openLab(t, "rpm", "198.18.0.0/24")
	first, _, _ := rpms(t)
	base, err := l.Base(t.Context(), "ca-certificates", "containerd", "openssl", "busybox-static", "dnf", "rpm")
	if err != nil {
		t.Fatal(err)
	}
	n := bootNode(t, l, base, "n3", "198.18.0.11", func(root string) {
		asNode(t, root)
		below(t, filepath.Join(root, "repo"))
		offerRPMs(t, root, first)
	})
	n.sh(`cat >/etc/kubernetes/kubelet.d/50-cgroup.conf <<E
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
E`)
	alone(n, "apt update", "true", "apt install", dnf+"install")
	cooks(n, "deployment/cook")
}

// below writes a package to a folder that provides what the Debian below the
// system has, which rpm does not know.
func below(t *testing.T, dir string) {
	t.Helper()
	v, err := version.Parse("1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	p := packaging.Package{
		Name: "below", Version: v, Distro: "1.0.0", Revision: 1,
		Summary: "the system below", Description: "The system.", Maintainer: "Mate <mate@example.org>",
		Date: time.Unix(1e9, 0), LicenseText: []byte("none"), License: "MIT", Compression: "gzip:9",
		Relations: packaging.Relations{Provides: []packaging.Relation{"containerd", "openssl", "systemd", "util-linux"}},
		Files:     []packaging.File{{Path: "/bin/sh", Kind: packaging.Link, Target: "dash"}},
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	name, err := rpm.Write(p, &b, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestParity holds the packages of both formats against each other, and their
// binaries against those that were built.
func TestParity(t *testing.T) {
	for _, tool := range []string{"dpkg-deb", "rpm", "rpm2cpio", "cpio"} {
		testkit.Need(t, tool)
	}
	fromDebs, _, _ := debs(t)
	fromRPMs, _, dir := rpms(t)
	mage(t, dir, "cross", "-fork="+fork) // there is that of the second revision
	all, _ := filepath.Glob(filepath.Join(fromDebs, "*.deb"))
	if len(all) == 0 {
		t.Fatal("there are no packages")
	}
	for _, deb := range all {
		name, _, _ := strings.Cut(filepath.Base(deb), "_")
		same, _ := filepath.Glob(filepath.Join(fromRPMs, name+"-[0-9]*.rpm"))
		if len(same) != 1 {
			t.Errorf("of %s there are the rpms %q", name, same)
			continue
		}
		ofDeb := unpack(t, `dpkg-deb --fsys-tarfile "$0" | tar -xp --same-owner`, deb)
		ofRPM := unpack(t, `rpm2cpio "$0" | cpio -idm --quiet`, same[0])
		if !slices.Equal(ofDeb, ofRPM) {
			t.Errorf("%s:\n  deb  %s\n  rpm  %s", name, strings.Join(ofDeb, "\n       "), strings.Join(ofRPM, "\n       "))
		}
		isProgram := func(l string) bool { return strings.Contains(l, "/hyperkube ") && strings.HasPrefix(l, "-") }
		if i := slices.IndexFunc(ofDeb, isProgram); i >= 0 {
			sum, _, _ := strings.Cut(mustRun(t, "", "sha256sum", binary(dir, runtime.GOARCH)), " ")
			if !strings.Contains(ofDeb[i], sum) {
				t.Errorf("the hyperkube that was built is %s, the packages' %s", sum, ofDeb[i])
			}
		}
	}
}

// different are the paths that each family has in its own place or form.
var different = regexp.MustCompile(`^/(usr/share/(doc|licenses|lintian|zsh)|usr/share/?$|etc/default|etc/sysconfig)`)

// unpack unpacks a package and lists what it has: mode, owner, path, and content. What reads options has the folder
// that Debian has them in, whatever the family.
func unpack(t *testing.T, script, file string) []string {
	t.Helper()
	dir := t.TempDir()
	cmd := command(dir, "sh", "-ec", script+`
find . -type d -empty -printf '%M %u %p\n'; find . -type l -printf '%u %p %l\n'
find . -type f -printf '%M %u %p ' -exec sh -c 'case $1:$(head -c 2 "$1" | tr -d "\0") in
./usr/share/man/*) zcat "$1" | sed s,/etc/sysconfig,/etc/default,g ;;
./usr/lib/systemd/* | *.sh:* | *:"#!") sed s,/etc/sysconfig,/etc/default,g "$1" ;;
*) cat "$1" ;;
esac | sha256sum' sh {} \;`, file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("unpacking %s: %v", file, err)
	}
	var list []string
	for line := range strings.Lines(string(out)) {
		at := regexp.MustCompile(`\./\S*`).FindString(line)
		if !different.MatchString(strings.TrimPrefix(at, ".")) {
			list = append(list, strings.TrimSpace(line))
		}
	}
	slices.Sort(list)
	return list
}

// TestOtherArchitecture makes packages for an architecture that is not this
// machine's, and installs them as far as that goes.
func TestOtherArchitecture(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("installs packages below a folder, for which it has to be root")
	}
	for _, tool := range []string{"dpkg", "rpm"} {
		testkit.Need(t, tool)
	}
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	dir, root := clone(t), t.TempDir()
	mage(t, dir, "deb", "-fork=etcd-3.7", "-packages=etcdctl", "-arch="+other)
	mage(t, dir, "rpm", "-fork=etcd-3.7", "-packages=etcdctl", "-arch="+other)
	built := filepath.Join(dir, "dist", "etcd-3.7")
	mustRun(t, "", "sh", "-ec", `mkdir -p "$1"/var/lib/dpkg/info "$1"/var/lib/dpkg/updates; touch "$1"/var/lib/dpkg/status
dpkg --root="$1" --force-architecture --force-depends -i "$0"/deb/*/etcdctl*.deb`, built, root)
	checkMachine(t, filepath.Join(root, "usr", "bin", "etcdctl"), other)
	mustRun(t, "", "sh", "-ec", `rm "$1"/usr/bin/etcdctl
rpm --root="$1" --dbpath=/var/lib/rpm --ignorearch --nodeps -i "$0"/rpm/*/etcdctl*.rpm`, built, root)
	checkMachine(t, filepath.Join(root, "usr", "bin", "etcdctl"), other)
}
