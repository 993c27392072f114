package dev

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/mholt/archives"
	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/release/contents"
	"github.com/slipway-build/slipway/tarballs"
)

// released is what the release that is measured is for.
const released = "-platforms=linux/amd64"

// BenchRelease measures mage release and release:verify against compressing and hashing the same once, and goreleaser.
//
// All are in one run, by the clock and by processor time. -rounds is how often a
// whole release is made (3). -dist is a dist folder with finished binaries to start
// from; without one they are compiled first.
func BenchRelease(ctx context.Context, rounds *int, dist *string) error {
	root, err := os.MkdirTemp("", "slipway-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	b, err := newBench(ctx, root, "hyperkube")
	if err != nil {
		return err
	}
	if dist != nil {
		if _, err := b.time(".", nil, "cp", "-a", *dist, filepath.Join(b.dir, "dist")); err != nil {
			return err
		}
	}
	n := 3
	if rounds != nil {
		n = *rounds
	}
	if _, err := b.mage(nil, "release", released); err != nil {
		return err
	}
	for _, compare := range []func(int) error{b.release, b.described, b.verified, b.releasedIdle, b.goreleaser} {
		if err := compare(n); err != nil {
			return err
		}
	}
	return nil
}

// at returns the path of something of the fork in dist.
func (b *bench) at(elem ...string) string {
	return filepath.Join(append([]string{b.dir, "dist", benchFork}, elem...)...)
}

// costs has two things take turns n times, and prints how long they took and how much of the
// processors.
func costs(what string, n int, ours, other func() (cost, error)) error {
	var a, c []cost
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
	wall, cpu := func(c cost) time.Duration { return c.wall }, func(c cost) time.Duration { return c.cpu }
	row(what, each(a, wall), each(c, wall))
	row(what+", processor time", each(a, cpu), each(c, cpu))
	return nil
}

// spent returns what f takes of this process.
func spent(f func() error) (cost, error) {
	var before, after syscall.Rusage
	start := time.Now()
	err := errors.Join(syscall.Getrusage(syscall.RUSAGE_SELF, &before), f(),
		syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	return cost{wall: time.Since(start), cpu: time.Duration(cpu)}, err
}

func (b *bench) mageCost(args ...string) (cost, error) {
	return b.cost(b.dir, nil, append([]string{"go", "tool", "mage"}, args...)...)
}

// release compares a whole release, of which there are binaries and what is fetched, with
// compressing what is in it once. The images that it runs with are there.
func (b *bench) release(n int) error {
	list, err := b.payloads()
	if err != nil {
		return err
	}
	const gone = `cd "$0"; rm -rf deb rpm distfiles overlay images manifests installer tarballs release release.json
cd ..; rm -rf .cache/layers .cache/distfiles`
	return costs("a whole release beside compressing each payload once", n, func() (cost, error) {
		if err := b.sh(gone, b.at()); err != nil {
			return cost{}, err
		}
		if _, err := b.mage(nil, "image", released, "-fork="+benchWith); err != nil {
			return cost{}, err
		}
		return b.mageCost("release", released)
	}, func() (cost, error) {
		return spent(func() error { return compressAll(list) })
	})
}

// A payload is what is compressed in an artifact.
type payload struct {
	file       string // uncompressed
	compressor func(io.Writer) (io.WriteCloser, error)
	alone      bool // it is compressed on all processors
}

// payloads uncompresses what a release holds, each stream once.
func (b *bench) payloads() ([]payload, error) {
	dir := b.at("payloads")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	best := func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	}
	layer := func(w io.Writer) (io.WriteCloser, error) { return images.Compressor(w, "zstd") }
	xz := archives.Xz{}.OpenWriter
	var out []payload
	for _, from := range []struct {
		glob, script string
		as           payload
	}{
		{"distfiles/*.tar.xz", `xz -dc "$0"`, payload{compressor: xz}}, // those that take longest first
		{"deb/*/*.deb", `dpkg-deb --fsys-tarfile "$0"`, payload{compressor: best}},
		// rpm2cpio ends with 1 when it has written all; what is not compressed is a manifest.
		{"rpm/*/*.rpm", `rpm2cpio "$0" || true`, payload{compressor: best}},
		{"images/blobs/sha256/*", `zstd -dcq "$0" 2>/dev/null || true`, payload{compressor: layer, alone: true}},
		{"tarballs/*.tar.gz", `gzip -dc "$0"`, payload{compressor: tarballs.Compressor, alone: true}},
	} {
		names, err := filepath.Glob(b.at(filepath.FromSlash(from.glob)))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			p := from.as
			p.file = filepath.Join(dir, filepath.Base(name))
			if err := b.sh(`exec >'`+p.file+`'; `+from.script, name); err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// compressAll compresses payloads into nothing, on all processors: several at a time of those
// whose compressors use one.
func compressAll(list []payload) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, p := range list {
		if !p.alone {
			group.Go(p.compress)
		}
	}
	err := group.Wait()
	for _, p := range list {
		if p.alone {
			err = errors.Join(err, p.compress())
		}
	}
	return err
}

func (p payload) compress() error {
	f, err := os.Open(p.file)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := p.compressor(io.Discard)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return errors.Join(err, w.Close())
}

// described compares what is left where all artifacts are there, but no release of them, with
// hashing its files as the sums do. To remove a release changes what the file system says of
// the artifacts, which are its files, too; only after two seconds is what is read of them kept.
func (b *bench) described(n int) error {
	return costs("what describes finished artifacts beside hashing them once", n, func() (cost, error) {
		if err := b.sh(`cd "$0"; rm -rf release release.json; sleep 3`, b.at()); err != nil {
			return cost{}, err
		}
		return b.mageCost("release", released)
	}, b.hashed)
}

// verified compares release:verify with hashing the files, and with opening once what holds
// programs besides.
func (b *bench) verified(n int) error {
	verify := func() (cost, error) { return b.mageCost("release:verify", b.at("release")) }
	if err := costs("release:verify beside hashing its files once", n, verify, b.hashed); err != nil {
		return err
	}
	return costs("release:verify beside hashing and decompressing once", n, verify, func() (cost, error) {
		return spent(func() error { return errors.Join(b.hash(), b.open()) })
	})
}

// hashed returns what hashing the release's files takes.
func (b *bench) hashed() (cost, error) { return spent(b.hash) }

// hash takes both sums of the release's files, several at a time.
func (b *bench) hash() error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	err := filepath.WalkDir(b.at("release"), func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		group.Go(func() error {
			f, err := os.Open(name)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(io.MultiWriter(sha256.New(), sha512.New()), f)
			return err
		})
		return nil
	})
	return errors.Join(err, group.Wait())
}

// open opens what holds programs in the release, as verify does, but for looking at it.
func (b *bench) open() error {
	record, err := artifact.ReadRelease(b.at("release"))
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, a := range record.Artifacts {
		if len(a.Holds) > 0 && a.Kind != artifact.Binary && a.Kind != artifact.Image {
			group.Go(func() error {
				return walk(b.ctx, b.at("release", filepath.FromSlash(a.Path)), contents.FormatOf(a.Path))
			})
		}
	}
	blobs := filepath.Join("images", "blobs", "sha256")
	entries, err := os.ReadDir(b.at("release", blobs))
	for _, e := range entries {
		if info, err := os.Stat(b.at("payloads", e.Name())); err == nil && info.Size() > 0 { // it is a layer
			group.Go(func() error { return walk(b.ctx, b.at("release", blobs, e.Name()), contents.Tar) })
		}
	}
	return errors.Join(err, group.Wait())
}

// walk reads all members of an archive, and of those in it.
func walk(ctx context.Context, name, format string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	source := contents.Source{Name: name, Format: format, Nested: true}
	return contents.Walk(ctx, f, source, func(contents.Member) error { return nil })
}

// releasedIdle measures what is left where nothing is to do.
func (b *bench) releasedIdle(n int) error {
	var idle []cost
	for range 2*n + 1 {
		c, err := b.mageCost("release", released)
		if err != nil {
			return err
		}
		idle = append(idle, c)
	}
	fmt.Printf("\nNothing to do, mage release: %s, of processors %s\n\n",
		spread(each(idle, func(c cost) time.Duration { return c.wall })),
		spread(each(idle, func(c cost) time.Duration { return c.cpu })))
	return nil
}
