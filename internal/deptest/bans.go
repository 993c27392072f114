package deptest

import "slices"

// formats are the packages that each write one format.
func formats() []string {
	return []string{"./deb", "./rpm", "./ebuilds", "./images", "./tarballs", "./kubespray", "./hostroot",
		"./openstack"}
}

// stages are what a fork goes through before it is of a format.
func stages() []string { return []string{"./source", "./patches", "./deps", "./cross"} }

// Bans is who may not import whom: imports go downwards only.
func Bans() []Ban {
	bans := []Ban{}
	for _, floor := range [][]Ban{leaves(), stageBans(), formatBans(), houseBans(), releaseBans(), repoBans(),
		libraryBans(), documentBans(), frontBans()} {
		bans = append(bans, floor...)
	}
	return bans
}

// leaves are values that know nothing of the rest.
func leaves() []Ban {
	const leaf = "a leaf is a value that knows nothing of the rest"
	return []Ban{
		{From: []string{"./lock"}, Import: []string{"./...", "third-party"}, Allow: []string{"./internal/lineerr"},
			Reach:  true,
			Reason: "what a fork is pinned to must not change with anybody else's code"},
		{From: []string{"./event", "./platform", "./internal/text", "./internal/shell", "./internal/glob",
			"./internal/unitfile", "./internal/dynlink", "./internal/vulnid", "./internal/near",
			"./internal/lineerr", "./internal/hint"},
			Import: []string{"./..."}, Reach: true, Reason: leaf},
		{From: []string{"./internal/config"}, Import: []string{"./..."},
			Allow: []string{"./internal/lineerr", "./internal/near"}, Reach: true, Reason: leaf},
		{From: []string{"./internal/show"}, Import: []string{"./..."}, Allow: []string{"./event", "./internal/text"},
			Reach: true, Reason: "what draws events knows nothing but events"},
		{From: []string{"./internal/recording"}, Import: []string{"./..."}, Reach: true, Reason: leaf},
		{From: []string{"./filetree", "./version"}, Import: []string{"./..."},
			Allow: []string{"./internal/text"}, Reach: true,
			Reason: leaf},
		{From: []string{"./artifact"}, Import: []string{"./..."}, Allow: []string{"./event", "./platform"}, Reach: true,
			Reason: "a finished file is described in the same words whoever made it"},
		{From: []string{"./internal/envfile"}, Import: []string{"./...", "third-party"},
			Allow: []string{"./internal/shell"}, Reach: true, Reason: leaf},
		{From: []string{"./event", "./platform", "./internal/text", "./internal/shell", "./internal/unitfile",
			"./internal/vulnid", "./artifact"}, Import: []string{"third-party"}, Reach: true,
			Reason: "a value needs nobody else's code"},
		{From: []string{"./version"}, Import: []string{"third-party"}, Allow: []string{"github.com/Masterminds/semver/..."},
			Reach: true, Reason: "a version is what semver says, and nothing more"},
	}
}

// stageBans keep stages from knowing each other.
func stageBans() []Ban {
	const value = "a stage takes the value of the one before it, not the stage"
	config := []string{"./spec", "./profiles"}
	bans := []Ban{
		{From: []string{"./patches"}, Import: []string{"./..."},
			Allow:  []string{"./filetree", "./internal/text", "./internal/glob", "./internal/vulnid", "./internal/lineerr"},
			Reach:  true,
			Reason: "a series meets a tree and nothing else, so that it can be tested with a literal"},
		{From: []string{"./patches/library"}, Import: []string{"./..."}, Allow: []string{"./patches", "./version",
			"./filetree", "./internal/..."}, Reach: true,
			Reason: "a series that Slipway maintains is data, looked up by name and version"},
		{From: []string{"./packaging"}, Import: append(config, "./source", "./patches"), Reach: true,
			Reason: "a package is assembled from binaries, wherever they come from"},
		{From: []string{"./packaging"}, Import: append(formats(), "./release", "./internal/scripts"), Reach: true,
			Reason: "a package is of no format; only who writes a format knows it"},
		{From: []string{"./spec", "./profiles"}, Import: []string{".", "./patches", "./fork", "./build"}, Reach: true,
			Reason: "a configuration is read without what is done with it"},
	}
	for _, stage := range stages() {
		bans = append(bans, Ban{From: []string{stage}, Import: append(stages(), config...), Allow: []string{stage},
			Reach: true, Reason: value})
	}
	return bans
}

// formatBans keep formats apart.
func formatBans() []Ban {
	bans := []Ban{
		{From: formats(), Import: append(stages(), "./spec", "./profiles", "./fork", "./build", "./pipeline/..."),
			Reach: true, Reason: "a format writes what it is given, wherever that comes from"},
		{From: []string{"./internal/scripts"}, Import: append(formats(), "./source", "./patches", "./cross", "./spec",
			"./profiles", "./release"), Reach: true, Reason: "what two formats share knows packages, and nothing else"},
		{From: []string{"./debbase", "./registry"}, Import: []string{"./..."}, Allow: []string{"./internal/run"},
			Reason: "they know archives and registries, and not what Slipway does with them"},
		{From: []string{"./sysroot"}, Import: append(formats(), "./build", "./series", "./pipeline/...", "./release"),
			Reason: "a compiler is given a sysroot, whatever is made of what it compiles"},
		{From: []string{"./kubespray", "./openstack"}, Import: []string{"./..."},
			Allow: []string{"./version", "./platform", "./internal/config", "./internal/text", "./internal/lineerr",
				"./internal/near"},
			Reach:  true,
			Reason: "what deploys a fork is told names and sums, wherever they come from"},
		{From: []string{"./e2e"}, Import: []string{"./..."}, Allow: []string{"./version", "./debbase", "./internal/config",
			"./conformance/settings"},
			Reason: "what tests consist of is data, whatever is made of it"},
		{From: []string{"./conformance/report", "./conformance/settings"}, Import: []string{"./..."},
			Allow: []string{"./conformance/settings", "./internal/config", "./internal/text", "./internal/lineerr",
				"./internal/near"}, Reach: true,
			Reason: "what came of tests is told from their report, whoever ran them"},
		{From: []string{"./layers"}, Import: []string{"./pipeline/...", "./series", "./release"}, Reach: true,
			Reason: "media share the layers of images, and layers know no medium"},
		{From: []string{"./installer"}, Import: []string{"./...", "third-party"}, Reach: true,
			Reason: "every host gets it, so it is small"},
	}
	for _, format := range formats() {
		allow := []string{format}
		if format == "./hostroot" {
			allow = append(allow, "./images") // it lays packages out as an image's files
		}
		bans = append(bans, Ban{From: []string{format}, Import: formats(), Allow: allow, Reach: true,
			Reason: "a format never imports another: what two share belongs to packaging"})
	}
	return bans
}

// houseBans keep the floors of the house apart: a fork, its build, the media, and
// what is done to finished artifacts.
func houseBans() []Ban {
	pipelines := []string{"./pipeline/packages", "./pipeline/overlay", "./pipeline/image", "./pipeline/kubespray",
		"./pipeline/tarball", "./pipeline/e2e"}
	bans := []Ban{
		{From: []string{"./fork"}, Import: []string{"./build", "./series", "./pipeline/...", "./release"}, Reach: true,
			Reason: "a fork is a value: it can be read, and its lock checked, without a run"},
		{From: []string{"./build"}, Import: append(formats(), "./debbase", "./registry", "./licenses"),
			Reason: "a session ends at packages of no format, so that a new medium does not change it"},
		{From: []string{"./build", "./doctor"}, Import: []string{"./series", "./pipeline/...", "./release"}, Reach: true,
			Reason: "a session is what media are made of, and not the other way round"},
		{From: []string{"./series"}, Import: append(formats(), "./pipeline/...", "./release", "./packaging"),
			Reason: "a series is edited and moved without anything being made of it"},
		{From: []string{"./inventory"}, Import: append(formats(), "./series", "./pipeline/...", "./release/..."),
			Reason: "what is linked is the same whatever is made of it"},
		{From: []string{"./..."}, Except: []string{".", "./release/cut", "./check", "./conformance"},
			Import: []string{"./pipeline", "./release/cut"},
			Reason: "media are put together for a run, and a release is cut in one: only the facade runs them, and " +
				"check plans them"},
		{From: []string{"./internal/..."}, Except: []string{"./internal/dev", "./internal/scripts"},
			Import: append(append(formats(), stages()...), "./spec", "./profiles", "./packaging", "./release", "./fork",
				"./build", "./series", "./pipeline/..."), Reach: true,
			Reason: "what serves every stage knows none of them"},
	}
	for _, p := range pipelines {
		bans = append(bans, Ban{From: []string{p}, Import: []string{"./pipeline/...", "./series", "./release"},
			Allow: []string{p}, Reach: true, Reason: "a medium never needs another: what two share belongs to build"})
	}
	return bans
}

// releaseBans keep what is done to finished files apart from who made them.
func releaseBans() []Ban {
	makers := append(append(formats(), stages()...), "./spec", "./fork", "./build", "./series", "./pipeline/...",
		"./packaging", "./release", "./release/cut")
	return []Ban{
		{From: []string{"./release/..."}, Except: []string{"./release/cut"}, Import: append(formats(), "./build", "./series",
			"./pipeline/...", "./packaging", "./cross"),
			Reason: "what is released are finished files: all but what cuts a release knows them by their records alone"},
		{From: []string{"./release/purl", "./release/sbom", "./release/referrers", "./release/vex", "./release/notes",
			"./release/provenance"}, Import: makers, Reach: true,
			Reason: "a document is made of values and files: whoever has these can make it again"},
		{From: []string{"./release/verify", "./release/reproduce"}, Import: makers, Reach: true,
			Reason: "a stranger who verifies a release, or builds it again, has its files and nothing of who made it"},
		{From: []string{"./release/contents"}, Import: []string{"./..."}, Reach: true,
			Reason: "what opens an artifact believes only its bytes, and not who made it"},
		{From: []string{"./release/sign/..."}, Import: []string{"./..."},
			Allow: []string{"./release/sign/...", "./internal/run", "./event"}, Reach: true,
			Reason: "keys are given bytes, and know nothing of what is signed"},
		{From: []string{"./release/shards"}, Import: []string{"./..."}, Allow: []string{"./artifact", "./event", "./platform",
			"./filetree", "./internal/output", "./internal/action", "./internal/text", "./internal/near"},
			Reach: true, Reason: "a shard is files and their digests, whatever made them"},
		{From: []string{"./release/page/..."}, Import: []string{"./..."}, Allow: []string{"./release/page/...",
			"./artifact", "./event", "./platform", "./internal/text", "./internal/shell"}, Reach: true,
			Reason: "a page is made of a release's record, so that one of any release can be made from its folder"},
	}
}

// repoBans keep the repositories of a project apart: what writes each kind, and where it is published.
func repoBans() []Ban {
	writers := []string{"./repo/apt", "./repo/yum", "./repo/overlay", "./repo/downloads", "./repo/bootstrap",
		"./repo/page/..."}
	house := []string{"./spec", "./fork", "./build", "./series", "./pipeline/...", "./release", "./release/cut",
		"./targets"}
	bans := []Ban{
		{From: []string{"./..."}, Except: []string{"."}, Import: []string{"./repo"},
			Reason: "repositories are kept in a run: only the facade asks for that"},
		{From: append(slices.Clone(writers), "./repo/state", "./repo/settings", "./repo/tags", "./repo/publish/..."),
			Import: house,
			Reason: "a repository is made of finished files and their records: only its keeper knows the project"},
		{From: []string{"./repo/tree"}, Import: []string{"./..."}, Reach: true,
			Reason: "a file of a repository is a path and bytes, whatever is in it"},
		{From: []string{"./repo/publish/..."}, Import: append(slices.Clone(writers), "./repo/settings"),
			Reason: "what publishes files does not know what they are"},
	}
	for _, w := range writers {
		bans = append(bans, Ban{From: []string{w}, Import: append(slices.Clone(writers), "./repo/publish/...",
			"./repo/state"),
			Allow: []string{w}, Reason: "one kind of repository never needs another: what they share is a tree of files"})
	}
	return bans
}

// libraryBans keep others' libraries, and the system, in one place each.
func libraryBans() []Ban {
	return []Ban{
		{From: []string{"./..."}, Except: []string{"./source", "./tarballs", "./internal/dev"},
			Import: []string{"github.com/mholt/archives/..."},
			Reason: "archives are an upstream's form, or a tarball's; what measures these uses the same library"},
		{From: []string{"./..."}, Except: []string{"./deb"},
			Import: []string{"github.com/goreleaser/nfpm/..."},
			Reason: "nFPM writes debs; nobody else has to know it"},
		{From: []string{"./..."}, Except: []string{"./rpm", "./release/contents/contentstest"},
			Import: []string{"github.com/google/rpmpack/..."},
			Reason: "rpmpack writes rpms; nobody else has to know it, but what makes one for tests"},
		{From: []string{"./..."}, Except: []string{"./images", "./pipeline/image", "./pipeline/tarball",
			"./pipeline/e2e", "./registry",
			"./release", "./release/contents", "./release/referrers", "./release/verify", "./release/reproduce",
			"./repo/publish/oci", "./repo/tags", "./registry/local"},
			Import: []string{"github.com/google/go-containerregistry/..."},
			Reason: "images are put together by media, and pushed, opened and verified from a release; a repository " +
				"can be in a registry, too"},
		{From: []string{"./..."}, Except: []string{"./release/page/...", "./release/reproduce", "./repo/page"},
			Import: []string{"html/template/..."},
			Reason: "three pages are all that Slipway writes as HTML: shell, systemd and YAML are quoted in their own ways"},
		{From: []string{"./..."}, Except: []string{"./internal/run", "./internal/testkit/...", "./internal/dev", "./cmd/..."},
			Import: []string{"os/exec"}, Reason: "subprocesses go through internal/run: " +
				"explicit environment, ended with their context, secrets redacted"},
		{From: []string{"./..."}, Except: []string{"./targets", "./internal/dev", "./cmd/...", "./registry/local"},
			Import: []string{"log/..."}, Reason: "libraries emit events; only targets prints"},
		{From: []string{"./..."},
			Except: []string{"./build", "./internal/output", "./internal/action", "./cross", "./pipeline/packages",
				"./pipeline/tarball"},
			Import: []string{"./internal/action"}, Reason: "the cache has one door, build.Do; the others only name its keys"},
	}
}

// documentBans keep the libraries for documents and signatures of a release in one place each.
func documentBans() []Ban {
	return []Ban{
		{From: []string{"./..."}, Except: []string{"./release/sbom"},
			Import: []string{"github.com/CycloneDX/cyclonedx-go/...", "github.com/spdx/tools-golang/..."},
			Reason: "what an SBOM says is decided in one place"},
		{From: []string{"./..."}, Except: []string{"./release/vex"}, Import: []string{"github.com/openvex/go-vex/..."},
			Reason: "what is said of vulnerabilities is decided in one place"},
		{From: []string{"./..."}, Except: []string{"./release/provenance", "./release/reproduce"},
			Import: []string{"github.com/in-toto/attestation/..."},
			Reason: "statements are written and read by who says what they say"},
		{From: []string{"./..."}, Except: []string{"./release/sign/sigstore"},
			Import: []string{"github.com/sigstore/...", "github.com/secure-systems-lab/go-securesystemslib/..."},
			Reason: "bundles are a form of signatures; who wants one asks release/sign"},
		{From: []string{"./..."}, Except: []string{"./release/sign/rpmheader", "./repo/yum"},
			Import: []string{"github.com/sassoftware/go-rpmutils/..."},
			Reason: "it trusts what a header says, so it reads only what was checked before"},
		{From: []string{"./..."}, Except: []string{"./release/purl"},
			Import: []string{"github.com/package-url/packageurl-go/..."},
			Reason: "all documents call a product by the same package URL"},
	}
}

// frontBans keep what prints and what tests apart from the rest.
func frontBans() []Ban {
	tests := []string{"./build/buildtest", "./internal/golden", "./internal/testfork", "./internal/testkit/...",
		"./release/contents/contentstest", "./release/sbom/sbomtest", "./release/sign/signtest",
		"./internal/docscript", "./internal/repotest", "./repo/publish/publishtest", "./repo/publish/storetest"}
	return []Ban{
		{From: []string{"./..."}, Except: []string{"./targets", "./internal/dev", "./cmd/..."},
			Import: []string{"github.com/magefile/mage/..."},
			Reason: "Mage is one front end; the rest must work without it"},
		{From: []string{"./..."}, Except: []string{"./cmd/..."}, Import: []string{"./cmd/...", "./scaffold"},
			Reason: "only a command line starts projects"},
		{From: []string{"./..."}, Import: []string{"./targets/...", "./internal/dev/..."},
			Reason: "only magefiles import targets"},
		{From: []string{"./..."}, Except: []string{".", "./targets", "./internal/dev", "./cmd/..."}, Import: []string{"."},
			Reason: "the facade is made of the stages, and not the other way round"},
		{From: []string{"./lab/cluster"}, Import: []string{"./..."}, Allow: []string{"./lab"},
			Reason: "a cluster is given packages and images, whoever made them"},
		{From: []string{"./lab"}, Import: []string{"./..."}, Allow: []string{"./internal/run", "./internal/shell", "./event"},
			Reach: true, Reason: "a machine is a host, whatever is installed on it"},
		{From: []string{"./..."}, Except: tests, Import: append([]string{"testing/...", "./internal/deptest"}, tests...),
			Reason: "what is for tests stays in tests"},
	}
}

// UseBans is what may not be used below targets.
func UseBans() []UseBan {
	above := []string{"./targets", "./internal/dev", "./internal/testkit/...", "./repo/publish/storetest", "./cmd/..."}
	return []UseBan{
		{Names: []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "os.Setenv", "os.Unsetenv",
			"os.Clearenv"}, Except: above, Reason: "the environment is passed in, so that a run is what its arguments say"},
		{Names: []string{"time.Now", "time.Since", "time.Until"}, Except: above,
			Reason: "time is SOURCE_DATE_EPOCH or the upstream's, passed in: the same input makes the same bytes"},
		{Names: []string{"fmt.Print*", "os.Stdout", "os.Stderr", "os.Stdin", "builtin.print", "builtin.println"},
			Except: above, Reason: "libraries emit events; only targets prints"},
		{Names: []string{"os.Exit"}, Except: above, Reason: "who calls decides what an error ends"},
		{Names: []string{"dot import of *"}, Reason: "a name should say whose it is, to readers and to this test"},
	}
}
