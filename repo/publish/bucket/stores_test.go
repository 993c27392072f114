package bucket_test

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/s3"
	"github.com/slipway-build/slipway/repo/publish/storetest"
	"github.com/slipway-build/slipway/repo/publish/swift"
	"github.com/slipway-build/slipway/repo/tree"
)

// TestStores holds what every store does the same way.
func TestStores(t *testing.T) {
	t.Run("s3", func(t *testing.T) { testStore(t, "s3", storetest.S3(t)) })
	t.Run("swift", func(t *testing.T) { testStore(t, "swift", storetest.Swift(t)) })
	t.Run("versitygw", func(t *testing.T) { testStore(t, gateway, storetest.Gateway(t)) })
	t.Run("Debian", func(t *testing.T) {
		container, bucket := storetest.Debian(t)
		t.Run("swift", func(t *testing.T) { testStore(t, debianSwift, container) })
		t.Run("s3", func(t *testing.T) { testStore(t, debianS3, bucket) })
	})
}

const (
	gateway     = "versitygw"
	debianSwift = "Debian's Swift"
	debianS3    = "Debian's Swift by S3" // it does not compare on writing
)

func testStore(t *testing.T, name string, s *storetest.Store) {
	url := s.URL
	for check, test := range map[string]func(*testing.T, string, *storetest.Store){
		"objects": testObjects, "replaced": testReplaced, "swap": testSwap, "race": testRace, "headers": testHeaders,
	} {
		t.Run(check, func(t *testing.T) {
			s.URL = strings.Replace(url, "/repo", "/"+check, 1)
			test(t, name, s)
		})
	}
}

func open(ctx context.Context, address string, env run.Env) (publish.Target, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "s3" {
		return s3.Open(ctx, u, publish.Options{Env: env})
	}
	return swift.Open(ctx, u, publish.Options{Env: env})
}

func mustOpen(t testing.TB, s *storetest.Store) publish.Target {
	t.Helper()
	target, err := open(t.Context(), s.URL, s.Env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = target.Close() })
	return target
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// testObjects holds that objects are as they were put, whatever their names.
func testObjects(t *testing.T, _ string, s *storetest.Store) {
	target := mustOpen(t, s)
	for _, path := range []string{
		"apt/pool/ab/abcd/captain_1.36.1_acme.1_amd64.deb",
		"release/v1.36.1+acme.1/bin/linux/amd64/captain",
		"apt/dists/kubernetes-1.36/main/binary-amd64/Packages.gz",
		"rpm/captain-1.0~rc1^git.rpm",
		"distfiles/Schiff & Söhne #1?100% [a]=b;c,d'e\".tar.xz",
		"empty", // and its content is
	} {
		content := []byte("content of " + path)
		if path == "empty" {
			content = []byte{}
		}
		testObject(t, target, tree.Of(tree.Content, path, content))
	}
	must(t, target.Delete(t.Context(), []string{"absent", "absent+2"}))
	must(t, target.Delete(t.Context(), nil))
}

// testObject holds what is found of f before and after it is put, copied and deleted.
func testObject(t *testing.T, target publish.Target, f tree.File) {
	t.Helper()
	ctx := t.Context()
	want := func(e tree.Entry, want publish.Presence) {
		t.Helper()
		if got, err := target.Stat(ctx, e); err != nil || got != want {
			t.Errorf("Stat(%s) = %v, %v, want %v", e.Path, got, err, want)
		}
	}
	want(f.Entry, publish.Absent)
	if _, _, err := target.Get(ctx, f.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v, want that it does not exist", f.Path, err)
	}
	must(t, target.Put(ctx, f))
	want(f.Entry, publish.Same)
	want(tree.Of(tree.Content, f.Path, []byte("Content of "+f.Path)).Entry, publish.Different)
	want(tree.Of(tree.Content, f.Path, []byte("longer "+f.Path)).Entry, publish.Different)
	alias := tree.AliasOf(tree.Index, "copies/"+f.Path+".json", f).Entry
	must(t, target.Copy(ctx, alias))
	want(alias, publish.Same)
	for _, path := range []string{f.Path, alias.Path} {
		data, _, err := target.Get(ctx, path)
		if err != nil || string(data) != string(f.Data) {
			t.Errorf("%s: %q, %v, want %q", path, data, err, f.Data)
		}
	}
	must(t, target.Delete(ctx, []string{f.Path, alias.Path}))
	want(f.Entry, publish.Absent)
	want(alias, publish.Absent)
}

// testReplaced holds that an index and a commit are replaced, and that many objects are deleted.
func testReplaced(t *testing.T, name string, s *storetest.Store) {
	target := mustOpen(t, s)
	var paths []string
	for _, n := range strings.Split("one two three four five six+7 acht~9", " ") {
		first := tree.Of(tree.Commit, "apt/"+n, []byte("first"))
		second := tree.Of(tree.Commit, "apt/"+n, []byte("second"))
		must(t, target.Put(t.Context(), first))
		must(t, target.Put(t.Context(), second))
		if got, err := target.Stat(t.Context(), second.Entry); err != nil || got != publish.Same {
			t.Errorf("%s: %v, %v", n, got, err)
		}
		paths = append(paths, first.Path)
	}
	s.Requests()
	must(t, target.Delete(t.Context(), paths))
	if got := s.Requests(); name != "swift" && len(got) > 2 { // the server of tests does not say what it can
		t.Errorf("%d objects were deleted with %q", len(paths), got)
	}
	for _, path := range paths {
		if _, _, err := target.Get(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// testSwap holds that only who knows the head replaces it.
func testSwap(t *testing.T, name string, s *storetest.Store) {
	ctx := t.Context()
	target, other := mustOpen(t, s), mustOpen(t, s)
	head := func(snapshot string) []byte { return []byte(`{"schema":1,"snapshot":"` + snapshot + `"}`) }
	first, err := target.Swap(ctx, head("first"), "", nil)
	must(t, err)
	data, tag, err := other.Get(ctx, publish.HeadFile)
	if err != nil || tag != first || string(data) != string(head("first")) {
		t.Fatalf("%q, tag %q, %v, want tag %q", data, tag, err, first)
	}
	second, err := other.Swap(ctx, head("second"), first, nil)
	must(t, err)
	for _, tag := range []string{"", first, "00112233445566778899aabbccddeeff"} {
		_, err := target.Swap(ctx, head("third"), tag, nil)
		conflict, ok := errors.AsType[*publish.ConflictError](err)
		if !ok || conflict.Snapshot != "second" || conflict.Target != target.String() {
			t.Errorf("with tag %q: %v, want a conflict with the second", tag, err)
		}
	}
	third, err := target.Swap(ctx, head("third"), second, nil)
	must(t, err)
	if first == second || second == third {
		t.Errorf("tags are %q, %q, %q", first, second, third)
	}
	compares := name == "s3" || name == gateway
	if got := target.Limits(); compares != (len(got) == 0) {
		t.Errorf("Limits() = %q", got)
	}
}

// testRace holds that of many publishers who replace one head, one does.
func testRace(t *testing.T, name string, s *storetest.Store) {
	if name == debianS3 {
		t.Skip("it neither compares nor has a lock, as its limits say")
	}
	tag := ""
	for range 3 {
		tags := make(chan string)
		const publishers = 5
		for i := range publishers {
			target := mustOpen(t, s)
			go func() {
				won, err := target.Swap(t.Context(), []byte(`{"snapshot":"`+tag+string(rune('a'+i))+`"}`), tag, nil)
				if _, lost := errors.AsType[*publish.ConflictError](err); err != nil && !lost {
					t.Error(err)
				}
				tags <- won
			}()
		}
		var won []string
		for range publishers {
			if got := <-tags; got != "" {
				won = append(won, got)
			}
		}
		if len(won) != 1 {
			t.Fatalf("%d of %d publishers replaced the head", len(won), publishers)
		}
		tag = won[0]
	}
}

// testHeaders holds what caches and browsers are told.
func testHeaders(t *testing.T, name string, s *storetest.Store) {
	if !slices.Contains([]string{gateway, debianSwift, debianS3}, name) {
		t.Skip("the server of tests keeps no Cache-Control")
	}
	target := mustOpen(t, s)
	_, err := target.Swap(t.Context(), []byte("{}"), "", nil)
	must(t, err)
	packages := tree.Of(tree.Content, "by-hash/abc", []byte("a"))
	deb := tree.Of(tree.Content, "captain.deb", []byte("b"))
	for _, f := range []tree.File{packages, deb, tree.Of(tree.Commit, "index.html", []byte("c"))} {
		must(t, target.Put(t.Context(), f))
	}
	must(t, target.Copy(t.Context(), tree.AliasOf(tree.Index, "Packages.xz", packages).Entry))
	must(t, target.Copy(t.Context(), tree.AliasOf(tree.Content, "snapshots/captain.deb", deb).Entry))
	const forever = "public, max-age=31536000, immutable"
	for path, want := range map[string][]string{
		publish.HeadFile:        {"application/json", "no-cache"},
		"by-hash/abc":           {"application/octet-stream", forever},
		"captain.deb":           {"application/vnd.debian.binary-package", forever},
		"snapshots/captain.deb": {"application/vnd.debian.binary-package", forever},
		"Packages.xz":           {"application/x-xz", "public, max-age=60"},
		"index.html":            {"text/html; charset=utf-8", "public, max-age=60"},
	} {
		h := s.Header(t, "headers/"+path)
		if got := []string{h.Get("Content-Type"), h.Get("Cache-Control")}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
