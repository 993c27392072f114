package deptest

// formats are the packages that each write one format.
func formats() []string {
	return []string{"./deb", "./rpm", "./ebuilds", "./images", "./tarballs"}
}

// Bans is who may not import whom.
func Bans() []Ban {
	tests := []string{"./build/buildtest", "./internal/golden", "./internal/testfork", "./internal/testkit"}
	bans := []Ban{
		{From: []string{"./lock"}, Import: []string{"./...", "third-party"}, Reach: true,
			Reason: "what a fork is pinned to must not change with anybody else's code"},
		{From: []string{"./event", "./platform", "./internal/text", "./internal/config"},
			Import: []string{"./..."}, Reach: true,
			Reason: "a leaf is a value that knows nothing of the rest"},
		{From: []string{"./filetree", "./version"},
			Import: []string{"./..."}, Allow: []string{"./internal/text"}, Reach: true,
			Reason: "a leaf is a value that knows nothing of the rest"},
		{From: []string{"./event", "./platform", "./internal/text"}, Import: []string{"third-party"}, Reach: true,
			Reason: "a value needs nobody else's code"},
		{From: []string{"./version"},
			Import: []string{"third-party"}, Allow: []string{"github.com/Masterminds/semver/..."}, Reach: true,
			Reason: "a version is what semver says, and nothing more"},
		{From: []string{"./patches"},
			Import: []string{"./..."}, Allow: []string{"./filetree", "./internal/text"}, Reach: true,
			Reason: "a series meets a tree and nothing else, so that it can be tested with a literal"},
		{From: []string{"./source"}, Import: []string{"./cross", "./patches", "./spec", "./profiles"}, Reach: true,
			Reason: "the first stage knows neither the later ones nor who composes them"},
		{From: []string{"./cross"}, Import: []string{"./source", "./patches", "./spec", "./profiles"}, Reach: true,
			Reason: "a stage takes the value of the one before it, not the stage"},
		{From: []string{"./deps"}, Import: []string{"./source", "./patches", "./cross", "./spec", "./profiles"}, Reach: true,
			Reason: "a stage takes the value of the one before it, not the stage"},
		{From: []string{"./packaging"}, Import: []string{"./source", "./patches", "./spec", "./profiles"}, Reach: true,
			Reason: "a package is assembled from binaries, wherever they come from"},
		{From: []string{"./packaging"}, Import: append(formats(), "./release", "./internal/fpm"), Reach: true,
			Reason: "a package is of no format; only who writes a format knows it"},
		{From: formats(), Import: []string{"./source", "./patches", "./deps", "./cross", "./spec", "./profiles"}, Reach: true,
			Reason: "a format writes what it is given, wherever that comes from"},
		{From: []string{"./..."}, Except: []string{"./source", "./tarballs"},
			Import: []string{"github.com/mholt/archives/..."},
			Reason: "archives are an upstream's form, or a tarball's"},
		{From: []string{"./release"}, Import: formats(), Reach: true,
			Reason: "what is released are finished files of any format"},
		{From: []string{"./spec", "./profiles"}, Import: []string{".", "./patches"}, Reach: true,
			Reason: "a configuration is read without what is done with it"},
		{From: []string{"./internal/..."}, Except: []string{"./internal/dev", "./internal/fpm"},
			Import: append(formats(),
				"./source", "./patches", "./cross", "./spec", "./profiles", "./packaging", "./release"), Reach: true,
			Reason: "what serves every stage knows none of them"},
		{From: []string{"./internal/fpm"},
			Import: append(formats(), "./source", "./patches", "./cross", "./spec", "./profiles", "./release"), Reach: true,
			Reason: "what two formats share knows packages, and nothing else"},
		{From: []string{"./..."}, Except: []string{"./deb", "./rpm", "./internal/fpm"},
			Import: []string{"github.com/goreleaser/nfpm/..."},
			Reason: "nFPM writes debs and rpms; nobody else has to know it"},
		{From: []string{"./..."}, Except: []string{".", "./images", "./registry"},
			Import: []string{"github.com/google/go-containerregistry/..."},
			Reason: "images are put together in one place, and pushed from another"},
		{From: []string{"./debbase", "./registry"}, Import: []string{"./..."}, Allow: []string{"./internal/run"},
			Reason: "they know archives and registries, and not what Slipway does with them"},
		{From: []string{"./kubespray"}, Import: []string{"./..."},
			Allow: []string{"./version", "./platform", "./internal/config", "./internal/text"}, Reach: true,
			Reason: "what deploys a fork is told names and sums, wherever they come from"},
		{From: []string{"./installer"}, Import: []string{"./...", "third-party"}, Reach: true,
			Reason: "every host gets it, so it is small"},
		{From: []string{"./..."}, Except: []string{"./targets", "./internal/dev", "./cmd/..."},
			Import: []string{"github.com/magefile/mage/..."},
			Reason: "Mage is one front end; the rest must work without it"},
		{From: []string{"./..."}, Import: []string{"./targets/...", "./internal/dev/...", "./cmd/..."},
			Reason: "only magefiles import targets"},
		{From: []string{"./..."}, Except: []string{".", "./targets", "./internal/dev", "./cmd/..."}, Import: []string{"."},
			Reason: "the facade is made of the stages, and not the other way round"},
		{From: []string{"./..."}, Except: []string{"./internal/run", "./internal/testkit", "./internal/dev", "./cmd/..."},
			Import: []string{"os/exec"},
			Reason: "subprocesses go through internal/run: explicit environment, ended with their context, secrets redacted"},
		{From: []string{"./..."}, Except: []string{"./targets", "./internal/dev", "./cmd/..."}, Import: []string{"log/..."},
			Reason: "libraries emit events; only targets prints"},
		{From: []string{"./..."}, Except: tests, Import: append([]string{"testing/...", "./internal/deptest"}, tests...),
			Reason: "what is for tests stays in tests"},
	}
	for _, format := range formats() {
		bans = append(bans, Ban{From: []string{format}, Import: formats(), Allow: []string{format}, Reach: true,
			Reason: "a format never imports another: what two share belongs to packaging"})
	}
	return bans
}

// UseBans is what may not be used below targets.
func UseBans() []UseBan {
	above := []string{"./targets", "./internal/dev", "./internal/testkit", "./cmd/..."}
	return []UseBan{
		{Names: []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv",
			"os.Setenv", "os.Unsetenv", "os.Clearenv"}, Except: above,
			Reason: "the environment is passed in, so that a run is what its arguments say"},
		{Names: []string{"time.Now", "time.Since", "time.Until"}, Except: above,
			Reason: "time is SOURCE_DATE_EPOCH or the upstream's, passed in: the same input makes the same bytes"},
		{Names: []string{"fmt.Print*", "os.Stdout", "os.Stderr", "os.Stdin",
			"builtin.print", "builtin.println"}, Except: above,
			Reason: "libraries emit events; only targets prints"},
		{Names: []string{"os.Exit"}, Except: above,
			Reason: "who calls decides what an error ends"},
		{Names: []string{"dot import of *"},
			Reason: "a name should say whose it is, to readers and to this test"},
	}
}
