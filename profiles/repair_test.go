package profiles

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHalvesAreMadeAgain has kubernetes-pki make what a full disk has left of a pair, and what is empty, again.
func TestHalvesAreMadeAgain(t *testing.T) {
	packaged := contents(assembled(t, "kubernetes", "1.36.1+acme.1"))
	const pki = "etc/kubernetes/pki/"
	h := newHost(t, packaged, map[string]string{"bin/ip": fakeIP, "bin/systemctl": "#!/bin/sh\nexit 1\n",
		"bin/chgrp": "#!/bin/sh\n", "bin/openssl": "#!/bin/sh\nfor last; do :; done\necho ship >\"$last\"\n",
		"bin/kubeadm": `#!/bin/sh
cd "${fake%/*}/etc/kubernetes"
case $4 in
scheduler) [ ! -e scheduler.conf ] && echo ship >scheduler.conf ;;
apiserver) [ ! -e pki/apiserver.key ] && touch pki/apiserver.key pki/apiserver.crt ;;
esac
`,
		pki + "ca.crt": "ship", pki + "ca.key": "ship", pki + "sa.key": "ship", pki + "apiserver.key": "half",
		"etc/kubernetes/scheduler.conf": "", "etc/kubernetes/controller-manager.conf": "ship"})
	out, status := h.run(t, "kubernetes-pki")
	if status != 0 || !strings.Contains(out, "kubernetes-pki: done") {
		t.Errorf("exit status %d: %s", status, out)
	}
	if text, err := os.ReadFile(filepath.Join(h.dir, pki+"sa.pub")); string(text) != "ship\n" {
		t.Errorf("sa.pub is not made of sa.key: %q, %v", text, err)
	}
}

// TestJoinBeginsAnew has a host join that was about to: the cluster has its node, and the host its token.
func TestJoinBeginsAnew(t *testing.T) {
	packaged := contents(assembled(t, "kubernetes", "1.36.1+acme.1"))
	h := newNode(t, packaged, map[string]string{"bin/kubeadm": "#!/bin/sh\n",
		"etc/kubernetes/bootstrap-kubelet.conf": "old",
		"bin/kubectl": `#!/bin/sh
case "$*" in
*/nodes/*) printf '{"bootID":"%s"}' "$(cat /proc/sys/kernel/random/boot_id)" ;;
*podCIDR*) echo 10.3.1.0/24 ;;
esac
`,
		"bin/systemctl": `#!/bin/sh
echo "$*" >>"$fake/units"
case "$*" in
"restart --no-block kubelet.service") cd "${fake%/*}" && mkdir -p var/lib/kubelet/pki &&
	! grep -q old etc/kubernetes/bootstrap-kubelet.conf && touch etc/kubernetes/kubelet.conf \
	var/lib/kubelet/pki/kubelet-client-current.pem ;;
*is-failed* | *cat*) exit 1 ;;
esac
`})
	out, status := h.run(t, "kubernetes-join", "192.0.2.11", "--token=abcdef.0123456789abcdef", "--ca-hash="+shipHash)
	if status != 0 || !strings.Contains(out, "an earlier join was interrupted: beginning anew") {
		t.Errorf("exit status %d: %s", status, out)
	}
	if state := h.state(t); strings.Contains(state, "bootstrap-kubelet.conf") ||
		!strings.Contains(state, "/kube-proxy.conf") {
		t.Errorf("it leaves\n%s", state)
	}
	units, err := os.ReadFile(filepath.Join(h.dir, "fake", "units"))
	if !strings.Contains(string(units), "enable --quiet kubelet.service kube-proxy.service\n") ||
		!strings.HasSuffix(string(units), "restart --no-block kube-proxy.service\n") {
		t.Errorf("%v\n%s", err, units)
	}
}

// TestHostChecks has a kubelet's host be one with another name than its node's, and without a network for pods.
func TestHostChecks(t *testing.T) {
	packaged := contents(assembled(t, "kubernetes", "1.36.1+acme.1"))
	const subject = "#!/bin/sh\necho 'subject=O = system:nodes, CN = system:node:%'\n"
	files := map[string]string{"bin/openssl": strings.ReplaceAll(subject, "%", "bridge"),
		"etc/kubernetes/kubelet.conf": "users:\n- user:\n    client-certificate: current.pem\n"}
	const network = "pods have no network yet"
	out, _ := newHost(t, packaged, files).run(t, "host-checks")
	if !strings.Contains(out, "this host is named deck, and it is the node bridge of its cluster") ||
		!strings.Contains(out, network) {
		t.Error(out)
	}
	files["bin/openssl"] = strings.ReplaceAll(subject, "%", "deck")
	files["etc/cni/net.d/mine.conflist"] = ""
	out, _ = newHost(t, packaged, files).run(t, "host-checks")
	if strings.Contains(out, "is named") || strings.Contains(out, network) {
		t.Error(out)
	}
}
