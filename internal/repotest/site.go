package repotest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"

	"github.com/slipway-build/slipway/release/sign"
)

// A site is a repository on a web server.
type site struct {
	url    string
	verify sign.Verifier
	http   *http.Client
}

// A visit is one read of a site.
type visit struct {
	site
	rand *rand.Rand
}

// Error makes a Fault an error, until it is reported.
func (f *Fault) Error() string { return f.String() }

// broken returns the fault of a file.
func (s site) broken(name, format string, args ...any) error {
	return &Fault{URL: s.url + "/" + name, What: fmt.Sprintf(format, args...)}
}

// mixed returns the fault of a file that is not what another one says.
func (s site) mixed(name, by, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	return &Fault{URL: s.url + "/" + name, Mixed: true, What: what + ", which is not what " + by + " says"}
}

// request asks for a file.
func (s site) request(ctx context.Context, method, name string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+"/"+name, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, s.broken(name, "%v", err)
	}
	return resp, nil
}

// has reports whether there is a file.
func (s site) has(ctx context.Context, name string) (bool, error) {
	resp, err := s.request(ctx, http.MethodHead, name)
	if err != nil {
		return false, err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound {
		return false, s.broken(name, "%s", resp.Status)
	}
	return resp.StatusCode == http.StatusOK, nil
}

// get returns a file.
func (s site) get(ctx context.Context, name string) ([]byte, error) {
	resp, err := s.request(ctx, http.MethodGet, name)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, s.broken(name, "%s", resp.Status)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, s.broken(name, "it is cut: %v", err)
	}
	return data, nil
}

// A sum is what one file says of another; its size is -1 if it does not say.
type sum struct {
	by     string
	size   int64
	sha256 string // hex
}

// compare returns a file that another one describes.
func (s site) compare(ctx context.Context, name string, want sum) ([]byte, error) {
	data, err := s.get(ctx, name)
	if err != nil {
		return nil, err
	}
	got := sha256.Sum256(data)
	if want.size >= 0 && int64(len(data)) != want.size || hex.EncodeToString(got[:]) != want.sha256 {
		return nil, s.mixed(name, want.by, "it has %d bytes and the sum %x", len(data), got)
	}
	return data, nil
}

// plain returns a compressed file as it was before, by how its name ends.
func (s site) plain(name string, data []byte) ([]byte, error) {
	var in io.Reader = bytes.NewReader(data)
	var err error
	switch path.Ext(name) {
	case ".gz":
		in, err = gzip.NewReader(in)
	case ".xz":
		in, err = xz.NewReader(in, 0)
	case ".zst":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(in); err == nil {
			defer z.Close()
			in = z
		}
	}
	if err == nil {
		data, err = io.ReadAll(in)
	}
	if err != nil {
		return nil, s.broken(name, "it cannot be decompressed: %v", err)
	}
	return data, nil
}

// pick returns one of a list.
func pick[T any](v visit, list []T) T { return list[v.rand.IntN(len(list))] }

// lines returns the lines of a text that are not empty.
func lines(data []byte) []string {
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
}

// pickSorted returns one of a list that has no order.
func pickSorted(v visit, list []string) string {
	slices.Sort(list)
	return pick(v, list)
}
