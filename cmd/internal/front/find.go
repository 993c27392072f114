package front

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/magefile/mage/mage"
)

// errNoProject says that neither a folder nor one above it has a magefile.
var errNoProject = errors.New("no project here: neither this folder nor one above it has a magefile beside its go.mod")

// find returns the folder of the project that dir is in: dir itself, if it has a magefile,
// or the nearest one above that has a magefile and a go.mod. Above a folder that a link led
// to, these are those above the link, or else those above the folder.
func find(dir string) (string, error) {
	if magefilesIn(dir) != "" {
		return dir, nil
	}
	at, err := above(dir)
	if linked, linkErr := filepath.EvalSymlinks(dir); err != nil && linkErr == nil && linked != dir {
		return above(linked)
	}
	return at, err
}

// above returns the nearest folder above dir that has a magefile and a go.mod.
func above(dir string) (string, error) {
	for at := filepath.Dir(dir); ; at = filepath.Dir(at) {
		if exists(filepath.Join(at, "go.mod")) && magefilesIn(at) != "" {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", errNoProject
		}
	}
}

// magefilesIn returns the folder of a project's magefiles: dir, or else the folder magefiles
// in it, as Mage has it; "" if neither has any.
func magefilesIn(dir string) string {
	if files, err := mage.Magefiles(dir, "", "", false); err == nil && len(files) > 0 {
		return dir
	}
	sub := filepath.Join(dir, mage.MagefilesDirName)
	if files, err := mage.Magefiles(sub, "", "", true); err == nil && len(files) > 0 {
		return sub
	}
	return ""
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
