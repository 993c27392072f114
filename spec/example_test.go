package spec_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/spec"
)

// All faults of a fork.yaml are reported at once, each with its line.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "fork.yaml")
	for _, text := range []string{
		`name: kubernetes
version: 1.36
upstream:
  module: k8s.io/kubernetes@v1.36.1
build:
  components: [kubelet]
`, `name: kubernetes
version: 1.36.1+acme.1
upstream:
  module: k8s.io/kubernetes@v1.36.1
build:
  components: [kubelet, kubectl]
  platforms: [linux/amd64, linux/arm64]
`,
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
		f, err := spec.Load(dir, file, "fork.yaml")
		if err != nil {
			fmt.Println(err)
			continue
		}
		for _, c := range f.Defaults {
			fmt.Println(f.Parsed.Upstream(), c.Name, f.Platforms)
		}
	}
	// Output:
	// fork.yaml:2: version: "1.36" is not a semantic version (https://semver.org): write it like 1.36.1+acme.1
	// fork.yaml:5: build.platforms: is empty: list the platforms to build for, such as linux/amd64
	// 1.36.1 kubelet [linux/amd64 linux/arm64]
	// 1.36.1 kubectl [linux/amd64 linux/arm64]
}
