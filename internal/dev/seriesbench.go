package dev

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-build/slipway/patches"
)

// benchPatches is how many patches the series has that is compared with git am.
const benchPatches = 200

// series compares applying many patches with git am, and fetching from a repository
// with git clone and git fetch.
func (b *bench) series() error {
	repo := filepath.Join(b.dir, "dist", "repo")
	if err := b.many(repo); err != nil {
		return err
	}
	mbox, err := os.ReadFile(filepath.Join(b.dir, "dist", "mbox"))
	if err != nil {
		return err
	}
	fork := filepath.Join(b.dir, "forks", benchFork)
	folder := filepath.Join(fork, "patches")
	if err := b.mailbox(folder, mbox); err != nil {
		return err
	}
	var names strings.Builder
	names.WriteString("0001-hyperkube.patch\n")
	for i, p := range strings.Split("\n"+string(mbox), "\nFrom ")[1:] {
		name := fmt.Sprintf("%04d-many.patch", i+2)
		names.WriteString(name + "\n")
		if err := os.WriteFile(filepath.Join(folder, name), []byte("From "+p+"\n"), 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "series"), []byte(names.String()), 0o644); err != nil {
		return err
	}
	var ours, am []time.Duration
	for range 3 {
		a, err := b.mage(nil, "patches:lock")
		if err != nil {
			return err
		}
		if _, err := b.git(repo, "reset", "-q", "--hard", "base"); err != nil {
			return err
		}
		c, err := b.git(repo, "am", "-q", filepath.Join(b.dir, "dist", "mbox"))
		if err != nil {
			return err
		}
		ours, am = append(ours, a), append(am, c)
	}
	row(fmt.Sprintf("%d patches: mage patches:lock beside git am", benchPatches), ours, am)
	if err := b.clone(repo); err != nil {
		return err
	}
	return b.history(repo)
}

// mailbox compares a series that is one mailbox with git am, and tells how long one
// of 10 MB takes to read.
func (b *bench) mailbox(folder string, mbox []byte) error {
	series := []byte("0001-hyperkube.patch\nmany.mbox\n")
	err := errors.Join(os.WriteFile(filepath.Join(folder, "many.mbox"), mbox, 0o644),
		os.WriteFile(filepath.Join(folder, "series"), series, 0o644))
	if err != nil {
		return err
	}
	repo := filepath.Join(b.dir, "dist", "repo")
	var ours, am, read []time.Duration
	large := patches.Patch{Name: "many.mbox", Strip: 1, Data: bytes.Repeat(mbox, 10<<20/len(mbox)+1)}
	for range 3 {
		a, err := b.mage(nil, "patches:lock")
		if err != nil {
			return err
		}
		if _, err := b.git(repo, "reset", "-q", "--hard", "base"); err != nil {
			return err
		}
		c, err := b.git(repo, "am", "-q", filepath.Join(b.dir, "dist", "mbox"))
		if err != nil {
			return err
		}
		start := time.Now()
		if _, err := patches.Parse(large); err != nil {
			return err
		}
		ours, am, read = append(ours, a), append(am, c), append(read, time.Since(start))
	}
	row(fmt.Sprintf("%d patches in a mailbox: mage patches:lock beside git am", benchPatches), ours, am)
	fmt.Printf("| reading a mailbox of 10 MB | %s | | |\n", spread(read))
	return os.Remove(filepath.Join(folder, "many.mbox"))
}

// many makes a repository of the patched tree with a commit a patch, and the
// mailbox of those.
func (b *bench) many(repo string) error {
	if err := os.Rename(b.src, repo); err != nil {
		return err
	}
	if _, err := b.git(repo, "reset", "-q", "--hard"); err != nil { // what was edited for other figures
		return err
	}
	if _, err := b.git(repo, "tag", "base"); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(repo, "pkg", "apis", "*", "types.go"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, fmt.Errorf("%s has no pkg/apis/*/types.go to patch", repo))
	}
	for i := range benchPatches {
		file := files[i%len(files)]
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		data = append(data, fmt.Sprintf("\n// Patched for the %d. time.\n", i)...)
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return err
		}
		if _, err := b.git(repo, "commit", "-q", "-a", "-m", fmt.Sprintf("patch %d", i)); err != nil {
			return err
		}
	}
	_, err = b.git(repo, "format-patch", "-q", "base", "--output="+filepath.Join(b.dir, "dist", "mbox"))
	return err
}

// clone compares a git upstream, fetched into an empty dist, with git clone.
func (b *bench) clone(repo string) error {
	project := filepath.Join(b.dir, "dist", "project")
	fork := filepath.Join(project, "forks", "k")
	head, err := os.ReadFile(filepath.Join(repo, ".git", "refs", "heads", "series"))
	if err != nil {
		return err
	}
	yaml := fmt.Appendf(nil, `name: kubernetes
version: 1.36.1+bench.1
upstream:
  git: %s
  commit: %s
build:
  components: [kubectl]
  platforms: [linux/amd64]
`, repo, strings.TrimSpace(string(head)))
	if err := os.MkdirAll(fork, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(fork, "fork.yaml"), yaml, 0o644); err != nil {
		return err
	}
	mage := filepath.Join(b.dir, "dist", "mage")
	if _, err := b.mage(nil, "-compile", mage); err != nil {
		return err
	}
	var ours, git []time.Duration
	for range 3 {
		for _, dir := range []string{filepath.Join(project, "dist"), filepath.Join(b.dir, "dist", "clone")} {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
		a, err := b.time(project, nil, mage, "patches:lock")
		if err != nil {
			return err
		}
		c, err := b.git(b.dir, "clone", "-q", "--depth=1", "file://"+repo, filepath.Join(b.dir, "dist", "clone"))
		if err != nil {
			return err
		}
		ours, git = append(ours, a), append(git, c)
	}
	row("a git upstream, cold: mage patches:lock beside git clone --depth 1", ours, git)
	return nil
}

// git runs git as somebody with a name.
func (b *bench) git(dir string, args ...string) (time.Duration, error) {
	who := []string{
		"GIT_AUTHOR_NAME=Bench", "GIT_AUTHOR_EMAIL=bench@example.org",
		"GIT_COMMITTER_NAME=Bench", "GIT_COMMITTER_EMAIL=bench@example.org",
	}
	return b.time(dir, who, append([]string{"git"}, args...)...)
}
