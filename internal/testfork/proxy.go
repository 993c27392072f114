package testfork

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
	"golang.org/x/tools/txtar"
)

// tag is what a proxy says about a version, besides its files.
type tag struct {
	time   string // RFC 3339
	commit string
}

// WriteModule writes a version of a module into the file-system proxy below dir. Its files are a txtar archive.
func WriteModule(dir, path, version, archive string) error {
	t := tag{"2025-12-01T02:03:04Z", "0123456789abcdef0123456789abcdef01234567"}
	_, err := publish(dir, module.Version{Path: path, Version: version}, t, txtar.Parse([]byte(archive)).Files)
	return err
}

// publish writes one module version into the proxy below dir and returns its lines for a go.sum.
func publish(dir string, m module.Version, t tag, files []txtar.File) (sums string, err error) {
	path, err := module.EscapePath(m.Path)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(dir, filepath.FromSlash(path), "@v")
	sums, err = publishFiles(filepath.Join(folder, m.Version), m, t, files)
	if err == nil {
		err = writeList(folder)
	}
	if err != nil {
		return "", fmt.Errorf("publishing %s: %w", m, err)
	}
	return sums, nil
}

// publishFiles writes what the proxy serves of one version; base is the path of these files without extension.
func publishFiles(base string, m module.Version, t tag, files []txtar.File) (sums string, err error) {
	tree, err := txtar.FS(&txtar.Archive{Files: files})
	if err != nil {
		return "", err
	}
	mod, err := fs.ReadFile(tree, "go.mod")
	if err != nil {
		return "", err
	}
	var zipped bytes.Buffer
	if err := zip.Create(&zipped, m, zipFiles(tree, files)); err != nil {
		return "", err
	}
	// The origin is more than the protocol asks for, but public proxies tell it, and a tool learns from it which
	// commit it builds.
	info := fmt.Sprintf(`{"Version":%q,"Time":%q,"Origin":{"VCS":"git","URL":"https://%s",`+
		`"Hash":%q,"Ref":"refs/tags/%s"}}`,
		m.Version, t.time, m.Path, t.commit, m.Version)
	for ext, data := range map[string][]byte{".info": []byte(info), ".mod": mod, ".zip": zipped.Bytes()} {
		if err := writeFile(base+ext, data); err != nil {
			return "", err
		}
	}
	return goSum(m, mod, base+".zip")
}

func goSum(m module.Version, mod []byte, zipName string) (string, error) {
	whole, err := dirhash.HashZip(zipName, dirhash.Hash1)
	if err != nil {
		return "", err
	}
	alone, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(mod)), nil
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%[1]s %[2]s %[3]s\n%[1]s %[2]s/go.mod %[4]s\n", m.Path, m.Version, whole, alone), nil
}

// writeList lists what is in the folder rather than adding a line, so that a proxy can be written twice.
func writeList(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, e := range entries {
		if version, ok := strings.CutSuffix(e.Name(), ".zip"); ok {
			list.WriteString(version + "\n")
		}
	}
	return writeFile(filepath.Join(folder, "list"), []byte(list.String()))
}

// zipFile is a file of a tree as the zip package wants it.
type zipFile struct {
	tree fs.FS
	name string
}

func zipFiles(tree fs.FS, files []txtar.File) []zip.File {
	var found []zip.File
	for _, f := range files {
		found = append(found, zipFile{tree: tree, name: f.Name})
	}
	return found
}

func (f zipFile) Path() string                 { return f.name }
func (f zipFile) Lstat() (os.FileInfo, error)  { return fs.Stat(f.tree, f.name) }
func (f zipFile) Open() (io.ReadCloser, error) { return f.tree.Open(f.name) }
