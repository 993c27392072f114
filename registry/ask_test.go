package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

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
