//go:build acceptance && linux

package acceptance

import "strings"

// names checks that kubernetes-dns applies CoreDNS to a control plane without nodes, keeps what an operator changed,
// and says what is wrong; and that CoreDNS of the package answers.
func (m *machine) names() {
	m.t.Helper()
	m.eventually(`test "$(kubectl get --raw /readyz)" = ok && kubectl get namespace kube-system`)
	out := m.sh("kubernetes-dns 2>&1")
	for _, want := range []string{"deployment.apps/coredns serverside-applied", "There is no node yet"} {
		if !strings.Contains(out, want) {
			m.t.Errorf("kubernetes-dns does not say %q: %s", want, out)
		}
	}
	const in = "kubectl -n kube-system get "
	m.is(in+"service kube-dns -o jsonpath={.spec.clusterIP}", "10.0.0.10")
	m.is(in+"deployment coredns -o jsonpath={.spec.template.spec.containers[0].image}",
		m.sh("kubeadm config images list --kubernetes-version 1.36.1 | grep coredns"))
	m.sh(`kubectl -n kube-system scale deployment coredns --replicas=1
kubectl -n kube-system patch configmap coredns -p '{"data": {"Corefile": "# of Acme"}}'`)
	m.sh("kubernetes-dns --image registry.example.org/team/coredns:v1.14.7_slipway.1")
	m.is(in+"deployment coredns -o 'jsonpath={.spec.replicas} {.spec.template.spec.containers[*].image}'",
		"1 registry.example.org/team/coredns:v1.14.7_slipway.1")
	m.is(in+"configmap coredns -o jsonpath={.data.Corefile}", "# of Acme")
	for address, want := range map[string]string{
		"10.0.0.1": "10.0.0.1 is the address of the Service default/kubernetes",
		"10.0.0.9": "the Service kube-dns has the address 10.0.0.10, and not 10.0.0.9",
	} {
		if out, err := m.try("kubernetes-dns --address " + address); err == nil || !strings.Contains(out, want) {
			m.t.Errorf("with the address %s, kubernetes-dns says: %v %s", address, err, out)
		}
	}
	m.answers()
}

// answers checks that CoreDNS of the package starts with its Corefile, serves what an operator adds, also where only
// root may listen, and keeps that if it is told something that it cannot read.
func (m *machine) answers() {
	m.t.Helper()
	m.sh(apt + "install coredns; systemctl is-enabled coredns; test \"$(systemctl is-active coredns)\" = inactive")
	m.sh("cp /etc/resolv.conf /srv; echo nameserver 192.0.2.53 >/etc/resolv.conf; systemctl start coredns")
	m.eventually("ss -lnu | grep 127.0.0.1:1053")
	m.sh(`cat >/etc/coredns/Corefile <<'E'
acme.example {
	hosts {
		192.0.2.7 captain.acme.example
	}
}
E
systemctl reload coredns`)
	m.eventually("ss -lnu | grep '[*]:53 '")
	m.is("stat -c %U /proc/$(systemctl show -p MainPID --value coredns)", "coredns")
	m.sh("echo nameserver 127.0.0.1 >/etc/resolv.conf")
	m.is("getent hosts captain.acme.example", "192.0.2.7       captain.acme.example")
	m.sh("echo 'mate.example {' >>/etc/coredns/Corefile; systemctl reload coredns")
	m.eventually("journalctl -u coredns | grep 'Corefile:.*nexpected'")
	m.is("getent hosts captain.acme.example", "192.0.2.7       captain.acme.example")
	m.sh("systemctl stop coredns; cat /srv/resolv.conf >/etc/resolv.conf")
}
