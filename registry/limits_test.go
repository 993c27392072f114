package registry

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

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
		"as a wrong request": {400, nil, `{"errors":[{"code":"UNKNOWN","message":"Rate exceeded"}]}`, 9, ""},
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
