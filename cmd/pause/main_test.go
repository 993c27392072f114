package main

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test program be pause.
func TestMain(m *testing.M) {
	if os.Getenv("PAUSE") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestPause(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "PAUSE=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		time.Sleep(200 * time.Millisecond) // to see that it stays, and to let it wait for signals
		_ = cmd.Process.Signal(syscall.SIGCHLD)
		select {
		case err := <-ended:
			t.Fatalf("it ended before it was told to: %v", err)
		case <-time.After(200 * time.Millisecond):
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("told to end by %v, it says %v", s, err)
		}
	}
}
