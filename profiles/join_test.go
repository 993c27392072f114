package profiles

import (
	"strings"
	"testing"
)

const (
	joinEndpoint = "ENDPOINT=192.0.2.11:6443\n"
	joinToken    = "TOKEN=abcdef.0123456789abcdef\n"
	joinHash     = "CA_HASH=sha256:aa11223344556677aa11223344556677aa11223344556677aa11223344556677\n"
)

// TestJoinLooksAtItsValues has kubernetes-join say what is wrong with those of join.env, by name and line, without
// repeating them.
func TestJoinLooksAtItsValues(t *testing.T) {
	const (
		at   = "kubernetes-join: /etc/kubernetes/join.env:"
		none = ", here and as %= in /etc/kubernetes/join.env: run kubernetes-token on the master for it\n"
	)
	packaged := contents(assembled(t, "kubernetes", "1.36.1"))
	missing := func(name string) string { return strings.ReplaceAll(name+" is missing"+none, "%", name) }
	for _, c := range []struct {
		name, env string
		want      string
		status    int
	}{
		{"all", joinEndpoint + joinToken + joinHash, "", 0},
		{"comments and quotes", "# mine\n\nENDPOINT=\"api.example.org\"\r\n" + joinToken + joinHash, "", 0},
		{"IPv6", "ENDPOINT=[2001:db8::1]:6443\n" + joinToken + joinHash, "", 0},
		{"no file", "-", "kubernetes-join: this host joins no cluster yet. Write ENDPOINT=, TOKEN= and CA_HASH=, as " +
			"kubernetes-token on the master prints them, to /etc/kubernetes/join.env; " +
			"then: systemctl start kubernetes-join\n", 0},
		{"an empty file", "", "kubernetes-join: " + missing("ENDPOINT") + "kubernetes-join: --token is missing" +
			strings.ReplaceAll(none, "%", "TOKEN") + "kubernetes-join: --ca-hash is missing" +
			strings.ReplaceAll(none, "%", "CA_HASH"), 2},
		{"values in the wrong place", "ENDPOINT=sha256:aa\nTOKEN=192.0.2.11\nCA_HASH=abcdef.0123456789abcdef\n",
			at + "1: ENDPOINT is not HOST or HOST:PORT, with brackets around an IPv6 address\n" +
				at + "2: TOKEN is not six and sixteen small letters or digits with a dot between\n" +
				at + "3: CA_HASH is not sha256: and 64 hexadecimal digits\n", 2},
		{"no value", joinEndpoint + "TOKEN=\n" + joinHash,
			at + "2: TOKEN has no value: want six and sixteen small letters or digits with a dot between\n", 2},
		{"another name", joinEndpoint + joinToken + joinHash + "token=secret\n export X=1\n",
			at + "4: want ENDPOINT=, TOKEN= or CA_HASH= at the beginning of the line\n" +
				at + "5: want ENDPOINT=, TOKEN= or CA_HASH= at the beginning of the line\n", 2},
		{"two of a name", "TOKEN=x\n" + joinEndpoint + joinToken + joinHash, "", 0},
	} {
		files := map[string]string{"etc/kubernetes/join.env": c.env}
		got, status := newHost(t, packaged, files).run(t, "kubernetes-join", "--check")
		if got != c.want || status != c.status {
			t.Errorf("%s: %d\n%s\nwant %d\n%s", c.name, status, got, c.status, c.want)
		}
		files["etc/kubernetes/kubelet.conf"] = ""
		if got, status := newHost(t, packaged, files).run(t, "kubernetes-join", "--check"); got != "" || status != 0 {
			t.Errorf("%s, on a node: %d\n%s", c.name, status, got)
		}
	}
}

// TestKubeletStart has a kubelet keep its own arguments where it has a kubeconfig and nothing of kubeadm.
func TestKubeletStart(t *testing.T) {
	packaged := contents(assembled(t, "kubernetes", "1.36.1"))
	const dropIn = "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"
	if !strings.Contains(packaged[dropIn], "\nSyslogIdentifier=kubelet\n") {
		t.Error("the journal names a kubelet by its script")
	}
	const kubeadms, others = "--config=a\n--x=1\nextra\n-- --\n", "--config=own file\nextra\n-- --\n"
	for _, c := range []struct {
		files []string
		want  string
	}{
		{nil, kubeadms},
		{[]string{"var/lib/kubelet/config.yaml"}, kubeadms},
		{[]string{"etc/kubernetes/kubelet.conf", "var/lib/kubelet/config.yaml"}, kubeadms},
		{[]string{"etc/kubernetes/kubelet.conf"}, others},
	} {
		files := map[string]string{"bin/kubelet": "#!/bin/sh\nprintf '%s\\n' \"$@\"\n"}
		for _, f := range c.files {
			files[f] = ""
		}
		got, _ := newHost(t, packaged, files).run(t, "kubelet-start",
			"--config=a", "--x=1", "--", "--config=own file", "--", "extra", "-- --")
		if got != c.want {
			t.Errorf("with %q:\n%s\nwant\n%s", c.files, got, c.want)
		}
	}
}
