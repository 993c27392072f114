//go:build linux

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	image, host := t.TempDir(), t.TempDir()
	manifest := `{"name":"ship","version":"1.0","arch":"` + runtime.GOARCH + `",
		"files":[{"path":"/etc/ship","mode":493}],"units":{"mate":[]}}`
	if err := os.WriteFile(filepath.Join(image, "manifest.json"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(host, "var/lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	at := "-root=" + host
	for _, c := range []struct {
		args []string
		want string // of what is told
	}{
		{[]string{at, "-from=" + image, "-role=mate", "-dry-run"}, "make    /etc/ship/\n"},
		{[]string{"-uninstall", at, "-from=" + image}, "nothing is installed\n"},
		{[]string{at, "-from=" + image}, "ship 1.0 is installed as mate\n"},
		{[]string{"--status", at, "-from=" + image}, "2 of 2 files, links and folders are as they were installed\n"},
		{[]string{"-uninstall", at, "-from=" + image}, "remove  /etc/ship/ if it is empty\n"},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), c.args, &out); err != nil || !strings.Contains(out.String(), c.want) {
			t.Errorf("installer %q: %v\n%s\nwant %q", c.args, err, &out, c.want)
		}
	}
	for _, args := range [][]string{
		{"install"}, {"-status", "-role=mate"}, {"-uninstall", "-status"}, {at, "worker"}, {"-rot=/"},
	} {
		if err := run(t.Context(), args, &bytes.Buffer{}); !errors.Is(err, errUsage) {
			t.Errorf("installer %q = %v, want its usage", args, err)
		}
	}
	err := run(t.Context(), []string{"-root=" + filepath.Join(host, "none")}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "mount the host's root there") {
		t.Errorf("installer without a host: %v", err)
	}
}

func TestLock(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	unlock, err := lock(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(root); err == nil || !strings.Contains(err.Error(), "another installer works in") {
		t.Errorf("a second lock() = %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if unlock, err := lock(root); err != nil {
		t.Errorf("lock() after unlock() = %v", err)
	} else if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestFacts(t *testing.T) {
	f, err := facts(t.TempDir())
	name, nerr := os.Hostname()
	if err != nil || nerr != nil || f.Arch != runtime.GOARCH || f.Hostname != name ||
		f.Address != "" && !slices.Contains(f.Addresses, f.Address) {
		t.Errorf("facts() = %+v, %v", f, err)
	}
}
