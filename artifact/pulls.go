package artifact

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
)

// NoRegistry is the registry of images whose fork names none. Only a host that has the
// images itself finds them there.
const NoRegistry = "localhost"

// A Pull is an image that a file in dist has hosts pull.
type Pull struct {
	File     string // relative to the project
	Registry string // the prefix of the image's repository; NoRegistry: none was named
	Name     string // of the image; "" for all images of the fork
	Digest   string // sha256:…; "" where images are pulled by tag
}

// DeployFile is the name of the record beside what a deployment tool reads.
const DeployFile = "deploy.json"

// A Deployment is deploy.json: what the file beside it deploys.
type Deployment struct {
	Fork     string `json:"fork"`
	Version  string `json:"version"`
	File     string `json:"file"`     // beside the record
	Registry string `json:"registry"` // where the images are pulled from
}

// pulled finds images that are pulled by digest.
var pulled = regexp.MustCompile(`([a-z0-9][A-Za-z0-9._:/-]*)/([a-z0-9][a-z0-9._-]*)@(sha256:[0-9a-f]{64})`)

// Pulls returns the images that hosts pull by what is in dist, a folder of the project with
// what is made of a fork: its pods, what installs it at boot, and variables of Kubespray for
// a version. The result is sorted by file.
func Pulls(project, dist, version string) ([]Pull, error) {
	var out []Pull
	for _, folder := range []string{"manifests", "installer"} {
		dir := filepath.Join(project, dist, folder)
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			for _, m := range pulled.FindAllStringSubmatch(string(data), -1) {
				out = append(out, Pull{filepath.ToSlash(filepath.Join(dist, folder, e.Name())), m[1], m[2], m[3]})
			}
		}
	}
	deployed, err := readDeployment(project, filepath.Join(dist, "deploy"))
	if err != nil {
		return nil, err
	}
	if deployed.Version == version && deployed.File != "" {
		out = append(out, Pull{File: path.Join(filepath.ToSlash(dist), "deploy", deployed.File), Registry: deployed.Registry})
	}
	slices.SortStableFunc(out, func(a, b Pull) int { return cmp.Compare(a.File, b.File) })
	return slices.Compact(out), nil
}

// readDeployment reads deploy.json in dir, a folder of the project; without one, the result
// is empty.
func readDeployment(project, dir string) (Deployment, error) {
	var out Deployment
	data, err := os.ReadFile(filepath.Join(project, dir, DeployFile))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		return out, fmt.Errorf("%s: %w", path.Join(filepath.ToSlash(dir), DeployFile), err)
	}
	return out, nil
}
