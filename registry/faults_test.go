package registry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
)

// cut reads half of a request and hangs up.
func cut(_ http.ResponseWriter, r *http.Request) bool {
	_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
	panic(http.ErrAbortHandler)
}

// TestFaults pushes to registries that fail now and then.
func TestFaults(t *testing.T) {
	type fault = func(w http.ResponseWriter, r *http.Request, kind string, n int) bool
	// third fails every third request, from the one that first names. With one job no chance
	// helps, or harms: a blob is four requests, more than ever pass in a row.
	third := func(first int, how func(http.ResponseWriter, *http.Request) bool) func(*fake) fault {
		return func(f *fake) fault {
			i := -first
			return func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
				f.mu.Lock()
				i++
				fails := i%3 == 0
				f.mu.Unlock()
				return fails && how(w, r)
			}
		}
	}
	forget := func(w http.ResponseWriter) bool {
		return refuse(w, http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", nil)
	}
	broken := func(w http.ResponseWriter, _ *http.Request) bool {
		return refuse(w, http.StatusInternalServerError, "INTERNAL", "a code that no specification has", nil)
	}
	for _, c := range []struct {
		name  string
		jobs  int
		sends int // uploads of the nine blobs; 0 is any number
		fault func(f *fake) fault
	}{
		{"requests 1, 4, 7, … fail", 1, 0, third(1, broken)},
		{"requests 2, 5, 8, … fail", 1, 0, third(2, broken)},
		{"requests 3, 6, 9, … fail", 1, 0, third(3, broken)},
		{"every third connection breaks", 1, 0, third(3, cut)},
		{"every second upload is cut", 1, 0, func(*fake) fault {
			return func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
				return kind == "PATCH blob" && n%2 == 0 && cut(w, r)
			}
		}},
		{"uploads are forgotten", 1, 0, func(*fake) fault {
			return func(w http.ResponseWriter, _ *http.Request, kind string, n int) bool {
				return kind == "PUT blob" && n%3 == 0 && forget(w)
			}
		}},
		{"blobs are there, and said not to be", 1, 9, func(f *fake) fault {
			return func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
				if kind != "PUT blob" || n%3 != 0 {
					return false
				}
				f.next.ServeHTTP(httptest.NewRecorder(), r)
				repo, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
				f.keep(repo, r.URL.Query().Get("digest"))
				return forget(w)
			}
		}},
		{"manifests' blobs are said not to be there", 1, 9, func(*fake) fault {
			return func(w http.ResponseWriter, _ *http.Request, kind string, n int) bool {
				return kind == "PUT manifest" && n%2 == 1 &&
					refuse(w, http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", nil)
			}
		}},
		{"too many requests", 4, 10, func(*fake) fault {
			return func(w http.ResponseWriter, _ *http.Request, kind string, n int) bool {
				return n == 1 && refuse(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "slow down", nil)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := serve(t)
			p := f.pusher()
			p.Jobs = c.jobs
			f.fault = c.fault(f)
			shared := layers(t, 1, 1)
			items := []Item{item(t, "kubelet", 2, shared...), item(t, "proxy", 3, shared...)}
			got, err := p.Push(t.Context(), items)
			if err != nil {
				t.Fatal(err)
			}
			f.fault = nil
			if n := f.count("PATCH blob"); c.sends > 0 && n != c.sends {
				t.Errorf("%d blobs were sent, want %d", n, c.sends)
			}
			sum := map[State]int{}
			for _, pushed := range got {
				whole(t, p, pushed.String(), pushed.Digest)
				for state, n := range pushed.Blobs {
					sum[state] += n
				}
			}
			if sum[Uploaded]+sum[Mounted] != 10 || sum[Existing] > 0 {
				t.Errorf("the blobs were %v, want 10 uploaded or mounted", sum)
			}
		})
	}
}

// TestRetryAfter holds that a registry's word is heeded.
func TestRetryAfter(t *testing.T) {
	f := serve(t)
	var times []time.Time
	f.fault = func(w http.ResponseWriter, _ *http.Request, kind string, n int) bool {
		if kind != "POST blob" || n > 1 {
			return false
		}
		times = append(times, time.Now())
		w.Header().Set("Retry-After", "1")
		return n == 0 && refuse(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "slow down", nil)
	}
	p := f.pusher()
	p.Jobs = 1
	push(t, p, item(t, "kubelet", 1))
	if len(times) != 2 || times[1].Sub(times[0]) < 900*time.Millisecond {
		t.Errorf("asked at %v, want a second between", times)
	}
}

// TestSecondPush holds that what a first push sent is not sent again.
func TestSecondPush(t *testing.T) {
	f := serve(t)
	p := f.pusher()
	p.Jobs = 1
	items := []Item{item(t, "kubelet", 1), item(t, "proxy", 2)} // four blobs each
	f.fault = func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
		return kind == "PATCH blob" && n >= 5 && refuse(w, http.StatusInsufficientStorage, "DENIED", "the disk is full", nil)
	}
	got, err := p.Push(t.Context(), items)
	want := f.host + noRoom + " (507 Insufficient Storage, DENIED: the disk is full)"
	if err == nil || err.Error() != want || len(got) > 0 || f.count("PUT manifest") > 0 {
		t.Errorf("Push() = %v, %v and %d manifests, want %s", got, err, f.count("PUT manifest"), want)
	}
	if n := f.count("PATCH blob"); n != 6 {
		t.Errorf("%d uploads, want 6: what is full stays full", n)
	}
	f.forget()
	f.fault = nil
	got = push(t, p, items...)
	existing, uploaded := got[0].Blobs[Existing]+got[1].Blobs[Existing], got[0].Blobs[Uploaded]+got[1].Blobs[Uploaded]
	if n := f.count("PATCH blob"); n != 3 || existing != 5 || uploaded != 3 {
		t.Errorf("the second push sends %d blobs and tells of %v and %v, want 3 sent, 5 there", n, got[0].Blobs, got[1].Blobs)
	}
}

// TestOneRegistryFails holds that the others have all.
func TestOneRegistryFails(t *testing.T) {
	bad, good := serve(t), serve(t)
	bad.fault = func(w http.ResponseWriter, _ *http.Request, kind string, _ int) bool {
		return kind == "PUT manifest" && refuse(w, http.StatusBadRequest, "MANIFEST_INVALID", "no indexes here", nil)
	}
	p := bad.pusher()
	p.Registries = append(p.Registries, good.host)
	p.Roots.AddCert(good.Certificate())
	got, err := p.Push(t.Context(), []Item{item(t, "kubelet", 1)})
	want := bad.host + ": it refuses the push: 400 Bad Request, MANIFEST_INVALID: no indexes here: " +
		"it may not know manifests of type application/vnd.oci.image.manifest.v1+json"
	if err == nil || err.Error() != want {
		t.Errorf("Push() = %v, want %s", err, want)
	}
	if len(got) != 1 || got[0].Name != good.host+"/kubelet" {
		t.Errorf("pushed %v, want what the good registry has", got)
	}
}

const password = "hunter2hunter2"

// noRoom is what is said of a registry that is full, after its name.
const noRoom = ": it has no room for the blobs: free some space or allow larger blobs, and push again"

// login is a Keychain with one login.
type login authn.AuthConfig

func (l login) Resolve(authn.Resource) (authn.Authenticator, error) {
	return authn.FromConfig(authn.AuthConfig(l)), nil
}

// wantsLogin answers who has not logged in as mate.
func wantsLogin(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
	if user, pass, _ := r.BasicAuth(); user == "mate" && pass == password {
		return false
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="Registry"`)
	return refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required", nil)
}

// TestTokens pushes to a registry whose tokens, from elsewhere, last a few requests.
func TestTokens(t *testing.T) {
	f := serve(t)
	left, issued := 0, 0
	f.fault = func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		if r.URL.Path == "/token" {
			if user, pass, _ := r.BasicAuth(); user != "mate" || pass != password {
				return refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "incorrect username or password", nil)
			}
			issued++
			left = 6
			_ = json.NewEncoder(w).Encode(map[string]string{"token": fmt.Sprintf("token-%d", issued)})
			return true
		}
		if r.Header.Get("Authorization") == fmt.Sprintf("Bearer token-%d", issued) && left > 0 {
			left--
			return false
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://%s/token",service="registry"`, f.host))
		return refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required", nil)
	}
	p := f.pusher()
	p.Jobs = 1
	p.Keychain = login{Username: "mate", Password: password}
	push(t, p, item(t, "kubelet", 1), item(t, "proxy", 2))
	if issued < 4 {
		t.Errorf("%d tokens were issued: the test lets none end", issued)
	}
	p.Keychain = login{Username: "mate", Password: "nonsense"}
	_, err := p.Push(t.Context(), []Item{item(t, "kubelet", 1)})
	if err == nil || !strings.Contains(err.Error(), " refuses the login of mate: log in again with docker login "+f.host) {
		t.Errorf("Push() with a wrong password = %v", err)
	}
}

// certificate returns one for 127.0.0.1 and registry.example.org that signs itself.
func certificate(t *testing.T, from, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"registry.example.org"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// TestInsecure holds that it takes plain HTTP and any certificate.
func TestInsecure(t *testing.T) {
	f := serve(t)
	plain := httptest.NewServer(f)
	defer plain.Close()
	got, err := Pusher{
		Registries: []string{f.host, strings.TrimPrefix(plain.URL, "http://") + "/other"},
		Insecure:   true, Wait: time.Millisecond,
	}.Push(t.Context(), []Item{item(t, "kubelet", 1)})
	if err != nil || len(got) != 2 || got[1].Blobs[Uploaded] != 4 {
		t.Errorf("Push() = %v, %v", got, err)
	}
}
