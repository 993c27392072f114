package rpm

// templates are those of the scriptlets, by Fedora's packaging guidelines.
// Services are as the system's presets say, and not started: they need certificates
// first. {{.}} writes a value as one word of the shell.
//
// An upgrade runs the new package's post before the old one's preun and postun. $1
// is how many versions will be left. A service is restarted by the postun of the
// old version, when the files of every package in the transaction are installed.
var templates = map[string]string{
	"post": `
{{- with .Sysusers}}
systemd-sysusers{{range .}} {{.}}{{end}}
{{- end}}
{{- with .Tmpfiles}}
systemd-tmpfiles --create{{range .}} {{.}}{{end}} || :
{{- end}}
{{- if .Retired}}` + retire + `
{{- range .Retired}}
retire {{.}}
{{- end}}
{{- end}}
{{- if .Layers}}` + takeOver + `
if [ "$1" -ge 2 ]; then
{{- range .Layers}}
	take_over {{.Path}} {{.Tool}} {{.Former}}
{{- end}}
fi
{{- end}}
{{- with .Units}}
if [ "$1" -eq 1 ]; then
	systemctl --no-reload preset{{range .}} {{.}}{{end}} >/dev/null 2>&1 || :
fi
{{- end}}
{{- if .HasUnits}}
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload >/dev/null 2>&1 || :
fi
{{- end}}`,
	"preun": `
{{- if .Stopped}}
if [ "$1" -eq 0 ]; then
{{- with .Units}}
	systemctl --no-reload disable{{range .}} {{.}}{{end}} >/dev/null 2>&1 || :
{{- end}}
	if [ -d /run/systemd/system ]; then
		systemctl stop{{range .Stopped}} {{.Running}}{{end}} >/dev/null 2>&1 || :
	fi
fi
{{- end}}`,
	"postun": `
{{- if .HasUnits}}
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload >/dev/null 2>&1 || :
{{- with .Restart}}
	if [ "$1" -ge 1 ]; then
		systemctl try-restart{{range .}} {{.Running}}{{end}} >/dev/null 2>&1 || :
	fi
{{- end}}
fi
{{- end}}`,
}

// takeOver makes the operator's changes of a configuration file of the version before
// the file that has only changes. Its arguments are the file, the program that finds
// them, and the defaults that the file began as. In this package, the file is a ghost,
// so that rpm does not take it away with the version before, and of no size. Where rpm
// cannot tell, the whole file stays, which means the same as changes.
const takeOver = `
take_over() {
	if [ ! -f "$1" ] || [ -L "$1" ]; then
		return 0
	fi
	was=$(rpm -q --dump {{.Name}} 2>/dev/null |
		while read -r path size _ digest _; do
			[ "$path" != "$1" ] || [ "$size" = 0 ] || echo "$digest"
		done)
	sum=$(sha256sum <"$1")
	if [ -z "$was" ]; then
		return 0
	elif [ "$was" = "${sum%% *}" ]; then
		rm -f "$1"
		return 0
	fi
	cp -p "$1" "$1.rpmsave"
	if ! printf '%s' "$3" | "$2" --takeover /dev/stdin "$1.rpmsave" >"$1.rpmnew"; then
		rm -f "$1.rpmnew"
	elif [ -s "$1.rpmnew" ]; then
		chmod --reference="$1.rpmsave" "$1.rpmnew"
		mv -fT "$1.rpmnew" "$1"
		printf '%s: %s has only your changes of the defaults now; it was %s\n' {{.Name}} "$1" "$1.rpmsave"
	else
		rm -f "$1" "$1.rpmnew"
	fi
}`

// retire renames a file of an earlier package unless a package owns it. rpm exits with
// 1 whatever it fails at, so what it says must be that nobody owns the file, and its
// database the one that this package is being installed to: it is not where a
// scriptlet runs before the database is written, as rpm-ostree's do. A link is no
// earlier package's file, but the administrator's, as one that masks a unit is.
const retire = `
retire() {
	if [ ! -f "$1" ] || [ -L "$1" ]; then
		return 0
	fi
	if rpm -q {{.Release}} >/dev/null 2>&1; then
		if rpm -qf "$1" >/dev/null 2>&1; then
			return 0
		elif [ "$(LC_ALL=C rpm -qf "$1" 2>/dev/null)" = "file $1 is not owned by any package" ]; then
			mv -fT --backup=numbered "$1" "$1.rpmsave"
			return 0
		fi
	fi
	printf '%s: left %s: rpm cannot tell who owns it\n' {{.Name}} "$1" >&2
}`
