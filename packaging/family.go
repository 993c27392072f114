package packaging

// A Family is what related distributions have in common.
type Family struct {
	Name    string
	Options string // folder of the files with a service's options
	// Completions maps a shell to the file with a program's completions, where %s
	// is the program.
	Completions map[string]string
	// Sysusers is the dependency of packages that create users.
	Sysusers Relation
	// Names maps a package's name in Debian to the family's, if that differs, or to "" if the
	// family needs no such package.
	Names map[string]string
	// Alternatives reports whether a relation can name alternatives. Otherwise it
	// names the first of them.
	Alternatives bool
	// Portable reports whether a package's files besides its programs serve all
	// architectures, so that there are no images among them.
	Portable bool
	// Libraries maps each shared library that a program may be linked with to the
	// package that has it.
	Libraries map[string]string
}

// Debian returns the family of Debian and Ubuntu.
func Debian() Family {
	return Family{
		Name: "debian", Options: "/etc/default", Alternatives: true,
		Completions: completions("/usr/share/zsh/vendor-completions/_%s"),
		Sysusers:    "systemd | systemd-standalone-sysusers",
		Names:       map[string]string{"util-linux": ""}, // every system has it
		Libraries:   libraries("libc6"),
	}
}

// Fedora returns the family of Fedora, RHEL and similar distributions.
func Fedora() Family {
	return Family{
		Name: "fedora", Options: "/etc/sysconfig",
		Completions: completions("/usr/share/zsh/site-functions/_%s"),
		Sysusers:    "systemd",
		Names: map[string]string{
			"conntrack": "conntrack-tools", "iproute2": "iproute", "mount": "", "nfs-common": "nfs-utils",
			"etcd-server": "", "etcd-client": "", "kubernetes-client": "",
		},
		Libraries: libraries("glibc"),
	}
}

// Gentoo returns Gentoo, whose packages are named with their category.
func Gentoo() Family {
	return Family{
		Name: "gentoo", Options: "/etc/default", Alternatives: true, Portable: true,
		Completions: completions("/usr/share/zsh/site-functions/_%s"),
		Sysusers:    "systemd", Libraries: libraries("libc6"),
		Names: map[string]string{
			"conntrack": "net-firewall/conntrack-tools", "containernetworking-plugins": "app-containers/cni-plugins",
			"ethtool": "sys-apps/ethtool", "iproute2": "sys-apps/iproute2", "iptables": "net-firewall/iptables", "mount": "",
			"nftables": "net-firewall/nftables", "kubernetes-cni": "app-containers/cni-plugins", "socat": "net-misc/socat",
			"openssl":    "dev-libs/openssl",
			"util-linux": "sys-apps/util-linux",
			// Which runtime, and where etcd runs, is the operator's choice.
			"containerd": "", "cri-o": "", "docker.io": "", "etcd": "",
			"etcd-server": "", "etcd-client": "", "kubernetes-client": "",
			// Accounts are separate packages, and every system has the library.
			"systemd": "", "libc6": "",
		},
	}
}

// libraries maps the C library, which is all that a program with cgo may need of a
// host, to its package.
func libraries(libc string) map[string]string {
	out := map[string]string{}
	for _, name := range []string{
		"libc.so.6", "libpthread.so.0", "libdl.so.2", "libm.so.6", "libresolv.so.2", "librt.so.1", "libutil.so.1",
		"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld-linux-armhf.so.3", "ld-linux.so.2", "ld64.so.1", "ld64.so.2",
		"ld-linux-riscv64-lp64d.so.1", "ld-linux-loongarch-lp64d.so.1",
	} {
		out[name] = libc
	}
	return out
}

// completions maps shells to where they look for completions. Only zsh's differs
// between families.
func completions(zsh string) map[string]string {
	return map[string]string{
		"bash": "/usr/share/bash-completion/completions/%s",
		"fish": "/usr/share/fish/vendor_completions.d/%s.fish",
		"zsh":  zsh,
	}
}
