package bucket_test

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ncw/swift/v2"

	"github.com/slipway-build/slipway/repo/publish/storetest"
	"github.com/slipway-build/slipway/repo/tree"
)

// tarball returns a tarball with one file.
func tarball(t *testing.T, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(name))}))
	_, err := io.WriteString(w, name)
	must(t, err)
	must(t, w.Close())
	must(t, z.Close())
	return out.Bytes()
}

// TestHeat holds that what Kubernetes' scripts for OpenStack Heat download is found in a published container. Those of
// 1.3, 1.4 and 1.5 (cluster/openstack-heat) let nodes take two objects without a token:
// $SWIFT_SERVER_URL/kubernetes/kubernetes-server.tar.gz and …/kubernetes-salt.tar.gz, where
// SWIFT_SERVER_URL is the store's address in the catalog if it is not set. The first unpacks to
// kubernetes/server, the second to kubernetes/saltbase.
func TestHeat(t *testing.T) {
	s, _ := storetest.Debian(t)
	catalog := strings.TrimSuffix(s.Public, "/"+storetest.Bucket) // what openstack catalog show object-store says
	// As swift post kubernetes --read-acl does.
	c := &swift.Connection{AuthUrl: s.Env.Get("ST_AUTH"), UserName: s.Env.Get("ST_USER"), ApiKey: s.Env.Get("ST_KEY")}
	must(t, c.ContainerCreate(t.Context(), "kubernetes", swift.Headers{"X-Container-Read": ".r:*,.rlistings"}))
	const version = "release/v1.5.2+acme.1/"
	server := tree.Of(tree.Content, version+"kubernetes-server-linux-amd64.tar.gz",
		tarball(t, "kubernetes/server/bin/hyperkube"))
	salt := tree.Of(tree.Content, version+"kubernetes-salt.tar.gz", tarball(t, "kubernetes/saltbase/install.sh"))
	for name, c := range map[string]struct {
		target, below string // where it is published to, and where below the two have the names of the scripts
		variable      string // SWIFT_SERVER_URL
	}{
		"by the variable": {s.URL, version + "heat/kubernetes/", s.Public + "/repo/" + version + "heat"},
		"by the catalog":  {"swift://kubernetes?lock=2s", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			target, err := open(t.Context(), c.target, s.Env)
			must(t, err)
			defer target.Close()
			for as, f := range map[string]tree.File{"kubernetes-server.tar.gz": server, "kubernetes-salt.tar.gz": salt} {
				must(t, target.Put(t.Context(), f))
				must(t, target.Copy(t.Context(), tree.AliasOf(tree.Index, c.below+as, f).Entry))
			}
			url := cmp.Or(c.variable, catalog) + "/kubernetes"
			for file, want := range map[string]string{
				"kubernetes-server.tar.gz": "kubernetes/server/bin/hyperkube",
				"kubernetes-salt.tar.gz":   "kubernetes/saltbase/install.sh",
			} {
				if got := unpacked(t, url+"/"+file); got != want {
					t.Errorf("%s/%s has %q, want %q", url, file, got, want)
				}
			}
		})
	}
}

// unpacked downloads a tarball as curl does, and returns the name of its file.
func unpacked(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	must(t, err)
	defer response.Body.Close()
	z, err := gzip.NewReader(response.Body)
	if err != nil {
		t.Fatalf("%s: %s, %v", url, response.Status, err)
	}
	header, err := tar.NewReader(z).Next()
	must(t, err)
	return header.Name
}
