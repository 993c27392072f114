//go:build acceptance && linux

package acceptance

import (
	"debug/elf"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// overlaid are the forks whose ebuilds are tried. Those of the others are laid out in the same way, and would take
// as long again to compile.
var overlaid = []string{"cni-plugins-1.9", "etcd-3.7", "flannel-0.28", fork}

// TestOverlay lays out an overlay of forks, runs the phases of its ebuilds,
// and holds what they install against what was built and against the debs.
func TestOverlay(t *testing.T) {
	for _, tool := range []string{"bash", "patch", "dpkg-deb"} {
		testkit.Need(t, tool)
	}
	dir := clone(t)
	// For this machine alone: another's programs take as long again to compile.
	mustRun(t, dir, "sh", "-ec", `sed -i "s,^  platforms: .*,  platforms: [linux/$0]," forks/*/fork.yaml`, runtime.GOARCH)
	for _, f := range overlaid {
		t.Log(mage(t, dir, "ebuild", "-fork="+f))
	}
	_, _, packaged := debs(t)
	for _, c := range []struct{ fork, category, name, flags string }{
		{"cni-plugins-1.9", "app-containers", "cni-plugins", "bridge"},
		{"etcd-3.7", "dev-db", "etcd", ""},
		{"flannel-0.28", "app-containers", "flannel", "kubernetes"},
		{fork, "sys-cluster", "kubernetes", control},
	} {
		t.Run(c.name, func(t *testing.T) {
			binary := phases(t, dir, c.category, c.name+"-bin", c.flags)
			source := phases(t, dir, c.category, c.name, c.flags+" -pie")
			// Folders that are kept are marked by the name of the package.
			a, b := strings.Join(list(t, binary), "\n"), strings.Join(list(t, source), "\n")
			if strings.ReplaceAll(a, c.name+"-bin-0", c.name+"-0") != b {
				t.Errorf("the one that compiles installs\n%s\nand the other one\n%s", b, a)
			}
			installs(t, source, filepath.Join(dir, "dist", c.fork, "bin", "linux_"+runtime.GOARCH, "*"))
			unpacked := t.TempDir()
			debs, _ := filepath.Glob(filepath.Join(packaged, "dist", c.fork, "deb", "*", "*.deb"))
			for _, deb := range debs {
				mustRun(t, "", "dpkg-deb", "-x", deb, unpacked)
			}
			linted(t, dir, c.category, c.name, source)
			if a, b := common(t, unpacked), common(t, source); !slices.Equal(a, b) {
				t.Errorf("debs install\n%s\nand the ebuild\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
			}
		})
	}
	t.Run("OpenRC", func(t *testing.T) {
		supervised(t, phases(t, dir, "dev-db", "etcd-bin", ""), phases(t, dir, "sys-cluster", "kubernetes-bin", control))
	})
	t.Run("PIE", func(t *testing.T) {
		// Of all ebuilds, this compiles the least: nothing else is compiled in this mode.
		image := phases(t, dir, "app-containers", "cni-plugins", "")
		positionIndependent(t, filepath.Join(image, "opt", "cni", "bin", "bridge"))
	})
	t.Run("parts", func(t *testing.T) {
		image := phases(t, dir, "sys-cluster", "kubernetes", "-hyperkube -kubelet -pie")
		mage(t, dir, "cross", "-components=kubectl")
		installs(t, image, filepath.Join(dir, "dist", fork, "bin", "linux_"+runtime.GOARCH, "kubectl"))
	})
}

// positionIndependent fails for a program that cannot be loaded at any address.
func positionIndependent(t *testing.T, name string) {
	t.Helper()
	program, err := elf.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if program.Type != elf.ET_DYN {
		t.Errorf("%s is %s, want %s", name, program.Type, elf.ET_DYN)
	}
}

// control has the USE flags of a host that is master and node.
const control = "apiserver controller-manager kubeadm master node proxy scheduler"

// linted holds a package's ebuilds, and the scripts and units that it installs,
// against what reads their languages.
func linted(t *testing.T, dir, category, name, image string) {
	t.Helper()
	scripts, _ := filepath.Glob(filepath.Join(dir, "dist", "overlay", category, name+"*", "*.ebuild"))
	inits, _ := filepath.Glob(filepath.Join(image, "etc", "init.d", "*"))
	for _, tool := range []string{"shellcheck", "systemd-analyze"} {
		testkit.Need(t, tool)
	}
	for _, file := range append(scripts, inits...) {
		mustRun(t, "", "bash", "-n", file)
		// Variables are read by who sources the file, and some are set by them.
		mustRun(t, "", "shellcheck", "--shell=bash", "--exclude=SC2034,SC2154", file)
	}
	units, _ := filepath.Glob(filepath.Join(image, "usr", "lib", "systemd", "system", "*"))
	if len(units) == 0 {
		return
	}
	root := filepath.Join(t.TempDir(), "root")
	mustRun(t, "", "cp", "-a", image, root)
	mustRun(t, "", "cp", "-an", "/usr/lib/systemd/system/.", filepath.Join(root, "usr", "lib", "systemd", "system"))
	for _, program := range []string{"/usr/bin/sleep", "/bin/sh"} { // which every system has
		mustRun(t, "", "install", "-D", program, filepath.Join(root, program))
	}
	for _, unit := range units {
		if info, err := os.Stat(unit); err != nil || info.IsDir() {
			continue
		}
		if out := mustRun(t, "", "systemd-analyze", "verify", "--man=no", "--root="+root, filepath.Base(unit)); out != "" {
			t.Errorf("systemd says of %s:\n%s", filepath.Base(unit), out)
		}
	}
}

// phases runs those of a package's ebuild and returns the folder with what it
// installs.
func phases(t *testing.T, dir, category, name, flags string) string {
	t.Helper()
	ebuilds, _ := filepath.Glob(filepath.Join(dir, "dist", "overlay", category, name, "*.ebuild"))
	if len(ebuilds) != 1 {
		t.Fatalf("of %s there are the ebuilds %q", name, ebuilds)
	}
	image := filepath.Join(t.TempDir(), "image")
	eapi8, distfiles := filepath.Join("..", "targets", "testdata", "eapi8.bash"), filepath.Join(dir, "dist", "distfiles")
	cmd := command("", "bash", append([]string{eapi8, ebuilds[0], distfiles, image}, strings.Fields(flags)...)...)
	cmd.Env = append(os.Environ(), "GOCACHE="+strings.TrimSpace(mustRun(t, "", "go", "env", "GOCACHE")))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(ebuilds[0]), err, out)
	}
	return image
}

// list returns the files of a folder: mode, path, and content.
func list(t *testing.T, dir string) []string {
	t.Helper()
	out := mustRun(t, dir, "sh", "-ec", `find . -type l -printf '%p %l\n'
find . -type f -printf '%M %p ' -exec sha256sum {} \;`)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	slices.Sort(lines)
	return lines
}

// installs fails for each program that was built and is not below a folder, byte
// for byte.
func installs(t *testing.T, dir, built string) {
	t.Helper()
	have := strings.Join(list(t, dir), "\n")
	programs, _ := filepath.Glob(built)
	for _, file := range programs {
		sum, _, _ := strings.Cut(mustRun(t, "", "sha256sum", file), " ")
		if filepath.Base(file) != "build.json" && !strings.Contains(have, sum) {
			t.Errorf("%s is not what the ebuild installs:\n%s", file, have)
		}
	}
	if len(programs) == 0 {
		t.Errorf("there is no %s", built)
	}
}

// gentoos are the paths that debs have otherwise: what makes users, what OpenRC
// needs, what says who may copy the program, and an image for one platform.
var gentoos = regexp.MustCompile(
	`^\./(usr/share/(doc|lintian|zsh)/|usr/lib/sysusers\.d/|etc/(conf|init|logrotate)\.d/)|/\.keep_|/pause\.tar$`)

// options are the files of options in layers, which Gentoo has as one file for the operator.
var options = regexp.MustCompile(`^\./usr/(lib/[a-z]+/([a-z-]+)\.options|libexec/[a-z]+/[a-z-]+-options)$`)

// common returns the paths of a folder that debs and ebuilds have alike.
func common(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for _, p := range strings.Split(strings.TrimSpace(mustRun(t, dir, "find", ".", "!", "-type", "d")), "\n") {
		if m := options.FindStringSubmatch(p); m != nil {
			if p = "./etc/default/" + m[2]; m[2] == "" {
				continue
			}
		}
		if !gentoos.MatchString(p) {
			out = append(out, strings.TrimSuffix(p, ".gz")) // Portage compresses manuals by itself
		}
	}
	slices.Sort(out)
	return out
}

// supervised starts and stops a control plane by its init scripts, in a Debian
// with OpenRC.
func supervised(t *testing.T, images ...string) {
	if os.Getuid() != 0 {
		t.Skip("starts daemons in a separate system, for which it has to be root")
	}
	for _, tool := range []string{"mmdebstrap", "unshare", "ip"} {
		testkit.Need(t, tool)
	}
	root := filepath.Join(t.TempDir(), "root")
	mustRun(t, "", "mmdebstrap", "-q", "--variant=minbase", "--include=openrc,procps,iproute2,openssl", "bookworm", root)
	for _, image := range images {
		mustRun(t, "", "cp", "-a", image+"/.", root)
	}
	out := mustRun(t, "", "unshare", "--mount", "--pid", "--fork", "--net", "sh", "-ec", `
mount -t proc proc "$0/proc"; mount --bind /dev "$0/dev"
ip link set lo up; ip link add eth0 type veth peer eth1; ip addr add 192.0.2.9/24 dev eth0
ip link set eth0 up; ip link set eth1 up; ip route add default dev eth0
chroot "$0" env -u TMPDIR sh -eu -c '`+openrc+`'`, root)
	for _, want := range []string{
		"readyz: ok", "namespace/kube-system",
		"etcd /var/log/etcd/etcd.log", "kube /var/log/kube-apiserver/kube-apiserver.log",
		"etcd: 0 started, then 3", "kube-apiserver: 0 started, then 3",
		"kube-controller-manager: 0 started, then 3", "kube-scheduler: 0 started, then 3", "running: 0",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the control plane under OpenRC does not say %q:\n%s", want, out)
		}
	}
}

// openrc has no single quotes in it.
const openrc = `
useradd -r etcd
useradd -r kube
install -d -m 700 -o etcd /var/lib/etcd
for d in daemons exclusive failed hotplugged inactive options scheduled started starting stopping tmp wasinactive; do
	mkdir -p /run/openrc/$d
done
touch /run/openrc/softlevel
printf "#!/sbin/openrc-run\ndepend() { provide net; }\nstart() { :; }\n" >/etc/init.d/net.lo
chmod +x /etc/init.d/net.lo
rc-service net.lo start
kubernetes-pki >/run/pki 2>&1 || { cat /run/pki; exit 1; }
all="etcd kube-apiserver kube-controller-manager kube-scheduler"
for s in $all; do rc-service $s start; done
export KUBECONFIG=/etc/kubernetes/admin.conf
for i in $(seq 60); do ready=$(kubectl get --raw /readyz 2>&1) && break; sleep 1; done
echo "readyz: $ready"
kubectl get ns -o name
stat -c "%U %n" /var/log/etcd/etcd.log /var/log/kube-apiserver/kube-apiserver.log
for s in $all; do
	up=0 down=0
	rc-service $s status || up=$?
	rc-service $s stop
	rc-service $s status || down=$?
	echo "$s: $up started, then $down"
done
for i in $(seq 10); do running=$(pgrep -c -r R,S,D "^(etcd|kube)" || :); test "$running" != 0 || break; sleep 1; done
echo "running: $running"
`
