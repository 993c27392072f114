package page

import (
	"path"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/release/page/style"
	"github.com/slipway-build/slipway/repo/page/index"
)

type command = style.Command

// A way is how a client uses the repository.
type way struct {
	ID, Title, Note string
	Commands        []command
}

// ways returns those that the repository has something for.
func ways(in Input, doc index.Index) []way {
	var out []way
	for _, w := range []way{aptWay(in, doc), dnfWay(in, doc), emergeWay(in), curlWay(in, doc)} {
		if len(w.Commands) > 0 {
			out = append(out, w)
		}
	}
	return out
}

// aptWay has the commands of a signed repository alone: whoever is to take packages without a
// signature is told so by their publisher.
func aptWay(in Input, doc index.Index) way {
	w := way{ID: "apt", Title: "apt", Note: "As root, on Debian 12, Ubuntu 22.04 and later. " +
		"Then install what you need with apt install."}
	deb, keyring := in.Name+"-archive-keyring.deb", in.Name+"-archive-keyring.gpg"
	if in.Keyring && len(in.Keys) > 0 {
		w.Commands = append(w.Commands, command{For: "once, the key and the sources", Lines: []string{
			fetch(in.at(deb), ""), style.Words("apt", "install", "./"+deb)}})
	}
	switched, byHand := []command(nil), []command(nil)
	for _, s := range doc.Suites {
		if s.Apt == nil || s.Apt.Sources == "" {
			continue
		}
		switched = append(switched, command{For: s.Name, Lines: []string{
			style.Words("sed", "-i", "s/^Enabled: no/Enabled: yes/",
				"/etc/apt/sources.list.d/"+in.Name+"-"+s.Name+".sources"), "apt update"}})
		byHand = append(byHand, command{For: s.Name + ", without the package", Folded: true, Lines: []string{
			fetch(in.at(keyring), "/usr/share/keyrings/"+keyring),
			fetch(s.Apt.Sources, "/etc/apt/sources.list.d/"+s.Name+".sources"), "apt update"}})
	}
	w.add(switched, byHand, in.Keyring)
	return w
}

func dnfWay(in Input, doc index.Index) way {
	w := way{ID: "dnf", Title: "dnf", Note: "As root, on Fedora, Red Hat Enterprise Linux and their kin. " +
		"Then install what you need with dnf install."}
	if in.Package && len(in.Keys) > 0 {
		w.Commands = append(w.Commands, command{For: "once, the key and the repositories", Lines: []string{
			style.Words("rpm", "--import", in.at(in.Name+".asc")),
			style.Words("dnf", "install", in.at(in.Name+"-release.rpm"))}})
	}
	switched, byHand := []command(nil), []command(nil)
	for _, s := range doc.Suites {
		if s.Yum == nil || s.Yum.Repo == "" {
			continue
		}
		switched = append(switched, command{For: s.Name, Lines: []string{
			style.Words("sed", "-i", "s/^enabled=0/enabled=1/", "/etc/yum.repos.d/"+in.Name+"-"+s.Name+".repo")}})
		byHand = append(byHand, command{For: s.Name + ", without the package", Folded: true, Lines: []string{
			fetch(s.Yum.Repo, "/etc/yum.repos.d/"+s.Name+".repo")}})
	}
	w.add(switched, byHand, in.Package)
	return w
}

// add adds the commands of suites. With a package of the repository, that switches suites on, and
// what does without is for few.
func (w *way) add(switched, byHand []command, packaged bool) {
	if len(byHand) == 0 {
		w.Commands = nil // a package without suites does nothing
		return
	}
	first := switched
	if !packaged {
		first = byHand
	}
	for i := range first {
		first[i].For = strings.TrimSuffix(first[i].For, ", without the package")
		first[i].Folded = i > 0
	}
	w.Commands = append(w.Commands, first...)
	if packaged {
		w.Commands = append(w.Commands, byHand[0])
	}
}

// emergeWay has a file to write, and a command.
func emergeWay(in Input) way {
	w := way{ID: "emerge", Title: "emerge", Note: "As root, on Gentoo."}
	if in.Overlay.Name == "" {
		return w
	}
	w.Commands = []command{
		{For: "in /etc/portage/repos.conf/" + in.Overlay.Name + ".conf",
			Lines: strings.Split(strings.TrimSuffix(in.Overlay.Conf, "\n"), "\n")},
		{For: "then", Lines: []string{style.Words("emaint", "sync", "--repo", in.Overlay.Name)}},
	}
	return w
}

// curlWay downloads the newest binary of each project.
func curlWay(in Input, doc index.Index) way {
	w := way{ID: "curl", Title: "curl",
		Note: "Binaries and tarballs are laid out as dl.k8s.io has them, each with its checksums and signatures beside it."}
	for _, d := range doc.Downloads {
		program, on := in.program(d)
		if program == "" {
			continue
		}
		// To some servers an unescaped plus is a blank.
		version := "$(curl -fsSL " + shell.Quote(d.Pointer) + " | sed s/+/%2B/)"
		w.Commands = append(w.Commands, command{
			For: "the newest " + program + " of " + d.Fork.ID + ", " + d.Channel, Folded: len(w.Commands) > 0,
			Lines: []string{
				`url="` + shell.QuoteInside(d.URL) + "/" + version + "/" + shell.QuoteInside(escaped("bin", on, program)) + `"`,
				`curl -fLO "$url"`,
				`echo "$(curl -fsSL "$url.sha256")  ` + shell.QuoteInside(program) + `" | sha256sum --check`,
			},
		})
	}
	return w
}

// program returns the binary that is the example of a download, and its platform.
func (in Input) program(d index.Download) (program, platform string) {
	for _, one := range in.Downloads {
		if one.Fork.ID == d.Fork.ID && one.Channel == d.Channel {
			return one.Program, one.Platform
		}
	}
	return "", ""
}

// fetch returns the command that downloads a file, to a path or under its own name.
func fetch(url, to string) string {
	if to == "" {
		return style.Words("curl", "-fL", "-o", path.Base(url), url)
	}
	return style.Words("curl", "-fL", "-o", to, url)
}
