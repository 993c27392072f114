package registry

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

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
		{"hardly more than a chunk of the registry's", 1_010_000, "1000000", 2 + 2 + 4 + 1, 2, ""},
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
			second := chunk != "" && !strings.HasPrefix(chunk, "0-")
			return proxy(w, r, kind, n) || second && refuse(w, code, "ODD", "odd", nil)
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
