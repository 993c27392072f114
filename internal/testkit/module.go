package testkit

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// ModuleDir returns the folder of a module: PATH, of the version that go.mod has, or
// PATH@VERSION, which is downloaded. It skips a test where there is none, or fails it
// under CI.
func ModuleDir(t testing.TB, module string) string {
	t.Helper()
	args := []string{"list", "-m", "-json", module}
	if strings.Contains(module, "@") {
		args = []string{"mod", "download", "-json", module}
	}
	out, err := exec.Command("go", args...).Output()
	var found struct{ Dir, Error string }
	if json.Unmarshal(out, &found) == nil && found.Dir != "" {
		return found.Dir
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("go %s: %v: %s", strings.Join(args, " "), err, found.Error)
	}
	t.Skipf("go %s: %v: %s", strings.Join(args, " "), err, found.Error)
	return ""
}
