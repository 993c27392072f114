//go:build linux

package lab

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/run"
)

// A container runs a machine under systemd-nspawn.
type container struct {
	m      *Machine
	leader int // the machine's first process, as this host sees it
}

func (c *container) prepare(context.Context) error { return c.m.lay(containerScript, "host0") }

func (c *container) command() (args, env []string) {
	return []string{"systemd-nspawn", "--quiet", "--directory=" + c.m.Root, "--register=no", "--keep-unit",
			"--network-bridge=br0", "--machine=" + c.m.Name, "--hostname=" + c.m.Name, "--resolv-conf=off",
			"--capability=all", "--boot"},
		[]string{"SYSTEMD_SECCOMP=0", "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network", "SYSTEMD_NSPAWN_TMPFS_TMP=0"}
}

func (c *container) patience() time.Duration { return 90 * time.Second }

func (c *container) ready(context.Context) bool {
	c.leader = c.first()
	return c.leader != 0
}

// first finds the machine's first process among those of its control groups: it is the first one of a process
// namespace right below ours.
func (c *container) first() int {
	own := len(numbers(os.Getpid()))
	for pid := range c.m.groups.processes() {
		if n := numbers(pid); len(n) == own+1 && n[own] == "1" {
			return pid
		}
	}
	return 0
}

// numbers returns those of a process in our process namespace and in each one below that it is in.
func numbers(pid int) []string {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "NSpid:"); ok {
			return strings.Fields(rest)
		}
	}
	return nil
}

func (c *container) try(ctx context.Context, args []string) (string, error) {
	var out bytes.Buffer
	enter := []string{"nsenter", "-t", strconv.Itoa(c.leader), "-a", "-r", "-w"}
	err := run.Runner{}.Run(ctx, run.Cmd{Args: append(enter, args...), Env: c.m.lab.env, Stdout: &out})
	return out.String(), err
}
