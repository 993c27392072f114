package page

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/release/page/style"
)

// An install is how what is in a release is installed in one way.
type install struct {
	ID, Title, Note string
	Commands        []command
}

// installs returns the ways in which what is in a release can be installed.
func installs(in Input) []install {
	var out []install
	for _, one := range []install{
		packageInstall(in, "deb", "apt"), packageInstall(in, "rpm", "dnf"),
		emergeInstall(in), imageInstall(in), tarballInstall(in),
	} {
		if len(one.Commands) > 0 {
			out = append(out, one)
		}
	}
	return out
}

func packageInstall(in Input, format, tool string) install {
	out := install{ID: tool, Title: tool,
		Note: "As root, in the folder of this release. Leave out the lines of packages that you do not need."}
	for _, k := range in.Keys {
		if k.Use == OpenPGP && k.Path != "" && format == "rpm" {
			out.Commands = append(out.Commands, command{For: "once, the key",
				Lines: []string{style.Words("rpm", "--import", k.Path)}})
		}
	}
	packages := in.Release.Kind(artifact.Package)
	packages = slices.DeleteFunc(packages, func(a artifact.Released) bool { return a.Format != format })
	forEach := platforms(packages)
	for i, p := range forEach {
		c := command{For: p, Folded: i > 0}
		words := []string{tool + " install"}
		for _, a := range packages {
			if a.Platform == p || a.Platform == "" {
				words = append(words, shell.Quote("./"+a.Path))
			}
		}
		c.Lines = style.Continued(words)
		out.Commands = append(out.Commands, c)
	}
	if len(forEach) == 0 {
		out.Commands = nil // a key alone installs nothing
	}
	return out
}

// platforms returns those of some files, sorted; "" alone, if all are for every platform.
func platforms(files []artifact.Released) []string {
	var out []string
	for _, a := range files {
		if a.Platform != "" {
			out = append(out, a.Platform)
		}
	}
	if len(out) == 0 && len(files) > 0 {
		return []string{""}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// emergeInstall names the ebuilds of the release's version: the overlay may have others.
func emergeInstall(in Input) install {
	out := install{ID: "emerge", Title: "emerge", Note: "As root, in the folder of this release. " +
		"A system of stable keywords has to accept the testing ones of these packages, as emerge says."}
	core, _, _ := strings.Cut(in.Release.Version, "+")
	core, _, _ = strings.Cut(core, "-")
	var binary, source []string
	for _, a := range in.Release.Kind(artifact.Overlay) {
		dir, file := path.Split(strings.TrimPrefix(a.Path, "overlay/"))
		name, ok := strings.CutSuffix(file, ".ebuild")
		at := strings.LastIndex(name, "-"+core)
		if !ok || at < 0 || strings.HasPrefix(dir, "acct-") {
			continue
		}
		if next := strings.TrimPrefix(name[at+1:], core); next != "" && next[0] != '_' && next[0] != '-' {
			continue // 1.5.0 is not 1.5.01
		}
		atom := shell.Quote("=" + path.Join(path.Dir(path.Clean(dir)), name))
		switch {
		case strings.HasSuffix(name[:at], "-bin"):
			binary = append(binary, atom)
		case !strings.HasSuffix(name[:at], "-meta"):
			source = append(source, atom)
		}
	}
	const here = `PORTDIR_OVERLAY="$PWD/overlay" PORTAGE_RO_DISTDIRS="$PWD/distfiles"`
	for _, c := range []struct {
		what  string
		atoms []string
	}{{"the binaries of this release", binary}, {"compiled on your machine", source}} {
		if len(c.atoms) > 0 {
			out.Commands = append(out.Commands,
				command{For: c.what, Lines: style.Continued(append([]string{here, "emerge --ask"}, c.atoms...))})
		}
	}
	return out
}

// imageInstall takes images from a registry, and from the layout. Older releases of
// skopeo find no images in Docker's format in a layout.
func imageInstall(in Input) install {
	out := install{ID: "image", Title: "image"}
	if in.Tag == "" {
		return out
	}
	var pull, load, copied, names []string
	for _, a := range in.Release.Kind(artifact.Image) {
		if in.Registry != "" {
			ref := in.Registry + "/" + a.Name + ":" + in.Tag + "@" + a.Digest
			pull = append(pull, style.Continued([]string{"docker pull", shell.Quote(ref)})...)
		}
		if a.Format != "docker" {
			names = append(names, a.Name)
		}
	}
	if len(names) > 0 {
		load = forImages(names, "skopeo copy", "oci:images:$:"+in.Tag, "docker-daemon:$:"+in.Tag)
		copied = forImages(names, "skopeo copy --all --preserve-digests", "oci:images:$:"+in.Tag,
			"docker://registry.example.org/$:"+in.Tag)
	}
	for _, c := range []command{
		{For: "from the registry", Lines: pull}, {For: "from this folder to Docker", Lines: load},
		{For: "from this folder to a registry, all platforms", Lines: copied},
	} {
		if len(c.Lines) > 0 {
			out.Commands = append(out.Commands, c)
		}
	}
	return out
}

// forImages returns a command that is run for each image, with its name in the place of $.
func forImages(names []string, program string, args ...string) []string {
	if len(names) == 1 {
		for i, a := range args {
			args[i] = shell.Quote(strings.Replace(a, "$", names[0], 1))
		}
		return style.Continued(append([]string{program}, args...))
	}
	for i, a := range args {
		before, after, _ := strings.Cut(a, "$")
		args[i] = `"` + shell.QuoteInside(before) + "$image" + shell.QuoteInside(after) + `"`
	}
	out := []string{"for image in " + style.Words(names...) + "; do"}
	for _, line := range style.Continued(append([]string{program}, args...)) {
		out = append(out, "  "+line)
	}
	return append(out, "done")
}

func tarballInstall(in Input) install {
	out := install{ID: "tarball", Title: "tarball"}
	tarballs := in.Release.Kind(artifact.Tarball)
	for i, p := range slices.Compact(append(platforms(tarballs), "")) {
		c := command{For: cmp.Or(p, "for any platform"), Folded: i > 0 && p != ""}
		for _, a := range tarballs {
			if a.Platform != p {
				continue
			}
			file := a.Path
			if in.URL != "" {
				file = path.Base(a.Path)
				c.Lines = append(c.Lines, style.Words("curl", "-fLO", strings.TrimSuffix(in.URL, "/")+"/"+escaped(a.Path)))
			}
			c.Lines = append(c.Lines, style.Words("tar", "-xf", file))
		}
		if len(c.Lines) > 0 {
			out.Commands = append(out.Commands, c)
		}
	}
	return out
}
