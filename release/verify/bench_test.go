package verify_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"go/build"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/contents"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/verify"
)

// BenchmarkRelease verifies a release of real programs. It says how much longer that takes than
// the sums of its files alone, and than the sums and opening what holds binaries one after the
// other, each on as many processors.
func BenchmarkRelease(b *testing.B) {
	program, err := os.ReadFile(filepath.Join(build.Default.GOROOT, "bin", "go"))
	if err != nil {
		b.Skip(err)
	}
	old := captain
	defer func() { captain = old }()
	captain = string(program)
	s := newShip(b, &sign.Signer{}).seal()
	var sums, opened, all time.Duration
	var bytes int64
	for b.Loop() {
		start := time.Now()
		bytes = s.hash()
		sums += time.Since(start)
		start = time.Now()
		s.open()
		opened += time.Since(start)
		start = time.Now()
		report, err := verify.Release(b.Context(), s.dir, verify.Request{})
		if err != nil || !report.OK() {
			b.Fatal(err, report.Lines())
		}
		all += time.Since(start)
	}
	b.ReportMetric(all.Seconds()/sums.Seconds(), "x-of-sums")
	b.ReportMetric(all.Seconds()/(sums+opened).Seconds(), "x-of-opening")
	b.ReportMetric(float64(bytes)/(1<<20), "MiB")
	b.ReportMetric(float64(all.Milliseconds())/float64(b.N), "ms/verify")
}

// open decompresses what holds binaries, once.
func (s *ship) open() {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, a := range s.record.Artifacts {
		if len(a.Holds) == 0 || a.Kind == artifact.Binary {
			continue
		}
		group.Go(func() error {
			none := func(contents.Member) error { return nil }
			if a.Kind == artifact.Image {
				return contents.WalkImage(s.t.Context(), contents.Image{Layout: os.DirFS(s.at(a.Path)), Digest: a.Digest}, none)
			}
			f, err := os.Open(s.at(a.Path))
			if err != nil {
				return err
			}
			defer f.Close()
			return contents.Walk(s.t.Context(), f, contents.Source{Name: a.Path, Nested: true}, none)
		})
	}
	s.check(group.Wait())
}

// hash hashes the files of the release once, and returns how many bytes they have.
func (s *ship) hash() int64 {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	var bytes int64
	for _, name := range s.files() {
		info, err := os.Stat(s.at(name))
		s.check(err)
		bytes += info.Size()
		group.Go(func() error {
			f, err := os.Open(s.at(name))
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(io.MultiWriter(sha256.New(), sha512.New()), f)
			return err
		})
	}
	s.check(group.Wait())
	return bytes
}
