package build

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/packaging"
)

// searchStage reads a file of packages for the names of folders of this machine. That a
// program has none is kept, since each medium asks, and each run.
var searchStage = Stage[searchInput, string]{
	Name: "private", Revision: 1, Keep: 64, Run: searchFile, Read: ReadJSON[string]("folder.json"),
}

// searchInput is a file that is read.
type searchInput struct {
	sum     string // SHA-256 of the file
	folders []string
	file    packaging.File
}

// MarshalJSON returns what decides the output.
func (in searchInput) MarshalJSON() ([]byte, error) { return json.Marshal([]any{in.sum, in.folders}) }

func searchFile(_ context.Context, _ *Session, in searchInput, dst string) error {
	found, err := packaging.SearchFor(in.folders)(in.file)
	if err != nil {
		return err
	}
	return WriteJSON(dst, "folder.json", found)
}

// searchPrivate returns the search for the folders of this machine that nothing in a package
// should name.
func (s *Session) searchPrivate(ctx context.Context) packaging.Search {
	folders := s.private()
	return func(f packaging.File) (string, error) {
		if f.Source == "" {
			return packaging.SearchFor(folders)(f)
		}
		_, sum, err := s.dist.Memory.Sum(f.Source)
		if err != nil {
			return "", err
		}
		found, _, err := Do(ctx, s, searchStage, searchInput{sum: sum.String(), folders: folders, file: f})
		return found, err
	}
}

// private returns the folders of this machine that nothing in a package should
// name. One as short as /src may be meant otherwise.
func (s *Session) private() []string {
	return slices.DeleteFunc([]string{s.fork.Project.Dir, s.goFork.GOMODCACHE, s.goFork.GOCACHE}, func(dir string) bool {
		return strings.Count(dir, "/") < 2
	})
}
