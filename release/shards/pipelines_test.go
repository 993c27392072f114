package shards

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// pipeline reads one of the pipelines that docs has.
func pipeline(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "pipelines", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decode reads the documents of a YAML file into values of a type, strictly.
func decode[T any](t *testing.T, data []byte) []T {
	t.Helper()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var out []T
	for {
		var doc T
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, doc)
	}
}

// A gitlabJob has the keywords that our jobs use.
type gitlabJob struct {
	Stage, Extends, Image string
	Needs, Script         []string
	Variables             map[string]string
	Cache                 any
	Environment           struct{ Name string }
	Artifacts             struct {
		Paths  []string
		Expire string `yaml:"expire_in"`
	}
	Trigger struct {
		Include  []struct{ Artifact, Job string }
		Strategy string
	}
	Parallel struct {
		Matrix []map[string]string
	}
}

// A gitlabPipeline has all that is no job, and the jobs.
type gitlabPipeline struct {
	Stages    []string
	Workflow  struct{ Rules []struct{ If string } }
	Variables map[string]string
	Default   struct{ Image string }
	Jobs      map[string]gitlabJob `yaml:",inline"`
}

// TestGitLab reads both pipelines as GitLab is given them: the child with its matrix.
func TestGitLab(t *testing.T) {
	matrix, err := Format([]Job{{Name: "ship.linux-arm64", Shards: []Shard{{"ship", arm64}}}}, "gitlab")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		text  []byte
		built string // the jobs that are run
	}{
		"gitlab.yml":         {pipeline(t, "gitlab.yml"), "matrix release"},
		"gitlab-release.yml": {append(pipeline(t, "gitlab-release.yml"), matrix...), "merge shard verify"},
	} {
		p := decode[gitlabPipeline](t, want.text)[0]
		var jobs []string
		for job, j := range p.Jobs {
			for up := j.Extends; up != ""; up = p.Jobs[up].Extends {
				if _, ok := p.Jobs[up]; !ok {
					t.Errorf("%s: %s extends %s, which is not there", name, job, up)
				}
				if j.Stage == "" {
					j.Stage = p.Jobs[up].Stage
				}
			}
			if strings.HasPrefix(job, ".") {
				continue
			}
			if jobs = append(jobs, job); !slices.Contains(p.Stages, j.Stage) {
				t.Errorf("%s: job %s is in stage %q, of %s", name, job, j.Stage, p.Stages)
			}
			for _, i := range j.Trigger.Include {
				if artifacts := p.Jobs[i.Job].Artifacts.Paths; !slices.Contains(artifacts, i.Artifact) {
					t.Errorf("%s: job %s includes %s of %s, which has %s", name, job, i.Artifact, i.Job, artifacts)
				}
			}
		}
		slices.Sort(jobs)
		if got := strings.Join(jobs, " "); got != want.built {
			t.Errorf("%s: the jobs are %s, want %s", name, got, want.built)
		}
	}
}

// A tektonObject has the fields of a Pipeline and of a Task that ours use.
type tektonObject struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		Params     []tektonParam
		Workspaces []struct{ Name string }
		Results    []struct{ Name, Type, Description string }
		Tasks      []struct {
			Name       string
			RunAfter   []string              `yaml:"runAfter"`
			TaskRef    struct{ Name string } `yaml:"taskRef"`
			Matrix     struct{ Params []tektonParam }
			Params     []tektonParam
			Workspaces []struct{ Name, Workspace string }
		}
		StepTemplate struct {
			Image string
			Env   []tektonEnv
		} `yaml:"stepTemplate"`
		Steps []struct {
			Name, Script string
			Env          []tektonEnv
		}
	}
}

type tektonParam struct{ Name, Type, Default, Description, Value string }

type tektonEnv struct {
	Name, Value string
	ValueFrom   struct {
		SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
	} `yaml:"valueFrom"`
}

var variable = regexp.MustCompile(`\$\(([a-z-]+)\.([a-z-]+)[^)]*\)`)

// TestTekton holds that each task gets the parameters that it declares, and that no
// script has a parameter in its text, where it could be a command.
func TestTekton(t *testing.T) {
	objects := decode[tektonObject](t, pipeline(t, "tekton.yaml"))
	tasks := map[string][]string{}
	for _, o := range objects[1:] {
		if o.APIVersion != "tekton.dev/v1" || o.Kind != "Task" {
			t.Errorf("%s is a %s of %s", o.Metadata.Name, o.Kind, o.APIVersion)
		}
		var params []string
		for _, p := range o.Spec.Params {
			params = append(params, p.Name)
		}
		slices.Sort(params)
		tasks[o.Metadata.Name] = params
		for _, e := range o.Spec.StepTemplate.Env {
			if m := variable.FindStringSubmatch(e.Value); m != nil && m[1] == "params" && !slices.Contains(params, m[2]) {
				t.Errorf("%s: %s is %s, which is no parameter", o.Metadata.Name, e.Name, e.Value)
			}
		}
		for _, s := range o.Spec.Steps {
			if m := variable.FindString(s.Script); m != "" {
				t.Errorf("%s: the script of %s has %s in it: give it to the script as a variable", o.Metadata.Name, s.Name, m)
			}
		}
	}
	for _, task := range objects[0].Spec.Tasks {
		var given []string
		for _, p := range slices.Concat(task.Params, task.Matrix.Params) {
			given = append(given, p.Name)
		}
		slices.Sort(given)
		if want, ok := tasks[task.TaskRef.Name]; !ok || !slices.Equal(given, want) {
			t.Errorf("task %s gives %s the parameters %s, want %s", task.Name, task.TaskRef.Name, given, want)
		}
	}
	if len(objects) != 5 || len(objects[0].Spec.Tasks) != 4 {
		t.Errorf("there are %d objects", len(objects))
	}
}

// TestCommands holds that pipelines call our targets with the arguments and flags that
// they have.
func TestCommands(t *testing.T) {
	flags := map[string][]string{
		"release:matrix": {"-format", "-max"}, "release:shard": {}, "release:merge": {"-key"}, "release:verify": {"-key"},
	}
	arguments := map[string]int{"release:shard": 1, "release:merge": 1, "release:verify": 1}
	calls := regexp.MustCompile(`go tool mage [^>\n]+`)
	for file, format := range map[string]string{
		"github.yml": "github", "gitlab.yml gitlab-release.yml": "gitlab", "tekton.yaml": "tekton",
	} {
		var text []byte
		for name := range strings.FieldsSeq(file) {
			text = append(text, pipeline(t, name)...)
		}
		seen := map[string]bool{}
		for _, call := range calls.FindAllString(string(text), -1) {
			words := strings.Fields(call)[3:]
			target, n := words[0], 0
			seen[target] = true
			for _, w := range words[1:] {
				flag, value, _ := strings.Cut(w, "=")
				switch {
				case !strings.HasPrefix(w, "-"):
					n++
				case !slices.Contains(flags[target], flag):
					t.Errorf("%s: %s has no flag %s", file, target, flag)
				case flag == "-format" && value != format:
					t.Errorf("%s: the matrix is one of %s", file, value)
				}
			}
			if n != arguments[target] {
				t.Errorf("%s: %s has %d arguments, want %d", file, call, n, arguments[target])
			}
		}
		for target := range flags {
			if !seen[target] {
				t.Errorf("%s does not call %s", file, target)
			}
		}
	}
}
