//go:build acceptance && linux

package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A portage is Portage with a separate overlay to read and a separate root to
// merge to.
type portage struct {
	t                   *testing.T
	overlay, files, dir string
	env                 []string
}

// TestPortage holds an overlay of forks against Portage itself, on a host that
// has it: that it would write the same Manifests and metadata, merges every
// package without a network, and refuses what was tampered with.
func TestPortage(t *testing.T) {
	for _, tool := range []string{"ebuild", "emerge", "egencache", "portageq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("Portage is not here: %v", err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("merges packages, for which it has to be root")
	}
	gentoo := strings.TrimSpace(mustRun(t, "", "portageq", "get_repo_path", "/", "gentoo"))
	dir := clone(t)
	mustRun(t, dir, "sh", "-ec", `sed -i "s,^  platforms: .*,  platforms: [linux/amd64]," forks/*/fork.yaml`)
	for _, f := range overlaid {
		mage(t, dir, "ebuild", "-fork="+f, "-gentoo="+gentoo)
	}
	dist := filepath.Join(dir, "dist")
	p := portage{t: t, overlay: filepath.Join(dist, "overlay"), files: filepath.Join(dist, "distfiles"), dir: t.TempDir()}
	p.env = append(os.Environ(),
		"PORTAGE_REPOSITORIES=[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = "+gentoo+
			"\n[slipway]\nlocation = "+p.overlay+"\nmasters = gentoo\n",
		"DISTDIR="+p.files, "PORTAGE_TMPDIR="+p.dir, "ACCEPT_KEYWORDS=~amd64",
		"FEATURES="+os.Getenv("FEATURES")+" network-sandbox")

	const all = "USE=apiserver controller-manager kubeadm master node proxy scheduler -pie"
	t.Run("writes the same", func(t *testing.T) { p.writes(t) })
	t.Run("resolves", func(t *testing.T) {
		out := p.run(t, all, "emerge", "--pretend", "sys-cluster/kubernetes-meta")
		for _, want := range []string{
			"acct-user/kube-0", "app-containers/cni-plugins", "sys-cluster/kubernetes-1", "sys-cluster/kubernetes-meta",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("kubernetes-meta does not ask for %s:\n%s", want, out)
			}
		}
	})
	for _, c := range []struct{ fork, name, use string }{
		{"cni-plugins-1.9", "app-containers/cni-plugins", "USE=-pie"},
		{"etcd-3.7", "dev-db/etcd", "USE=-pie"},
		{"flannel-0.28", "app-containers/flannel", "USE=-pie"},
		{fork, "sys-cluster/kubernetes", all},
		{fork, "sys-cluster/kubernetes", "USE=-hyperkube -kubelet kubectl -pie"},
	} {
		for _, name := range []string{c.name, c.name + "-bin"} {
			if strings.HasSuffix(name, "-bin") && strings.Contains(c.use, "-hyperkube") {
				continue // what was built is in one, and stays so
			}
			t.Run(name+" "+c.use, func(t *testing.T) {
				root := p.merge(t, c.use, name)
				programs := "*"
				if strings.Contains(c.use, "-hyperkube") {
					programs = "kubectl"
					mage(t, dir, "cross", "-components="+programs)
				}
				installs(t, root, filepath.Join(dir, "dist", c.fork, "bin", "linux_amd64", programs))
			})
		}
	}
	t.Run("PIE", func(t *testing.T) {
		root := p.merge(t, "", "dev-db/etcd")
		positionIndependent(t, filepath.Join(root, "usr", "bin", "etcd"))
	})
	t.Run("refuses", func(t *testing.T) {
		patches, _ := filepath.Glob(filepath.Join(p.overlay, "sys-cluster", "kubernetes", "files", "*.patch"))
		distfiles, _ := filepath.Glob(filepath.Join(p.files, "etcd-*-amd64.tar.xz"))
		for ebuild, file := range map[string]string{
			"sys-cluster/kubernetes/kubernetes-1*": patches[0],
			"dev-db/etcd-bin/etcd-bin-3*":          distfiles[0],
		} {
			right, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			wrong := append([]byte{}, right...)
			wrong[len(wrong)/2] ^= 1
			if err := os.WriteFile(file, wrong, 0o644); err != nil {
				t.Fatal(err)
			}
			unpack := p.command("", "sh", "-ec", "ebuild $0.ebuild clean unpack", filepath.Join(p.overlay, ebuild))
			out, err := unpack.CombinedOutput()
			if err == nil || !regexp.MustCompile(`(?i)digest verification failed|failed on BLAKE2B verification`).Match(out) {
				t.Errorf("%s with a byte flipped: %v\n%s", filepath.Base(file), err, out)
			}
			if err := os.WriteFile(file, right, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("pkgcheck", func(t *testing.T) {
		if _, err := exec.LookPath("pkgcheck"); err != nil {
			t.Skipf("pkgcheck is not here: %v", err)
		}
		out := p.run(t, "", "pkgcheck", "scan", "--config=no", "--keywords=-PotentialStable", "--repo="+p.overlay)
		if strings.TrimSpace(out) != "" {
			t.Errorf("pkgcheck says\n%s", out)
		}
	})
}

func (p portage) command(env, name string, args ...string) *exec.Cmd {
	cmd := command("", name, args...)
	cmd.Env = append(p.env, env)
	return cmd
}

func (p portage) run(t *testing.T, env, name string, args ...string) string {
	t.Helper()
	out, err := p.command(env, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// writes has Portage write the Manifests and the metadata of an overlay anew.
func (p portage) writes(t *testing.T) {
	before := filepath.Join(t.TempDir(), "before")
	mustRun(t, "", "cp", "-a", p.overlay, before)
	mustRun(t, p.overlay, "sh", "-ec", "rm -r metadata/md5-cache */*/Manifest")
	p.run(t, "", "sh", "-ec", `for e in "$0"/*/*/*.ebuild; do ebuild "$e" manifest; done
egencache --repositories-configuration="$PORTAGE_REPOSITORIES" --update --repo=slipway`, p.overlay)
	mustRun(t, "", "diff", "-r", before, p.overlay)
}

// merge merges a package to a root with its users, and returns that.
func (p portage) merge(t *testing.T, use, name string) string {
	root := filepath.Join(t.TempDir(), "root")
	mustRun(t, "", "sh", "-ec", `mkdir -p "$0/etc"; cp /etc/passwd /etc/group /etc/shadow "$0/etc"
! grep -q ^kube: "$0/etc/passwd"`, root)
	p.run(t, use, "emerge", "--root="+root, "--nodeps", "--oneshot", "acct-group/kube", "acct-user/kube")
	out := mustRun(t, "", "grep", "^kube:", filepath.Join(root, "etc", "passwd"))
	if !strings.HasPrefix(out, "kube:x:490:490:") {
		t.Errorf("the user kube is %s", out)
	}
	p.run(t, use, "emerge", "--root="+root, "--nodeps", "--oneshot", name)
	return root
}
