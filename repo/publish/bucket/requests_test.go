package bucket_test

import (
	"context"
	"fmt"
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
			s.Requests()
			target := mustOpen(t, s)
			if got := methods(t, s.Requests()); got != c.want["open"] {
				t.Errorf("open: %q, want %q", got, c.want["open"])
			}
			for i := range 200 {
				f := tree.Of(tree.Content, fmt.Sprintf("apt/pool/captain_%d.deb", i), []byte("captain"))
				must(t, target.Put(t.Context(), f))
			}
			for _, step := range steps() {
				s.Requests()
				must(t, step.do(t.Context(), target))
				if got := methods(t, s.Requests()); got != c.want[step.name] {
					t.Errorf("%s: %q, want %q", step.name, got, c.want[step.name])
				}
			}
		})
	}
}

type step struct {
	name string
	do   func(ctx context.Context, target publish.Target) error
}

// steps are what a publish is made of.
func steps() []step {
	deb, tag := tree.Of(tree.Content, "apt/pool/mate.deb", []byte("mate")), ""
	swap := func(ctx context.Context, target publish.Target) (err error) {
		tag, err = target.Swap(ctx, []byte("after "+tag), tag, nil)
		return err
	}
	return []step{
		{"first swap", swap},
		{"get", func(ctx context.Context, target publish.Target) error {
			_, _, err := target.Get(ctx, publish.HeadFile)
			return err
		}},
		{"stat", func(ctx context.Context, target publish.Target) error {
			_, err := target.Stat(ctx, deb.Entry)
			return err
		}},
		{"put", func(ctx context.Context, target publish.Target) error { return target.Put(ctx, deb) }},
		{"copy", func(ctx context.Context, target publish.Target) error {
			return target.Copy(ctx, tree.AliasOf(tree.Index, "apt/latest.deb", deb).Entry)
		}},
		{"second swap", swap},
		{"delete", func(ctx context.Context, target publish.Target) error {
			return target.Delete(ctx, []string{"apt/latest.deb", deb.Path})
		}},
	}
}

// methods returns the methods of requests, none of which may list.
func methods(t *testing.T, requests []string) string {
	t.Helper()
	var all []string
	for _, r := range requests {
		method, address, _ := strings.Cut(r, " ")
		if method == "GET" && strings.Contains(address, "?") {
			t.Errorf("%s lists", r)
		}
		all = append(all, method)
	}
	return strings.Join(all, " ")
}
