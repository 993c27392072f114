package bucket_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/storetest"
	"github.com/slipway-build/slipway/repo/tree"
)

// TestRequests counts what each thing costs, in a repository with many objects: nothing is listed.
func TestRequests(t *testing.T) {
	for name, c := range map[string]struct {
		store func(testing.TB) *storetest.Store
		want  map[string]string
	}{
		"s3": {storetest.S3, map[string]string{
			"open": "", "get": "GET", "stat": "HEAD", "put": "PUT", "copy": "PUT", "delete": "POST",
			"first swap":  "PUT PUT", // the first asks whether the store compares
			"second swap": "PUT",
		}},
		"swift": {storetest.Swift, map[string]string{
			"open": "GET HEAD", "get": "GET", "stat": "HEAD", "put": "PUT", "copy": "COPY", "delete": "DELETE DELETE",
			"first swap":  "PUT GET GET PUT DELETE", // the lock, whose it is, the head, the new one, the lock
			"second swap": "PUT GET GET PUT DELETE",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.store(t)
			got := map[string]string{}
			doing := func(what string) {
				requests := s.Requests()
				for i, r := range requests {
					method, address, _ := strings.Cut(r, " ")
					if method == "GET" && strings.Contains(address, "?") {
						t.Errorf("%s: %s lists", what, r)
					}
					requests[i] = method
				}
				got[what] = strings.Join(requests, " ")
			}
			s.Requests()
			ctx, target := t.Context(), mustOpen(t, s)
			doing("open")
			for i := range 200 {
				must(t, target.Put(ctx, tree.Of(tree.Content, "apt/pool/captain_"+strings.Repeat("1", i)+".deb", []byte("captain"))))
			}
			s.Requests()
			deb := tree.Of(tree.Content, "apt/pool/mate.deb", []byte("mate"))
			tag, err := target.Swap(ctx, []byte("{}"), "", nil)
			must(t, err)
			doing("first swap")
			_, _, err = target.Get(ctx, publish.HeadFile)
			must(t, err)
			doing("get")
			_, err = target.Stat(ctx, deb.Entry)
			must(t, err)
			doing("stat")
			must(t, target.Put(ctx, deb))
			doing("put")
			must(t, target.Copy(ctx, tree.AliasOf(tree.Index, "apt/latest.deb", deb).Entry))
			doing("copy")
			_, err = target.Swap(ctx, []byte("{} "), tag, nil)
			must(t, err)
			doing("second swap")
			must(t, target.Delete(ctx, []string{"apt/latest.deb", deb.Path}))
			doing("delete")
			for what, want := range c.want {
				if !slices.Equal(strings.Fields(got[what]), strings.Fields(want)) {
					t.Errorf("%s: %q, want %q", what, got[what], want)
				}
			}
		})
	}
}
