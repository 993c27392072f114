package profiles

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/packaging"
)

// TestEarlyKubernetesOptions holds the flags that differ between the releases from before
// certificates were usual against the sources of those releases.
func TestEarlyKubernetesOptions(t *testing.T) {
	const (
		conf    = "--kubeconfig=/etc/kubernetes/kubelet.conf"
		pods    = "--pod-manifest-path=/etc/kubernetes/manifests"
		servers = "--api-servers=http://127.0.0.1:8080"
	)
	kubelet := func(args ...string) string {
		return strings.Join(append([]string{"--allow-privileged=true"}, args...), " ")
	}
	fourth, tenth := kubelet(conf, pods, "--require-kubeconfig=true"), kubelet(conf, pods)
	for version, want := range map[string]string{
		"1.3.0":   kubelet(servers, "--config=/etc/kubernetes/manifests", conf),
		"1.3.10":  kubelet(servers, "--config=/etc/kubernetes/manifests", conf),
		"1.4.0":   fourth,
		"1.5.2":   fourth,
		"1.9.11":  fourth,
		"1.10.0":  tenth,
		"1.12.10": tenth,
	} {
		variables := map[string]string{}
		for _, p := range assembled(t, "kubernetes", version+"+acme.1") {
			for _, v := range p.Variables(packaging.Debian()) {
				variables[v.Name] = v.Value
			}
		}
		if got := strings.Join(strings.Fields(variables["KUBELET_ARGS"]), " "); got != want {
			t.Errorf("%s: the kubelet is started with\n%s, want\n%s", version, got, want)
		}
		key := slices.Contains(strings.Fields(variables["KUBE_APISERVER_ARGS"]),
			"--service-account-key-file=/run/kubernetes/apiserver.key")
		if early := strings.HasPrefix(version, "1.3.") || strings.HasPrefix(version, "1.4."); key == early {
			t.Errorf("%s: the API server is given its own key for service accounts: %v", version, key)
		}
	}
}
