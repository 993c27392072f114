package s3

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/storetest"
	"github.com/slipway-build/slipway/repo/tree"
)

const secret = "kielholen"

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestLocate(t *testing.T) {
	for _, c := range []struct {
		address string
		env     run.Env
		want    string // the location and its region, or the fault
	}{
		{"s3://ship", nil, "s3://ship"},
		{"s3://ship/", nil, "s3://ship"},
		{"s3://ship/a//b/", nil, "s3://ship/a/b"},
		{"s3://ship/a", run.Env{"AWS_REGION=eu-north-1", "AWS_DEFAULT_REGION=x"}, "s3://ship/a in eu-north-1"},
		{"s3://ship/a?region=eu-west-1", run.Env{"AWS_REGION=eu-north-1"}, "s3://ship/a in eu-west-1"},
		{"s3://ship/a", run.Env{"AWS_ENDPOINT_URL=https://s3.example.org"},
			"s3://ship/a at https://s3.example.org in us-east-1"},
		{"s3://ship/a", run.Env{"AWS_ENDPOINT_URL=https://b.example.org", "AWS_ENDPOINT_URL_S3=http://a.example.org:1/"},
			"s3://ship/a at http://a.example.org:1 in us-east-1"},
		{"s3://ship/a?endpoint=https://s3.example.org&region=here&style=host", nil,
			"s3://ship/a at https://s3.example.org in here"},
		{"s3:///a", nil, `s3:///a: "" is not a bucket: Bucket name cannot be empty; expected s3://BUCKET/PREFIX`},
		{"s3://mate:kielholen@ship/a", nil,
			"s3://ship/a: a URL has no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead"},
		{"s3://ship/a?endpoint=s3.example.org&style=x&acl=y", nil,
			"s3://ship/a: unknown setting acl; a URL may have endpoint, region and style\nstyle=x: expected host or path\n" +
				`endpoint "s3.example.org": expected https://HOST or https://HOST:PORT`},
		{"s3://ship/a?endpoint=https://s3.example.org/ship", nil,
			`s3://ship/a: endpoint "https://s3.example.org/ship": expected https://HOST or https://HOST:PORT`},
	} {
		at, err := locate(parse(t, c.address), c.env)
		got := ""
		if err != nil {
			got = err.Error()
		} else if got = at.String(); at.region != "" {
			got += " in " + at.region
		}
		if got != c.want {
			t.Errorf("%s with %q:\n%s\nwant\n%s", c.address, c.env, got, c.want)
		}
	}
}

func TestCredentials(t *testing.T) {
	home := t.TempDir()
	for name, text := range map[string]string{
		"credentials": "[default]\naws_access_key_id = file\naws_secret_access_key = x\n[half]\naws_access_key_id = half\n",
		"config":      "[profile bosun]\naws_access_key_id = bosun\naws_secret_access_key = x\n",
	} {
		if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		env  run.Env
		want string // the ID, or a part of the fault
	}{
		{run.Env{"AWS_ACCESS_KEY_ID=mate", "AWS_SECRET_ACCESS_KEY=x", "HOME=" + home}, "mate"},
		{run.Env{"HOME=" + home}, "file"},
		{run.Env{"HOME=" + home, "AWS_PROFILE=bosun"}, "bosun"},
		{run.Env{"HOME=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, ".aws", "credentials")}, "file"},
		{run.Env{"HOME=" + home, "AWS_ACCESS_KEY_ID=mate"}, "belong together, and only one is set"},
		{run.Env{"HOME=/nonexistent"}, "no credentials: set AWS_ACCESS_KEY_ID"},
		{run.Env{"HOME=" + home, "AWS_PROFILE=purser"}, "profile purser of " + home},
		{run.Env{"HOME=" + home, "AWS_PROFILE=half"}, "must both be set"},
	} {
		keys, err := credentialsOf(c.env)
		got := fmt.Sprint(err)
		if err == nil {
			value, err := keys.GetWithContext(nil)
			if got = value.AccessKeyID; err != nil {
				t.Error(err)
			}
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%q: %q, want %q", c.env, got, c.want)
		}
	}
}

// answering returns a target on a store whose requests are answered by f, if it returns true.
func answering(t *testing.T, attempts int, f func(http.ResponseWriter, *http.Request) bool) *Target {
	t.Helper()
	s := storetest.S3(t)
	s.Intercept(f)
	env := run.Env{"AWS_ACCESS_KEY_ID=mate", "AWS_SECRET_ACCESS_KEY=" + secret}
	target, err := open(parse(t, s.URL), env, attempts)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// TestFaults holds what is said of a store's answers, and that no secret is.
func TestFaults(t *testing.T) {
	for code, c := range map[string]struct {
		status int
		want   string
	}{
		"NoSuchBucket":          {404, "create the bucket ship-s3, or name the store that has it with ?endpoint="},
		"InvalidAccessKeyId":    {403, "check AWS_ACCESS_KEY_ID"},
		"SignatureDoesNotMatch": {403, "check AWS_ACCESS_KEY_ID"},
		"AccessDenied":          {403, "the credentials need s3:GetObject"},
		"RequestTimeTooSkewed":  {403, "set this machine's clock"},
		"PermanentRedirect":     {301, "name the bucket's region with ?region="},
		"QuotaExceeded":         {403, "the bucket is full: make room"},
		"XMinioStorageFull":     {507, "the bucket is full: make room"},
		"":                      {507, "the bucket is full: make room"},
		"SlowDown":              {503, "writing captain.deb: Error response code SlowDown. (SlowDown)"},
	} {
		target := answering(t, 1, func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(c.status)
			if code != "" {
				_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code></Error>")
			}
			return true
		})
		err := target.Put(t.Context(), tree.Of(tree.Content, "captain.deb", []byte("captain")))
		if got := fmt.Sprint(err); !strings.Contains(got, c.want) || !strings.HasPrefix(got, target.String()+": writing") {
			t.Errorf("%s: %v, want %q", code, err, c.want)
		}
		if strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("%s: the secret is in %v", code, err)
		}
	}
}

// failing lets the first requests fail: cut in the middle of what is sent, or answered in haste.
func failing(requests *atomic.Int32, first int32) func(w http.ResponseWriter, r *http.Request) bool {
	requests.Store(0)
	return func(w http.ResponseWriter, r *http.Request) bool {
		switch n := requests.Add(1); {
		case n > first:
			return false
		case n%2 == 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = io.CopyN(io.Discard, r.Body, 1<<10)
			panic(http.ErrAbortHandler)
		}
		return true
	}
}

// TestCut holds that what fails in passing is tried again, and that what does not pass is told.
func TestCut(t *testing.T) {
	deb := tree.Of(tree.Content, "captain.deb", []byte(strings.Repeat("captain", 1<<18)))
	var requests atomic.Int32
	target := answering(t, 5, failing(&requests, 3))
	if err := target.Put(t.Context(), deb); err != nil {
		t.Error(err)
	}
	if got, err := target.Stat(t.Context(), deb.Entry); err != nil || got != publish.Same {
		t.Errorf("%v, %v", got, err)
	}
	target = answering(t, 2, failing(&requests, 1000))
	err := target.Put(t.Context(), deb)
	if err == nil || requests.Load() != 2 {
		t.Errorf("%v after %d requests", err, requests.Load())
	}
	target = answering(t, 1, failing(&requests, 1000))
	err = target.Put(t.Context(), deb)
	if !strings.HasSuffix(fmt.Sprint(err), "what is written stays: run it again to go on") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := target.Put(ctx, deb); !strings.HasSuffix(fmt.Sprint(err), context.Canceled.Error()) {
		t.Error(err)
	}
}

// TestCutAnswer holds that half an object is never taken for one.
func TestCutAnswer(t *testing.T) {
	for cuts, want := range map[int32]string{2: "captain", 1000: ""} {
		var requests atomic.Int32
		target := answering(t, 1, func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || requests.Add(1) > cuts {
				return false
			}
			w.Header().Set("Content-Length", "7")
			w.Header().Set("Last-Modified", "Tue, 03 Feb 2026 04:05:06 GMT")
			_, _ = io.WriteString(w, "cap")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		if err := target.Put(t.Context(), tree.Of(tree.Content, "captain.deb", []byte("captain"))); err != nil {
			t.Fatal(err)
		}
		data, tag, err := target.Get(t.Context(), "captain.deb")
		if string(data) != want || (err == nil) != (want != "") || (tag == "") != (want == "") {
			t.Errorf("after %d cuts: %q, tag %q, %v", cuts, data, tag, err)
		}
	}
}

// TestChanged holds that content which is not what was listed is not published.
func TestChanged(t *testing.T) {
	target := answering(t, 1, func(http.ResponseWriter, *http.Request) bool { return false })
	f := tree.Of(tree.Content, "captain.deb", []byte("captain"))
	f.Data, f.From = nil, filepath.Join(t.TempDir(), "captain.deb")
	if err := os.WriteFile(f.From, []byte("Captain"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := target.Put(t.Context(), f); !strings.Contains(fmt.Sprint(err), f.From+" was changed since it was listed") {
		t.Error(err)
	}
	if got, err := target.Stat(t.Context(), f.Entry); err != nil || got != publish.Absent {
		t.Errorf("%v, %v", got, err)
	}
}

// TestForeign holds that an object without our metadata is read.
func TestForeign(t *testing.T) {
	f := tree.Of(tree.Content, "captain.deb", []byte("captain"))
	target := answering(t, 1, func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("X-Amz-Meta-Sha256")
		return false
	})
	if err := target.Put(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	for want, content := range map[publish.Presence]string{publish.Same: "captain", publish.Different: "Captain"} {
		e := tree.Of(tree.Content, f.Path, []byte(content)).Entry
		if got, err := target.Stat(t.Context(), e); err != nil || got != want {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	}
}

// TestConditions holds how a store is found out that ignores or refuses conditions, and one that
// takes them for leave to make an object.
func TestConditions(t *testing.T) {
	refuse := func(w http.ResponseWriter, code string, status int) bool {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code></Error>")
		return true
	}
	for name, c := range map[string]struct {
		intercept func(w http.ResponseWriter, r *http.Request) bool
		limits    []string
	}{
		"compares": {func(http.ResponseWriter, *http.Request) bool { return false }, nil},
		"ignores": {func(_ http.ResponseWriter, r *http.Request) bool {
			r.Header.Del("If-Match")
			return false
		}, []string{noCompare}},
		"refuses": {func(w http.ResponseWriter, r *http.Request) bool {
			return r.Header.Get("If-Match") != "" && refuse(w, "NotImplemented", http.StatusNotImplemented)
		}, []string{noCompare}},
		"makes what is missing": {leave(), nil},
	} {
		target := answering(t, 1, c.intercept)
		tag := ""
		for _, head := range []string{`{"snapshot":"a"}`, `{"snapshot":"b"}`} {
			next, err := target.Swap(t.Context(), []byte(head), tag, nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			tag = next
		}
		if _, err := target.Swap(t.Context(), []byte("{}"), "0123", nil); err == nil {
			t.Errorf("%s: a head with another tag was replaced", name)
		}
		if got := target.Limits(); !slices.Equal(got, c.limits) {
			t.Errorf("%s: Limits() = %q", name, got)
		}
	}
}

// leave lets the first comparison with an object that is missing pass.
func leave() func(http.ResponseWriter, *http.Request) bool {
	var seen atomic.Bool
	return func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("If-Match") != "" && !seen.Swap(true) {
			r.Header.Del("If-Match")
		}
		return false
	}
}

// TestLostAnswer holds that a change whose answer was lost is no conflict with itself.
func TestLostAnswer(t *testing.T) {
	var lost atomic.Int32
	s := storetest.S3(t)
	target, err := open(parse(t, s.URL), s.Env, 3)
	if err != nil {
		t.Fatal(err)
	}
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, publish.HeadFile) || lost.Add(1) > 1 {
			return false
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		other, err := open(parse(t, s.URL), s.Env, 1)
		if err == nil {
			_, err = other.Swap(r.Context(), body, "", nil)
		}
		if err != nil {
			t.Error(err)
		}
		panic(http.ErrAbortHandler)
	})
	if tag, err := target.Swap(t.Context(), []byte(`{"snapshot":"a"}`), "", nil); err != nil || tag == "" {
		t.Errorf("tag %q, %v", tag, err)
	}
}
