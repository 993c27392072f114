// Package testserver starts servers for tests: a registry, sshd, S3 and Swift. It is apart from testkit
// since it links what speaks to networks, which makes a test a program with shared libraries.
package testserver

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
)

// DockerRegistry starts Docker's registry in dir, with what else its configuration has, by a
// command of which its own is the end. It returns its host, the file of its log, and its process.
func DockerRegistry(t testing.TB, dir, config string, command ...string) (host, log string, pid int) {
	t.Helper()
	testkit.Need(t, "docker-registry")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host = free.Addr().String()
	free.Close()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "config.yml")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	text := fmt.Appendf(nil, `version: 0.1
log: {accesslog: {disabled: false}, level: info}
storage: {filesystem: {rootdirectory: %s}}
http:
  addr: "%s"
%s`, data, host, config)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	log = filepath.Join(dir, "log")
	cmd := logged(t, dir, log, append(command, "docker-registry", "serve", file))
	for range 200 {
		if conn, err := net.Dial("tcp", host); err == nil {
			conn.Close()
			return host, log, cmd.Process.Pid
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("docker-registry does not listen")
	return
}

// logged starts a command in dir that runs until the test ends; one that fails shows the log.
func logged(t testing.TB, dir, log string, command []string) *exec.Cmd {
	t.Helper()
	out, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		out.Close()
		if data, err := os.ReadFile(log); t.Failed() && err == nil {
			t.Logf("%s says:\n%s", filepath.Base(command[0]), data)
		}
	})
	return cmd
}
