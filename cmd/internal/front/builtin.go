package front

import (
	"slices"
	"strings"
)

// builtinPackage is that of commands that are there without a magefile.
const builtinPackage = "slipway"

func (t *target) isBuiltin() bool { return t.Package == builtinPackage }

// builtins returns the commands that are there without a magefile, but for those whose name
// a target has: what a project calls its own keeps its meaning.
func builtins(t table) []target {
	all := []target{
		initTarget(),
		{
			Name: "completion", Short: "prints a script that makes a shell complete targets, flags and their values.",
			Doc: "Completion prints a script that makes a shell complete targets, flags and values, for slipway\n" +
				"and mage, and for go tool slipway and go tool mage.",
			Args: []param{{Name: "shell", Type: "string", Doc: "bash, zsh or fish"}},
			Examples: []string{
				"mage completion bash > ~/.local/share/bash-completion/completions/slipway  # for new shells",
				"source <(mage completion zsh)  # for this shell",
			},
		},
		{
			Name: "help", Short: "shows how a target is used, with each flag.",
			Doc:      "Help shows how a target is used, with each flag.",
			Examples: []string{"mage help  # what there is", "mage help cross  # the flags of cross"},
		},
		{
			Name: "version", Short: "prints the versions of this program, of Mage and of Go.",
			Doc: "Version prints the versions of this program, of Mage and of Go.",
		},
	}
	for i := range all {
		all[i].Package = builtinPackage
	}
	return slices.DeleteFunc(all, func(one target) bool { return t.target(one.Name) != nil })
}

// builtinUsage returns the words that follow a command.
func builtinUsage(name string) string {
	return map[string]string{"completion": " bash|zsh|fish", "help": " [TARGET]", "init": " [NAME]"}[name]
}

func initTarget() target {
	text := func(name, kind, doc string) param { return param{Name: name, Type: "string", Kind: kind, Doc: doc} }
	return target{
		Name: "init", Short: "starts a project, or adds a fork to one.",
		Doc: strings.TrimSpace(`
Init starts a project in the current folder: go.mod with the tool, magefile.go, .gitignore and
forks/NAME with fork.yaml and patches/series. In a project it adds a fork. It replaces no file.
On a terminal it asks for what no flag says.`),
		Flags: []param{
			text("version", "VERSION", "the upstream's version, as 1.36.1, or the fork's, as 1.36.1+acme.1 "+
				"(default: the one that Slipway is tested with)"),
			text("components", "LIST", "components to build, as kubelet,kubectl (default: those of the profile)"),
			text("platforms", "LIST", "platforms to build for, as linux/amd64,linux/arm64"),
			text("maintainer", "TEXT", "who answers for the packages, as 'Mate <mate@example.org>'"),
			text("patches", "LIST", "patch files to copy, in the order they are applied"),
			text("name", "NAME", "the folder below forks, such as kubernetes-1.35 (default: the project's name)"),
			text("module", "PATH", "the Go module that go.mod declares (default: the name of the folder)"),
			text("ci", "NAME", "whose pipeline to write: github, gitlab or tekton (default: none)"),
			text("slipway", "DIR", "a clone of Slipway to build with (default: the published module)"),
			{Name: "control-plane", Type: "bool", Doc: "write all forks of a control plane: Kubernetes with hyperkube, " +
				"etcd, flannel and the CNI plugins"},
		},
		Examples: []string{
			"mage init kubernetes -version=1.36.1 -components=kubelet,kubectl  # a fork of two components",
			"mage init -control-plane -ci=github  # all of a control plane, built by GitHub",
		},
	}
}

// mageFlags returns the flags of Mage, which precede all targets.
func mageFlags() []param {
	on := func(name, doc string) param { return param{Name: name, Type: "bool", Doc: doc} }
	text := func(name, kind, doc string) param { return param{Name: name, Type: "string", Kind: kind, Doc: doc} }
	return []param{
		on("h", "show this, or with a target how it is used"),
		on("l", "list the targets"),
		on("v", "have targets show the commands that they run"),
		text("t", "DURATION", "end the targets after this time, as 5m30s"),
		text("d", "DIR", "the project's folder (default: the nearest one from here upwards)"),
		text("w", "DIR", "the folder that targets run in (default: the project's)"),
		on("f", "compile the magefile again"),
		on("version", "show the versions of this program, of Mage and of Go"),
		on("init", "write a magefile without targets of Slipway, if there is none"),
		on("clean", "remove all compiled magefiles"),
		text("compile", "FILE", "compile the magefile to a program, and run nothing"),
		text("goos", "OS", "with -compile: for this operating system"),
		text("goarch", "ARCH", "with -compile: for this architecture"),
		text("ldflags", "TEXT", "with -compile: flags for the linker"),
		text("gocmd", "FILE", "the go command to compile with"),
		on("keep", "keep what Mage writes to compile"),
		on("multiline", "keep line breaks in the help of the compiled magefile"),
		on("debug", "have Mage say what it does"),
		on("autocomplete", "print the names of the targets"),
		text("install", "SHELL", "install Mage's own completion"),
	}
}
