package profiles

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/packaging"
)

// TestKubernetesOptions has, of the files that go with a version, what each era needs and
// what it does not know. Where a program knows an option from or until a version, that
// version and the one beside it are here.
func TestKubernetesOptions(t *testing.T) {
	const (
		apiserver  = "/usr/lib/kubernetes/kube-apiserver.options"
		controller = "/usr/lib/kubernetes/kube-controller-manager.options"
		scheduler  = "/usr/lib/kubernetes/kube-scheduler.options"
		kubelet    = "/usr/lib/kubernetes/kubelet.options"
		config     = "/etc/kubernetes/kubelet.yaml"
		pki        = "/usr/sbin/kubernetes-pki"
		setup      = "/usr/sbin/kubernetes-setup"
		join       = "/usr/sbin/kubernetes-join"
		drop       = "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"
		socket     = "unix:///run/containerd/containerd.sock"
	)
	files := map[string]map[string]string{}
	for _, c := range []struct {
		file, text string
		has, not   string // versions
	}{
		{apiserver, "\n--insecure-port=0\n", "1.13.0 1.19.16", "1.20.0 1.36.1"},
		{apiserver, "\n--service-account-issuer=", "1.13.0 1.20.0 1.36.1", ""},
		{apiserver, "\n--shutdown-watch-termination-grace-period=10s\n", "1.27.0 1.36.1", "1.13.0 1.26.15"},
		{controller, "\n--port=0\n", "1.13.0 1.21.14", "1.22.0 1.36.1"},
		{controller, "\n--controllers=*,bootstrapsigner,tokencleaner\n", "1.13.0 1.27.16", "1.28.0 1.36.1"},
		{controller, "bootstrap-signer-controller,token-cleaner-controller\n", "1.28.0 1.36.1", "1.13.0 1.27.16"},
		{scheduler, "\n--port=0\n", "1.13.0 1.22.17", "1.23.0 1.36.1"},
		{kubelet, "\n--container-runtime=remote\n", "1.13.0 1.23.17", "1.24.0 1.36.1"},
		{kubelet, "\n--container-runtime-endpoint=" + socket + "\n", "1.13.0 1.26.15", "1.27.0 1.36.1"},
		{config, "\ncontainerRuntimeEndpoint: " + socket + "\n", "1.27.0 1.36.1", "1.13.0 1.26.15"},
		{config, "\napiVersion: kubelet.config.k8s.io/v1beta1\n", "1.13.0 1.26.15 1.36.1", ""},
		{"/usr/lib/systemd/system/kubelet.service", " docker.service ", "1.13.0 1.23.17", "1.24.0 1.36.1"},
		{pki, "kubeadm.k8s.io/v1beta1\n", "1.13.0 1.14.10", "1.15.0"},
		{pki, "kubeadm.k8s.io/v1beta2\n", "1.15.0 1.21.14", "1.22.0"},
		{pki, "kubeadm.k8s.io/v1beta3\n", "1.22.0 1.30.14", "1.31.0"},
		{pki, "kubeadm.k8s.io/v1beta4\n", "1.31.0 1.36.1", "1.30.14"},
		{pki, "phase certs sa --cert-dir $pki", "1.13.0 1.30.14", "1.31.0 1.36.1"},
		{controller, "\n--cluster-cidr=10.244.0.0/16\n", "1.13.0 1.36.1", ""},
		{config, "\nrotateCertificates: true\n", "1.13.0 1.36.1", ""},
		{kubelet, "\n--config-dir=/etc/kubernetes/kubelet.d\n", "1.30.0 1.36.1", "1.13.0 1.29.2"},
		{drop, "--config=/var/lib/kubelet/config.yaml --config-dir=/etc/kubernetes/kubelet.d\"",
			"1.30.0 1.36.1", "1.13.0 1.29.2"},
		{pki, "/usr/bin/kubeadm alpha certs renew ", "1.13.0 1.19.16", "1.20.0 1.36.1"},
		{setup, "\nkubelets=kubelet-config-1.23\n", "1.23.17", "1.24.0 1.36.1"},
		{setup, "\nkubelets=kubelet-config\n", "1.24.0 1.36.1", "1.23.17"},
		{join, "kubeadm join phase preflight ", "1.14.10 1.36.1", "1.13.0"},
		{join, "kubeadm.k8s.io/v1beta3\n", "1.22.0 1.30.14", "1.31.0"},
		{join, "\n  timeout: 1m\n", "1.14.10 1.30.14", "1.13.0 1.31.0"},
		{join, "\ntimeouts: {discovery: 1m}\n", "1.31.0 1.36.1", "1.13.0 1.30.14"},
		{join, `KUBELET_KUBEADM_ARGS=\"--container-runtime-endpoint=$socket\"`, "1.24.0 1.26.15", "1.23.17 1.27.0"},
		{pki, " front-proxy-client sa; do\n", "1.31.0 1.36.1", "1.13.0 1.30.14"},
		{pki, "\tfor name in admin controller-manager", "1.13.0 1.19.16", "1.20.0 1.36.1"},
		{pki, "kubeadm alpha kubeconfig user --cert-dir $pki ", "1.13.0 1.19.16", "1.20.0"},
		{pki, "kubeadm alpha kubeconfig user --config ", "1.20.0 1.20.15", "1.19.16 1.21.0"},
		{pki, "kubeadm kubeconfig user --config ", "1.21.0 1.36.1", "1.20.15"},
		{pki, " --validity-period 8760h\n", "1.22.0 1.36.1", "1.13.0 1.21.14"},
		{pki, `KUBELET_KUBEADM_ARGS="--container-runtime=remote --container-runtime-endpoint=` + socket + `"`,
			"1.13.0 1.23.17", "1.24.0"},
		{pki, `KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=` + socket + `"`,
			"1.24.0 1.26.15", "1.23.17 1.27.0 1.36.1"},
	} {
		for _, v := range strings.Fields(c.has + " " + c.not) {
			if files[v] == nil {
				files[v] = contents(assembled(t, "kubernetes", v+"+acme.1"))
			}
			want := slices.Contains(strings.Fields(c.has), v)
			if has := strings.Contains(files[v][c.file], c.text); has != want {
				t.Errorf("%s of %s has %q: %v, want %v", c.file, v, c.text, has, want)
			}
		}
	}
	for v, of := range files {
		for name, text := range of {
			checkLines(t, v, name, text)
		}
	}
}

// checkLines checks what a template that leaves out lines could have left.
func checkLines(t *testing.T, v, name, text string) {
	t.Helper()
	if strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
		t.Errorf("%s of %s is not filled in: %q", name, v, text)
	}
	if args := regexp.MustCompile(`(?s)_ARGS="\n(.*?)\n"`).FindStringSubmatch(text); args != nil {
		lines := strings.Split(args[1], "\n")
		if slices.ContainsFunc(lines, func(s string) bool { return !strings.HasPrefix(s, "--") }) {
			t.Errorf("%s of %s has lines that are no options: %q", name, v, args[1])
		}
	}
}

// contents returns the files of packages that are text, by path.
func contents(packages []packaging.Package) map[string]string {
	out := map[string]string{}
	for _, p := range packages {
		for _, f := range p.Files {
			if f.Source == "" && f.Target == "" && !strings.HasSuffix(f.Path, ".gz") {
				out[f.Path] = string(f.Data)
			}
		}
	}
	return out
}

// TestHyperkube holds which programs the hyperkube of a version is, in packages and in
// its image.
func TestHyperkube(t *testing.T) {
	const (
		servers = "kube-apiserver kube-controller-manager kube-proxy kube-scheduler"
		all     = servers + " kubectl kubelet"
		later   = servers + " kubeadm kubectl kubelet"
	)
	for _, c := range []struct{ version, programs, links string }{
		{"1.3.10", all, "kubectl kubelet"},
		{"1.5.2", all, "kubectl kubelet"},
		{"1.12.10", all, all},
		{"1.13.0", all, "cloud-controller-manager hyperkube " + all},
		{"1.16.15", all, "cloud-controller-manager hyperkube " + all},
		{"1.17.0", later, "hyperkube " + later},
		{"1.36.1", later, "hyperkube " + later},
	} {
		v := parse(t, c.version)
		in := packaging.Input{Version: v, Programs: []string{"hyperkube"}}
		var err error
		if in.Recipes, _, err = Recipes("", "kubernetes", v); err != nil {
			t.Fatal(err)
		}
		programs := in.Multicall("kubelet").Programs
		if got := strings.Join(slices.Sorted(maps.Keys(programs)), " "); got != c.programs {
			t.Errorf("%s: hyperkube is %q, want %q", v, got, c.programs)
		}
		recipes, err := Images("", "kubernetes")
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(recipes.Images, func(r images.Recipe) bool {
			return r.Name == "hyperkube" && r.Versions.Contains(v)
		})
		var links []string
		for _, link := range slices.Sorted(maps.Keys(recipes.Images[i].Links)) {
			if name, ok := strings.CutPrefix(link, "/usr/local/bin/"); ok {
				links = append(links, name)
			}
		}
		if got := strings.Join(links, " "); got != c.links {
			t.Errorf("%s: the image links %q, want %q", v, got, c.links)
		}
	}
}
