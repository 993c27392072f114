package dev

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/repo/yum"
	"github.com/slipway-build/slipway/rpm"
	"github.com/slipway-build/slipway/version"
)

// BenchRepoYum measures yum metadata against createrepo_c with gpg, and against hashing the rpms once.
//
// One version more is added to 1,000 rpms of 4 kB, and metadata are made from nothing of 40 rpms of
// 25 MB. All are in one run, taking turns. -rounds is how often (9).
func BenchRepoYum(ctx context.Context, rounds *int) error {
	root, err := os.MkdirTemp("", "yum") // short: the path of gpg-agent's socket is below it
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	env := run.Env(os.Environ()).With("GNUPGHOME=" + filepath.Join(root, "gpg"))
	b := &yumBench{bench: bench{ctx: ctx, dir: root, env: env}}
	if err := b.key(); err != nil {
		return err
	}
	defer func() { _ = b.run("gpgconf", "--kill", "gpg-agent") }()
	n := 9
	if rounds != nil {
		n = *rounds
	}
	fmt.Println("| what | Slipway | other | ratio |\n| --- | --- | --- | --- |")
	return errors.Join(b.oneMore(n), b.fromNothing(n))
}

// A yumBench is a folder with rpms, and a key.
type yumBench struct {
	bench
	signer *sign.Signer
}

// benchTime is that of all packages and signatures.
var benchTime = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

func (b *yumBench) run(args ...string) error {
	_, err := b.time(b.dir, nil, args...)
	return err
}

// key makes a key of RSA 4096, which gpg and Slipway both sign with.
func (b *yumBench) key() error {
	const id, file = "bench@example.org", "secret"
	err := os.Mkdir(filepath.Join(b.dir, "gpg"), 0o700)
	for _, args := range [][]string{
		{"--faked-system-time", "20260101T000000", "--quick-generate-key", id, "rsa4096", "sign", "never"},
		{"--output", file, "--export-secret-keys", id},
	} {
		gpg := []string{"gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", ""}
		err = errors.Join(err, b.run(append(gpg, args...)...))
	}
	if err == nil {
		key := filepath.Join(b.dir, file)
		b.signer, err = sign.Open(b.ctx, sign.Settings{Keys: []string{key}, Time: benchTime, Env: b.env})
	}
	return err
}

// rpm writes a signed rpm of a size that does not compress, into dir.
func (b *yumBench) rpm(dir string, i, size int) (string, error) {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(i), byte(i >> 8), 1}).Read(data)
	v, err := version.Parse("1.36.1")
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("ship-%04d", i)
	var out bytes.Buffer
	file, err := rpm.Write(packaging.Package{
		Name: name, Version: v, Distro: "1.36.1", Revision: 1, Platform: platform.Platform{OS: "linux", Arch: "amd64"},
		Summary: "steers", Description: "Steers.", Homepage: "https://example.org", License: "Apache-2.0",
		Maintainer: "Mate <mate@example.org>", Date: benchTime, Compression: "zstd:fastest",
		Changes: []string{"Steer to starboard"},
		Files: []packaging.File{
			{Path: "/etc/" + name + "/options", Mode: 0o644, Kind: packaging.Config},
			{Path: "/usr/bin/" + name, Mode: 0o755, Data: data},
			{Path: "/usr/lib/systemd/system/" + name + ".socket", Mode: 0o644},
		},
	}, &out, "")
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, file)
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		return "", err
	}
	_, err = b.signer.RPM(b.ctx, file)
	return file, err
}

// rpms writes n rpms into a new folder, and returns them as a record names them.
func (b *yumBench) rpms(name string, n, size int) (dir string, sources []yum.Source, err error) {
	dir = filepath.Join(b.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", nil, err
	}
	for i := range n {
		file, err := b.rpm(dir, i, size)
		if err != nil {
			return "", nil, err
		}
		sources = append(sources, yum.Source{File: file})
	}
	packages, err := yum.ReadAll(b.ctx, sources)
	for i, p := range packages {
		sources[i].SHA256 = p.SHA256
	}
	return dir, sources, err
}

// oneMore compares adding one rpm to 1,000: what is remembered of them is read, and written
// again, by either. createrepo_c writes no advisories.
func (b *yumBench) oneMore(n int) error {
	const many = 1000
	dir, sources, err := b.rpms("small", many, 1500)
	if err != nil {
		return err
	}
	known := filepath.Join(b.dir, "known")
	packages, err := yum.ReadAll(b.ctx, sources)
	if err != nil {
		return err
	}
	if err := remember(known, packages); err != nil {
		return err
	}
	const createrepo = `createrepo_c --quiet --update --skip-stat --no-database "$0"
gpg --batch --yes --armor --detach-sign "$0/repodata/repomd.xml"`
	if err := b.sh(createrepo, dir); err != nil {
		return err
	}
	added, file := many, ""
	return costs("one rpm more beside 1,000, createrepo_c --update and gpg", n, func() (cost, error) {
		added++
		var err error
		if file, err = b.rpm(dir, added, 1500); err != nil {
			return cost{}, err
		}
		return spent(func() error { return b.add(known, file) })
	}, func() (cost, error) {
		return b.cost(b.dir, nil, "sh", "-ec", createrepo, dir)
	})
}

// add adds an rpm to those that are remembered.
func (b *yumBench) add(known, file string) error {
	packages, err := recall(known)
	if err != nil {
		return err
	}
	one, err := yum.Read(b.ctx, file)
	if err != nil {
		return err
	}
	packages = append(packages, one)
	return errors.Join(b.metadata(packages), remember(known, packages))
}

// metadata writes the metadata of packages.
func (b *yumBench) metadata(packages []yum.Package) error {
	files, _, err := yum.Metadata(b.ctx, yum.Repository{Name: "ship", URL: "https://example.org", Time: benchTime,
		Packages: packages}, b.signer)
	for _, f := range files {
		err = errors.Join(err, place(filepath.Join(b.dir, "site", filepath.FromSlash(f.Path)), f))
	}
	return err
}

func place(name string, f tree.File) error {
	if f.Alias != "" {
		return nil // a target links or copies it
	}
	return errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, f.Data, 0o644))
}

// remember writes packages as a repository's state has them.
func remember(file string, packages []yum.Package) error {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	err := errors.Join(json.NewEncoder(w).Encode(packages), w.Close())
	return errors.Join(err, os.WriteFile(file, out.Bytes(), 0o644))
}

func recall(file string) (packages []yum.Package, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	err = json.NewDecoder(r).Decode(&packages)
	return packages, err
}

// fromNothing compares metadata of large rpms, whose digests a record has, with hashing them.
func (b *yumBench) fromNothing(n int) error {
	_, sources, err := b.rpms("large", 40, 25<<20)
	if err != nil {
		return err
	}
	return costs("40 rpms of 25 MB from nothing, hashing them once", n, func() (cost, error) {
		return spent(func() error {
			packages, err := yum.ReadAll(b.ctx, sources)
			if err != nil {
				return err
			}
			return b.metadata(packages)
		})
	}, func() (cost, error) {
		return spent(func() error { return hashOnce(sources) })
	})
}

// hashOnce takes the SHA-256 of files, several at a time.
func hashOnce(sources []yum.Source) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, s := range sources {
		group.Go(func() error {
			f, err := os.Open(s.File)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(sha256.New(), f)
			return err
		})
	}
	return group.Wait()
}
