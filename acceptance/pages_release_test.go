//go:build acceptance && linux

package acceptance

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
)

// TestReleasePage makes the release that docs/release.md shows, in a clean clone; signs it, verifies it, and
// publishes it as docs/repositories.md says, and has the clients of docs/install.md install it.
func TestReleasePage(t *testing.T) {
	onAMD64(t)
	dir := clone(t)
	out := mage(t, dir, "release", "-fork=etcd-3.7", "-platforms=linux/amd64")
	lines := docscript.Lasting(strings.Split(out, "\n"))
	starts := func(prefix string) int {
		return slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix) })
	}
	if from, to := starts("  cross ")+1, starts("  image "); from > 0 && to > from { // made at the same time
		slices.Sort(lines[from:to])
	}
	shown(t, "docs/release.md", strings.Join(lines, "\n"))

	s := newShipper(t, dir)
	d := openDocument(t, "release.md", docscript.Shell{Dir: s.dir, Env: s.env, Under: s.under})
	s.releases(d)
	s.repositories()
	s.shards(d)
	s.commands()
}

// A shipper has keys, and a home of their own, and releases etcd from a checkout.
type shipper struct {
	t         *testing.T
	dir, home string
	srv       string // what is /srv here
	store     string // the URL of what is s3.example.org here
	env       []string
	under     []string // a command that runs others in this one's world
}

// shippersAddress is where the servers are that a shipper publishes to.
const shippersAddress = "127.9.8.6"

// newShipper makes a home, with GnuPG set up for somebody who wants no passphrase, and a database of rpm's.
func newShipper(t *testing.T, dir string) shipper {
	for _, tool := range []string{"gpg", "openssl", "sha256sum", "rpm", "jq"} {
		testkit.Need(t, tool)
	}
	s := shipper{t: t, dir: dir, home: t.TempDir(), srv: t.TempDir()}
	put(t, filepath.Join(s.home, ".rpmmacros"), "%_dbpath "+filepath.Join(s.home, "rpm")+"\n", 0o644)
	s.store = testserver.S3(t)
	registry := newServer(t)
	registry.start("")
	h := serveHosts(t, shippersAddress, map[string]http.Handler{
		registryName: behindTLS("http://" + registry.host), "s3.example.org": behindTLS(s.store),
	})
	under, env := h.known(t, map[string]string{"/srv": s.srv})
	s.under = under
	oras := devTool(t, "oras", "oras.land/oras/cmd/oras")
	s.env = append(visitor(t, s.home, filepath.Dir(cosign(t)), filepath.Dir(oras)), env...)
	s.env = append(s.env, "GNUPGHOME="+gnupg(t))
	return s
}

// gnupg makes a folder of GnuPG's. Its path has to be short, for it has the socket of an agent.
func gnupg(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command("", "gpgconf", "--homedir", dir, "--kill", "all").Run()
		_ = os.RemoveAll(dir)
	})
	none := filepath.Join(dir, "passphrase")
	put(t, none, "\n", 0o600)
	put(t, filepath.Join(dir, "gpg.conf"), "batch\npinentry-mode loopback\npassphrase-file "+none+"\n", 0o600)
	return dir
}

// do runs a script in the checkout.
func (s shipper) do(script string) {
	s.t.Helper()
	args := append(slices.Clone(s.under), "bash", "-ec", script)
	cmd := command(s.dir, args[0], args[1:]...)
	cmd.Env = s.env
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// releases signs the release of docs/release.md, and verifies it as a stranger does, who has the public keys.
func (s shipper) releases(d document) {
	d.shown("note     the release is not signed")
	d.run("openssl pkey -in")
	s.do("cp -r dist/etcd-3.7/release FOLDER; cp keys/release.* .")
	d.run("release:verify FOLDER -key=release.asc,release.pub")
	d.run("-key=\"exec:")

	s.do("go tool mage push -fork=etcd-3.7 -registry=" + registryName + "/team; mv release.* FOLDER")
	d.page.Shell.Dir = filepath.Join(s.dir, "FOLDER")
	d.page.Shell.Env = append(s.env, "GNUPGHOME="+gnupg(s.t))
	d.run("gpg --import")
	d.run("grep '  deb/")
	d.run("cosign verify-blob ")
	d.run("openssl dgst")
	d.run("rpm -K")
	d.run("cosign verify ")
	d.run("cosign verify-blob-attestation")
}

// shards has machines make the parts of a release, and one merge them.
func (s shipper) shards(d document) {
	d.page.Shell.Dir = s.dir
	d.page.Shell.Env = append(s.env, "SLIPWAY_KEY="+read(s.t, filepath.Join(s.home, "release.pem")))
	d.run("release:matrix")
	s.do("rm -r dist/etcd-3.7/release; mv dist/shards shards")
	d.run("release:merge shards")
	s.do("go tool mage release:verify dist/etcd-3.7/release -key=keys/release.pub")
}

// repositories keeps the repository of docs/repositories.md, whose folder is /srv/packages, and has a client read it.
func (s shipper) repositories() {
	d := openDocument(s.t, "repositories.md", docscript.Shell{Dir: s.dir, Env: s.env, Under: s.under})
	d.run("name: acme")
	d.run("--quick-generate-key")
	d.run("note     ebuilds of")
	d.run("repo:promote")
	d.run("-dry-run")

	c, own := newVisitor(s.t, filepath.Join(s.srv, "packages")), d.page.Shell
	c.installs()
	d.page.Shell = c.shell()
	d.run("index.json")
	d.run("--snapshot")

	d.page.Shell = own
	s.env = append(s.env, "ACME_KEY="+read(s.t, filepath.Join(s.home, "acme.key")))
	d.page.Shell.Env = s.env
	s.elsewhere(d)
	d.run("repo:rollback")
	s.do("go tool mage repo:promote candidate stable -key=$HOME/acme.key repo:publish -to=/srv/packages")
	s.pipelines(d)
	s.rotates(d)
}

// elsewhere publishes to a bucket and to a registry, and has oras fetch what is there.
func (s shipper) elsewhere(d document) {
	client := must(minio.New(strings.TrimPrefix(s.store, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(testserver.S3ID, testserver.S3Secret, "")}))
	must(0, client.MakeBucket(s.t.Context(), "acme-packages", minio.MakeBucketOptions{}))
	d.run("AWS_ACCESS_KEY_ID")
	s.do("go tool mage repo:publish -to=oci://" + registryName + "/acme/packages")
	d.page.Shell.Dir = s.t.TempDir()
	d.run("oras pull")
	// A folder has a lock, and room for files that are not whole, besides.
	mustRun(s.t, d.page.Shell.Dir, "diff", "-r", "-x", "lock", "-x", "tmp", "packages", filepath.Join(s.srv, "packages"))
	d.page.Shell.Dir = s.dir
}

// pipelines has two pipelines publish, each with a dist/repo of its own.
func (s shipper) pipelines(d document) {
	s.do("cp -r dist/repo dist/other")
	d.run("repo:pull -from=/srv/packages\n  note ")
	s.do("go tool mage repo:resign -key=$HOME/acme.key repo:publish -to=/srv/packages")
	s.do("rm -r dist/repo; mv dist/other dist/repo; go tool mage repo:resign -key=$HOME/acme.key")
	d.run("repo:rebase")
	d.run("repo:resign -key=env:ACME_KEY")
}

// rotates changes the key, step by step.
func (s shipper) rotates(d document) {
	s.do(`gpg --quick-generate-key 'Acme Packages, next <next@example.org>' rsa4096 sign 3y
gpg --armor --export-secret-keys next@example.org >~/next.key
mkdir -p keys; gpg --armor --export packages@example.org >keys/former.asc
gpg --armor --export next@example.org >keys/next.asc`)
	d.run("is given first, so it signs rpms")
	for _, step := range []struct{ keys, text string }{
		{"[keys/next.asc]", "-key=$HOME/acme.key"}, {"[]", "-key=$HOME/acme.key,$HOME/next.key"},
		{"[]", "-key=$HOME/next.key,$HOME/acme.key"}, {"[keys/former.asc]", "-key=$HOME/next.key"},
	} {
		s.do("sed -i /^keys:/d repo.yaml; echo 'keys: " + step.keys + "' >>repo.yaml")
		d.run("repo:resign " + step.text)
		s.do("go tool mage repo:publish -to=/srv/packages")
	}
}

// commands runs the line of several targets that docs/command.md shows, for etcd.
func (s shipper) commands() {
	bin := s.t.TempDir()
	mustRun(s.t, s.dir, "go", "build", "-o", bin, "./cmd/slipway")
	env := append(visitor(s.t, s.home, bin), "FORK=etcd-3.7")
	d := openDocument(s.t, "command.md", docscript.Shell{Dir: s.dir, Env: env})
	d.run("slipway patches:lock cross")
}
