package installer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"text/template"
)

// A Boot is what a host installs at its boot.
type Boot struct {
	Name  string // of the manifest
	Image string // REGISTRY/NAME@sha256:DIGEST: what a host runs with all privileges is not to change under its name
	Role  string
}

// UnitName returns the name of the unit that installs a role at boot.
func UnitName(role string) string { return role + "-install.service" }

// The first install leaves no record before it is done; a later one that was
// killed leaves the journal. ctr takes the program's name, too, does not pull, and
// keeps the container of a run that was killed, as when a kubelet that starts has
// containerd restarted.
const unitText = `[Unit]
Description=Install Kubernetes on this host as {{.Role}}
Documentation=https://github.com/slipway-build/slipway
Wants=network-online.target
After=network-online.target docker.service containerd.service
ConditionPathExists=|!{{.Record}}
ConditionPathExists=|{{.Journal}}
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
Restart=on-failure
RestartSec=15
ExecStart=/bin/sh -ec '\
if command -v podman >/dev/null; then \
  exec podman run --rm --privileged --pid=host --network=host -v /:/rootfs {{.Image}} -role={{.Role}}; \
elif command -v docker >/dev/null; then \
  exec docker run --rm --privileged --pid=host --network=host -v /:/rootfs {{.Image}} -role={{.Role}}; \
else \
  ctr image pull {{.Image}}; \
  ctr task rm -f slipway-install 2>/dev/null || :; \
  ctr container rm slipway-install 2>/dev/null || :; \
  exec ctr run --rm --privileged --net-host --with-ns pid:/proc/1/ns/pid --mount type=bind,src=/,dst=/rootfs,options=rbind:rw {{.Image}} slipway-install /installer -role={{.Role}}; \
fi'

[Install]
WantedBy=multi-user.target
`

var byDigest = regexp.MustCompile(`^[a-z0-9][A-Za-z0-9._:/-]*@sha256:[0-9a-f]{64}$`)

// Unit returns a systemd unit that installs at boot, by the first that a host has
// of podman, docker and ctr.
func (b Boot) Unit() ([]byte, error) {
	if !byDigest.MatchString(b.Image) {
		return nil, fmt.Errorf("image %q: want it by digest, as registry.example.org/installer@sha256:<64 hex>", b.Image)
	}
	if !roleName.MatchString(b.Role) {
		return nil, fmt.Errorf("role %q: want small letters, digits and -", b.Role)
	}
	var out bytes.Buffer
	err := template.Must(template.New("unit").Parse(unitText)).Execute(&out, map[string]string{"Image": b.Image, "Role": b.Role, "Record": RecordPath(b.Name), "Journal": JournalPath(b.Name)})
	return out.Bytes(), err
}

// Butane returns a Butane config (https://coreos.github.io/butane/) that has
// the unit.
func (b Boot) Butane() ([]byte, error) {
	return b.around("variant: fcos\nversion: 1.4.0\nsystemd:\n  units:\n    - name: %[1]s\n      enabled: true\n      contents: |\n%[2]s", "        ")
}

// CloudConfig returns a cloud-config (https://cloudinit.readthedocs.io/) that
// has the unit. It does not wait for it: cloud-init is itself a part of the boot.
func (b Boot) CloudConfig() ([]byte, error) {
	return b.around("#cloud-config\nwrite_files:\n  - path: /etc/systemd/system/%[1]s\n    permissions: \"0644\"\n    content: |\n%[2]s"+
		"runcmd:\n  - [systemctl, daemon-reload]\n  - [systemctl, enable, %[1]s]\n  - [systemctl, start, --no-block, %[1]s]\n", "      ")
}

// around returns YAML that has the unit's name and its text, indented.
func (b Boot) around(yaml, indent string) ([]byte, error) {
	unit, err := b.Unit()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for line := range bytes.Lines(unit) {
		if len(line) > 1 {
			text.WriteString(indent)
		}
		text.Write(line)
	}
	return fmt.Appendf(nil, yaml, UnitName(b.Role), text.Bytes()), nil
}

// Ignition returns an Ignition config of version 3.3.0, which Fedora CoreOS and
// Flatcar read, that has the unit.
func (b Boot) Ignition() ([]byte, error) {
	unit, err := b.Unit()
	if err != nil {
		return nil, err
	}
	type entry struct {
		Name     string `json:"name"`
		Enabled  bool   `json:"enabled"`
		Contents string `json:"contents"`
	}
	var c struct {
		Ignition struct {
			Version string `json:"version"`
		} `json:"ignition"`
		Systemd struct {
			Units []entry `json:"units"`
		} `json:"systemd"`
	}
	c.Ignition.Version = "3.3.0"
	c.Systemd.Units = []entry{{UnitName(b.Role), true, string(unit)}}
	data, err := json.MarshalIndent(c, "", "  ")
	return append(data, '\n'), err
}
