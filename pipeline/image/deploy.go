package image

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/installer"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/packaging"
)

// otherPods are the pods of a fork that this one runs with.
type otherPods struct {
	fork  string
	files map[string][]byte // by file name
}

// readOtherPods reads the pods of other forks, from dist/FORK/manifests.
func readOtherPods(dist output.Dist, ids []string) ([]otherPods, error) {
	var out []otherPods
	for _, id := range ids {
		dir := dist.Abs(filepath.Join("dist", id, "manifests"))
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		pods := otherPods{fork: id, files: map[string][]byte{}}
		for _, e := range entries {
			if pods.files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		}
		out = append(out, pods)
	}
	return out, nil
}

// noteFormats tells of the forks in images.with whose images are OCI, if those of f are in
// Docker's format: who can pull only that cannot run the pods of the others. The other way
// round there is nothing to tell, as all that reads OCI images reads Docker's.
func noteFormats(f fork.Fork, note func(string)) error {
	if f.Images.Format != images.Docker {
		return nil
	}
	for _, id := range f.Images.With {
		other, err := f.Project.Fork(id)
		if err != nil {
			return err
		}
		if other.Images.Format != images.Docker {
			note(fmt.Sprintf("%s: images.with: the pods of %s run OCI images, which what needs images.format: docker cannot "+
				"pull: set it in %s, too", f.File("fork.yaml"), id, other.File("fork.yaml")))
		}
	}
	return nil
}

// renderPods returns the pods of images that are made, by file name, with those of
// the forks that this one runs with; nil where no pods are asked for. A pod names
// its image by digest.
func (p plan) renderPods(all made, packages []packaging.Package, others []otherPods) (map[string][]byte, error) {
	if len(p.pods) == 0 {
		return nil, nil
	}
	out := map[string][]byte{}
	for _, pod := range p.pods {
		text, err := fs.ReadFile(p.input.Sources, pod.File)
		if err != nil {
			return nil, fmt.Errorf("pod %s: %w", pod.Name, err)
		}
		fields := images.PodFields{Fields: p.input.Version.Fields()}
		if fields.Image, err = p.reference(pod.Name, all[pod.Name]); err != nil {
			return nil, err
		}
		i := slices.IndexFunc(packages, func(o packaging.Package) bool { return o.Name == pod.Name })
		fields.Options = packages[i].Variables(packaging.Debian())
		if out[pod.Name+".json"], err = pod.Render(text, fields); err != nil {
			return nil, fmt.Errorf("pod %s: %w", pod.Name, err)
		}
	}
	return out, p.addPods(out, others)
}

// podNames returns the file names of all pods that images hold, without content.
func (p plan) podNames(others []otherPods) map[string][]byte {
	out := map[string][]byte{}
	for _, pod := range p.pods {
		out[pod.Name+".json"] = nil
	}
	for _, other := range others {
		for name := range other.files {
			out[name] = nil
		}
	}
	return out
}

// addPods adds the pods of other forks.
func (p plan) addPods(pods map[string][]byte, others []otherPods) error {
	for _, other := range others {
		for name, data := range other.files {
			if pods[name] != nil {
				return fmt.Errorf("%s: images.with: %s has a pod %s, and so has this fork",
					p.fork.File("fork.yaml"), other.fork, strings.TrimSuffix(name, ".json"))
			}
			pods[name] = data
		}
	}
	return nil
}

// registry returns where hosts pull the images from.
func (p plan) registry() string { return cmp.Or(p.fork.Images.Registry, artifact.NoRegistry) }

// pulls returns what hosts will pull by the pods and units, as far as that is known before
// there are images.
func (p plan) pulls() []artifact.Pull {
	out := []artifact.Pull{}
	if len(p.pods) > 0 {
		out = append(out, artifact.Pull{File: p.fork.Dist("manifests", p.pods[0].Name+".json"), Registry: p.registry()})
	}
	if slices.ContainsFunc(p.chosen, func(r images.Recipe) bool { return len(r.Installs) > 0 }) {
		out = append(out, artifact.Pull{File: p.fork.Dist("installer", "install.service"), Registry: p.registry()})
	}
	return out
}

// noteRegistry tells of pods and units that name no registry.
func (p plan) noteRegistry(note func(string)) {
	var dirs []string
	for _, pull := range p.pulls() {
		dirs = append(dirs, path.Dir(pull.File))
	}
	if p.registry() == artifact.NoRegistry && len(dirs) > 0 {
		note(fmt.Sprintf("%s: images are named %s/…, which other hosts cannot pull: set images.registry in %s, or give "+
			"mage image -registry", strings.Join(dirs, ", "), artifact.NoRegistry, p.fork.File("fork.yaml")))
	}
}

// reference returns what an image is pulled by.
func (p plan) reference(name string, platforms []images.Image) (string, error) {
	index, err := indexOf(platforms)
	if err != nil {
		return "", err
	}
	digest, err := index.Digest()
	if err != nil {
		return "", err
	}
	return path.Join(p.registry(), name) + "@" + digest.String(), nil
}

// boots returns what has a host install at its boot, for each role of the images
// that were asked for, by file name; nil where none installs.
func (p plan) boots(all made) (map[string][]byte, error) {
	var out map[string][]byte
	for _, r := range p.chosen {
		if len(r.Installs) == 0 {
			continue
		}
		reference, err := p.reference(r.Name, all[r.Name])
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = map[string][]byte{}
		}
		for role := range r.Installs {
			boot := installer.Boot{Name: p.fork.Name, Image: reference, Role: role}
			if err := p.addBoot(out, boot); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// addBoot adds what has a host install a role at its boot, in each form.
func (p plan) addBoot(out map[string][]byte, boot installer.Boot) error {
	for suffix, write := range map[string]func() ([]byte, error){
		".service": boot.Unit, ".bu": boot.Butane, ".ign": boot.Ignition, ".cloud-config": boot.CloudConfig,
	} {
		data, err := write()
		if err != nil {
			return err
		}
		if p.registry() == artifact.NoRegistry && suffix != ".ign" { // JSON has no comments
			data = comment(data, "The image is in no registry: only a host that has it itself can run this.")
		}
		out[boot.Role+"-install"+suffix] = data
	}
	return nil
}

// comment returns a file with a comment on top. That of cloud-init has to begin with its kind.
func comment(data []byte, text string) []byte {
	const kind = "#cloud-config\n"
	rest, ok := bytes.CutPrefix(data, []byte(kind))
	if ok {
		return fmt.Appendf(nil, "%s# %s\n%s", kind, text, rest)
	}
	return fmt.Appendf(nil, "# %s\n%s", text, data)
}
