//go:build acceptance && linux

package acceptance

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit/testserver"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/oci"
	"github.com/slipway-build/slipway/repo/publish/s3"
	"github.com/slipway-build/slipway/repo/publish/storetest"
	"github.com/slipway-build/slipway/repo/publish/swift"
)

// A place is a server or a folder with room for targets.
type place struct {
	env   []string
	store *storetest.Store // whose requests are seen; nil if they are not
	url   func(name string) string
	web   func(t *testing.T, name string) string // where readers find a target, as it is now
	dir   string                                 // of the targets; empty if they are no folders
}

// lay has a target show what a keeper has.
func (p place) lay(t *testing.T, k *keeper, name string) {
	t.Helper()
	if p.dir == "" {
		k.publish(p.url(name))
		return
	}
	mustRun(t, p.dir, "cp", "-r", k.root(), name)
}

// kinds are the kinds of targets, and how often those who publish there are killed.
func kinds() map[string]struct {
	kills int
	open  func(t *testing.T) place
} {
	return map[string]struct {
		kills int
		open  func(t *testing.T) place
	}{
		"folder":    {202, folderPlace},
		"ssh":       {20, sshPlace},
		"s3":        {170, func(t *testing.T) place { return behind(storetest.S3(t), s3.Open) }},
		"versitygw": {15, func(t *testing.T) place { return behind(storetest.Gateway(t), s3.Open) }},
		"swift":     {75, func(t *testing.T) place { return behind(storetest.Swift(t), swift.Open) }},
		"Debian's Swift": {3, func(t *testing.T) place {
			container, _ := storetest.Debian(t)
			container.URL = strings.Replace(container.URL, "lock=2s", "lock=10s", 1)
			p := storePlace(container)
			p.web = func(_ *testing.T, name string) string { return container.Public + "/" + name }
			return p
		}},
		"docker-registry": {15, func(t *testing.T) place { return behind(storetest.Registry(t), oci.Open) }},
	}
}

func folderPlace(t *testing.T) place {
	dir := t.TempDir()
	web := serveFolder(t, dir)
	return place{
		dir: dir,
		url: func(name string) string { return filepath.Join(dir, name) },
		web: func(_ *testing.T, name string) string { return web + "/" + name },
	}
}

func sshPlace(t *testing.T) place {
	p, server := folderPlace(t), testserver.Sshd(t)
	path := p.url
	p.env = []string{"PATH=" + server.Path}
	p.url = func(name string) string { return "ssh://" + server.Address + path(name) }
	return p
}

// storePlace is a store whose requests are seen.
func storePlace(s *storetest.Store) place {
	return place{env: s.Env, store: s, url: func(name string) string {
		return strings.Replace(s.URL, "/repo", "/"+name, 1)
	}}
}

// opener opens a target.
type opener func(ctx context.Context, u *url.URL, o publish.Options) (publish.Target, error)

// behind has a web server between readers and targets that are not read by plain HTTP. What it
// serves is what a target had when it was asked for.
func behind(s *storetest.Store, open opener) place {
	p := storePlace(s)
	p.web = func(t *testing.T, name string) string {
		target, err := open(t.Context(), must(url.Parse(p.url(name))), publish.Options{Env: p.env})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			data, _, err := target.Get(r.Context(), strings.TrimPrefix(r.URL.Path, "/"))
			switch {
			case errors.Is(err, fs.ErrNotExist):
				http.NotFound(w, r)
			case err != nil:
				http.Error(w, err.Error(), http.StatusBadGateway)
			default:
				_, _ = w.Write(data)
			}
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	return p
}
