package downloads

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/kubespray"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/release/sign/sigstore"
	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/version"
)

// ship is a release of the ship. Each file holds its own path.
func ship() artifact.Release {
	r := artifact.Release{Schema: artifact.ReleaseSchema, Fork: "ship-1.4", Name: "ship", Version: "1.4.1+acme.1"}
	add := func(kind artifact.Kind, name, on, path string) {
		r.Artifacts = append(r.Artifacts, artifact.Released{Kind: kind, Name: name, Platform: on, Path: path,
			Size: int64(len(path)), Digest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(path)))})
	}
	add(artifact.Binary, "captain", "linux/amd64", "bin/linux_amd64/captain")
	add(artifact.Binary, "mate", "linux/amd64", "bin/linux_amd64/mate")
	add(artifact.Binary, "captain", "windows/amd64", "bin/windows_amd64/captain.exe")
	add(artifact.Package, "mate", "linux/amd64", "deb/linux_amd64/mate_1.4.1+acme.1-1_amd64.deb")
	add(artifact.Document, "", "", "notes.md")
	add(artifact.Document, "", "", "sbom/bin/linux_amd64/mate.cdx.json")
	add(artifact.Tarball, "", "linux/amd64", "tarballs/ship-server-linux-amd64.tar.gz")
	return r
}

// TestFurtherPaths has scripts find a tarball at a path of theirs.
func TestFurtherPaths(t *testing.T) {
	files, err := Files(t.Context(), Input{
		Release: ship(), Dir: lay(t, ship(), nil), Folder: "ship",
		As: map[string]string{"ship-server-linux-amd64.tar.gz": "heat/ship/ship-server.tar.gz",
			"ship-salt.tar.gz": "heat/salt"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range files {
		got[f.Path] = f.Alias
	}
	const at = "ship/v1.4.1+acme.1/"
	if of, want := got[at+"heat/ship/ship-server.tar.gz"], at+"ship-server-linux-amd64.tar.gz"; of != want {
		t.Errorf("the further path is of %q, want %q", of, want)
	}
	if _, ok := got[at+"heat/salt"]; ok {
		t.Error("there is a path of a tarball that the release does not have")
	}
}

// lay writes a release, with more files, and returns its folder.
func lay(t *testing.T, r artifact.Release, more map[string]string) string {
	t.Helper()
	record, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{artifact.ReleaseFile: string(record), "index.html": "page", "SHA256SUMS": "none here"}
	for _, a := range r.Artifacts {
		files[a.Path] = a.Path
	}
	var sums strings.Builder
	for name, text := range files {
		fmt.Fprintf(&sums, "%x  %s\n", sha512.Sum512([]byte(text)), name)
	}
	files[artifact.SHA512Sums] = sums.String()
	for name, text := range more {
		files[name] = text
	}
	return testkit.Lay(t, files)
}

// signer opens keys.
func signer(t *testing.T, keys ...string) *sign.Signer {
	t.Helper()
	s, err := sign.Open(context.Background(), sign.Settings{Keys: keys, Time: signtest.Release,
		Env: run.Env{"PATH=" + testkit.Path(), "HOME=" + t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listing returns a line for each file: its path, and what it is an alias of.
func listing(files []tree.File) []string {
	var out []string
	for _, f := range files {
		line := f.Path
		if f.Alias != "" {
			line += " -> " + f.Alias
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func TestFiles(t *testing.T) {
	in := Input{Release: ship(), Folder: "release", Names: map[string][]string{
		"captain": {"bosun", "mate"}, // mate is a binary of its own where the release has one
		"anchor":  {"chain"},         // which the release does not have
	}}
	bundle, err := signer(t, signtest.PEM(t).Secret).Bundle(context.Background(),
		sigstore.Bytes([]byte("bin/linux_amd64/mate")))
	if err != nil {
		t.Fatal(err)
	}
	in.Dir = lay(t, in.Release, map[string]string{
		"bin/linux_amd64/mate.sigstore.json": string(bundle), "bin/linux_amd64/mate.asc": "armor",
		artifact.ProvenanceBundle: "signed",
	})
	files, err := Files(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	const v = "release/v1.4.1+acme.1/"
	want := []string{
		"release/1.4.1+acme.1/linux_amd64/captain -> " + v + "bin/linux/amd64/captain",
		"release/1.4.1+acme.1/linux_amd64/mate -> " + v + "bin/linux/amd64/mate",
		v + "SHA256SUMS", v + "SHA512SUMS", v + "artifacts.json",
		v + "bin/linux/amd64/bosun -> " + v + "bin/linux/amd64/captain",
		v + "bin/linux/amd64/bosun.sha256 -> " + v + "bin/linux/amd64/captain.sha256",
		v + "bin/linux/amd64/bosun.sha512 -> " + v + "bin/linux/amd64/captain.sha512",
		v + "bin/linux/amd64/captain", v + "bin/linux/amd64/captain.sha256", v + "bin/linux/amd64/captain.sha512",
		v + "bin/linux/amd64/mate", v + "bin/linux/amd64/mate.asc", v + "bin/linux/amd64/mate.sha256",
		v + "bin/linux/amd64/mate.sha512", v + "bin/linux/amd64/mate.sig", v + "bin/linux/amd64/mate.sigstore.json",
		v + "bin/windows/amd64/bosun.exe -> " + v + "bin/windows/amd64/captain.exe",
		v + "bin/windows/amd64/bosun.exe.sha256 -> " + v + "bin/windows/amd64/captain.exe.sha256",
		v + "bin/windows/amd64/bosun.exe.sha512 -> " + v + "bin/windows/amd64/captain.exe.sha512",
		v + "bin/windows/amd64/captain.exe", v + "bin/windows/amd64/captain.exe.sha256",
		v + "bin/windows/amd64/captain.exe.sha512",
		v + "bin/windows/amd64/mate.exe -> " + v + "bin/windows/amd64/captain.exe",
		v + "bin/windows/amd64/mate.exe.sha256 -> " + v + "bin/windows/amd64/captain.exe.sha256",
		v + "bin/windows/amd64/mate.exe.sha512 -> " + v + "bin/windows/amd64/captain.exe.sha512",
		v + "notes.md", v + "provenance.sigstore.json", v + "sbom/bin/linux_amd64/mate.cdx.json",
		v + "ship-server-linux-amd64.tar.gz", v + "ship-server-linux-amd64.tar.gz.sha256",
		v + "ship-server-linux-amd64.tar.gz.sha512",
	}
	if got := listing(files); !slices.Equal(got, want) {
		t.Errorf("the files are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, f := range files {
		if f.Class != tree.Content {
			t.Errorf("%s is of the class %s", f.Path, f.Class)
		}
	}
	again, err := Files(context.Background(), in, nil)
	if err != nil || !reflect.DeepEqual(again, files) {
		t.Errorf("a second time there are other files, or none: %v", err)
	}
}

// TestKubespray holds that the variables that deploy the release name files that are there.
func TestKubespray(t *testing.T) {
	in := Input{Release: ship(), Folder: "release"}
	in.Dir = lay(t, in.Release, nil)
	files, err := Files(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := version.Parse(in.Release.Version)
	if err != nil {
		t.Fatal(err)
	}
	recipes := kubespray.Recipes{Vars: []kubespray.Vars{{Text: `bosun: {{quote (url "bosun" "{{ image_arch }}")}}`}}}
	data, err := recipes.Write(kubespray.Input{Version: v, URL: "https://packages.example.org/release",
		Programs: map[string]kubespray.Program{"bosun": {File: "captain"}}})
	if err != nil {
		t.Fatal(err)
	}
	_, at, _ := strings.Cut(string(data), `"https://packages.example.org/`)
	at, _, _ = strings.Cut(strings.ReplaceAll(at, "{{ image_arch }}", "amd64"), `"`)
	if at, err = url.PathUnescape(at); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(files, func(f tree.File) bool { return f.Path == at }) {
		t.Errorf("%q is not among the files; the variables are\n%s", at, data)
	}
}

// fetch writes files below a folder, as a reader downloads them.
func fetch(t *testing.T, files []tree.File) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		from, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(from)
		from.Close()
		to := filepath.Join(dir, f.Path)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o755)
		}
		if err == nil {
			err = os.WriteFile(to, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(data)) != f.Size {
			t.Errorf("%s has another size or sum than its entry", f.Path)
		}
	}
	return dir
}

// TestClients has the tools of whoever downloads check what is there.
func TestClients(t *testing.T) {
	for _, tool := range []string{"sh", "sha256sum", "sha512sum", "openssl", "base64", "gpg"} {
		testkit.Need(t, tool)
	}
	pgp, key := signtest.OpenPGP(t, "captain"), signtest.PEM(t)
	by := signer(t, pgp.Secret, key.Secret)
	in := Input{Release: ship(), Folder: "release", Names: map[string][]string{"captain": {"bosun"}}}
	more := map[string]string{}
	for _, a := range in.Release.Kind(artifact.Binary) {
		bundle, err := by.Bundle(context.Background(), sigstore.Bytes([]byte(a.Path)))
		if err != nil {
			t.Fatal(err)
		}
		more[a.Path+artifact.BundleSuffix] = string(bundle)
	}
	in.Dir = lay(t, in.Release, more)
	files, err := Files(context.Background(), in, by)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(fetch(t, files), "release", "v1.4.1+acme.1")
	cmd := exec.Command("sh", "-euxc", `
		sha256sum --check --strict SHA256SUMS
		sha512sum --check --strict SHA512SUMS
		gpg --batch --import "$PGP"
		gpg --batch --trust-model=always --verify SHA256SUMS.asc SHA256SUMS
		gpg --batch --trust-model=always --verify SHA512SUMS.asc SHA512SUMS
		cd bin/linux/amd64
		for name in bosun captain mate; do
			echo "$(cat $name.sha256)  $name" | sha256sum --check --strict
			echo "$(cat $name.sha512)  $name" | sha512sum --check --strict
			base64 -d $name.sig >signature
			openssl dgst -sha256 -verify "$KEY" -signature signature $name
		done
		base64 -d ../../../SHA256SUMS.sig >signature
		openssl dgst -sha256 -verify "$KEY" -signature signature ../../../SHA256SUMS`)
	cmd.Dir = dir
	home, err := os.MkdirTemp("", "gpg") // the path of an agent's socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(home)
	cmd.Env = []string{"PATH=" + testkit.Path(), "GNUPGHOME=" + home, "PGP=" + pgp.Public, "KEY=" + key.Public}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	unnamed(t, dir)
}

// TestCurl has curl download as the scripts of Kubernetes' users do.
func TestCurl(t *testing.T) {
	testkit.Need(t, "curl")
	in := Input{Release: ship(), Folder: "release", Names: map[string][]string{"captain": {"bosun"}}}
	in.Dir = lay(t, in.Release, nil)
	files, err := Files(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	pointers, err := Pointers(in.Folder, map[string][]string{"stable": {in.Release.Version}}, "stable")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(fetch(t, append(files, pointers...)))))
	defer server.Close()
	cmd := exec.Command("sh", "-euxc", `
		curl -fLO "$URL/release/$(curl -fLs $URL/release/stable.txt)/bin/linux/amd64/bosun"
		curl -fLO "$URL/release/$(curl -fLs $URL/release/stable-1.4.txt)/bin/linux/amd64/bosun.sha256"
		echo "$(cat bosun.sha256)  bosun" | sha256sum --check
		curl -fLO "$URL/release/$(curl -fLs $URL/release/latest.txt | sed s/+/%2B/)/ship-server-linux-amd64.tar.gz"`)
	cmd.Dir, cmd.Env = t.TempDir(), []string{"PATH=" + testkit.Path(), "URL=" + server.URL}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// unnamed holds that the sums name every file that is neither a sum nor a signature.
func unnamed(t *testing.T, dir string) {
	t.Helper()
	sums, err := os.ReadFile(filepath.Join(dir, artifact.SHA256Sums))
	if err != nil {
		t.Fatal(err)
	}
	beside := []string{".sha256", ".sha512", ".sig", ".asc", ".json"}
	err = filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, name)
		if err != nil || e.IsDir() || slices.Contains(beside, path.Ext(rel)) || path.Base(rel) == "signature" ||
			strings.HasSuffix(rel, "SUMS") {
			return err
		}
		if !strings.Contains(string(sums), "  "+rel+"\n") {
			t.Errorf("the sums do not name %s", rel)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFilesErrors(t *testing.T) {
	bundle, err := signer(t, signtest.PEM(t).Secret).Bundle(context.Background(), sigstore.Bytes([]byte("other")))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		more   map[string]string
		change func(r *artifact.Release)
		want   string
	}{
		"a file cut off": {map[string]string{"bin/linux_amd64/mate": "bin"}, nil,
			"bin/linux_amd64/mate is not the file of 20 bytes that artifacts.json names"},
		"no file": {nil, func(r *artifact.Release) { r.Artifacts[0].Path = "bin/linux_amd64/stoker" },
			"bin/linux_amd64/stoker is not the file of 23 bytes that artifacts.json names"},
		"no sum": {map[string]string{"SHA512SUMS": "00  notes.md\n"}, nil,
			"SHA512SUMS has no sum of bin/linux_amd64/captain"},
		"no sums": {map[string]string{"SHA512SUMS": "00  a\nb\n"}, nil,
			`SHA512SUMS:2: "b" is not a sum: want the digits, two blanks and a path`},
		"a bundle of another file": {map[string]string{"bin/linux_amd64/mate.sigstore.json": string(bundle)}, nil,
			"mate.sigstore.json: its bundle is of another file: it is over the SHA-256 "},
		"no bundle": {map[string]string{"bin/linux_amd64/mate.sigstore.json": "{"}, nil, "its bundle cannot be read"},
		"another platform": {nil, func(r *artifact.Release) { r.Artifacts[0].Platform = "linux/vax" },
			`bin/linux_amd64/captain: unknown platform "linux/vax"`},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Release: ship(), Folder: "release"}
			in.Dir = lay(t, in.Release, c.more)
			if c.change != nil {
				c.change(&in.Release)
			}
			if _, err := Files(context.Background(), in, nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want it to have %q", err, c.want)
			}
		})
	}
}

// TestSignature holds the form of a signature that tools decode, and no end of line.
func TestSignature(t *testing.T) {
	key := signtest.PEM(t)
	data := []byte("captain")
	bundle, err := signer(t, key.Secret).Bundle(context.Background(), sigstore.Bytes(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := detached("captain", bundle, sha256.Sum256(data))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := base64.StdEncoding.DecodeString(string(text)); err != nil {
		t.Errorf("%q: %v", text, err)
	}
}
