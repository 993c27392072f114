package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/run"
)

// benchFork is what the benchmark builds.
const benchFork = "kubernetes-1.36"

// rounds is how often a comparison that takes seconds is made.
const rounds = 7

// A bench is a clean clone to measure in, and the patched tree beside it.
type bench struct {
	ctx   context.Context
	dir   string // the clone
	src   string // its patched tree, for the bare go build
	env   run.Env
	flags []string // of the bare go build

	component string        // that is built
	compile   time.Duration // of a cold bare go build, 0 if that is not measured
}

// Bench measures mage cross against a bare go build of the same tree, in one run, and prints a table.
//
// -cold=false leaves out the two cold compiles, which take most of its time.
// Beside them it measures what is done to a series.
func Bench(ctx context.Context, cold *bool) error {
	root, err := os.MkdirTemp("", "slipway-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	b, err := newBench(ctx, root, "hyperkube")
	if err != nil {
		return err
	}
	if cold == nil || *cold {
		if err := b.cold(root, 1); err != nil {
			return err
		}
	}
	if err := b.prepare(); err != nil {
		return err
	}
	for _, compare := range []func() error{b.edit, b.idle, b.rebase, b.packages, b.images, b.overlay, b.series} {
		if err := compare(); err != nil {
			return err
		}
	}
	return nil
}

// newBench clones this checkout into root, and prints the head of the table.
func newBench(ctx context.Context, root, component string) (*bench, error) {
	b := &bench{ctx: ctx, dir: filepath.Join(root, "slipway"), env: os.Environ(), component: component}
	if _, err := b.time(".", nil, "git", "clone", "-q", ".", b.dir); err != nil {
		return nil, err
	}
	fmt.Printf("%s, %s/%s, %d processors\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Println("| what | mage cross | go build | ratio |\n| --- | --- | --- | --- |")
	return b, nil
}

// prepare builds the fork once and lays the patched tree.
func (b *bench) prepare() error {
	if err := b.own(); err != nil {
		return err
	}
	if _, err := b.mage(nil, "patches:lock"); err != nil {
		return err
	}
	if _, err := b.mage(nil, "cross"); err != nil {
		return err
	}
	if _, err := b.mage(nil, "patches:apply"); err != nil {
		return err
	}
	b.src = filepath.Join(b.dir, "dist", benchFork, "src")
	if err := b.readFlags(); err != nil {
		return err
	}
	_, err := b.goBuild(nil)
	return err
}

// own makes the fork's patch of the library a file of the fork. To edit it where it is would
// also compile Slipway again.
func (b *bench) own() error {
	fork := filepath.Join(b.dir, "forks", benchFork)
	shared := filepath.Join(b.dir, "patches", "library", "hyperkube", "1.34")
	if err := os.CopyFS(filepath.Join(fork, "patches"), os.DirFS(shared)); err != nil {
		return err
	}
	name := filepath.Join(fork, "fork.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if data, err = config.Drop(data, "patches"); err != nil {
		return err
	}
	series := filepath.Join(fork, "patches", "series")
	return errors.Join(os.WriteFile(name, data, 0o644), os.WriteFile(series, []byte("0001-hyperkube.patch\n"), 0o644))
}

// readFlags has go build link what mage cross linked, and otherwise do as it does by itself.
func (b *bench) readFlags() error {
	data, err := os.ReadFile(filepath.Join(b.dir, "dist", benchFork, "bin", runtime.GOOS+"_"+runtime.GOARCH, "build.json"))
	if err != nil {
		return err
	}
	var record struct{ Flags []string }
	err = json.Unmarshal(data, &record)
	b.flags = slices.DeleteFunc(record.Flags, func(flag string) bool { return strings.HasPrefix(flag, "-gcflags=") })
	return err
}

// time runs a command and returns how long it took.
func (b *bench) time(dir string, env []string, args ...string) (time.Duration, error) {
	start := time.Now()
	err := run.Runner{}.Run(b.ctx, run.Cmd{Args: args, Dir: dir, Env: b.env.With(env...)})
	return time.Since(start), err
}

func (b *bench) mage(env []string, args ...string) (time.Duration, error) {
	return b.time(b.dir, env, append([]string{"go", "tool", "mage"}, args...)...)
}

func (b *bench) goBuild(env []string) (time.Duration, error) {
	own, args := b.bare()
	return b.time(b.src, append(own, env...), args...)
}

// bare returns the environment and the command of the bare go build.
func (b *bench) bare() (env, args []string) {
	args = append([]string{"go", "build", "-o", filepath.Join(b.dir, "dist", "bare")}, b.flags...)
	return []string{"CGO_ENABLED=0", "GOFLAGS=", "GOWORK=" + filepath.Join(b.src, "go.work")},
		append(args, "./cmd/"+b.component)
}

// edit compares after one line of cmd/hyperkube changed: in the patch, locked,
// and in the tree. The two take turns. They change it to different words, or the
// second would find what the first compiled in Go's build cache.
func (b *bench) edit() error {
	patch := filepath.Join(b.dir, "forks", benchFork, "patches", "0001-hyperkube.patch")
	main := filepath.Join(b.src, "cmd", "hyperkube", "main.go")
	var ours, bare []time.Duration
	for i := range rounds {
		if err := errors.Join(replaceLine(patch, 2*i), replaceLine(main, 2*i+1)); err != nil {
			return err
		}
		if _, err := b.mage(nil, "patches:lock"); err != nil {
			return err
		}
		a, err := b.mage(nil, "cross")
		if err != nil {
			return err
		}
		c, err := b.goBuild(nil)
		if err != nil {
			return err
		}
		ours, bare = append(ours, a), append(bare, c)
	}
	row("one line of one patch changed", ours, bare)
	return nil
}

// rebase compares a report on the release after with one cold compile, where
// that was measured.
func (b *bench) rebase() error {
	if b.compile == 0 {
		return nil
	}
	if _, err := b.mage(nil, "patches:rebase", "-onto=1.36.3"); err != nil { // fetches its modules
		return err
	}
	var ours, bare []time.Duration
	for range rounds {
		a, err := b.mage(nil, "patches:rebase", "-onto=1.36.3")
		if err != nil {
			return err
		}
		ours, bare = append(ours, a), append(bare, b.compile)
	}
	row("a report of patches:rebase", ours, bare)
	return nil
}

// replaceLine changes the words of the help page that end in "for the flags of
// one", in the source or in the patch that makes it.
func replaceLine(file string, i int) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	const from = "for the flags of "
	at := bytes.Index(data, []byte(from))
	if at < 0 {
		return fmt.Errorf("%s: no line says %q", file, from)
	}
	at += len(from)
	end := at + bytes.IndexByte(data[at:], '.')
	changed := slices.Concat(data[:at], fmt.Appendf(nil, "one of round %d", i), data[end:])
	return os.WriteFile(file, changed, 0o644)
}

// idle measures what is left where nothing is to do.
func (b *bench) idle() error {
	var cross, list, bare []time.Duration
	for range 3 * rounds {
		a, err := b.mage(nil, "cross")
		if err != nil {
			return err
		}
		c, err := b.mage(nil, "-l")
		if err != nil {
			return err
		}
		d, err := b.goBuild(nil)
		if err != nil {
			return err
		}
		cross, list, bare = append(cross, a), append(list, c), append(bare, d)
	}
	row("nothing to do", cross, bare)
	fmt.Printf("\nFor scale, go tool mage -l: %s\n", spread(list))
	return nil
}

// row prints a comparison: the medians, and the median of the ratios of runs
// that were made one after the other.
func row(what string, ours, bare []time.Duration) {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i].Seconds() / bare[i].Seconds()
	}
	slices.Sort(ratios)
	fmt.Printf("| %s | %s | %s | %.2f (%.2f to %.2f) |\n", what, spread(ours), spread(bare),
		ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1])
}

// spread writes the median and the extremes of some durations, in seconds.
func spread(d []time.Duration) string {
	d = slices.Clone(d)
	slices.Sort(d)
	if len(d) == 1 {
		return fmt.Sprintf("%.1f s", d[0].Seconds())
	}
	text := fmt.Sprintf("%.2f s (%.2f to %.2f)", d[len(d)/2].Seconds(), d[0].Seconds(), d[len(d)-1].Seconds())
	return strings.TrimSpace(text)
}
