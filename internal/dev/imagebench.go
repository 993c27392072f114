package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/images"
)

// images compares making the images of the fork with compressing their layers,
// making the largest one with ko and buildah, and pushing with skopeo. All are
// for one platform and start from compiled programs, but for ko, which links
// hyperkube again.
func (b *bench) images() error {
	if _, err := b.imaged(); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(b.dir, "dist", benchFork, "images", "images.json"))
	if err != nil {
		return err
	}
	var made artifact.Images
	if err := json.Unmarshal(data, &made); err != nil {
		return err
	}
	layers, err := b.layers()
	if err != nil {
		return err
	}
	largest := made.Images[0].Platforms[0] // hyperkube's: they are sorted by name
	fmt.Printf("\nThe image of %s: %.1f MB to move, %.1f MB unpacked\n\n",
		made.Images[0].Name, float64(largest.Size)/1e6, float64(largest.Uncompressed)/1e6)
	err = pairs("all images beside compressing each layer once", 3,
		func() (time.Duration, error) { return b.imaged() },
		func() (time.Duration, error) { return compressLayers(layers) })
	if err != nil {
		return err
	}
	return errors.Join(b.ko(), b.buildah(), b.skopeo(made))
}

// pairs has two things take turns n times, and prints how long they took.
func pairs(what string, n int, ours, other func() (time.Duration, error)) error {
	var a, c []time.Duration
	for range n {
		x, err := ours()
		if err != nil {
			return err
		}
		y, err := other()
		if err != nil {
			return err
		}
		a, c = append(a, x), append(c, y)
	}
	row(what, a, c)
	return nil
}

// benchWith is the fork whose images the pods of benchFork run.
const benchWith = "etcd-3.7"

// imaged makes images of which no layer is there; those of the fork that it runs
// with are.
func (b *bench) imaged(args ...string) (time.Duration, error) {
	if err := b.sh("rm -rf dist/.cache/layers dist/"+benchFork+"/images", ""); err != nil {
		return 0, err
	}
	if _, err := b.mage(nil, "image", "-platforms=linux/amd64", "-fork="+benchWith); err != nil {
		return 0, err
	}
	return b.mage(nil, append([]string{"image", "-platforms=linux/amd64"}, args...)...)
}

// hyperkube makes the largest image alone.
func (b *bench) hyperkube() (time.Duration, error) { return b.imaged("-images=hyperkube") }

// layers unpacks all layers of the fork's images.
func (b *bench) layers() ([][]byte, error) {
	names, err := filepath.Glob(filepath.Join(b.dir, "dist", benchFork, "images", "blobs", "sha256", "*"))
	if err != nil {
		return nil, err
	}
	r, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}) { // a manifest
			continue
		}
		tar, err := r.DecodeAll(data, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, tar)
	}
	return out, nil
}

// compressLayers compresses layers as images have them, into nothing.
func compressLayers(layers [][]byte) (time.Duration, error) {
	start := time.Now()
	for _, tar := range layers {
		w, err := images.Compressor(io.Discard, "zstd")
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(w, bytes.NewReader(tar))
		if err := errors.Join(err, w.Close()); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// has reports whether tools are on this machine, and says so where they are not.
func has(tools ...string) bool {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Printf("\nWhat is compared with %s is left out: it is not on this machine\n\n", tool)
			return false
		}
	}
	return true
}

// ko compares with ko, which makes a layout of the same main package. Its base
// image is in a registry on this machine: ko cannot build from scratch.
func (b *bench) ko() error {
	if !has("ko", "docker-registry") {
		return nil
	}
	return b.registry(func(host string) error {
		if _, err := b.imaged("-images=pause"); err != nil {
			return err
		}
		if _, err := b.mage(nil, "push", "-tag=base", "-registry="+host); err != nil {
			return err
		}
		var flags []string
		for _, flag := range b.flags {
			flags = append(flags, "'"+flag+"'")
		}
		env := []string{
			"CGO_ENABLED=0", "GOWORK=" + filepath.Join(b.src, "go.work"), "GOFLAGS=" + strings.Join(flags, " "),
			"KO_DOCKER_REPO=" + host, "KO_DEFAULTBASEIMAGE=" + host + "/pause:base",
		}
		build := func() (time.Duration, error) {
			layout := filepath.Join(b.dir, "dist", "ko")
			if err := os.RemoveAll(layout); err != nil {
				return 0, err
			}
			return b.time(b.src, env, "ko", "build", "--push=false", "--oci-layout-path="+layout,
				"--sbom=none", "--platform=linux/amd64", "./cmd/hyperkube")
		}
		if _, err := build(); err != nil { // compiles what its flags may change
			return err
		}
		return pairs("the image of hyperkube: ko, which links it", 5, b.hyperkube, build)
	})
}

// bud has buildah make an image of the same program in the storage $0, as root
// or not, and write it like a layout.
const bud = `buildah() { command buildah --root "$0/root" --runroot "$0/run" --storage-driver vfs "$@"; }
buildah build -q --isolation chroot -t hyperkube -f "$0/Containerfile" dist/` + benchFork + `/bin/linux_amd64
buildah push -q hyperkube "oci:$0/layout"`

// buildah compares with buildah, which has the program as it is.
func (b *bench) buildah() error {
	if !has("buildah") {
		return nil
	}
	dir := filepath.Join(b.dir, "dist", "buildah")
	return pairs("the image of hyperkube: buildah", 5, b.hyperkube, func() (time.Duration, error) {
		if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
			return 0, err
		}
		const containerfile = "FROM scratch\nCOPY hyperkube /\n"
		if err := os.WriteFile(filepath.Join(dir, "Containerfile"), []byte(containerfile), 0o644); err != nil {
			return 0, err
		}
		return b.time(b.dir, nil, "sh", "-ec", bud, dir)
	})
}

// skopeo compares pushing with skopeo, to registries that have nothing: all
// images, and the largest alone.
func (b *bench) skopeo(made artifact.Images) error {
	if !has("skopeo", "docker-registry") {
		return nil
	}
	if _, err := b.imaged(); err != nil {
		return err
	}
	fresh := func(push func(host string) (time.Duration, error)) func() (time.Duration, error) {
		return func() (took time.Duration, err error) {
			err = b.registry(func(host string) error {
				took, err = push(host)
				return err
			})
			return took, err
		}
	}
	for _, list := range [][]artifact.ImageIndex{made.Images, made.Images[:1]} {
		var names []string
		for _, i := range list {
			names = append(names, i.Name)
		}
		what := fmt.Sprintf("%d images pushed: skopeo copy --all of each", len(names))
		err := pairs(what, rounds, fresh(func(host string) (time.Duration, error) {
			return b.mage(nil, "push", "-registry="+host, "-images="+strings.Join(names, ","))
		}), fresh(func(host string) (time.Duration, error) {
			const copied = `for i in $1; do
	skopeo copy -q --all --dest-tls-verify=false "oci:dist/` + benchFork + `/images:$i:$2" "docker://$0/$i:$2"
done`
			return b.time(b.dir, nil, "sh", "-ec", copied, host, strings.Join(names, " "), made.Tag)
		}))
		if err != nil {
			return err
		}
	}
	return nil
}

// registry calls do with a registry on this machine that has nothing yet.
func (b *bench) registry(do func(host string) error) error {
	dir, err := os.MkdirTemp(filepath.Join(b.dir, "dist"), "registry-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	host := free.Addr().String()
	free.Close()
	config := fmt.Sprintf(`version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {filesystem: {rootdirectory: %s}}
http: {addr: %q}
`, dir, host)
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	serve := exec.CommandContext(ctx, "docker-registry", "serve", file)
	if err := serve.Start(); err != nil {
		return err
	}
	defer func() {
		stop()
		_ = serve.Wait()
	}()
	for range 100 {
		if conn, err := net.Dial("tcp", host); err == nil {
			conn.Close()
			return do(host)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("docker-registry does not listen on %s", host)
}
