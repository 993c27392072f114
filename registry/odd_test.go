package registry

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// An oddity answers a request in the registry's place where it returns true.
type oddity = func(w http.ResponseWriter, r *http.Request, kind string, n int) bool

// on is an oddity for requests of some kinds, as "HEAD manifest".
func on(kinds string, answer func(w http.ResponseWriter, r *http.Request)) oddity {
	return func(w http.ResponseWriter, r *http.Request, kind string, _ int) bool {
		for one := range strings.SplitSeq(kinds, ", ") {
			if one == kind {
				answer(w, r)
				return true
			}
		}
		return false
	}
}

// status answers with a code, and as registries do.
func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { refuse(w, code, "DENIED", "odd", nil) }
}

// page answers with a page for people.
func page(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "<html>log in</html>")
	}
}

// hangs answers when nobody waits any more.
func hangs(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-time.After(10 * time.Second):
	}
	panic(http.ErrAbortHandler)
}

// changed answers as the registry does, with other headers.
func (f *fake) changed(headers map[string]string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		real := httptest.NewRecorder()
		f.next.ServeHTTP(real, r)
		for name, values := range real.Header() {
			w.Header()[name] = values
		}
		for name, value := range headers {
			w.Header().Del(name)
			if value != "" {
				w.Header().Set(name, value)
			}
		}
		w.WriteHeader(real.Code)
		_, _ = w.Write(real.Body.Bytes())
	}
}

// TestHead pushes to registries that do not answer HEAD of a manifest, or wrongly: what is
// missing is pushed, what is there is kept, and what is something else is refused.
func TestHead(t *testing.T) {
	for name, answer := range map[string]func(f *fake) func(http.ResponseWriter, *http.Request){
		"400":           func(*fake) func(http.ResponseWriter, *http.Request) { return status(400) },
		"401":           func(*fake) func(http.ResponseWriter, *http.Request) { return status(401) },
		"403":           func(*fake) func(http.ResponseWriter, *http.Request) { return status(403) },
		"404 of a page": func(*fake) func(http.ResponseWriter, *http.Request) { return page(404) },
		"405":           func(*fake) func(http.ResponseWriter, *http.Request) { return status(405) },
		"500":           func(*fake) func(http.ResponseWriter, *http.Request) { return status(500) },
		"501":           func(*fake) func(http.ResponseWriter, *http.Request) { return status(501) },
		"302":           func(f *fake) func(http.ResponseWriter, *http.Request) { return status(302) },
		"a page":        func(*fake) func(http.ResponseWriter, *http.Request) { return page(200) },
		"nothing":       func(*fake) func(http.ResponseWriter, *http.Request) { return hangs },
		"a connection that ends": func(*fake) func(http.ResponseWriter, *http.Request) {
			return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		},
		"no digest": func(f *fake) func(http.ResponseWriter, *http.Request) {
			return f.changed(map[string]string{"Docker-Content-Digest": ""})
		},
		"a digest that is none": func(f *fake) func(http.ResponseWriter, *http.Request) {
			return f.changed(map[string]string{"Docker-Content-Digest": "sha256:00"})
		},
		"another media type": func(f *fake) func(http.ResponseWriter, *http.Request) {
			return f.changed(map[string]string{
				"Content-Type": "application/json", "Docker-Content-Digest": "sha256:" + strings.Repeat("0", 64),
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			f.fault = on("HEAD manifest", answer(f))
			p := f.pusher()
			p.Answer = 100 * time.Millisecond
			p.Note = func(text string) { t.Errorf("it says %s", text) }
			for again := range 2 {
				if got := push(t, p, item(t, "kubelet", 1)); got[0].Kept != (again == 1) {
					t.Errorf("push %d: kept is %t", again, got[0].Kept)
				}
			}
			f.forget()
			_, err := p.Push(t.Context(), []Item{item(t, "kubelet", 2)})
			if err == nil || !strings.Contains(err.Error(), "/kubelet:v1 is already there as sha256:") {
				t.Errorf("another image by the tag: %v", err)
			}
			if n := f.count("POST") + f.count("PUT") + f.count("PATCH"); n > 0 {
				t.Errorf("%d requests changed something before the tag was refused", n)
			}
		})
	}
}

// TestUnsaid pushes to registries that do not say what a tag is, as to accounts that may only
// push: it pushes as docker does, and says so, unless it was told to replace what is there.
func TestUnsaid(t *testing.T) {
	for _, c := range []struct {
		answer func(http.ResponseWriter, *http.Request)
		said   string
	}{
		{status(401), "401 Unauthorized, DENIED: odd"},
		{status(403), "403 Forbidden, DENIED: odd"},
		{status(405), "405 Method Not Allowed, DENIED: odd"},
		{status(501), "501 Not Implemented, DENIED: odd"},
		{page(404), "404 Not Found"},
	} {
		for _, force := range []bool{false, true} {
			t.Run(fmt.Sprint(c.said, force), func(t *testing.T) {
				f := serve(t)
				f.fault = on("HEAD manifest, GET manifest", c.answer)
				p := f.pusher()
				p.Force = force
				var notes []string
				p.Note = func(text string) { notes = append(notes, text) }
				for seed := range int64(2) {
					if _, err := p.Push(t.Context(), []Item{item(t, "kubelet", seed)}); err != nil {
						t.Fatal(err)
					}
				}
				want := f.host + ": it does not say whether " + f.host + "/team/kubelet:v1 is there (" + c.said +
					"): pushes, and replaces it if it is"
				if force && len(notes) > 0 || !force && (len(notes) != 2 || notes[0] != want) {
					t.Errorf("it says %q, want %s without force", notes, want)
				}
			})
		}
	}
}

// TestUnsaidAndRefused holds that nothing is sent anywhere before every registry lets it.
func TestUnsaidAndRefused(t *testing.T) {
	good, bad := serve(t), serve(t)
	bad.fault = on("HEAD manifest, GET manifest, POST blob", status(403))
	p := good.pusher()
	p.Registries = append(p.Registries, bad.host)
	p.Roots.AddCert(bad.Certificate())
	_, err := p.Push(t.Context(), []Item{item(t, "kubelet", 1)})
	if err == nil || !strings.HasPrefix(err.Error(), bad.host+": it needs a login: ") {
		t.Errorf("Push() = %v, want that it needs a login", err)
	}
	if n := good.count("POST") + good.count("PATCH") + bad.count("PATCH"); n > 0 {
		t.Errorf("%d requests changed something", n)
	}
}

// TestOddities pushes to registries whose answers are odd. All is there in the end.
func TestOddities(t *testing.T) {
	mounts := func(code int) oddity {
		return func(w http.ResponseWriter, r *http.Request, kind string, _ int) bool {
			return kind == "POST blob" && r.URL.Query().Get("mount") != "" && refuse(w, code, "DENIED", "odd", nil)
		}
	}
	puts := func(code int) func(f *fake) oddity {
		return func(f *fake) oddity {
			return on("PUT blob, PUT manifest", func(w http.ResponseWriter, r *http.Request) {
				real := httptest.NewRecorder()
				f.next.ServeHTTP(real, r)
				repo, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
				f.keep(repo, r.URL.Query().Get("digest"))
				if real.Code == http.StatusCreated {
					real.Code = code
				}
				w.WriteHeader(real.Code)
			})
		}
	}
	is := func(o oddity) func(*fake) oddity { return func(*fake) oddity { return o } }
	locations := func(to func(at string, f *fake) string) func(f *fake) oddity {
		return func(f *fake) oddity {
			return on("POST blob, PATCH blob", func(w http.ResponseWriter, r *http.Request) {
				f.next.ServeHTTP(&led{w, func(at string) string { return to(at, f) }}, r)
			})
		}
	}
	for name, odd := range map[string]func(f *fake) oddity{
		"blobs are not told of: 401":     is(on("HEAD blob", status(401))),
		"blobs are not told of: 403":     is(on("HEAD blob", status(403))),
		"blobs are not told of: 405":     is(on("HEAD blob", status(405))),
		"blobs are not told of: 500":     is(on("HEAD blob", status(500))),
		"blobs are not told of: a page":  is(on("HEAD blob", page(200))),
		"blobs are not told of: nothing": is(on("HEAD blob", hangs)),
		"mounts are refused: 401":        is(mounts(401)),
		"mounts are refused: 403":        is(mounts(403)),
		"mounts are refused: 404":        is(mounts(404)),
		"mounts are refused: 405":        is(mounts(405)),
		"mounts are refused: 500":        is(mounts(500)),
		"200 for 201":                    puts(200),
		"202 for 201":                    puts(202),
		"204 for 201":                    puts(204),
		"no PATCH: 404":                  is(on("PATCH blob", status(404))),
		"no PATCH: 405":                  is(on("PATCH blob", status(405))),
		"no PATCH: 415":                  is(on("PATCH blob", status(415))),
		"no PATCH: 501":                  is(on("PATCH blob", status(501))),
		"addresses without a host": locations(func(at string, _ *fake) string {
			return at[strings.Index(at, "/v2/"):]
		}),
		"addresses of the registry's": locations(func(at string, f *fake) string {
			return f.URL + at[strings.Index(at, "/v2/"):]
		}),
		"addresses without TLS": locations(func(at string, f *fake) string {
			return "http://" + f.host + at[strings.Index(at, "/v2/"):]
		}),
		"addresses without TLS and port": locations(func(at string, f *fake) string {
			return "http://127.0.0.1" + at[strings.Index(at, "/v2/"):]
		}),
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			f.fault = odd(f)
			p := f.pusher()
			p.Answer = 100 * time.Millisecond
			shared := layers(t, 1, 1)
			push(t, p, item(t, "kubelet", 2, shared...), item(t, "proxy", 3, shared...))
		})
	}
}

// led has an answer lead elsewhere.
type led struct {
	http.ResponseWriter
	to func(at string) string
}

func (l *led) WriteHeader(code int) {
	if at := l.Header().Get("Location"); at != "" {
		l.Header().Set("Location", l.to(at))
	}
	l.ResponseWriter.WriteHeader(code)
}

// limit refuses blobs of more than some bytes in one request, as a proxy does.
func limit(most int64) oddity {
	return func(w http.ResponseWriter, r *http.Request, kind string, _ int) bool {
		return strings.HasSuffix(kind, " blob") && r.ContentLength > most && refuse(w, 413, "SIZE_INVALID", "odd", nil)
	}
}

// sized returns a layer of about so many bytes.
func sized(t *testing.T, n int64) v1.Layer {
	t.Helper()
	l, err := random.Layer(n, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestChunks pushes where a proxy limits what a request may send: blobs are cut to what goes
// through, which is found out once.
func TestChunks(t *testing.T) {
	for _, c := range []struct {
		name  string
		most  int64 // bytes in a request
		least string
		sent  int    // requests with a part of a blob, of three blobs
		told  int    // notes
		want  string // the error, after the host; empty: none
	}{
		{"a megabyte", 1 << 20, "", 1 + 2 + 4 + 1, 1, ""},
		{"a bit less", 700_000, "", 2 + 4 + 7 + 1, 2, ""},
		{"some kilobytes", 50_000, "", 6 + 55 + 107 + 1, 6, ""},
		{"more than any", 1 << 30, "", 3, 0, ""},
		{"a chunk of the registry's", 1 << 20, strconv.Itoa(1 << 20), 1 + 2 + 4 + 1, 1, ""},
		{"less than a chunk of the registry's", 700_000, strconv.Itoa(1 << 20), 0, 0,
			": it takes no request of 1048576 bytes (413 Request Entity Too Large, SIZE_INVALID: odd): raise the limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := serve(t)
			proxy := limit(c.most)
			f.fault = func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
				if kind == "POST blob" && c.least != "" {
					w.Header().Set("OCI-Chunk-Min-Length", c.least)
				}
				return proxy(w, r, kind, n)
			}
			var notes []string
			p := f.pusher()
			p.Jobs = 1
			p.Note = func(text string) { notes = append(notes, text) }
			image, err := mutate.AppendLayers(empty.Image, sized(t, 1_800_000), sized(t, 3_500_000))
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Push(t.Context(), []Item{{Repository: "kubelet", Tag: "v1", Image: image}})
			switch {
			case c.want != "":
				if err == nil || !strings.HasPrefix(err.Error(), f.host+c.want) {
					t.Errorf("Push() = %v, want %s", err, c.want)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			if n := f.count("PATCH blob"); n != c.sent || len(notes) != c.told {
				t.Errorf("%d requests, and it says %q, want %d and %d", n, notes, c.sent, c.told)
			}
		})
	}
}

// TestUnsteady pushes where all that takes longer is cut.
func TestUnsteady(t *testing.T) {
	f := serve(t)
	f.fault = func(w http.ResponseWriter, r *http.Request, kind string, _ int) bool {
		return kind == "PATCH blob" && r.ContentLength > steadyChunk && cut(w, r)
	}
	image, err := mutate.AppendLayers(empty.Image, sized(t, 9<<20))
	if err != nil {
		t.Fatal(err)
	}
	p := f.pusher()
	p.Jobs = 1
	var notes []string
	p.Note = func(text string) { notes = append(notes, text) }
	if _, err := p.Push(t.Context(), []Item{{Repository: "kubelet", Tag: "v1", Image: image}}); err != nil {
		t.Fatal(err)
	}
	if n := f.count("PATCH blob"); n != 2+3+1 || len(notes) != 1 {
		t.Errorf("%d requests, and it says %q, want two that are cut, three chunks and the configuration", n, notes)
	}
}

// TestNoChunks pushes where a proxy limits what a request may send, to a registry that takes
// no chunks: the error names the limit.
func TestNoChunks(t *testing.T) {
	for _, code := range []int{400, 404, 405, 416, 501} {
		f := serve(t)
		proxy := limit(1 << 20)
		f.fault = func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
			chunk := r.Header.Get("Content-Range")
			return proxy(w, r, kind, n) || chunk != "" && !strings.HasPrefix(chunk, "0-") && refuse(w, code, "ODD", "odd", nil)
		}
		p := f.pusher()
		p.Jobs = 1
		img, err := mutate.AppendLayers(empty.Image, sized(t, 1_800_000))
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Push(t.Context(), []Item{{Repository: "kubelet", Tag: "v1", Image: img}})
		want := fmt.Sprintf("%s: it takes no more than 1048576 bytes in one request, and no chunks (%d %s, ODD: odd): "+
			"raise the limit of the registry or of the proxy before it, as client_max_body_size of nginx",
			f.host, code, http.StatusText(code))
		if err == nil || err.Error() != want {
			t.Errorf("Push() = %v, want %s", err, want)
		}
	}
}

// TestTooMany pushes to registries that limit how many requests they take.
func TestTooMany(t *testing.T) {
	later := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for name, c := range map[string]struct {
		status int
		header func() string // Retry-After
		body   string
		times  int    // that each kind of request is refused
		want   string // the error, after the host; empty: none
	}{
		"by seconds":         {429, func() string { return "1" }, "", 1, ""},
		"by a date":          {429, func() string { return later(2 * time.Second) }, "", 1, ""},
		"without a time":     {429, nil, `{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}`, 9, ""},
		"as forbidden":       {403, nil, `{"message":"You have exceeded a secondary rate limit"}`, 9, ""},
		"as unavailable":     {503, func() string { return "1" }, "", 1, ""},
		"as a wrong request": {400, nil, `{"errors":[{"code":"UNKNOWN","message":"ThrottlingException: Rate exceeded"}]}`, 9, ""},
		"for hours": {429, func() string { return "21600" }, `{"errors":[{"code":"TOOMANYREQUESTS","message":"enough"}]}`, 1,
			": it takes no more requests for now (429 Too Many Requests, TOOMANYREQUESTS: enough): push again in 6h0m0s, " +
				"or log in, as some registries allow those who do more; what it has is not sent again"},
		"for ever": {429, nil, "", 1 << 30, ": it takes no more requests for now (429 Too Many Requests): push again later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := serve(t)
			f.fault = func(w http.ResponseWriter, _ *http.Request, kind string, n int) bool {
				if n >= c.times || c.header != nil && kind != "POST blob" && kind != "PATCH blob" {
					return false
				}
				if c.header != nil {
					w.Header().Set("Retry-After", c.header())
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
				return true
			}
			p := f.pusher()
			p.Jobs = 1
			p.Patience = 10 * time.Second
			if c.times > 9 {
				p.Patience = 100 * time.Millisecond
			}
			told := 0
			p.Note = func(text string) {
				told++
				if !strings.HasPrefix(text, f.host+": too many requests: waits ") {
					t.Errorf("it says %s", text)
				}
			}
			if c.want == "" {
				if push(t, p, item(t, "kubelet", 1)); told == 0 {
					t.Error("it does not say that it waits")
				}
				return
			}
			_, err := p.Push(t.Context(), []Item{item(t, "kubelet", 1)})
			if err == nil || !strings.HasPrefix(err.Error(), f.host+c.want) {
				t.Errorf("Push() = %v, want %s", err, c.want)
			}
		})
	}
}

// TestRealms has what is said of the addresses for logins that registries give.
func TestRealms(t *testing.T) {
	for _, c := range []struct {
		registry, realm string
		plain           bool
		want            string // what is wrong with it; empty: nothing
	}{
		{"registry.example.org", "https://auth.example.org/token", false, ""},
		{"registry.example.org", "https://registry.example.org/token", false, ""},
		{"registry.example.org", "https://auth.internal/token", false, ""},
		{"10.0.0.5:5000", "https://10.0.0.5:5000/token", false, ""},
		{"localhost:5000", "http://localhost:5001/token", true, ""},
		{"registry.example.org", "http://registry.example.org/token", false, "registry.example.org is plain HTTP, and the registry is not"},
		{"registry.example.org", "http://localhost:5000/token", false, "localhost:5000 is plain HTTP, and the registry is not"},
		{"registry.example.org", "https://localhost:5000/token", false, "localhost:5000 is this machine or a private network, and the registry is not"},
		{"registry.example.org", "https://169.254.169.254/token", false, "169.254.169.254 is this machine or a private network, and the registry is not"},
		{"registry.example.org", "https://0x7f000001/token", false, "0x7f000001 is this machine or a private network, and the registry is not"},
		{"registry.example.org", "https://[::ffff:10.0.0.1]/token", false, "[::ffff:10.0.0.1] is this machine or a private network, and the registry is not"},
		{"10.0.0.5:5000", "https://127.0.0.1/token", false, "127.0.0.1 is this machine or a private network, and the registry is not"},
		{"10.0.0.5:5000", "https://10.0.0.6/token", false, "10.0.0.6 is a private address, and has no name"},
		{"registry.example.org", "/token", false, "it does not say where to log in: the realm of its tokens is no URL"},
		{"registry.example.org", "", false, "it does not say where to log in: the realm of its tokens is no URL"},
		{"registry.example.org", "ftp://example.org/", false, "it does not say where to log in: the realm of its tokens is no URL"},
	} {
		got := ""
		if err := (&target{host: c.registry}).checkRealm(c.realm, c.plain); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s with the realm %s: %q, want %q", c.registry, c.realm, got, c.want)
		}
	}
}

// TestReceived reads what a registry says that it has of an upload.
func TestReceived(t *testing.T) {
	for header, want := range map[string]int64{
		"0-0": 0, "0-99": 100, "bytes=0-99": 100, "": -1, "99": -1, "5-99": -1, "0-": -1, "0--3": -1, "0-x": -1,
	} {
		n, ok := received(header)
		if !ok {
			n = -1
		}
		if n != want {
			t.Errorf("received(%q) = %d, want %d", header, n, want)
		}
	}
}

// TestResume holds that an upload that is cut goes on from where it was, if the registry says
// where, and begins again if that is not true.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		name  string
		says  func(half int64) (int, string) // status, and the header Range
		parts int                            // requests that send the layer
		most  int64                          // bytes that are needed for it, as a multiple of half
	}{
		{"it says where", func(half int64) (int, string) { return 204, fmt.Sprintf("0-%d", half-1) }, 2, 3},
		{"it does not know", func(int64) (int, string) { return 404, "" }, 2, 4},
		{"it says nothing", func(int64) (int, string) { return 204, "" }, 2, 4},
		{"it has forgotten all", func(int64) (int, string) { return 204, "0-0" }, 2, 4},
		{"it is wrong", func(half int64) (int, string) { return 204, fmt.Sprintf("0-%d", half-100) }, 3, 6},
		{"it has more than there is", func(half int64) (int, string) { return 204, fmt.Sprintf("0-%d", 9*half) }, 2, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := serve(t)
			layer := sized(t, 1<<20)
			size, err := layer.Size()
			if err != nil {
				t.Fatal(err)
			}
			parts := 0
			f.fault = func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
				switch {
				case kind == "GET blob" && strings.Contains(r.URL.Path, "/uploads/"):
					status, has := c.says(size / 2)
					w.Header().Set("Range", has)
					w.WriteHeader(status)
					return true
				case kind != "PATCH blob" || r.ContentLength < 1<<10: // the configuration
					return false
				}
				parts++
				if parts > 1 {
					return false
				}
				r.Body = io.NopCloser(io.LimitReader(r.Body, size/2))
				f.next.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			}
			image, err := mutate.AppendLayers(empty.Image, layer)
			if err != nil {
				t.Fatal(err)
			}
			p := f.pusher()
			p.Jobs = 1
			got, err := p.Push(t.Context(), []Item{{Repository: "kubelet", Tag: "v1", Image: image}})
			if err != nil {
				t.Fatal(err)
			}
			if most := c.most*size/2 + 1<<10; parts != c.parts || got[0].Bytes > most {
				t.Errorf("%d parts with %d bytes, want %d with at most %d", parts, got[0].Bytes, c.parts, most)
			}
		})
	}
}
