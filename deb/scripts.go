package deb

// templates are those of the maintainer scripts, by Debian's policy, chapter 6, and by
// what deb-systemd-helper(1p), deb-systemd-invoke(1p) and dpkg-maintscript-helper(1)
// say of their use. Services are enabled, unless the administrator or a preset says
// otherwise, and not started: they need certificates first. {{.}} writes a value as one
// word of the shell.
//
// A question that fails is no answer: a file that a package may own and a folder that
// something may be mounted in are left, and that is said.
var templates = map[string]string{
	"preinst": `
{{- range .Retired}}
dpkg-maintscript-helper rm_conffile {{.}} -- "$@"
{{- end}}`,
	"postinst": `
{{- range .Retired}}
dpkg-maintscript-helper rm_conffile {{.}} -- "$@"
{{- end}}
{{- if .Retired}}` + retire + `
if [ "$1" = configure ]; then
{{- range .Retired}}
	retire {{.}} {{.Pattern}}
{{- end}}
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
			deb-systemd-invoke try-restart{{range .}} {{.Running}}{{end}} >/dev/null || true
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
{{- with .Stopped}}
if [ -z "${DPKG_ROOT:-}" ] && [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	deb-systemd-invoke stop{{range .}} {{.Running}}{{end}} >/dev/null || true
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
{{- if .State}}` + purge + `
{{- end}}
{{- if or .Units .State}}
if [ "$1" = purge ]; then
{{- with .Units}}
	if command -v deb-systemd-helper >/dev/null; then
		deb-systemd-helper purge{{range .}} {{.}}{{end}} >/dev/null || true
	fi
{{- end}}
{{- range .State}}
	purge {{.}}
{{- end}}
fi
{{- end}}`,
}

// retire renames a file of an earlier package unless a package owns it. Its arguments
// are the file, and the pattern that dpkg-query matches it by. dpkg-query exits with 1
// also where it has no database, which then does not have this package, either. A link
// is no earlier package's file, but the administrator's, as one that masks a unit is.
const retire = `
retire() {
	file=${DPKG_ROOT:-}$1
	if [ ! -f "$file" ] || [ -L "$file" ]; then
		return 0
	fi
	owned=0
	dpkg-query -W {{.Name}} >/dev/null 2>&1 || owned=2
	[ "$owned" = 2 ] || dpkg-query -S "$2" >/dev/null 2>&1 || owned=$?
	case $owned in
	0) ;;
	1) mv -fT --backup=numbered "$file" "$file.dpkg-bak" ;;
	*) printf '%s: left %s: dpkg-query cannot tell who owns it\n' {{.Name}} "$file" >&2 ;;
	esac
}`

// purge removes a state folder, except for what is mounted on it or below it: volumes
// are not the package's. The kernel's list of mounts is asked because a bind mount
// looks like a folder to rm, also to its --one-file-system. That keeps rm out of what
// is mounted meanwhile. A program's folder of /usr/libexec goes, too, once it is empty:
// dpkg could not remove it before. The list has blanks and backslashes of paths as octal numbers.
const purge = `
left() {
	printf '%s: left %s: %s\n' {{.Name}} "$1" "$2" >&2
}
mounted() {
	printf '%s\n' "$mounts" | {
		while read -r _ _ _ _ point _; do
			case $point in
			*\\*) point=$(printf '%b.' "$point") && point=${point%.} ;;
			esac
			case $point in
			"$1") echo here ;;
			"$1"/*) echo below ;;
			esac
		done
		echo nothing else
	}
}
remove() {
	case $(mounted "$1") in
	*here*) left "$1" 'something is mounted there' ;;
	*below*)
		for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
			remove "$entry"
		done
		rmdir -- "$1" 2>/dev/null || true
		;;
	'nothing else') rm -rf --one-file-system -- "$1" || left "$1" 'it cannot be removed' ;;
	*) left "$1" 'what is mounted there is not known' ;;
	esac
}
purge() {
	folder=${DPKG_ROOT:-}$1
	if [ -L "$folder" ]; then
		left "$folder" 'it is a link'
	elif [ ! -e "$folder" ]; then
		return 0
	elif ! root=$(cd -P -- "${DPKG_ROOT:-/}" && pwd -P) || ! folder=$(cd -P -- "$folder" && pwd -P); then
		left "${DPKG_ROOT:-}$1" 'it cannot be read'
	elif [ "$folder" = "${folder#"${root%/}/"}" ]; then
		left "${DPKG_ROOT:-}$1" "it is outside of $root"
	elif ! mounts=$(sed 's/\\/\\0/g' /proc/self/mountinfo 2>/dev/null) || [ -z "$mounts" ]; then
		left "$folder" 'what is mounted there is not known without /proc'
	else
		remove "$folder"
		case $1 in
		/usr/libexec/*/*) rmdir -- "${folder%/*}" 2>/dev/null || true ;;
		esac
	fi
}`
