package run

import (
	"os/exec"
	"runtime"
	"syscall"
)

// runGroup runs cmd in a new process group, which the kernel ends if this
// process is killed. That signal follows the thread that started cmd, so the
// thread is held until cmd has ended.
func runGroup(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	return cmd.Run()
}
