package targets_test

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-build/slipway/internal/testfork"
)

func publish(ts *testscript.TestScript, args []string) error {
	path, version, _ := strings.Cut(args[1], "@")
	return testfork.WriteModule(ts.MkAbs(args[0]), path, version, ts.ReadFile(args[2]))
}

func republish(ts *testscript.TestScript, args []string) error {
	r, err := zip.OpenReader(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	defer r.Close()
	var changed bytes.Buffer
	w := zip.NewWriter(&changed)
	for _, f := range r.File {
		data, err := fs.ReadFile(r, f.Name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(f.Name, "/"+args[1]) {
			data = append(data, "// Who put this here?\n"...)
		}
		to, err := w.Create(f.Name)
		if err != nil {
			return err
		}
		if _, err := to.Write(data); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs(args[0]), changed.Bytes(), 0o644)
}
