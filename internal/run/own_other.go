//go:build !linux

package run

import (
	"os/exec"
	"syscall"
)

// own runs cmd in a process group of its own.
func own(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd.Run()
}
