package tree

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

func open(f File) (io.ReadSeekCloser, error) {
	switch {
	case f.Data != nil:
		return inMemory{bytes.NewReader(f.Data)}, nil
	case f.From != "":
		return os.Open(f.From)
	}
	return nil, fmt.Errorf("%s: nothing here has its content", f.Path)
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }
