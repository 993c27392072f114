package fork

import (
	"slices"
	"testing"
	"time"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/source"
)

// pinnedTree is the upstream tree that wholeLock pins.
func pinnedTree() source.Tree {
	l := wholeLock()
	return source.Tree{Dir: filetree.Dir{Tree: someTree()}, Modules: l.Modules, Dropped: l.Dropped, Time: l.Time}
}

func TestCheckUpstream(t *testing.T) {
	none := filetree.Tree{}
	for name, c := range map[string]struct {
		edit func(*source.Tree)
		want string
	}{
		"as pinned":       {edit: func(*source.Tree) {}},
		"in another zone": {edit: func(u *source.Tree) { u.Time = u.Time.In(time.FixedZone("east", 3600)) }},
		"another time": {
			edit: func(u *source.Tree) { u.Time = u.Time.Add(time.Second) },
			want: "forks/ship/fork.lock:3: the upstream's time is pinned as 2026-02-03 04:05:06 +0000 UTC, " +
				"but it says 2026-02-03 04:05:07 +0000 UTC",
		},
		"another tree": {
			edit: func(u *source.Tree) { u.Tree = none },
			want: "forks/ship/fork.lock:7: the upstream tree is pinned as " + someTree().Digest() + ", but is " + none.Digest(),
		},
		"another module explains the tree": {
			edit: func(u *source.Tree) { u.Tree, u.Modules[1].Version = none, "v0.4.2" },
			want: "forks/ship/fork.lock:5: example.org/hull is not the pinned module\n" +
				"    expected  example.org/hull v0.4.1 " + sumB + "\n    found     example.org/hull v0.4.2 " + sumB,
		},
		"a module and the time": {
			edit: func(u *source.Tree) { u.Modules, u.Time = u.Modules[:1], u.Time.Add(time.Second) },
			want: "forks/ship/fork.lock:5: example.org/hull v0.4.1 is pinned, but could not be found\n" +
				"forks/ship/fork.lock:3: the upstream's time is pinned as 2026-02-03 04:05:06 +0000 UTC, " +
				"but it says 2026-02-03 04:05:07 +0000 UTC",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := pinnedTree()
			c.edit(&tree)
			stale(t, wholeFork().CheckUpstream(wholeLock(), tree), c.want)
		})
	}
}

func TestCompareModules(t *testing.T) {
	modules, dropped := wholeLock().Modules, wholeLock().Dropped
	rope := lock.Module{Place: "rope", Path: "example.com/rope", Version: "v1.2.3", Sum: sumA}
	resealed := modules[1]
	resealed.Sum = sumA
	for name, c := range map[string]struct {
		modules, dropped []lock.Module
		want             string
	}{
		"as pinned": {modules: modules, dropped: dropped},
		"one more": {
			modules: append(slices.Clone(modules), rope), dropped: dropped,
			want: "example.com/rope v1.2.3 at rope is part of the upstream, but forks/ship/fork.lock does not pin it",
		},
		"one less": {
			modules: modules[1:], dropped: dropped,
			want: "forks/ship/fork.lock:4: example.org/ship v1.4.1 is pinned, but could not be found",
		},
		"another sum": {
			modules: []lock.Module{modules[0], resealed}, dropped: dropped,
			want: "forks/ship/fork.lock:5: example.org/hull is not the pinned module\n" +
				"    expected  example.org/hull v0.4.1 " + sumB + "\n    found     example.org/hull v0.4.1 " + sumA,
		},
		"published since": {
			modules: modules,
			want:    "forks/ship/fork.lock:6: example.org/lantern v0.4.1 is dropped, but is not left out of the tree",
		},
		"another version is left out": {
			modules: modules, dropped: []lock.Module{{Place: dropped[0].Place, Path: dropped[0].Path, Version: "v0.9.0"}},
			want: "example.org/lantern v0.9.0 at lantern is left out of the tree, " +
				"but forks/ship/fork.lock does not say that it is dropped\n" +
				"forks/ship/fork.lock:6: example.org/lantern v0.4.1 is dropped, but is not left out of the tree",
		},
		"left out twice": {
			modules: modules, dropped: append(slices.Clone(dropped), dropped...),
			want: "forks/ship/fork.lock: the dropped modules are not in the order of the upstream, or not each once",
		},
		"published since, and in the tree": {
			modules: append(slices.Clone(modules), rope),
			want:    "example.com/rope v1.2.3 at rope is part of the upstream, but forks/ship/fork.lock does not pin it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := lines(wholeFork().compareModules(wholeLock(), c.modules, c.dropped)); got != c.want {
				t.Errorf("the faults are\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestCheckTree(t *testing.T) {
	f, l := wholeFork(), wholeLock()
	stale(t, f.CheckTree(l, l.Tree), "")
	stale(t, f.CheckTree(l, "sha256:"+sha256C),
		"forks/ship/fork.lock:11: the patched tree is pinned as sha256:"+sha256B+", but is sha256:"+sha256C)
}

func TestCheckGo(t *testing.T) {
	f, l := wholeFork(), wholeLock()
	stale(t, f.CheckGo(l, "1.24.0"), "")
	stale(t, f.CheckGo(l, "1.25.0"), "forks/ship/fork.lock:12: go is pinned as 1.24.0, but the tree says 1.25.0")
}

func TestCheckLock(t *testing.T) {
	const other = "sha256:" + sha256C
	for name, c := range map[string]struct {
		edit func(*lock.Lock)
		want string
	}{
		"the same": {edit: func(*lock.Lock) {}},
		"time": {
			edit: func(l *lock.Lock) { l.Time = l.Time.Add(time.Hour) },
			want: "forks/ship/fork.lock:3: time is pinned as 2026-02-03 04:05:06 +0000 UTC, " +
				"but is 2026-02-03 05:05:06 +0000 UTC",
		},
		"source": {
			edit: func(l *lock.Lock) { l.Source = other },
			want: "forks/ship/fork.lock:7: source is pinned as " + someTree().Digest() + ", but is " + other,
		},
		"tree": {
			edit: func(l *lock.Lock) { l.Tree = other },
			want: "forks/ship/fork.lock:11: tree is pinned as sha256:" + sha256B + ", but is " + other,
		},
		"go": {
			edit: func(l *lock.Lock) { l.Go = "1.25.0" },
			want: "forks/ship/fork.lock:12: go is pinned as 1.24.0, but is 1.25.0",
		},
		"a module, and all that follows from it": {
			edit: func(l *lock.Lock) { l.Modules, l.Source, l.Tree, l.Go = l.Modules[:1], other, other, "1.25.0" },
			want: "forks/ship/fork.lock:5: example.org/hull v0.4.1 is pinned, but could not be found",
		},
		"the source, and the tree that follows from it": {
			edit: func(l *lock.Lock) { l.Source, l.Tree = other, other },
			want: "forks/ship/fork.lock:7: source is pinned as " + someTree().Digest() + ", but is " + other,
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := wholeLock()
			c.edit(&now)
			stale(t, wholeFork().CheckLock(wholeLock(), now), c.want)
		})
	}
}
