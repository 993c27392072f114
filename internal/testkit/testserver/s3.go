package testserver

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
)

// What the gateway of S3 knows.
const (
	S3ID     = "mate"
	S3Secret = "anchor"
)

// S3 starts versitygw, a server of S3 on a folder, and returns its URL.
func S3(t testing.TB) string {
	t.Helper()
	program := versitygw(t)
	dir := t.TempDir()
	for _, name := range []string{"objects", "users"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	address := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	start(t, filepath.Join(dir, "log"), program, "--port", address, "--access", S3ID, "--secret", S3Secret,
		"--iam-dir", filepath.Join(dir, "users"), "posix", filepath.Join(dir, "objects"))
	for begun := time.Now(); time.Since(begun) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return "http://" + address
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	t.Fatalf("versitygw does not answer\n%s", log)
	return ""
}

// versitygw returns the program: the one on PATH, or, under CI, one that is compiled, which takes
// minutes unless Go's build cache has it.
func versitygw(t testing.TB) string {
	t.Helper()
	if program, err := exec.LookPath("versitygw"); err == nil {
		return program
	}
	if os.Getenv("CI") == "" {
		t.Skip("versitygw is not on PATH")
	}
	module := filepath.Join(testkit.ModuleDir(t, "github.com/slipway-build/slipway"), "internal", "dev", "versitygw")
	out, err := exec.Command("go", "-C", module, "tool", "-n", "versitygw").Output()
	if err != nil {
		t.Fatalf("compiling versitygw: %v", err)
	}
	return strings.TrimSpace(string(out))
}
