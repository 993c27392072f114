package build

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"

	"github.com/slipway-build/slipway/artifact"
)

// PlacePins writes a lock of packages, as fork.ReadPins reads it, beside fork.yaml if it
// differs from what is there, and says what it pins.
func (s *Session) PlacePins(name string, lock any, what string) (artifact.Set, error) {
	data, err := json.MarshalIndent(lock, "", "  ")
	if err != nil {
		return nil, err
	}
	data = append(data, '\n')
	path := s.fork.File(name)
	made := artifact.Artifact{
		Kind: artifact.Lock, Path: path, Size: int64(len(data)), Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(data)),
		Kept: s.dist.Holds(path, data),
	}
	if made.Kept {
		return artifact.Set{made}, nil
	}
	if err := s.dist.Replace(path, func(dst string) error { return os.WriteFile(dst, data, 0o644) }); err != nil {
		return nil, err
	}
	s.Note(path + " pins " + what + ": commit it")
	return artifact.Set{made}, nil
}
