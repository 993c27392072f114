package testkit

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What the gateway of S3 knows.
const (
	S3ID     = "mate"
	S3Secret = "anchor"
)

// S3 starts versitygw, a server of S3 on a folder, and returns its URL.
func S3(t testing.TB) string {
	t.Helper()
	Need(t, "versitygw")
	dir := t.TempDir()
	for _, name := range []string{"objects", "users"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	address := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	start(t, filepath.Join(dir, "log"), "versitygw", "--port", address, "--access", S3ID, "--secret", S3Secret,
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
