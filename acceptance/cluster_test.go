//go:build acceptance && linux

package acceptance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/lab"
	"github.com/slipway-build/slipway/lab/cluster"
)

// registryName is of the one that docs/cluster.md takes images from.
const registryName = "registry.example.org"

// TestCluster has two Debians become the cluster of docs/cluster.md, by the commands of the page as they are
// written, and looks between them at what the page does not show: what is refused, pods across nodes, a node that
// reboots, and a backup that is restored.
func TestCluster(t *testing.T) {
	for _, tool := range []string{"apt-ftparchive", "docker-registry"} {
		testkit.Need(t, tool)
	}
	l := openLab(t, "clu", "192.0.2.0/24")
	first, second, dir := debs(t)
	ca := serveImages(t, l, dir)
	base, err := l.Base(t.Context(), "ca-certificates", "containerd", "openssl")
	if err != nil {
		t.Fatal(err)
	}
	w := newWalk(t, filepath.Join("..", "docs", "cluster.md"), t.Name())
	for name, address := range map[string]string{"n1": "192.0.2.11", "n2": "192.0.2.12"} {
		w.nodes[name] = fresh(t, l, base, name, address, ca, first)
	}
	walked(t, w, second)
}

// changed is an operator's change of an option, which an upgrade keeps.
const changed = `KUBE_PROXY_ARGS="--v=3"`

// walked walks the page. The packages in a folder are a new revision, for an upgrade.
func walked(t *testing.T, w *walk, second string) {
	t.Helper()
	t.Cleanup(w.tell)
	w.to("## Join a node")
	refused(t, w)
	w.to("## Day two")
	across(t, w)
	rebooted(t, w)
	w.to("### Upgrade")
	for _, n := range w.nodes {
		offer(t, n.Root, second)
		n.sh("echo '" + changed + "' >/etc/default/kube-proxy")
	}
	w.to("### Remove a node")
	for _, n := range w.nodes {
		n.is("cat /etc/default/kube-proxy; tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value kube-proxy)/cmdline | "+
			"grep -x -e --v=3 -e --kubeconfig=.*", changed+"\n--kubeconfig=/etc/kubernetes/kube-proxy.conf\n--v=3")
	}
	w.to("## A single host")
}

// fresh boots a host that a reader of the page has, with packages in its repository.
func fresh(t *testing.T, l *lab.Lab, base, name, address, ca string, packages ...string) node {
	t.Helper()
	n := bootNode(t, l, base, name, address, func(root string) {
		asReader(t, root)
		asNode(t, root)
		mustRun(t, "", "sh", "-ec", `cat "$2" >>"$1/etc/ssl/certs/ca-certificates.crt"`, "sh", root, ca)
		for _, from := range packages {
			offer(t, root, from)
		}
	})
	n.sh("echo '192.0.2.1 " + registryName + "' >>/etc/hosts")
	return n
}

// serveImages makes and pushes images, and serves them on the lab's network by TLS. It returns the authority's file.
func serveImages(t *testing.T, l *lab.Lab, dir string) string {
	t.Helper()
	s := newServer(t)
	s.start("")
	for _, f := range []string{"etcd-3.7", "coredns-1.14"} {
		mage(t, dir, "image", "-fork="+f)
		mage(t, dir, "push", "-fork="+f, "-registry="+s.host+"/team")
	}
	ca := newAuthority(t)
	now := time.Now()
	pair := ca.issue(t, &x509.Certificate{DNSNames: []string{registryName}}, now.Add(-time.Hour), now.Add(time.Hour))
	cert, err := tls.X509KeyPair(pair, pair)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := l.Listen(443)
	if err != nil {
		t.Fatal(err)
	}
	front := &http.Server{
		Handler:           httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.host}),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}},
		ReadHeaderTimeout: time.Minute,
	}
	go func() { _ = front.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { front.Close() })
	return ca.file
}

// asReader gives a root what a reader of the page has: a repository, and somebody who says yes.
func asReader(t *testing.T, root string) {
	t.Helper()
	mustRun(t, "", "sh", "-ec", `rm -f "$1"/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/repo ./' >"$1/etc/apt/sources.list"
printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n' >"$1/etc/apt/apt.conf.d/90reader"`,
		"sh", root)
}

// asNode makes a root one that a node can run in here. Who runs tests in a container may not protect pods from the
// kernel.
func asNode(t *testing.T, root string) {
	t.Helper()
	mustRun(t, "", "sed", "-i", `/grpc.v1.cri"\]$/a restrict_oom_score_adj = true`,
		filepath.Join(root, "etc/containerd/config.toml"))
	if err := cluster.Suit(root); err != nil {
		t.Fatal(err)
	}
}

// offer puts packages into the repository of a root.
func offer(t *testing.T, root, from string) {
	t.Helper()
	mustRun(t, "", "sh", "-ec", `mkdir -p "$2"; cp "$1"/*.deb "$2"; cd "$2"
apt-ftparchive packages . >Packages 2>/dev/null`,
		"sh", from, filepath.Join(root, "repo"))
}

// A walk is what a reader does with a page about several hosts.
type walk struct {
	t      *testing.T
	page   string
	lines  []string
	steps  []docscript.Step
	nodes  map[string]node
	shells map[string]string // what a host's shell has exported
	join   string            // the line that kubernetes-token printed
	words  *strings.Replacer // has a command be that of another system
	began  time.Time
}

// newWalk begins at the first command of a page that a test is to run.
func newWalk(t *testing.T, page, runBy string) *walk {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := docscript.Read(string(text))
	if err != nil {
		t.Fatal(err)
	}
	w := &walk{t: t, page: filepath.Base(page), lines: strings.Split(string(text), "\n"), nodes: map[string]node{},
		shells: map[string]string{}, words: strings.NewReplacer(), began: time.Now()}
	for _, b := range blocks {
		if b.RunBy == runBy {
			w.steps = append(w.steps, b.Steps()...)
		}
	}
	return w
}

// to walks on to a heading of the page.
func (w *walk) to(heading string) {
	w.t.Helper()
	line := len(w.lines)
	for i, text := range w.lines {
		if text == heading {
			line = i + 1
		}
	}
	if line == len(w.lines) {
		w.t.Fatalf("%s has no heading %q", w.page, heading)
	}
	w.until(line)
}

// until walks on to a line of the page.
func (w *walk) until(line int) {
	w.t.Helper()
	for len(w.steps) > 0 && w.steps[0].Line < line {
		step := w.steps[0]
		w.steps = w.steps[1:]
		r := w.run(step)
		w.t.Logf("%6.1f s  %s: %s%s\n%s", r.Seconds, step.Host, step.Command, step.File,
			strings.Join(r.Printed, "\n"))
		if fault := r.Fault(w.page); fault != "" {
			w.t.Error(fault)
			if r.Failed {
				w.t.FailNow()
			}
		}
	}
}

// run runs a step on its host. What a page shows in the place of a secret is what was printed.
func (w *walk) run(step docscript.Step) docscript.Result {
	w.t.Helper()
	n, ok := w.nodes[step.Host]
	if !ok {
		w.t.Fatalf("%s:%d: there is no host %q", w.page, step.Line, step.Host)
	}
	script := w.words.Replace(step.Command)
	switch {
	case step.File != "":
		script = fmt.Sprintf("mkdir -p %q; cat >%[2]q <<'--page--'\n%[3]s\n--page--\n", filepath.Dir(step.File), step.File,
			strings.Join(step.Prints, "\n"))
	case strings.HasPrefix(script, "kubernetes-join ") && strings.Contains(script, "…"):
		script = w.join
	}
	began := time.Now()
	out, err := n.Try(w.t.Context(), w.shells[step.Host]+script)
	r := docscript.Result{Step: step, Seconds: time.Since(began).Seconds(), Failed: err != nil}
	if out = strings.TrimRight(out, "\n"); out != "" {
		r.Printed = strings.Split(out, "\n")
	}
	if strings.HasPrefix(script, "export ") {
		w.shells[step.Host] += script + "\n"
	}
	if line := joinLine.FindString(out); line != "" && script == "kubernetes-token" {
		w.join = line
	}
	return r
}

var joinLine = regexp.MustCompile(`(?m)^kubernetes-join .*$`)

// tell shows, if the test failed, how the hosts are.
func (w *walk) tell() {
	if !w.t.Failed() {
		return
	}
	for _, n := range w.nodes {
		out, _ := n.Try(context.Background(), `systemctl --no-pager --failed; journalctl --no-pager -n 60 -p warning
journalctl --no-pager -n 20 -u kubelet -u flanneld -u kube-proxy
[ -e /etc/kubernetes/admin.conf ] || exit 0
export KUBECONFIG=/etc/kubernetes/admin.conf
kubectl get nodes,pods,services -A -o wide
kubectl get events -A | tail -n 30`)
		w.t.Logf("%s after %.0f s:\n%s", n.Name, time.Since(w.began).Seconds(), out)
	}
}

// eventually waits until a script succeeds on a node.
func (n node) eventually(script string) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), 2*time.Minute)
	defer cancel()
	for {
		out, err := n.Try(ctx, script)
		if err == nil {
			return
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			n.t.Fatalf("on %s, in vain for two minutes: %s\n%s", n.Name, script, out)
		}
		time.Sleep(500 * time.Millisecond)
	}
}
