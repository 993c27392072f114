//go:build !linux

package run

import (
	"os/exec"
	"syscall"
)

// runGroup runs cmd in a new process group.
func runGroup(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd.Run()
}
