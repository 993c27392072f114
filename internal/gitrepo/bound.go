package gitrepo

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// What a project keeps of the repositories that it fetched from: those last used,
// up to a number and a size in all. What is built has no need of them: trees and
// carried commits are kept by themselves.
const (
	keptRemotes = 8
	keptBytes   = 8 << 30
	keptPacks   = 50 // of one repository, until they become one
)

// use notes that the repository is used now.
func (r *Remote) use() error { return os.WriteFile(filepath.Join(r.dir, "used"), []byte("\n"), 0o644) }

// packs returns the files that hold what was fetched to dir.
func packs(dir string) []string {
	names, _ := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack")) // the pattern is right
	return names
}

// repack makes one pack of many, with nothing in it twice. Each fetch adds one, and
// nothing here is reachable from a ref, so that git's own upkeep would drop it.
func (r *Remote) repack(ctx context.Context) error {
	if len(packs(r.dir)) < keptPacks {
		return nil
	}
	_, err := r.git.output(ctx, r.dir, "-c", "repack.writeBitmaps=false", "repack", "-a", "-d", "-k", "-q")
	return err
}

// Surplus returns the repositories below dir, a folder of Remotes, that are more
// than a project keeps.
func Surplus(dir string) []string { return surplus(dir, keptRemotes, keptBytes) }

func surplus(dir string, most int, size int64) []string {
	names, _ := filepath.Glob(filepath.Join(dir, "*", "HEAD"))
	used := map[string]time.Time{}
	for i, name := range names {
		names[i] = filepath.Dir(name)
		if info, err := os.Stat(filepath.Join(names[i], "used")); err == nil {
			used[names[i]] = info.ModTime()
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return used[b].Compare(used[a]) })
	var out []string
	kept := 0
	for _, name := range names {
		n := int64(0)
		for _, pack := range packs(name) {
			if info, err := os.Stat(pack); err == nil {
				n += info.Size()
			}
		}
		if kept == most || n > size {
			out = append(out, name)
			continue
		}
		kept, size = kept+1, size-n
	}
	return out
}
