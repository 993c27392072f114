//go:build acceptance && linux

package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
)

// TestImagesPage makes, pushes and deploys the images of docs/images.md, and holds what the
// page shows of it: with -update, it shows what was made.
func TestImagesPage(t *testing.T) {
	testkit.Need(t, "docker-registry")
	onAMD64(t)
	at := filepath.Join("..", "docs", "images.md")
	data, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	dir := clone(t)
	for _, f := range []string{"etcd-3.7", fork} {
		mage(t, dir, "cross", "-fork="+f, "-platforms=all")
	}
	const team = registryName + "/team"
	const image = "image -platforms=all -registry=" + team
	page = run(t, page, "mage "+image, mage(t, dir, strings.Fields(image)...))

	s := newServer(t)
	s.start("")
	h := serveHosts(t, imagesAddress, map[string]http.Handler{registryName: behindTLS("http://" + s.host)})
	under, env := h.known(t, nil)
	s.env = env
	page = run(t, page, "mage push", s.run(dir, under[0], append(under[1:], "go", "tool", "mage", "push")...))

	const deploy = "deploy:kubespray -url=https://downloads.example.org/kubernetes"
	out := mage(t, dir, strings.Fields(deploy)...)
	variables := "dist/" + fork + "/deploy/kubespray.yml"
	if data, err = os.ReadFile(filepath.Join(dir, variables)); err != nil {
		t.Fatal(err)
	}
	page = run(t, page, "mage "+deploy, out+"$ cat "+variables+"\n"+string(data))
	golden.Check(t, at, []byte(withSizes(t, dir, page)))

	d := openDocument(t, "images.md", docscript.Shell{Dir: dir, Under: under,
		Env: append(os.Environ(), append(env, "REGISTRY="+team)...)})
	d.shown("go tool mage " + image)
	d.shown("$ go tool mage push")
	d.run("image -platforms=all push -platforms=all")
	d.run(`grep '"image"'`)
	d.run("mage push -fork=etcd-3.7")
	d.shown("go tool mage " + deploy)
}

// imagesAddress is where the registry of docs/images.md is.
const imagesAddress = "127.9.8.5"

// run returns a page that shows what a command printed, from the line that names the fork on.
func run(t *testing.T, page, command, out string) string {
	t.Helper()
	first := firstLine.FindStringIndex(out)
	if first == nil {
		t.Fatalf("%s prints no fork:\n%s", command, out)
	}
	return showing(t, page, "```\n$ go tool "+command+"\n", out[first[0]:])
}

// withSizes returns a page with the digests of two images, which pods have, and the size of
// hyperkube's.
func withSizes(t *testing.T, dir, page string) string {
	t.Helper()
	type made struct {
		Name, Digest string
		Platforms    []struct{ Size, Full float64 }
	}
	find := func(id, name string) made {
		var record struct{ Images []made }
		data, err := os.ReadFile(filepath.Join(dir, "dist", id, "images", "images.json"))
		if err == nil {
			err = json.Unmarshal(data, &record)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range record.Images {
			if one.Name == name {
				return one
			}
		}
		t.Fatalf("%s has no image %s", id, name)
		return made{}
	}
	for id, name := range map[string]string{"etcd-3.7": "etcd", fork: "kube-apiserver"} {
		pinned := regexp.MustCompile(`team/` + name + `@sha256:[0-9a-f]{64}"`)
		page = pinned.ReplaceAllString(page, "team/"+name+"@"+find(id, name).Digest+`"`)
	}
	amd64 := find(fork, "hyperkube").Platforms[0]
	row := regexp.MustCompile(`(?m)^(\| .hyperkube. \S+, linux/amd64, zstd) \|.*$`)
	return row.ReplaceAllString(page, fmt.Sprintf("$1 | %.1f MB | %.0f MB |", amd64.Size/1e6, amd64.Full/1e6))
}

// TestShowing holds that the page changes where something but a time does.
func TestShowing(t *testing.T) {
	const page = "a\n```\n$ go tool mage image\nship  1.4  from x\n  image 0.6s\n```\nb\n```\nc\n```\n"
	for printed, want := range map[string]string{
		"go: downloading\nship  1.4  from x\n  image   12.6s\n": page,
		"ship  1.4  from x\n  image kept\n":                     strings.Replace(page, "0.6s", "kept", 1),
		"ship  1.5  from x\n  image 0.6s\n":                     strings.Replace(page, "1.4", "1.5", 1),
	} {
		if got := run(t, page, "mage image", printed); got != want {
			t.Errorf("of %q the page is\n%s\nwant\n%s", printed, got, want)
		}
	}
}
