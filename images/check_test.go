package images

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/internal/dynlink"
)

// executable writes a minimal ELF executable for a machine, which is dynamically
// linked if it has a loader, and returns its path.
func executable(t *testing.T, machine elf.Machine, loader string) string {
	t.Helper()
	h := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Phoff: 64, Ehsize: 64, Phentsize: 56,
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB)
	h.Ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	if loader != "" {
		h.Phnum = 1
	}
	size := uint64(len(loader) + 1)
	interp := elf.Prog64{Type: uint32(elf.PT_INTERP), Off: 64 + 56, Filesz: size, Memsz: size}
	var data []byte
	for _, part := range []any{h, interp, append([]byte(loader), 0)} {
		var err error
		if data, err = binary.Append(data, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestCheck has a case for each rule: files that break it, and the message.
func TestCheck(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("this is no program"), 0o755); err != nil {
		t.Fatal(err)
	}
	static := executable(t, elf.EM_X86_64, "")
	dynamic := executable(t, elf.EM_X86_64, "/lib64/ld.so")
	missing := executable(t, elf.EM_X86_64, "/lib/ld-musl.so")
	arm := executable(t, elf.EM_AARCH64, "")
	// The base image has a loader, behind a link.
	base := []Entry{{Path: "/lib64", Target: "usr/lib64"}, {Path: "/usr/lib64/ld.so"}, {Path: "/bin/sh"}}
	none := []string(nil)
	for _, c := range []struct {
		name    string
		files   []File
		command []string
		want    []string // without "image ship: "; none if the files are right
	}{
		{"nothing", nil, none, nil},
		{"a file", []File{{Path: "/etc/ship", Data: []byte("north")}}, none, nil},
		{"a sticky dir", []File{{Path: "/tmp", Folder: true, Mode: 0o1777}}, none, nil},
		{"a set-group-ID dir", []File{{Path: "/srv", Folder: true, Mode: 0o2755}}, none, nil},
		{"a link into the base", []File{{Path: "/ld", Target: "/lib64/ld.so"}}, none, nil},
		{"a relative link", []File{{Path: "/a/b", Target: "../c"}, {Path: "/c"}}, none, nil},
		{"a link behind a link", []File{{Path: "/a", Target: "b"}, {Path: "/b", Target: "c"}, {Path: "/c"}}, none, nil},
		{"a static program", []File{{Path: "/captain", Source: static, Mode: 0o755}}, []string{"/captain"}, nil},
		{"a dynamic program", []File{{Path: "/captain", Source: dynamic, Mode: 0o755}}, []string{"/captain"}, nil},
		{"a program for a host", []File{{Path: "/captain", Source: missing, Mode: 0o755, Guest: true}}, none, nil},
		{"a command of the base", nil, []string{"/bin/sh", "-c", "true"}, nil},
		{"a command by a link", []File{{Path: "/a", Mode: 0o755}, {Path: "/b", Target: "a"}}, []string{"/b"}, nil},
		{"a name that is almost a secret", []File{{Path: "/etc/keys"}, {Path: "/a.key.pub"}, {Path: "/id_rsa.pub"}}, none,
			nil},
		{"a public key", []File{{Path: "/a.pem", Data: []byte("-----BEGIN PUBLIC KEY-----")}}, none, nil},

		{"a relative path", []File{{Path: "a"}}, none, []string{"a is not a clean absolute path"}},
		{"a path with ..", []File{{Path: "/a/../b"}}, none, []string{"/a/../b is not a clean absolute path"}},
		{"a path that ends in a slash", []File{{Path: "/a/"}}, none, []string{"/a/ is not a clean absolute path"}},
		{"set-user-ID", []File{{Path: "/su", Mode: 0o4755}}, none,
			[]string{"/su is set-user-ID or set-group-ID (mode 4755), which is not allowed in an image"}},
		{"set-group-ID", []File{{Path: "/wall", Mode: 0o2755}}, none,
			[]string{"/wall is set-user-ID or set-group-ID (mode 2755), which is not allowed in an image"}},
		{"a private key", []File{{Path: "/x", Data: []byte("-----BEGIN EC PRIVATE KEY-----")}}, none,
			[]string{"/x holds a private key"}},
		{"a link to nothing", []File{{Path: "/b", Target: "a"}}, none, []string{"/b leads to /a, which is missing"}},
		{"a link that leaves the root", []File{{Path: "/b", Target: "../../a"}}, none,
			[]string{"/b leads to /a, which is missing"}},
		{"a loop of links", []File{{Path: "/b", Target: "c"}, {Path: "/c", Target: "b"}}, none,
			[]string{"/b is a link that leads to itself", "/c is a link that leads to itself"}},
		{"a text as a program", []File{{Path: "/text", Source: text, Mode: 0o755}}, none,
			[]string{"/text is not a Linux executable: bad magic number '[116 104 105 115]' in record at byte 0x0"}},
		{"another architecture", []File{{Path: "/captain", Source: arm, Mode: 0o755}}, none,
			[]string{"/captain is built for EM_AARCH64, not for amd64"}},
		{"no loader", []File{{Path: "/captain", Source: missing, Mode: 0o755}}, none,
			[]string{"/captain is dynamically linked and needs /lib/ld-musl.so, which is missing: " +
				"set images.base in fork.yaml to an image with its libraries"}},
		{"a command that is missing", []File{{Path: "/b"}}, []string{"/a"}, []string{"it cannot start /a: /a is missing"}},
		{"a command that leads nowhere", []File{{Path: "/a", Target: "b"}}, []string{"/a"},
			[]string{"/a leads to /b, which is missing", "it cannot start /a: /a leads to /b, which is missing"}},
		{"a command that is a text", []File{{Path: "/a", Mode: 0o644}}, []string{"/a"},
			[]string{"it cannot start /a: it is not executable"}},
		{"two faults", []File{{Path: "b"}, {Path: "/x.key"}}, none, []string{"b is not a clean absolute path",
			"/x.key looks like a secret, and everybody who pulls an image can read it"}},
	} {
		var want string
		for i, w := range c.want {
			want += "\n"[:min(i, 1)] + "image ship: " + w
		}
		var got string
		if err := Check("ship", "amd64", Base{Files: base}, c.files, c.command); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: Check() =\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

// TestCheckSecrets has the names of files that an image must not hold.
func TestCheckSecrets(t *testing.T) {
	for _, name := range []string{
		"/home/mate/.ssh/id_rsa", "/id_ecdsa", "/id_ed25519", "/etc/pki/ca.key", "/etc/CA.KEY", "/store.p12", "/store.pfx",
		"/pass.kdbx", "/home/mate/.netrc", "/home/mate/.npmrc", "/.pgpass", "/home/mate/.docker/config.json", "/.dockercfg",
		"/etc/kubernetes/kubeconfig", "/home/mate/credentials", "/home/mate/credentials.json",
	} {
		err := Check("ship", "amd64", Base{}, []File{{Path: name}}, nil)
		want := "image ship: " + name + " looks like a secret, and everybody who pulls an image can read it"
		if err == nil || err.Error() != want {
			t.Errorf("Check() = %v, want %s", err, want)
		}
	}
}

// TestCheckMachines holds that a program of each architecture that Go has for Linux
// is taken for its own, and for no other.
func TestCheckMachines(t *testing.T) {
	for arch := range triplets {
		program := executable(t, dynlink.Machine(arch), "")
		for other := range triplets {
			err := Check("ship", other, Base{}, []File{{Path: "/captain", Source: program, Mode: 0o755}}, nil)
			if (err == nil) != (arch == other) {
				t.Errorf("a program for %s in an image for %s: %v", arch, other, err)
			}
		}
	}
	err := Check("ship", "amd64", Base{}, []File{{Path: "/captain", Source: "/none/such", Mode: 0o755}}, nil)
	const want = "image ship: /captain is not a Linux executable: open /none/such: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("a program that is missing: %v, want %s", err, want)
	}
}
