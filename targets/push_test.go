package targets_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
)

// TestWhatIsDeployedIsPulled pushes to Docker's registry, and pulls by the references that a
// pod and a unit have. Then it goes to other registries, as somebody who takes little care.
func TestWhatIsDeployedIsPulled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("images are made on Linux")
	}
	testkit.Need(t, "skopeo")
	host, _, _ := testserver.DockerRegistry(t, t.TempDir(), "")
	p := newProject(t, t.TempDir())
	p.deployed(t)
	first, second := host+"/acme", host+"/other"

	p.must(t, "image")
	out := p.must(t, "push", "-registry="+first)
	says(t, out, "linux/"+runtime.GOARCH+" alone", "no registry is named there", "mage image -registry="+first)

	p.must(t, "image", "-registry="+first, "push", "-force")
	for _, file := range []string{"manifests/bosun.json", "installer/mate-install.service"} {
		p.pulls(t, file, first)
	}
	says(t, p.must(t, "push"), "kept")

	p.fails(t, []string{"push", "-registry=" + second}, "hosts pull from "+first, "push -mirror")
	p.must(t, "push", "-registry="+second, "-mirror")
	p.fails(t, []string{"image", "-platforms=all", "-registry=" + second, "push"}, "is already there as", "-force")
	p.must(t, "push", "-force", "-platforms=all")
	p.pulls(t, "manifests/bosun.json", second)

	p.fails(t, []string{"image", "push", "-force", "-registry=" + second}, ", without linux/", "name in -platforms")
	p.must(t, "push", "-force", "-registry="+second, "-arch="+runtime.GOARCH)

	out = p.must(t, "image", "-registry="+first, "deploy:kubespray", "-registry=k.example.org")
	says(t, out, "Kubespray pulls from k.example.org, and dist/ship-1.4/installer names "+first)
	p.fails(t, []string{"push"}, "hosts pull from k.example.org, by dist/ship-1.4/deploy/kubespray.yml",
		"mage deploy:kubespray -registry="+first)
}

// deployed has the project's fork make a pod, an image that installs, and variables.
func (p *project) deployed(t *testing.T) {
	t.Helper()
	at := p.path("profiles", "ship", "images.yaml")
	data, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"images.yaml": string(data) + `
  - name: bosun
    programs: {bosun: /bin/bosun}
    start: bosun
  - name: ship-installer
    own: {installer: /installer}
    start: installer
    installs:
      mate: {packages: [captain]}
pods:
  - {name: bosun, file: pods/bosun.json}
`,
		"files/pods/bosun.json": `{"image": {{json .Image}}}`,
		"kubespray.yaml":        "vars: [{text: 'ship: \"{{image \"ship\"}}\"'}]\n",
	} {
		name = p.path("profiles", "ship", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// pulls checks that skopeo pulls the image that a file in dist names, from a registry.
func (p *project) pulls(t *testing.T, file, registry string) {
	t.Helper()
	data, err := os.ReadFile(p.path("dist", "ship-1.4", file))
	if err != nil {
		t.Fatal(err)
	}
	ref := regexp.MustCompile(`[^\s"]+@sha256:[0-9a-f]{64}`).FindString(string(data))
	if !strings.HasPrefix(ref, registry+"/") {
		t.Fatalf("%s names %q, want an image of %s", file, ref, registry)
	}
	cmd := exec.Command("skopeo", "--insecure-policy", "copy", "-q", "--all", "--src-tls-verify=false", "docker://"+ref,
		"dir:"+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %s: %v\n%s", file, ref, err, out)
	}
}

// says checks that all of these are in what was printed.
func says(t *testing.T, out string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(out, w) {
			t.Errorf("want %q in\n%s", w, out)
		}
	}
}
