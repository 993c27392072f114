package packaging

import "testing"

// TestFamilies holds what differs between families; - is for what a family does
// not know by another name.
func TestFamilies(t *testing.T) {
	for _, c := range []struct {
		what                   string
		of                     func(Family) string
		debian, fedora, gentoo string
	}{
		{"its name", func(f Family) string { return f.Name }, "debian", "fedora", "gentoo"},
		{"options", func(f Family) string { return f.Options }, "/etc/default", "/etc/sysconfig", "/etc/default"},
		{"bash", completion("bash"), "/usr/share/bash-completion/completions/%s", "/usr/share/bash-completion/completions/%s",
			"/usr/share/bash-completion/completions/%s"},
		{"zsh", completion("zsh"), "/usr/share/zsh/vendor-completions/_%s", "/usr/share/zsh/site-functions/_%s",
			"/usr/share/zsh/site-functions/_%s"},
		{"fish", completion("fish"), "/usr/share/fish/vendor_completions.d/%s.fish",
			"/usr/share/fish/vendor_completions.d/%s.fish",
			"/usr/share/fish/vendor_completions.d/%s.fish"},
		{"the C library", func(f Family) string { return f.Libraries["libc.so.6"] }, "libc6", "glibc", "libc6"},
		{"the C library of arm64", func(f Family) string { return f.Libraries["ld-linux-aarch64.so.1"] }, "libc6", "glibc",
			"libc6"},
		{"libseccomp", func(f Family) string { return f.Libraries["libseccomp.so.2"] }, "libseccomp2", "libseccomp",
			"sys-libs/libseccomp"},
		{"runc", called("runc"), "-", "-", "app-containers/runc"},
		{"conntrack", called("conntrack"), "-", "conntrack-tools", "net-firewall/conntrack-tools"},
		{"mount", called("mount"), "-", "", ""},
		{"util-linux", called("util-linux"), "", "-", "sys-apps/util-linux"},
		{"iptables", called("iptables"), "-", "-", "net-firewall/iptables"},
		{"libc6", called("libc6"), "-", "-", ""},
	} {
		for want, family := range map[*string]Family{&c.debian: Debian(), &c.fedora: Fedora(), &c.gentoo: Gentoo()} {
			if got := c.of(family); got != *want {
				t.Errorf("%s of %s is %q, want %q", c.what, family.Name, got, *want)
			}
		}
	}
}

func completion(shell string) func(Family) string {
	return func(f Family) string { return f.Completions[shell] }
}

func called(name string) func(Family) string {
	return func(f Family) string {
		if to, ok := f.Names[name]; ok {
			return to
		}
		return "-"
	}
}
