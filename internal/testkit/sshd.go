package testkit

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An SSHD is a server for ssh on this machine, which lets in the user who runs it.
type SSHD struct {
	Address string // host and port
	Path    string // PATH with an ssh before all others that knows the server and has a key for it
}

// Sshd starts a server that ends with the test.
func Sshd(t testing.TB) SSHD {
	t.Helper()
	for _, tool := range []string{"ssh", "ssh-keygen"} {
		Need(t, tool)
	}
	daemon := "/usr/sbin/sshd" // which wants its whole path
	if _, err := os.Stat(daemon); err != nil {
		Need(t, "sshd")
		daemon, _ = exec.LookPath("sshd")
	}
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	port := address[strings.LastIndex(address, ":")+1:]
	for _, key := range []string{"host", "user"} {
		file := filepath.Join(dir, key)
		out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file).CombinedOutput()
		if err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
	}
	configure(t, dir, port)
	server := exec.Command(daemon, "-D", "-e", "-f", filepath.Join(dir, "sshd_config"))
	log := filepath.Join(dir, "log")
	if server.Stderr, err = os.Create(log); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return SSHD{Address: address, Path: filepath.Join(dir, "bin") + string(filepath.ListSeparator) + Path()}
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(log)
			t.Fatalf("sshd does not answer: %v\n%s", err, said)
		}
	}
}

// configure writes the settings of a server and of its client.
func configure(t testing.TB, dir, port string) {
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
		"sshd_config": fmt.Sprintf("ListenAddress 127.0.0.1:%s\nHostKey %s/host\nAuthorizedKeysFile %s/user.pub\nPidFile none\n"+
			"UsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"+
			"MaxStartups 100\nSetEnv SHLVL=2\n", port, dir, dir), // so that bash does not read the user's settings
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
