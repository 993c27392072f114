package artifact

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestPulls finds what pods, units in each form and variables pull, and nothing else.
func TestPulls(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	const dist = "dist/ship-1.4"
	for name, c := range map[string]struct {
		files map[string]string
		want  []Pull
		fault string
	}{
		"nothing is made": {},
		"a pod": {
			files: map[string]string{
				"manifests/bosun.json": `{"image": "registry.example.org/acme/bosun@` + digest + `"}`,
			},
			want: []Pull{{dist + "/manifests/bosun.json", "registry.example.org/acme", "bosun", digest}},
		},
		"a unit names it more than once": {
			files: map[string]string{
				"installer/mate-install.service": "podman run localhost/ship@" + digest + " -role=mate\n" +
					"ctr pull localhost/ship@" + digest,
			},
			want: []Pull{{dist + "/installer/mate-install.service", NoRegistry, "ship", digest}},
		},
		"a registry with a port": {
			files: map[string]string{"installer/a.ign": `"run 127.0.0.1:5000/ship@` + digest + ` -role=a"`},
			want:  []Pull{{dist + "/installer/a.ign", "127.0.0.1:5000", "ship", digest}},
		},
		"an image by its tag": {
			files: map[string]string{"manifests/bosun.json": `{"image": "registry.example.org/bosun:v1"}`},
		},
		"variables": {
			files: map[string]string{
				"deploy/deploy.json": `{"version": "1.4.1", "file": "kubespray.yml", "registry": "r.example.org"}`,
			},
			want: []Pull{{File: dist + "/deploy/kubespray.yml", Registry: "r.example.org"}},
		},
		"variables of another version": {
			files: map[string]string{
				"deploy/deploy.json": `{"version": "1.4.0", "file": "kubespray.yml", "registry": "r.example.org"}`,
			},
		},
		"a record that is none": {
			files: map[string]string{"deploy/deploy.json": `{`}, fault: "dist/ship-1.4/deploy/deploy.json: unexpected end",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				at := filepath.Join(dir, dist, file)
				if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := Pulls(dir, filepath.FromSlash(dist), "1.4.1")
			if c.fault != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.fault) {
					t.Errorf("error %v, want %s", err, c.fault)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}
