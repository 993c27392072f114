package deb

// scripts are the templates of the maintainer scripts, by Debian's policy,
// chapter 6, and by what deb-systemd-helper(1p), deb-systemd-invoke(1p) and
// dpkg-maintscript-helper(1) say of their use. Services are enabled, unless the
// administrator or a preset says otherwise, and not started: they need
// certificates first. {{.}} writes a value as one word of the shell.
var scripts = map[string]string{
	"preinst": `
{{- range .Retired}}
dpkg-maintscript-helper rm_conffile {{.}} -- "$@"
{{- end}}`,
	"postinst": `
{{- range .Retired}}
dpkg-maintscript-helper rm_conffile {{.}} -- "$@"
{{- end}}
{{- range .Retired}}
if [ "$1" = configure ] && [ -e {{.}} ] && ! dpkg-query -S {{.}} >/dev/null 2>&1; then
	mv -f {{.}} {{.}}.dpkg-bak
fi
{{- end}}
{{- if or .Sysusers .Tmpfiles .HasUnits}}
case "$1" in
configure|abort-upgrade|abort-deconfigure|abort-remove)
{{- with .Sysusers}}
	systemd-sysusers ${DPKG_ROOT:+--root="$DPKG_ROOT"}{{range .}} {{.}}{{end}}
{{- end}}
{{- with .Tmpfiles}}
	if command -v systemd-tmpfiles >/dev/null; then
		systemd-tmpfiles ${DPKG_ROOT:+--root="$DPKG_ROOT"} --create{{range .}} {{.}}{{end}} || true
	fi
{{- end}}
{{- range .Units}}
	deb-systemd-helper unmask {{.}} >/dev/null || true
	if deb-systemd-helper --quiet was-enabled {{.}}; then
		deb-systemd-helper enable {{.}} >/dev/null || true
	else
		deb-systemd-helper update-state {{.}} >/dev/null || true
	fi
{{- end}}
{{- if .HasUnits}}
	if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
		systemctl --system daemon-reload >/dev/null || true
{{- with .Restart}}
		if [ -n "$2" ]; then
			deb-systemd-invoke try-restart{{range .}} {{.}}{{end}} >/dev/null || true
		fi
{{- end}}
	fi
{{- end}}
	;;
esac
{{- end}}`,
	"prerm": `
{{- range .Retired}}
dpkg-maintscript-helper rm_conffile {{.}} -- "$@"
{{- end}}
{{- with .Units}}
if [ -z "${DPKG_ROOT:-}" ] && [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	deb-systemd-invoke stop{{range .}} {{.}}{{end}} >/dev/null || true
fi
{{- end}}`,
	"postrm": `
{{- range .Retired}}
dpkg-maintscript-helper rm_conffile {{.}} -- "$@"
{{- end}}
{{- if .HasUnits}}
if [ -z "${DPKG_ROOT:-}" ] && [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	systemctl --system daemon-reload >/dev/null || true
fi
{{- end}}
{{- if or .Units .State}}
if [ "$1" = purge ]; then
{{- with .Units}}
	if command -v deb-systemd-helper >/dev/null; then
		deb-systemd-helper purge{{range .}} {{.}}{{end}} >/dev/null || true
	fi
{{- end}}
{{- range .State}}
	rm -rf "${DPKG_ROOT:-}{{.Inside}}"
{{- end}}
fi
{{- end}}`,
}
