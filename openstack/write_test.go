package openstack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

func TestWrite(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string // laid out first
		file  string
		fault string
	}{
		"beside dist":            {files: map[string]string{"dist/ship/captain": ""}, file: "openstack.conf"},
		"before there is a dist": {file: "openstack.conf"},
		"over another":           {files: map[string]string{"openstack.conf": "old"}, file: "openstack.conf"},
		"in a folder like dist":  {files: map[string]string{"dist2/a": ""}, file: "dist2/openstack.conf"},
		"in dist": {files: map[string]string{"dist/a": ""}, file: "dist/openstack.conf",
			fault: "what is in DIR/dist is published\n  Write it"},
		"below dist": {files: map[string]string{"dist/a/b": ""}, file: "dist/a/openstack.conf",
			fault: "is published"},
		"in dist, by a way round": {files: map[string]string{"dist/a/b": "", "c/d": ""}, file: "c/../dist/a/openstack.conf",
			fault: "is published"},
		"in dist, by a link": {files: map[string]string{"dist/a/b": "", "c": ">dist/a"}, file: "c/openstack.conf",
			fault: "is published"},
		"in a dist that is a link": {files: map[string]string{"dist": ">disk", "disk/a": ""}, file: "disk/openstack.conf",
			fault: "is published"},
		"a link": {files: map[string]string{"openstack.conf": ">/dev/null"}, file: "openstack.conf",
			fault: "is not a plain file: name another"},
		"a folder": {files: map[string]string{"openstack.conf/a": ""}, file: "openstack.conf",
			fault: "is not a plain file"},
		"in no folder":   {file: "etc/openstack.conf", fault: "etc: no such file"},
		"in what is not": {files: map[string]string{"etc": ""}, file: "etc/openstack.conf", fault: "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := testkit.Lay(t, c.files)
			file := filepath.Join(dir, "x") + "/../" + c.file
			if err := os.Mkdir(filepath.Join(dir, "x"), 0o755); err != nil {
				t.Fatal(err)
			}
			err := Write(filepath.Join(dir, "dist"), file, []byte("[Global]\n"))
			if want := strings.ReplaceAll(c.fault, "DIR", dir); want != "" {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("the error is %v, want %s", err, want)
				}
				return
			}
			data, err2 := os.ReadFile(file)
			info, err3 := os.Lstat(file)
			if err != nil || err2 != nil || err3 != nil || string(data) != "[Global]\n" || info.Mode() != 0o600 {
				t.Errorf("%v, %v, %v: %q, %s", err, err2, err3, data, info.Mode())
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".openstack*")); left != nil {
				t.Errorf("there are also %v", left)
			}
		})
	}
}
