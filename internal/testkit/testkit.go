// Package testkit helps the tests of several packages: it finds tools, runs git and
// compares faults.
package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/config"
)

// Need skips a test whose tool is not on PATH, or fails it under CI, where all
// tools have to be.
func Need(t testing.TB, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not on PATH", tool)
	}
	t.Skipf("%s is not on PATH", tool)
}

// Path is where tests find tools.
func Path() string { return os.Getenv("PATH") }

// GitEnv is the environment of somebody whose git has no settings but those in
// home, and who commits at a fixed time.
func GitEnv(home string) []string {
	return []string{
		"PATH=" + Path(), "HOME=" + home, "LC_ALL=C", "TZ=UTC", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Mate", "GIT_AUTHOR_EMAIL=mate@example.org", "GIT_AUTHOR_DATE=2026-02-03T04:05:06Z",
		"GIT_COMMITTER_NAME=Mate", "GIT_COMMITTER_EMAIL=mate@example.org", "GIT_COMMITTER_DATE=2026-02-03T04:05:07Z",
	}
}

// TryGit runs git in dir, out of reach of the user's settings, and returns what it
// printed.
func TryGit(t testing.TB, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(GitEnv(dir), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Git is TryGit, and fails the test where git fails.
func Git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := TryGit(t, dir, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Faults checks that faults are those of want, each FIELD: and a part of the message.
func Faults(t testing.TB, name string, got []config.Fault, want ...string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		field, message, _ := strings.Cut(want[i], ": ")
		ok = got[i].Field == field && strings.Contains(got[i].Message, message)
	}
	if !ok {
		t.Errorf("%s: the faults are %q, want %q", name, got, want)
	}
}
