//go:build acceptance && linux

package acceptance

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// deployed does with the images and variables of a fork what Kargo's tasks do. Its
// values are those of the variables alone.
func deployed(t *testing.T, e early) {
	t.Helper()
	h := newHost(t, e.at("dist/early/deploy/kubespray.yml"))
	const image = "{{ hyperkube_image_repo }}:{{ hyperkube_image_tag }}"
	h.docker("pull " + image)
	h.docker("pull {{ pod_infra_image_repo }}:{{ pod_infra_image_tag }}")
	if got := h.image(image).Config.Labels["build.slipway.upstream.revision"]; got != e.commit("v1.5.2") {
		t.Errorf("the image says that it is of upstream's %q", got)
	}

	// Programs are copied to the host, and run there.
	h.docker("run --rm -v /usr/local/bin:/systembindir " + image + " /bin/cp /hyperkube /systembindir/kubectl")
	h.docker("run --rm -v /usr/local/bin:/systembindir " + image + " /bin/cp -f /hyperkube /systembindir/kubelet")
	h.docker("run --rm -v /usr/local/bin:/systembindir " + image + " /usr/bin/cmp /hyperkube /systembindir/kubelet")
	h.docker("run --rm -v /usr/local/bin:/systembindir " + image + " /usr/bin/rsync -ac /usr/bin/cmp /systembindir/")
	h.docker("run --rm -v /opt/cni/bin:/cnibindir " + image + " /usr/bin/rsync -a /opt/cni/bin/ /cnibindir/")
	built := e.at("dist/early/bin/linux_" + runtime.GOARCH + "/hyperkube")
	if !sameFile(t, filepath.Join(h.root, "usr/local/bin/kubelet"), built) {
		t.Error("the kubelet on the host is not what was built")
	}
	says(t, "kubectl on the host", mustRun(t, "", "chroot", h.root, "/usr/local/bin/kubectl"),
		"kubectl of http://127.0.0.1:8080")
	says(t, "a CNI plugin on the host", mustRun(t, "", "chroot", h.root, "sh", "-c",
		"ls /opt/cni/bin; CNI_COMMAND=VERSION /opt/cni/bin/bridge </dev/null"), "\nhost-local\n", "supportedVersions")

	// What deployers and the kubelet call in the image.
	h.write("/srv/called", `for c in rsync cp cmp iptables conntrack ethtool /nsenter git ebtables glusterfs
do $c --version | head -1; done`)
	says(t, "the image", h.docker("run --rm -v /srv:/srv "+image+" /bin/sh /srv/called"), "rsync  version 3",
		"cp (GNU coreutils)", "cmp (GNU diffutils)", "iptables v1.8", "conntrack v1.4", "ethtool version",
		"nsenter from util-linux", "git version", "ebtables 1.8", "glusterfs 9")

	// The kubelet is started from the image, in the host's mounts: it sees the host's
	// pods and the host's C library.
	h.write("/etc/kubernetes/manifests/kube-apiserver.manifest", `{"image": "`+image+`",
  "command": ["/hyperkube", "apiserver", "--etcd-servers=http://127.0.0.1:2379", "--insecure-bind-address=127.0.0.1",
    "--insecure-port=8080", "--allow-privileged=true"]}`)
	const options = "--pod-manifest-path=/etc/kubernetes/manifests --require-kubeconfig --allow-privileged=true " +
		"--kubeconfig=/etc/kubernetes/node-kubeconfig.yaml --logtostderr=true --v=2 " +
		"--pod-infra-container-image={{ pod_infra_image_repo }}:{{ pod_infra_image_tag }}"
	const kubelet = "run --privileged --net=host --pid=host -v /etc/kubernetes:/etc/kubernetes " + image + " "
	version := h.fill("{{ kube_version }}")
	infra := h.fill("of acme, infra {{ pod_infra_image_repo }}:{{ pod_infra_image_tag }}")
	libc := " glibc " + glibc(t, h.root) + " "
	says(t, "the kubelet", h.docker(kubelet+"nsenter --target=1 --mount --wd=. -- ./hyperkube kubelet "+options),
		"kubelet "+version+" ", "kube-apiserver.manifest", infra, libc)
	says(t, "the kubelet in its container", h.docker(kubelet+"./hyperkube kubelet "+options),
		"kubelet "+version+" ", "kube-apiserver.manifest", infra, " glibc "+glibc(t, h.image(image).root)+" ")
	h.serves("/etc/kubernetes/manifests/kube-apiserver.manifest", "ok, says acme", version+" ")
}

// glibc returns the version of the C library below a root folder.
func glibc(t *testing.T, root string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "lib", "*-linux-gnu", "libc.so.6"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s has the C libraries %q, %v", root, files, err)
	}
	data, err := os.ReadFile(files[0])
	m := regexp.MustCompile(`release version (2\.\d+)`).FindSubmatch(data)
	if m == nil {
		t.Fatalf("%s does not say what it is: %v", files[0], err)
	}
	return string(m[1])
}

// A host is the root of a Debian, on which a Docker of the time runs images.
type host struct {
	t      *testing.T
	root   string
	vars   map[string]any
	images map[string]*pulled // by reference
}

func newHost(t *testing.T, vars string) *host {
	t.Helper()
	h := &host{t: t, root: filepath.Join(t.TempDir(), "host"), images: map[string]*pulled{}}
	data, err := os.ReadFile(vars)
	if err == nil {
		err = yaml.Unmarshal(data, &h.vars)
	}
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, "", "mmdebstrap", "-q", "--variant=minbase", oldSuite, h.root)
	return h
}

// fill fills variables in, as Ansible does.
func (h *host) fill(text string) string {
	return regexp.MustCompile(`{{ (\w+) }}`).ReplaceAllStringFunc(text, func(name string) string {
		value, ok := h.vars[strings.Trim(name, "{ }")]
		if !ok {
			h.t.Errorf("there is no variable %s", name)
		}
		return fmt.Sprint(value)
	})
}

// write writes a file of the host.
func (h *host) write(name, text string) {
	h.t.Helper()
	file := filepath.Join(h.root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(h.fill(text)), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// docker does what a command of Docker's says, with variables filled in, and returns
// what it prints.
func (h *host) docker(line string) string {
	h.t.Helper()
	words := strings.Fields(h.fill(line))
	if words[0] == "pull" {
		h.pull(words[1])
		return ""
	}
	var c container
	for words = words[1:]; strings.HasPrefix(words[0], "-"); words = words[1:] {
		switch words[0] {
		case "-v":
			from, to, _ := strings.Cut(words[1], ":")
			if err := os.MkdirAll(filepath.Join(h.root, from), 0o755); err != nil { // as Docker does
				h.t.Fatal(err)
			}
			c.mounts = append(c.mounts, [2]string{filepath.Join(h.root, from), to})
			words = words[1:]
		case "--privileged":
			c.privileged = true
		}
	}
	return h.run(h.bundle(words[0], words[1:], c), "")
}

// image returns an image that was pulled.
func (h *host) image(ref string) *pulled {
	h.t.Helper()
	p := h.images[h.fill(ref)]
	if p == nil {
		h.t.Fatalf("%s is not pulled", h.fill(ref))
	}
	return p
}

// A pulled is an image as Docker has it.
type pulled struct {
	root   string
	Config struct {
		WorkingDir string
		Labels     map[string]string
	} `json:"config"`
}

// A descriptor names a blob of a registry; a manifest has several.
type descriptor struct {
	Digest   string
	Platform struct{ Architecture string }
}

// pull pulls an image by the media types that the Docker of the time asks for.
func (h *host) pull(ref string) {
	h.t.Helper()
	at := strings.LastIndex(ref, ":")
	name, tag := ref[:at], ref[at+1:]
	var index struct{ Manifests []descriptor }
	h.manifest(name, tag, indexType, &index)
	p := &pulled{root: filepath.Join(h.t.TempDir(), "root")}
	for _, d := range index.Manifests {
		if d.Platform.Architecture != runtime.GOARCH {
			continue
		}
		var m struct {
			Config descriptor
			Layers []descriptor
		}
		h.manifest(name, d.Digest, imageType, &m)
		if err := json.Unmarshal(h.get(name, "blobs/"+m.Config.Digest, ""), p); err != nil {
			h.t.Fatal(err)
		}
		for _, l := range m.Layers {
			cmd := command("", "sh", "-ec", `mkdir -p "$0"; tar -xzC "$0"`, p.root)
			cmd.Stdin = strings.NewReader(string(h.get(name, "blobs/"+l.Digest, "")))
			if out, err := cmd.CombinedOutput(); err != nil {
				h.t.Fatalf("%s: %v\n%s", l.Digest, err, out)
			}
		}
		h.images[ref] = p
	}
	if h.images[ref] == nil {
		h.t.Fatalf("%s is not for %s", ref, runtime.GOARCH)
	}
}

func (h *host) manifest(name, ref, mediaType string, into any) {
	h.t.Helper()
	if err := json.Unmarshal(h.get(name, "manifests/"+ref, mediaType), into); err != nil {
		h.t.Fatal(err)
	}
}

// get asks a registry for one media type, and for the digest that the path ends in.
func (h *host) get(name, path, mediaType string) []byte {
	h.t.Helper()
	registry, repo, _ := strings.Cut(name, "/")
	req, err := http.NewRequest(http.MethodGet, "http://"+registry+"/v2/"+repo+"/"+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Accept", mediaType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || mediaType != "" && resp.Header.Get("Content-Type") != mediaType {
		h.t.Fatalf("%s/%s: %v, %s of %s\n%s", name, path, err, resp.Status, resp.Header.Get("Content-Type"), data)
	}
	if _, want, ok := strings.Cut(path, "@sha256:"); ok && want != fmt.Sprintf("%x", sha256.Sum256(data)) {
		h.t.Fatalf("%s/%s has other bytes", name, path)
	}
	return data
}

// A container is how one is run: with folders of the host, and, if it is privileged,
// with all rights and among the host's processes.
type container struct {
	mounts     [][2]string
	privileged bool
}

// bundle makes what runc runs of an image, and returns its folder.
func (h *host) bundle(ref string, args []string, c container) string {
	h.t.Helper()
	p := h.image(ref)
	bundle(h.t, p.root, args)
	dir := filepath.Dir(p.root)
	edit(h.t, filepath.Join(dir, "config.json"), func(spec map[string]any) {
		process, linux := spec["process"].(map[string]any), spec["linux"].(map[string]any)
		if p.Config.WorkingDir != "" {
			process["cwd"] = p.Config.WorkingDir
		}
		for _, m := range c.mounts {
			spec["mounts"] = append(spec["mounts"].([]any),
				map[string]any{"destination": m[1], "type": "bind", "source": m[0], "options": []string{"rbind", "rw"}})
		}
		if !c.privileged {
			return
		}
		caps := []string{"CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"}
		process["capabilities"] = map[string]any{"bounding": caps, "effective": caps, "permitted": caps, "inheritable": caps}
		delete(linux, "maskedPaths")
		var kept []any
		for _, ns := range linux["namespaces"].([]any) {
			if ns.(map[string]any)["type"] != "pid" {
				kept = append(kept, ns)
			}
		}
		linux["namespaces"] = kept
	})
	return dir
}

// run runs a bundle on the host: process 1 has the host's root for its own, and all
// containers are started beside it. If there is a probe, it is run until it succeeds, and
// the container is ended then.
func (h *host) run(bundle, probe string) string {
	h.t.Helper()
	const script = `
mount --make-rprivate /
mount -t proc proc /proc
mount --bind "$0" "$0"; mount -t proc proc "$0/proc"
ip link set lo up
rm -f "$1/ready" "$1/go"; mkfifo "$1/ready" "$1/go"; exec 3<>"$1/go" 4<>"$1/ready"
unshare --mount sh -ec '
echo ready >&4; read go <&3
runc="runc --root $(mktemp -d)"
[ "$1" ] || exec $runc run --bundle "$0" it
$runc run --bundle "$0" it & 
for i in $(seq 50); do sleep 0.1; sh -ec "$1" && break; done
$runc kill it KILL' "$1" "$2" &
read ready <&4; mkdir -p "$0/mnt/machine"; cd "$0"; pivot_root . mnt/machine; cd /
echo go >&3
wait $!`
	return mustRun(h.t, "", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
		"sh", "-ec", script, h.root, bundle, probe)
}

// serves runs the pod of a manifest, and has its API server answer.
func (h *host) serves(manifest string, parts ...string) {
	h.t.Helper()
	var pod struct {
		Image   string
		Command []string
	}
	data, err := os.ReadFile(filepath.Join(h.root, manifest))
	if err != nil || json.Unmarshal(data, &pod) != nil {
		h.t.Fatalf("%v\n%s", err, data)
	}
	says(h.t, "the API server", h.run(h.bundle(pod.Image, pod.Command, container{}),
		"curl -fsS http://127.0.0.1:8080/healthz; echo; curl -fsS http://127.0.0.1:8080/version"), parts...)
}
