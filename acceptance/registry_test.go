//go:build acceptance && linux

package acceptance

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/slipway-build/slipway/internal/testkit"
)

// password is mate's.
const password = "hunter2hunter2"

// registries pushes to Debian's registry: on this machine, without TLS, and as a
// company has it, with a certificate authority and logins.
func registries(t *testing.T, dir string) {
	testkit.Need(t, "docker-registry")
	t.Run("plain", func(t *testing.T) {
		s := newServer(t)
		s.start("")
		pushed(t, dir, s)
	})
	t.Run("TLS and a login", func(t *testing.T) {
		s := newServer(t)
		ca := newAuthority(t)
		s.env = []string{"SSL_CERT_FILE=" + ca.file, "REGISTRY_AUTH_FILE=" + s.at("config.json")}
		now := time.Now()
		good := s.secure(ca.server(t, now.Add(-time.Hour), now.Add(time.Hour)), password)
		s.start(good)
		s.run(dir, "skopeo", "login", "--username=mate", "--password="+password, s.host)
		pushed(t, dir, s)

		trusts, login := s.env[0], "DOCKER_CONFIG="+s.dir // Docker has what Podman notes, in a file of this name
		changed := s.secure(ca.server(t, now.Add(-time.Hour), now.Add(time.Hour)), "of today")
		ended := s.secure(ca.server(t, now.Add(-2*time.Hour), now.Add(-time.Hour)), password)
		how := "docker login " + s.host + " or podman login " + s.host + " ("
		for _, c := range []struct {
			name, config, host string
			env                []string
			want               string
		}{
			{"a changed password", changed, s.host, []string{trusts, login},
				s.host + " refuses the login of mate: log in again with " + how},
			{"no login", good, s.host, []string{trusts},
				s.host + ": it needs a login: log in with " + how},
			{"a certificate that ended", ended, s.host, []string{trusts, login},
				s.host + ": its certificate is not trusted: x509: certificate has expired or is not yet valid: "},
			{"an authority that nobody knows", good, s.host, []string{login},
				s.host + ": its certificate is not trusted: x509: certificate signed by unknown authority: " +
					"renew it, add its authority to this machine's, or push with -insecure"},
			// A name that no name server can have.
			{"no such host", good, strings.Repeat("sea", 22) + ".example.org", []string{trusts, login},
				strings.Repeat("sea", 22) + ".example.org: no such host: check how -registry is spelled\n"},
		} {
			t.Run(c.name, func(t *testing.T) {
				s.start(c.config)
				for _, args := range [][]string{nil, {"-v"}, {"-json"}} {
					cmd := command(dir, compiled(t), append([]string{"push", "-registry=" + c.host + "/team"}, args...)...)
					cmd.Env = append(os.Environ(), append([]string{"DOCKER_CONFIG=" + t.TempDir()}, c.env...)...)
					out, err := cmd.CombinedOutput()
					if err == nil || strings.Count(string(out), "Error: "+c.want) != 1 {
						t.Errorf("mage push %v (%v):\n%s\nwant once  Error: %s", args, err, out, c.want)
					}
					for _, secret := range []string{password, base64.StdEncoding.EncodeToString([]byte("mate:" + password))} {
						if bytes.Contains(out, []byte(secret)) {
							t.Errorf("mage push %v tells %q:\n%s", args, secret, out)
						}
					}
				}
			})
		}
	})
}

// pushed makes images and pushes them, twice, and holds the digests against what
// skopeo finds in the registry.
func pushed(t *testing.T, dir string, s *server) {
	registry := "-registry=" + s.host + "/team"
	first := s.run(dir, compiled(t), "image", "-platforms=linux/"+runtime.GOARCH, "push", registry)
	if strings.Count(first, "1 uploaded, 2 mounted") != 4 {
		t.Errorf("images that share layers are not mounted:\n%s", first)
	}
	changes := s.changes()
	again := s.run(dir, compiled(t), "push", registry)
	if n := strings.Count(again, "\n  push "); n < 2 || strings.Count(again, ": 0 bytes") != n {
		t.Errorf("pushed again, something moved:\n%s", again)
	}
	if after := s.changes(); after != changes || changes < 10 {
		t.Errorf("the registry tells of %d changes, and of %d after the second push", changes, after)
	}
	for line := range strings.Lines(again) {
		ref, ok := strings.CutPrefix(strings.TrimSpace(line), "push ")
		if !ok {
			continue
		}
		ref = strings.Fields(ref)[0]
		name, digest, _ := strings.Cut(ref, "@")
		raw := s.run("", "sh", "-ec", `skopeo inspect $1 --raw "docker://$0" | sha256sum`, name+":"+forkTag(t, dir), s.skopeo)
		if got := "sha256:" + strings.Fields(raw)[0]; got != digest {
			t.Errorf("%s is %s in the registry, and %s was said", name, got, digest)
		}
	}
}

// A server is Debian's registry, of one address and one folder, which can be
// started again otherwise.
type server struct {
	t      *testing.T
	dir    string
	host   string   // with its port
	env    []string // of who pushes and looks
	skopeo string   // option with which skopeo looks
	cmd    *exec.Cmd
	n      int // files that were made
}

func newServer(t *testing.T) *server {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	s := &server{t: t, dir: t.TempDir(), host: free.Addr().String(), skopeo: "--tls-verify=false"}
	t.Cleanup(s.stop)
	return s
}

func (s *server) at(name string) string { return filepath.Join(s.dir, name) }

// write writes a file of its own and returns its name.
func (s *server) write(data []byte) string {
	s.t.Helper()
	s.n++
	file := s.at(fmt.Sprint(s.n))
	if err := os.WriteFile(file, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// secure returns the lines of configuration for a certificate, PEM with its key,
// and for mate's password.
func (s *server) secure(cert []byte, password string) string {
	s.t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		s.t.Fatal(err)
	}
	s.skopeo = "--tls-verify=true"
	file, logins := s.write(cert), s.write(append([]byte("mate:"), hash...))
	return fmt.Sprintf("  tls: {certificate: %s, key: %[1]s}\nauth: {htpasswd: {realm: registry, path: %s}}\n",
		file, logins)
}

// start starts the registry, and ends the one that runs.
func (s *server) start(secure string) {
	s.t.Helper()
	s.stop()
	const format = "version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp:\n  addr: %s\n%s"
	config := s.write(fmt.Appendf(nil, format, s.at("data"), s.host, secure))
	log, err := os.OpenFile(s.at("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd = exec.Command("docker-registry", "serve", config)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for range 500 {
		if conn, err := net.Dial("tcp", s.host); err == nil {
			conn.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatalf("docker-registry does not listen:\n%s", mustRun(s.t, s.dir, "tail", "log"))
}

func (s *server) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

// run is mustRun for somebody who knows the registry.
func (s *server) run(dir, name string, args ...string) string {
	s.t.Helper()
	cmd := command(dir, name, args...)
	cmd.Env = append(os.Environ(), s.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// changes counts what the registry's log has of requests that change something.
func (s *server) changes() int {
	s.t.Helper()
	data, err := os.ReadFile(s.at("log"))
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for _, method := range []string{"POST", "PATCH", "PUT"} {
		n += bytes.Count(data, []byte(`"`+method+` /v2/`))
	}
	return n
}

// An authority vouches for servers on this machine.
type authority struct {
	file string // its certificate, PEM
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{file: filepath.Join(t.TempDir(), "ca.pem")}
	a.cert = &x509.Certificate{
		Subject: pkix.Name{CommonName: "Harbour"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	if err := os.WriteFile(a.file, a.issue(t, a.cert, time.Unix(0, 0), time.Unix(1<<32, 0)), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// server returns a certificate and its key, PEM, for a server.
func (a *authority) server(t *testing.T, from, until time.Time) []byte {
	t.Helper()
	return a.issue(t, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, from, until)
}

// issue completes and signs a certificate, and returns it with its key, PEM. The
// first is the authority's own.
func (a *authority) issue(t *testing.T, cert *x509.Certificate, from, until time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if a.key == nil {
		a.key = key
	}
	cert.SerialNumber, cert.NotBefore, cert.NotAfter = big.NewInt(from.Unix()+1), from, until
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}
