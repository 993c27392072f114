package images

import (
	"archive/zip"
	"cmp"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// System returns the files that programs expect on any system: accounts, the
// root certificates that Mozilla trusts, and time zones. users maps the names of
// accounts besides root and nobody to their ids. zones is a file: the archive of
// time zones that comes with Go, lib/time/zoneinfo.zip.
func System(users map[string]int, zones string) ([]File, error) {
	passwd, group := "root:x:0:0:root:/root:/sbin/nologin\n", "root:x:0:\n"
	byID := func(a, b string) int { return cmp.Or(cmp.Compare(users[a], users[b]), cmp.Compare(a, b)) }
	for _, name := range slices.SortedFunc(maps.Keys(users), byID) {
		passwd += fmt.Sprintf("%s:x:%d:%[2]d::/nonexistent:/sbin/nologin\n", name, users[name])
		group += fmt.Sprintf("%s:x:%d:\n", name, users[name])
	}
	out := []File{
		{Path: "/etc/passwd", Data: []byte(passwd + "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n")},
		{Path: "/etc/group", Data: []byte(group + "nobody:x:65534:\n")},
		{Path: "/etc/hosts", Data: []byte("127.0.0.1 localhost\n::1 localhost\n")}, // where a runtime mounts none
		{Path: "/etc/nsswitch.conf", Data: []byte("hosts: files dns\n")},
		{Path: "/etc/ssl/certs/ca-certificates.crt", Data: authorities()},
		{Path: "/root", Folder: true, Mode: 0o700},
		{Path: "/tmp", Folder: true, Mode: 0o1777},
	}
	r, err := zip.OpenReader(zones)
	if err != nil {
		return nil, fmt.Errorf("time zones: %s: %w", zones, err)
	}
	defer r.Close()
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		content, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", zones, f.Name, err)
		}
		data, err := io.ReadAll(content)
		content.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", zones, f.Name, err)
		}
		out = append(out, File{Path: path.Join("/usr/share/zoneinfo", f.Name), Data: data})
	}
	return out, nil
}

// authorities returns the certificates that are trusted without a constraint: a
// PEM file cannot express one.
func authorities() []byte {
	var out []byte
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})...)
		}
	}
	return out
}
