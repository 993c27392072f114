package run

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// runGroup runs cmd in a new process group, which the kernel ends if this
// process is killed. That signal follows the thread that started cmd, so the
// thread is held until cmd has ended.
func runGroup(cmd *exec.Cmd, user int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if user != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getgid(), Size: 1}}
	}
	return cmd.Run()
}
