//go:build !linux

package run

import (
	"errors"
	"os/exec"
	"syscall"
)

// runGroup runs cmd in a new process group.
func runGroup(cmd *exec.Cmd, user int) error {
	if user != 0 {
		return errors.New("only Linux can run a process as if by another user")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd.Run()
}
