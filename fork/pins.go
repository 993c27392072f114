package fork

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ReadPins decodes a lock of packages, a JSON file of that name beside fork.yaml, and
// reports whether there is one.
func (f Fork) ReadPins(name string, into any) (bool, error) {
	data, err := os.ReadFile(f.Abs(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return true, fmt.Errorf("%s: %w\n  To pin the packages again, delete it, then: mage patches:lock -fork=%s",
			f.File(name), err, f.ID)
	}
	return true, nil
}
