package front

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"
	"github.com/magefile/mage/mage"
	"github.com/magefile/mage/parse"
)

// executable returns where the compiled magefile of a project is kept.
func executable(cacheDir, project string) (string, error) {
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return "", err
	}
	return filepath.Join(cacheDir, fmt.Sprintf("slipway-%.16x", sha256.Sum256([]byte(project)))), nil
}

// A magefile is the compiled one of a project, and what it offers.
type magefile struct {
	inv   mage.Invocation // in the project's folder
	exe   string
	table table
	fresh bool // exe is what compiling would make
	// absent is why there is no magefile at all; then table has what needs none.
	absent error
}

// openMagefile reads what a project's magefile offers: from beside the compiled one, or, if
// that is not up to date, from its source. Nothing is compiled.
func openMagefile(inv mage.Invocation) (magefile, error) {
	exe, err := executable(inv.CacheDir, inv.Dir)
	if err != nil {
		return magefile{}, err
	}
	m := magefile{inv: inv, exe: exe}
	if fresh(inv, exe) {
		if m.table, err = readTable(exe); err == nil {
			m.fresh = true
			return m, nil
		}
	}
	m.table, err = parseTable(inv)
	return m, err
}

// compile brings the compiled magefile up to date while nobody else does, and returns the
// exit code.
func (m *magefile) compile(stderr io.Writer) int {
	lock := flock.New(m.exe + ".lock")
	if err := lock.Lock(); err != nil {
		fmt.Fprintln(stderr, "Error:", err)
		return 1
	}
	defer lock.Unlock()
	// The go command ends by itself. Mage goes on, and removes what it has written into the project.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT)
	defer signal.Stop(signals)
	if fresh(m.inv, m.exe) {
		if _, err := readTable(m.exe); err == nil {
			return 0
		}
	}
	inv := m.inv
	inv.CompileOut = m.exe
	_ = os.Remove(m.exe + ".targets")
	code := mage.Invoke(inv)
	if code == 0 {
		writeTable(m.exe, m.table)
		remember(inv, m.exe)
	}
	return code
}

// parseTable reads a magefile's source. The go command is asked for the packages that it
// imports, in this process's folder, which is the project's.
func parseTable(inv mage.Invocation) (table, error) {
	dir := magefilesIn(inv.Dir)
	files, err := mage.Magefiles(dir, "", "", filepath.Base(dir) == mage.MagefilesDirName)
	if err != nil {
		return table{}, err
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	info, err := parse.PrimaryPackage(inv.GoCmd, dir, files, true)
	if err != nil {
		return table{}, fmt.Errorf("reading the magefile: %w", err)
	}
	return tableOf(info), nil
}

func readTable(exe string) (t table, err error) {
	data, err := os.ReadFile(exe + ".targets")
	if err == nil {
		err = json.Unmarshal(data, &t)
	}
	return t, err
}

// writeTable keeps a table beside the compiled magefile. Where it cannot, the magefile is
// read again the next time.
func writeTable(exe string, t table) {
	if data, err := json.Marshal(t); err == nil {
		_ = os.WriteFile(exe+".targets", data, 0o644)
	}
}
