package gitrepo

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
)

// environment returns what a command is told of its surroundings: which
// repository it works in, and, unless it connects to another one, nothing of how
// the user has set up git.
func (g Git) environment(c call) run.Env {
	env := g.Env.Without(unheard)
	if c.connects {
		env = g.Env.Without(steersRepository)
	} else {
		// Git before 2.32 knows no GIT_CONFIG_GLOBAL, and looks below HOME.
		env = env.With("GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_ATTR_NOSYSTEM=1",
			"HOME="+os.DevNull, "XDG_CONFIG_HOME="+os.DevNull)
	}
	env = env.With("GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "GIT_DEFAULT_HASH=sha1", "GIT_DEFAULT_REF_FORMAT=files")
	return env.With(whichRepository(c.dir)...)
}

// whichRepository names the repository in dir. Git that has to look for it asks
// whether it belongs to this user, and whether it may be a bare one; and where
// there is none it finds that of a folder above.
func whichRepository(dir string) []string {
	if dotGit := filepath.Join(dir, ".git"); exists(dotGit) {
		return []string{"GIT_DIR=" + dotGit, "GIT_WORK_TREE=" + dir}
	}
	if exists(filepath.Join(dir, "HEAD")) {
		return []string{"GIT_DIR=" + dir}
	}
	return []string{"GIT_CEILING_DIRECTORIES=" + filepath.Dir(dir)}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// unheard reports whether a variable steers git, wherever it works.
func unheard(key string) bool {
	return strings.HasPrefix(key, "GIT_") && key != "GIT_EXEC_PATH"
}

// steersRepository reports whether a variable points git at another repository, or
// changes what it makes of this one.
func steersRepository(key string) bool {
	switch key {
	case "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_NAMESPACE",
		"GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_DEFAULT_HASH", "GIT_DEFAULT_REF_FORMAT", "GIT_TEMPLATE_DIR":
		return true
	}
	return false
}
