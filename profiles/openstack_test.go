package profiles

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/openstack"
	"github.com/slipway-build/slipway/version"
)

// TestKubernetesOpenStack holds what the table says of Kubernetes' versions against the
// structs that the provider of each reads its file into. With a key that is not among
// them, it does not start up to 1.24.
func TestKubernetesOpenStack(t *testing.T) {
	const (
		global = "auth-url username user-id tenant-id tenant-name domain-id domain-name region "
		lb     = "lb-version subnet-id floating-network-id lb-method create-monitor monitor-delay monitor-timeout " +
			"monitor-max-retries "
		newLB = lb + "lb-provider use-octavia manage-security-groups "
	)
	for versions, sections := range map[string]map[string]string{
		"1.3.10 1.4.12": {"Global": global, "LoadBalancer": lb},
		"1.5.8": {"Global": global + "trust-id", "LoadBalancer": lb + "manage-security-groups node-security-group",
			"BlockStorage": "trust-device-path"},
		"1.6.13": {"Global": global + "trust-id ca-file", "LoadBalancer": lb + "manage-security-groups node-security-group",
			"BlockStorage": "trust-device-path", "Route": "router-id"},
		"1.7.5": {"Global": global + "trust-id ca-file", "LoadBalancer": lb + "manage-security-groups node-security-group",
			"BlockStorage": "bs-version trust-device-path", "Route": "router-id"},
		"1.8.15": {"Global": global + "trust-id ca-file",
			"LoadBalancer": lb + "lb-provider manage-security-groups node-security-group",
			"BlockStorage": "bs-version trust-device-path", "Route": "router-id"},
		"1.9.11 1.10.13 1.11.10 1.12.10 1.13.12": {"Global": global + "trust-id ca-file", "LoadBalancer": newLB,
			"BlockStorage": "bs-version trust-device-path ignore-volume-az", "Route": "router-id",
			"Metadata": "search-order request-timeout"},
		"1.14.10 1.16.15 1.20.15 1.25.16": {"Global": global + "trust-id ca-file", "LoadBalancer": newLB,
			"BlockStorage": "bs-version trust-device-path ignore-volume-az node-volume-attach-limit", "Route": "router-id",
			"Metadata": "search-order request-timeout"},
		"1.26.0 1.36.1": {
			"Global": global + "trust-id ca-file user-domain-id user-domain-name tenant-domain-id tenant-domain-name " +
				"application-credential-id application-credential-name cert-file key-file tls-insecure os-endpoint-type",
			"LoadBalancer": newLB + "enabled internal-lb cascade-delete enable-ingress-hostname max-shared-lb network-id " +
				"member-subnet-id floating-subnet-id floating-subnet floating-subnet-tags flavor-id availability-zone " +
				"ingress-hostname-suffix container-store default-tls-container-ref",
			"Networking": "ipv6-support-disabled public-network-name internal-network-name", "Route": "router-id",
			"Metadata": "search-order request-timeout",
		},
	} {
		for text := range strings.FieldsSeq(versions) {
			got := knownAt(t, text)
			for section, keys := range sections {
				want := strings.Fields(keys)
				slices.Sort(want)
				slices.Sort(got[section])
				if !slices.Equal(got[section], want) {
					t.Errorf("%s: section %s has %s, want %s", text, section, got[section], want)
				}
				delete(got, section)
			}
			if len(got) > 0 {
				t.Errorf("%s: there are also %v", text, got)
			}
		}
	}
}

// knownAt returns the keys that a version takes from fork.yaml, by section.
func knownAt(t *testing.T, text string) map[string][]string {
	t.Helper()
	r, v := kubernetesOpenStack(t), parsed(t, text)
	out := map[string][]string{}
	for _, row := range r.Settings {
		if row.Versions.Contains(v) && row.Env == "" {
			out[row.Section] = append(out[row.Section], row.Keys...)
		}
	}
	return out
}

func kubernetesOpenStack(t *testing.T) openstack.Recipes {
	t.Helper()
	r, err := OpenStack(t.TempDir(), "kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func parsed(t *testing.T, text string) version.Version {
	t.Helper()
	v, err := version.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestKubernetesCloudConfig holds whole files, and what Keystone would refuse.
func TestKubernetesCloudConfig(t *testing.T) {
	const user = "Global.auth-url=https://keystone.example.org/v3,Global.region=east,Global.username=ship,"
	const head = "[Global]\nauth-url = \"https://keystone.example.org/v3\"\nregion = \"east\"\n"
	for _, c := range []struct{ versions, set, want, fault string }{
		{
			versions: "1.3.10 1.5.2 1.20.15 1.36.1",
			set: user +
				"Global.domain-name=Default,Global.tenant-name=fleet,LoadBalancer.subnet-id=a,LoadBalancer.lb-version=v2",
			want: head + "username = \"ship\"\ndomain-name = \"Default\"\ntenant-name = \"fleet\"\npassword = \"rope\"\n" +
				"[LoadBalancer]\nlb-version = \"v2\"\nsubnet-id = \"a\"\n",
		},
		{
			versions: "1.26.0 1.36.1",
			set:      "Global.auth-url=https://keystone.example.org/v3,Global.region=east,Global.application-credential-id=b",
			want:     head + "application-credential-id = \"b\"\napplication-credential-secret = \"knot\"\n",
		},
		{
			versions: "1.36.1",
			set:      user + "Global.user-domain-name=Default,Global.application-credential-name=b",
			want: head + "username = \"ship\"\nuser-domain-name = \"Default\"\napplication-credential-name = \"b\"\n" +
				"application-credential-secret = \"knot\"\n",
		},
		{versions: "1.3.10 1.5.2 1.25.16 1.36.1", set: user + "Global.tenant-id=c",
			fault: "Global.username: goes with domain-id or domain-name"},
		{versions: "1.3.10 1.5.2 1.25.16 1.36.1", set: user + "Global.domain-id=d",
			fault: "Global.username: goes with tenant-id or tenant-name"},
		{versions: "1.3.10 1.36.1", set: user + "Global.domain-id=d,Global.domain-name=e",
			fault: "Global.domain-id: domain-name is given, too"},
		{versions: "1.5.2 1.25.16",
			set:   "Global.auth-url=https://keystone.example.org/v3,Global.user-id=a,Global.domain-id=b",
			fault: "Global.user-id: domain-id is given, too"},
		{versions: "1.4.12", set: user + "Global.trust-id=c",
			fault: "Global.trust-id: 1.4.12 does not know this key, only >=1.5.0-0 does"},
		{versions: "1.25.16", set: user + "Global.application-credential-id=c",
			fault: "1.25.16 does not know this key, only >=1.26.0-0"},
		{versions: "1.7.5", set: user + "LoadBalancer.lb-version=v2", fault: "LoadBalancer.subnet-id: is missing"},
		{versions: "1.9.11 1.36.1", set: user + "LoadBalancer.lb-version=v1",
			fault: `LoadBalancer.lb-version: has no value "v1": want v2`},
		{versions: "1.25.16", set: user + "LoadBalancer.create-monitor=true",
			fault: "create-monitor: goes with monitor-delay, which"},
	} {
		for text := range strings.FieldsSeq(c.versions) {
			s, err := openstack.Settings{}.Set(c.set)
			if err != nil {
				t.Fatal(err)
			}
			got, err := kubernetesOpenStack(t).Render(s, parsed(t, text),
				[]string{"OS_PASSWORD=rope", "OS_APPLICATION_CREDENTIAL_SECRET=knot"})
			if string(got) != c.want {
				t.Errorf("%s of %s is\n%s\nwant\n%s", c.set, text, got, c.want)
			}
			if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
				t.Errorf("%s of %s: the error is %v, want %s", c.set, text, err, c.fault)
			}
		}
	}
}

func TestNoSettingsOfOpenStack(t *testing.T) {
	if _, err := OpenStack(t.TempDir(), "etcd"); err == nil || err.Error() !=
		"profile etcd does not list settings of OpenStack's cloud-config: write profiles/etcd/openstack.yaml" {
		t.Error(err)
	}
}
