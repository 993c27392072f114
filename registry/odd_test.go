package registry

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
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
