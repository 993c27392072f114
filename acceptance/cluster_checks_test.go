//go:build acceptance && linux

package acceptance

import (
	"regexp"
	"strings"
	"testing"
)

// kube runs kubectl on the master.
const kube = "export KUBECONFIG=/etc/kubernetes/admin.conf; kubectl "

// refused checks that a node with wrong data does not join, and that nothing of it stays. It leaves the line that
// the page's reader will use as it is.
func refused(t *testing.T, w *walk) {
	t.Helper()
	n1, n2 := w.nodes["n1"], w.nodes["n2"]
	right := joinLine.FindString(n1.sh("kubernetes-token"))
	if right == "" {
		t.Fatal("kubernetes-token prints no line to run")
	}
	n2.sh("apt update && apt install kubernetes-node kubernetes-cni kubernetes-cni-flannel")
	const kept = "find /etc/kubernetes /var/lib/kubelet | sort"
	before := n2.sh(kept)
	token := regexp.MustCompile(`--token \S+`)
	n2.refuses(token.ReplaceAllString(right, "--token abcdef.0123456789abcdef"), "does not know the token")
	n2.refuses(regexp.MustCompile(`sha256:\w+`).ReplaceAllString(right, "sha256:"+strings.Repeat("0", 64)),
		"is not the one that is expected")
	n2.refuses(strings.Replace(right, ":6443", ":6444", 1), "no API server answers")
	n2.refuses("ip address add 10.244.9.9/24 dev host0; "+right,
		"the range of pods, 10.244.0.0/16, overlaps with the network 10.244.9.9/24 of this host (host0)")
	n2.sh("ip address delete 10.244.9.9/24 dev host0")
	short := joinLine.FindString(n1.sh("kubernetes-token --ttl 1s"))
	n2.refuses("sleep 2; "+short, "or it has expired")
	n1.sh(kube + `create -f - <<'E'
{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n2"}}
E`)
	n2.refuses(right, "the cluster has a node named n2")
	n1.sh(kube + "delete node n2")
	n2.is(kept, before)
}

// across checks that pods of both nodes reach a Service by its name, and each other's node: logs, exec, a rolling
// update and the way back.
func across(t *testing.T, w *walk) {
	t.Helper()
	n1 := w.nodes["n1"]
	n1.sh(kube + `patch deployment store --type=merge -p '{"spec": {"template": {"spec": {"topologySpreadConstraints":
[{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
"labelSelector": {"matchLabels": {"app": "store"}}}]}}}}'
kubectl rollout status deployment/store --timeout=2m`)
	n1.eventually(kube + "get pods -l app=store --field-selector=status.phase=Running " +
		"-o 'jsonpath={range .items[*]}{.spec.nodeName}{\"\\n\"}{end}' | sort | tr -d '\\n' | grep -x n1n2")
	reached(n1)
	was := n1.sh(kube + "get rs -l app=store -o name | wc -l")
	n1.sh(kube + "set env deployment/store ROUND=2; kubectl rollout status deployment/store --timeout=2m")
	if now := n1.sh(kube + "get rs -l app=store -o name | wc -l"); now == was {
		t.Error("a changed Deployment is not rolled out")
	}
	n1.sh(kube + "rollout undo deployment/store; kubectl rollout status deployment/store --timeout=2m")
	n1.is(kube+"get deployment store -o 'jsonpath={.spec.template.spec.containers[0].env}'", "")
	reached(n1)
}

// reached checks that each pod of the Deployment reaches the Service by its name, and its log is read.
func reached(n1 node) {
	n1.t.Helper()
	n1.eventually(kube + `get endpointslices -l kubernetes.io/service-name=store \
	-o 'jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].nodeName}' |
	tr ' ' '\n' | sort | tr -d '\n' | grep -x n1n2`)
	// What a node that comes back is told of the others, it is told in its time.
	n1.eventually(kube + `get pods -l app=store --field-selector=status.phase=Running -o name >/tmp/pods
while read -r pod; do
	kubectl exec "$pod" -- etcdctl --endpoints=http://store.default.svc.cluster.local:2379 endpoint health
	kubectl logs "$pod" | grep -q 'ready to serve client requests'
done </tmp/pods`)
}

// rebooted checks that each host, started again, is a node again with its pods.
func rebooted(t *testing.T, w *walk) {
	t.Helper()
	n1 := w.nodes["n1"]
	for _, name := range []string{"n2", "n1"} {
		if err := w.nodes[name].Reboot(t.Context()); err != nil {
			t.Fatal(err)
		}
		since := w.nodes[name].sh("date -u +%Y-%m-%dT%H:%M:%SZ")
		n1.eventually(kube + "get lease -n kube-node-lease " + name + " -o 'jsonpath={.spec.renewTime}' | " +
			"awk '$1 > \"" + since + "\" {found = 1} END {exit !found}'")
		n1.eventually(kube + "wait --for=condition=Ready node/" + name + " --timeout=1m")
	}
	n1.sh(kube + "-n kube-system rollout status deployment/coredns --timeout=2m")
	reached(n1)
}
