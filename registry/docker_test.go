package registry

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
)

// write writes a file into dir and returns its name.
func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	at := filepath.Join(dir, name)
	if err := os.WriteFile(at, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

// docker starts Docker's registry, which lets mate in, and returns its host, the
// authority that vouches for it, and the file of its log.
func docker(t *testing.T) (host, authority, log string) {
	t.Helper()
	dir := t.TempDir()
	cert := certificate(t, time.Unix(0, 0), time.Unix(1<<32, 0))
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	authority = write(t, dir, "ca.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}))
	keyFile := write(t, dir, "key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	passwords := write(t, dir, "htpasswd", fmt.Appendf(nil, "mate:%s\n", hash))
	host, log, _ = testserver.DockerRegistry(t, dir,
		fmt.Sprintf("  tls: {certificate: %s, key: %s}\nauth: {htpasswd: {realm: registry, path: %s}}\n",
			authority, keyFile, passwords))
	return host, authority, log
}

// TestDocker pushes to Docker's own registry, and has skopeo look at it.
func TestDocker(t *testing.T) {
	testkit.Need(t, "skopeo")
	host, authority, log := docker(t)
	home := t.TempDir()
	env := []string{"REGISTRY_AUTH_FILE=" + write(t, home, "auth.json", []byte(auths(host, "mate")))}
	roots := x509.NewCertPool()
	data, err := os.ReadFile(authority)
	if err != nil || !roots.AppendCertsFromPEM(data) {
		t.Fatalf("reading the authority: %v", err)
	}
	p := Pusher{Registries: []string{host + "/team"}, Roots: roots, Keychain: Keychain(env), Wait: time.Millisecond}
	shared := layers(t, 1, 2)
	items := []Item{item(t, "kubelet", 2, shared...), item(t, "proxy", 3, shared...)}
	uploaded, mounted := 0, 0
	for _, pushed := range push(t, p, items...) {
		uploaded, mounted = uploaded+pushed.Blobs[Uploaded], mounted+pushed.Blobs[Mounted]
		cmd := exec.Command("skopeo", "inspect", "--raw", "--cert-dir", filepath.Dir(authority),
			"docker://"+pushed.Name+":"+pushed.Tag)
		cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "HOME="+home)
		raw, err := cmd.Output()
		if err != nil {
			t.Fatalf("skopeo inspect: %v", err)
		}
		digest := exec.Command("skopeo", "manifest-digest", "/dev/stdin")
		digest.Stdin = bytes.NewReader(raw)
		if out, err := digest.Output(); err != nil || strings.TrimSpace(string(out)) != pushed.Digest {
			t.Errorf("%s: skopeo says %s (%v)", pushed, out, err)
		}
		all := exec.Command("skopeo", "copy", "--all", "--src-cert-dir", filepath.Dir(authority),
			"docker://"+pushed.String(), "oci:"+filepath.Join(home, filepath.Base(pushed.Name)))
		all.Env = cmd.Env
		if out, err := all.CombinedOutput(); err != nil {
			t.Errorf("skopeo copy: %v\n%s", err, out)
		}
	}
	if uploaded != 10 || mounted != 2 {
		t.Errorf("%d blobs uploaded, %d mounted, want 10 and 2", uploaded, mounted)
	}
	before := changes(t, log)
	for _, again := range push(t, p, items...) {
		if !again.Kept || again.Bytes > 0 {
			t.Errorf("pushed again: %+v", again)
		}
	}
	if after := changes(t, log); after != before || before < 10 {
		t.Errorf("the registry tells of %d changes, and of %d after the second push", before, after)
	}
	p.Keychain = login{Username: "mate", Password: "nonsense"}
	want := host + " refuses the login of mate: log in again with docker login "
	if _, err := p.Push(t.Context(), items); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Push() with a wrong password = %v", err)
	}
}

// changes counts what the registry's log has of requests that change something.
func changes(t *testing.T, log string) int {
	t.Helper()
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, request := range []string{`"POST /v2/`, `"PATCH /v2/`, `"PUT /v2/`} {
		n += strings.Count(string(data), request)
	}
	return n
}
