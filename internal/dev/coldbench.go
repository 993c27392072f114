package dev

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// BenchCold measures a cold mage cross against a cold bare go build of the same packages with the same tags and
// linker flags, in turns.
//
// -pairs is how many of each (2). -component is what they build (hyperkube).
func BenchCold(ctx context.Context, pairs *int, component *string) error {
	root, err := os.MkdirTemp("", "slipway-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	n, name := 2, "hyperkube"
	if pairs != nil {
		n = *pairs
	}
	if component != nil {
		name = *component
	}
	b, err := newBench(ctx, root, name)
	if err != nil {
		return err
	}
	return b.cold(root, n)
}

// A cost is what a command took, with all that it started.
type cost struct {
	wall, cpu time.Duration
	largest   int64 // MiB of memory of its largest process
}

func (b *bench) cost(dir string, env []string, args ...string) (cost, error) {
	cmd := exec.CommandContext(b.ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, b.env.With(env...)
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return cost{}, fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	c := cost{wall: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.largest = int64(usage.Maxrss) >> 10 // which Linux counts in KiB
	}
	return c, nil
}

// cold compares with nothing in Go's build cache but Slipway itself, and nothing in
// dist. Modules are downloaded already. Each has a build cache of its own; in every
// other pair, go build is first.
func (b *bench) cold(root string, pairs int) error {
	b.src = filepath.Join(root, "src")
	if err := b.lay(); err != nil {
		return err
	}
	var ours, bare []cost
	for i := range 2 * pairs {
		if turn := i % 4; turn == 0 || turn == 3 {
			c, err := b.coldCross(filepath.Join(root, "cache"))
			if err != nil {
				return err
			}
			ours = append(ours, c)
			continue
		}
		c, err := b.coldBuild(filepath.Join(root, "cache"))
		if err != nil {
			return err
		}
		bare = append(bare, c)
	}
	wall, cpu := func(c cost) time.Duration { return c.wall }, func(c cost) time.Duration { return c.cpu }
	row("cold", each(ours, wall), each(bare, wall))
	row("cold, processor time", each(ours, cpu), each(bare, cpu))
	fmt.Printf("| cold, memory of the largest process | %d MiB | %d MiB | |\n", mostMemory(ours), mostMemory(bare))
	compiles := each(bare, wall)
	slices.Sort(compiles)
	b.compile = compiles[len(compiles)/2]
	return nil
}

// lay lays the patched tree out beside the clone, for go build.
func (b *bench) lay() error {
	if _, err := b.mage(nil, "patches:apply"); err != nil {
		return err
	}
	return os.Rename(filepath.Join(b.dir, "dist", benchFork, "src"), b.src)
}

func (b *bench) coldCross(cache string) (cost, error) {
	defer os.RemoveAll(cache)
	if err := os.RemoveAll(filepath.Join(b.dir, "dist")); err != nil {
		return cost{}, err
	}
	env := []string{"GOCACHE=" + cache}
	if _, err := b.mage(env, "forks"); err != nil { // compiles Slipway
		return cost{}, err
	}
	c, err := b.cost(b.dir, env, "go", "tool", "mage", "cross", "-components="+b.component)
	if err != nil {
		return c, err
	}
	return c, b.readFlags()
}

func (b *bench) coldBuild(cache string) (cost, error) {
	defer os.RemoveAll(cache)
	env, args := b.bare()
	return b.cost(b.src, append(env, "GOCACHE="+cache), args...)
}

func mostMemory(costs []cost) int64 {
	var out int64
	for _, c := range costs {
		out = max(out, c.largest)
	}
	return out
}

func each(costs []cost, of func(cost) time.Duration) []time.Duration {
	out := make([]time.Duration, len(costs))
	for i, c := range costs {
		out[i] = of(c)
	}
	return out
}
