package conformance

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// kubeconfig returns the text of a kubeconfig for a server.
func kubeconfig(server string) string {
	return `apiVersion: v1
kind: Config
current-context: admin@ship
contexts:
- {name: other@ship, context: {cluster: other, user: other}}
- {name: admin@ship, context: {cluster: ship, user: admin}}
clusters:
- {name: other, cluster: {server: "https://192.0.2.9:6443"}}
- {name: ship, cluster: {server: "` + server + `"}}
`
}

// TestCheck has requests that are refused before anything is built.
func TestCheck(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("good", kubeconfig("https://"+listener.Addr().String()))
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent.Close()
	const team = "registry.example.org/team"
	for _, c := range []struct {
		about string
		r     Request
		want  string
	}{
		{"a cluster", Request{Kubeconfig: good, Registry: team}, ""},
		{"an expression", Request{Focus: "[Conformance"}, "-focus: error parsing regexp: missing closing ]"},
		{"processes", Request{Processes: -1}, "-processes=-1: want a number of processes"},
		{"a registry alone", Request{Registry: team}, "-registry: the cluster on this host has a registry of its own"},
		{"no registry", Request{Kubeconfig: good}, "-registry: say where the cluster pulls the images"},
		{"an odd registry", Request{Kubeconfig: good, Registry: "https://x"}, "https://x"},
		{"no file", Request{Kubeconfig: filepath.Join(dir, "none"), Registry: team}, "-kubeconfig: open "},
		{"another file", Request{Kubeconfig: write("list", "- a"), Registry: team}, "list: not a kubeconfig"},
		{"no cluster", Request{Kubeconfig: write("empty", "current-context: x"), Registry: team},
			`empty: it has no cluster for its current-context, "x"`},
		{"no server", Request{Kubeconfig: write("odd", kubeconfig("here")), Registry: team},
			`odd: server: "here" is not a URL`},
		{"no answer", Request{Kubeconfig: write("silent", kubeconfig("https://"+silent.Addr().String())), Registry: team},
			"silent: no API server answers at https://127.0.0.1:"},
	} {
		err := c.r.check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v\nwant %q", c.about, err, c.want)
		}
	}
}
