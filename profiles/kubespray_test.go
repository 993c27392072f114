package profiles

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/kubespray"
	"github.com/slipway-build/slipway/version"
)

// vars are those of a file, as Ansible reads them.
type vars = map[string]any

// TestKubernetesKubespray holds the variables of Kubernetes' versions against
// what Kubespray's releases of the time take.
func TestKubernetesKubespray(t *testing.T) {
	const at = "https://downloads.example.org/kubernetes/"
	// Without quotes, this would be a number.
	amd64, arm64 := strings.Repeat("1", 31)+"e"+strings.Repeat("0", 32), strings.Repeat("b", 64)
	sums := func(version, prefix string) vars {
		return vars{"amd64": vars{version: prefix + amd64}, "arm64": vars{version: prefix + arm64}}
	}
	kargo := func(version string) vars {
		return vars{
			"kube_version":         "v" + version + "+acme.1",
			"hyperkube_image_repo": "registry.example.org:5000/team/hyperkube", "hyperkube_image_tag": "v" + version + "_acme.1",
			"pod_infra_image_repo": "registry.example.org:5000/team/pause", "pod_infra_image_tag": "v" + version + "_acme.1",
		}
	}
	kubeadms := []string{"kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler"}
	for _, c := range []struct {
		version  string
		programs []string // by the name of their binary
		images   []string
		want     vars
	}{
		{"1.3.10", nil, []string{"hyperkube", "pause"}, kargo("1.3.10")},
		{"1.4.12", nil, []string{"hyperkube", "pause"}, kargo("1.4.12")},
		{"1.4.12", nil, []string{"hyperkube"}, vars{
			"kube_version":         "v1.4.12+acme.1",
			"hyperkube_image_repo": "registry.example.org:5000/team/hyperkube", "hyperkube_image_tag": "v1.4.12_acme.1",
		}},
		{"1.5.2", nil, []string{"hyperkube", "pause"}, kargo("1.5.2")},
		{"1.6.7", nil, []string{"hyperkube", "pause"}, kargo("1.6.7")},
		{"1.12.3", []string{"hyperkube"}, append([]string{"hyperkube"}, kubeadms...), vars{
			"kube_version": "v1.12.3+acme.1", "kube_image_repo": "registry.example.org:5000/team",
			"hyperkube_image_repo": "registry.example.org:5000/team/hyperkube", "hyperkube_image_tag": "v1.12.3_acme.1",
			"hyperkube_download_url": at + "1.12.3%2Bacme.1/linux_{{ image_arch }}/hyperkube",
			"hyperkube_checksums":    vars{"v1.12.3+acme.1": amd64},
			"kubeadm_version":        "v1.12.3",
		}},
		{"1.14.3", []string{"hyperkube", "kubeadm"}, kubeadms, vars{
			"kube_version": "v1.14.3+acme.1", "kube_image_repo": "registry.example.org:5000/team",
			"hyperkube_download_url": at + "1.14.3%2Bacme.1/linux_{{ image_arch }}/hyperkube",
			"hyperkube_checksums":    sums("v1.14.3+acme.1", ""),
			"kubeadm_download_url":   at + "1.14.3%2Bacme.1/linux_{{ image_arch }}/kubeadm",
			"kubeadm_checksums":      sums("v1.14.3+acme.1", ""),
		}},
		{"1.31.4", []string{"kubelet", "kubeadm", "kubectl"}, kubeadms, vars{
			"kube_version": "v1.31.4+acme.1", "kube_major_version": "v1.31", "crio_required_version": "1.31",
			"kube_image_repo": "registry.example.org:5000/team", "kubeadm_ignore_preflight_errors": []any{"ImagePull"},
			"coredns_image_repo":       "registry.k8s.io/coredns/coredns",
			"nodelocaldns_image_repo":  "registry.k8s.io/dns/k8s-dns-node-cache",
			"dnsautoscaler_image_repo": "registry.k8s.io/cpa/cluster-proportional-autoscaler",
			"kubelet_download_url":     at + "1.31.4%2Bacme.1/linux_{{ image_arch }}/kubelet",
			"kubeadm_download_url":     at + "1.31.4%2Bacme.1/linux_{{ image_arch }}/kubeadm",
			"kubectl_download_url":     at + "1.31.4%2Bacme.1/linux_{{ image_arch }}/kubectl",
			"kubelet_checksums":        sums("v1.31.4+acme.1", ""),
			"kubeadm_checksums":        sums("v1.31.4+acme.1", ""),
			"kubectl_checksums":        sums("v1.31.4+acme.1", ""),
		}},
		{"1.36.1", []string{"kubelet", "kubeadm", "kubectl"}, append([]string{"pause"}, kubeadms...), vars{
			"kube_version": "1.36.1+acme.1", "kube_version_min_required": "1.36.1+acme.1",
			"kube_major_version": "1.36", "crio_required_version": "1.36",
			"kubeadm_image_repo": "registry.example.org:5000/team", "kubeadm_ignore_preflight_errors": []any{"ImagePull"},
			"pod_infra_image_repo": "registry.example.org:5000/team/pause", "pod_infra_image_tag": "v1.36.1_acme.1",
			"crio_pause_image":     "registry.example.org:5000/team/pause:v1.36.1_acme.1",
			"kubelet_download_url": at + "1.36.1%2Bacme.1/linux_{{ image_arch }}/kubelet",
			"kubeadm_download_url": at + "1.36.1%2Bacme.1/linux_{{ image_arch }}/kubeadm",
			"kubectl_download_url": at + "1.36.1%2Bacme.1/linux_{{ image_arch }}/kubectl",
			"kubelet_checksums":    sums("1.36.1+acme.1", "sha256:"),
			"kubeadm_checksums":    sums("1.36.1+acme.1", "sha256:"),
			"kubectl_checksums":    sums("1.36.1+acme.1", "sha256:"),
		}},
	} {
		v, err := version.Parse(c.version + "+acme.1")
		if err != nil {
			t.Fatal(err)
		}
		in := kubespray.Input{
			Version: v, Registry: "registry.example.org:5000/team", Tag: "v" + c.version + "_acme.1", Images: c.images,
			URL: strings.TrimSuffix(at, "/"), Programs: map[string]kubespray.Program{},
		}
		for _, name := range c.programs {
			in.Programs[name] = kubespray.Program{File: name, Sums: map[string]string{"amd64": amd64, "arm64": arm64}}
		}
		got := written(t, in)
		for _, name := range slices.Sorted(maps.Keys(c.want)) {
			if !reflect.DeepEqual(got[name], c.want[name]) {
				t.Errorf("%s: %s is %v, want %v", c.version, name, got[name], c.want[name])
			}
			delete(got, name)
		}
		for name, value := range got {
			t.Errorf("%s: it has %s: %v, which nobody wants", c.version, name, value)
		}
	}
}

// written returns the variables that are written for Kubernetes.
func written(t *testing.T, in kubespray.Input) vars {
	t.Helper()
	recipes, err := Kubespray("", "kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	data, err := recipes.Write(in)
	if err != nil {
		t.Fatalf("%s: %v", in.Version, err)
	}
	got := vars{}
	if err := yaml.Unmarshal(data, &got); err != nil {
		t.Fatalf("%s: %v\n%s", in.Version, err, data)
	}
	return got
}

// TestKubernetesKubesprayOfEachVersion holds that there is an answer for every
// minor version, and which releases of Kubespray take it.
func TestKubernetesKubesprayOfEachVersion(t *testing.T) {
	recipes, err := Kubespray("", "kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	for minor := range 60 {
		v, err := version.Parse(fmt.Sprintf("1.%d.0-rc.1", minor))
		if err != nil {
			t.Fatal(err)
		}
		in := kubespray.Input{
			Fork: "of-" + v.String(), Version: v, Registry: "registry.example.org", URL: "https://example.org",
			Programs: map[string]kubespray.Program{},
			Images:   []string{"hyperkube", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"},
		}
		for _, program := range recipes.Programs(v) {
			in.Programs[program] = kubespray.Program{File: program, Sums: map[string]string{"amd64": "00"}}
		}
		data, err := recipes.Write(in)
		if err != nil {
			t.Errorf("%s: %v", v, err)
		}
		if !strings.Contains(string(data), "those of Kubespray v2.") || !strings.Contains(string(data), "\nkube_version: ") {
			t.Errorf("%s: it says neither of which releases they are nor what they deploy:\n%s", v, data)
		}
	}
}

// TestKubernetesKargo holds which releases of Kubespray deploy the versions that it was
// called Kargo for.
func TestKubernetesKargo(t *testing.T) {
	recipes, err := Kubespray("", "kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		version, releases string
		first             bool // v2.0.0, which does not know pause, is one of them
	}{
		{"1.3.10", "v2.0.0, which is called Kargo", true},
		{"1.4.0", "v2.0.0 to v2.1.1, which are called Kargo", true},
		{"1.5.2", "v2.0.1 to v2.2, which is called Kargo before v2.1.2", false},
		{"1.10.4", "v2.1.1 to v2.6.0", false},
	} {
		data, err := recipes.Write(kubespray.Input{Version: parse(t, c.version), Images: []string{"hyperkube", "pause"}})
		if err != nil || !strings.Contains(string(data), "Kubespray "+c.releases+"; take") ||
			strings.Contains(string(data), "# v2.0.0 does not know these") != c.first {
			t.Errorf("%s: %v, want %s, and pause to be taken by all but v2.0.0:\n%s", c.version, err, c.releases, data)
		}
	}
}
