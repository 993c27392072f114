package provenance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
)

// ReadCheckout returns the commit that the project in dir is checked out at. It returns none
// where the project is in no git repository, where the repository has no commit, and where a
// file of the project is not as the commit has it, dist left out. Where git cannot answer,
// that is an error.
func ReadCheckout(ctx context.Context, r run.Runner, env run.Env, dir string) (Checkout, error) {
	if inside, err := inRepository(dir); err != nil || !inside {
		return Checkout{}, err
	}
	env = env.Without(func(key string) bool { // a hook's, which name another repository
		return strings.HasPrefix(key, "GIT_") && !strings.HasPrefix(key, "GIT_CONFIG") && key != "GIT_EXEC_PATH"
	}).With("LC_ALL=C", "GIT_OPTIONAL_LOCKS=0")
	git := func(args ...string) (string, error) {
		out, err := r.Output(ctx, run.Cmd{Args: append([]string{"git"}, args...), Dir: dir, Env: env})
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "--verify", "--quiet", "HEAD")
	if run.ExitCode(err) == 1 {
		return Checkout{}, nil // nothing was committed yet
	}
	if err != nil {
		return Checkout{}, fmt.Errorf("asking git for the project's commit: %w", err)
	}
	changes, err := git("status", "--porcelain", "--untracked-files=all", "--", ".", ":(exclude)dist")
	if err != nil || changes != "" {
		return Checkout{}, err
	}
	remote, err := git("config", "--get", "remote.origin.url")
	if err != nil && run.ExitCode(err) != 1 { // 1 says that it is not set
		return Checkout{}, err
	}
	return Checkout{URL: public(remote), Commit: commit}, nil
}

// inRepository reports whether a folder is in the work tree of a repository.
func inRepository(dir string) (bool, error) {
	dir, err := filepath.Abs(dir)
	for ; err == nil; dir = filepath.Dir(dir) {
		_, err = os.Lstat(filepath.Join(dir, ".git"))
		if err == nil {
			return true, nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if dir == filepath.Dir(dir) {
			return false, err
		}
	}
	return false, err
}

var remotes = regexp.MustCompile(`^((https?|ssh|git)://|[^/:]+@[^/:]+:)`)

// public returns the URL of a remote, but not a path of this machine.
func public(remote string) string {
	if !remotes.MatchString(remote) {
		return ""
	}
	return withoutUser(remote)
}
