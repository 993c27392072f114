package testserver

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
)

// An SSHD is a server for ssh on this machine, which lets in the user who runs it.
type SSHD struct {
	Address string // host and port
	Path    string // PATH with an ssh before all others that knows the server and has a key for it
}

// Sshd starts a server that ends with the test. What it runs has these variables besides.
func Sshd(t testing.TB, env ...string) SSHD {
	t.Helper()
	for _, tool := range []string{"ssh", "ssh-keygen"} {
		testkit.Need(t, tool)
	}
	daemon := "/usr/sbin/sshd" // which wants its whole path
	if _, err := os.Stat(daemon); err != nil {
		testkit.Need(t, "sshd")
		daemon, _ = exec.LookPath("sshd")
	}
	dir := t.TempDir()
	for _, key := range []string{"host", "user"} {
		keygen := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key))
		if out, err := keygen.CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
	}
	port := strconv.Itoa(FreePort(t))
	address := net.JoinHostPort("127.0.0.1", port)
	configure(t, dir, port, env)
	server := exec.Command(daemon, "-D", "-e", "-f", filepath.Join(dir, "sshd_config"))
	server.Stderr = t.Output()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	await(t, address)
	return SSHD{Address: address, Path: filepath.Join(dir, "bin") + string(filepath.ListSeparator) + testkit.Path()}
}

// await waits for a server.
func await(t testing.TB, address string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("sshd does not answer: %v", err)
		}
	}
}

// configure writes the settings of a server and of its client.
func configure(t testing.TB, dir, port string, env []string) {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if me.Uid == "0" {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // where it locks up those who have not logged in
			t.Fatal(err)
		}
	}
	host, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		// With SHLVL, bash reads no settings of the user's.
		"sshd_config": fmt.Sprintf("ListenAddress 127.0.0.1:%s\nHostKey %s/host\nAuthorizedKeysFile %s/user.pub\n"+
			"PidFile none\nUsePAM no\nStrictModes no\n"+
			"PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"+
			"MaxStartups 100\nSetEnv SHLVL=2 %s\n", port, dir, dir, strings.Join(env, " ")),
		"ssh_config": fmt.Sprintf("User %s\nIdentityFile %s/user\nIdentitiesOnly yes\nUserKnownHostsFile %s/known\n"+
			"GlobalKnownHostsFile none\nStrictHostKeyChecking yes\n", me.Username, dir, dir),
		"known":   fmt.Sprintf("[127.0.0.1]:%s %s", port, host),
		"bin/ssh": fmt.Sprintf("#!/bin/sh\nexec %s -F %s/ssh_config \"$@\"\n", client, dir),
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
