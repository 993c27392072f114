package rpm

// scripts are the templates of the scriptlets, by Fedora's packaging guidelines.
// Services are as the system's presets say, and not started: they need certificates
// first. {{.}} writes a value as one word of the shell.
//
// An upgrade runs the new package's post before the old one's preun and postun. $1
// is how many versions will be left. A service is restarted by the postun of the
// old version, when the files of every package in the transaction are installed.
var scripts = map[string]string{
	"post": `
{{- with .Sysusers}}
systemd-sysusers{{range .}} {{.}}{{end}}
{{- end}}
{{- with .Tmpfiles}}
systemd-tmpfiles --create{{range .}} {{.}}{{end}} || :
{{- end}}
{{- range .Retired}}
if [ -e {{.}} ] && ! rpm -qf {{.}} >/dev/null 2>&1; then
	mv -f {{.}} {{.}}.rpmsave
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
{{- with .Units}}
if [ "$1" -eq 0 ]; then
	if [ -d /run/systemd/system ]; then
		systemctl --no-reload disable --now{{range .}} {{.}}{{end}} >/dev/null 2>&1 || :
	else
		systemctl --no-reload disable{{range .}} {{.}}{{end}} >/dev/null 2>&1 || :
	fi
fi
{{- end}}`,
	"postun": `
{{- if .HasUnits}}
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload >/dev/null 2>&1 || :
{{- with .Restart}}
	if [ "$1" -ge 1 ]; then
		systemctl try-restart{{range .}} {{.}}{{end}} >/dev/null 2>&1 || :
	fi
{{- end}}
fi
{{- end}}`,
}
