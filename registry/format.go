package registry

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// A FormatError is of a registry that refuses a manifest, as one does that does not know its
// media type.
type FormatError struct {
	Host      string
	MediaType string // of the manifest
	Said      string // by the registry
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s: it refuses the push: %s: it may not know manifests of type %s", e.Host, e.Said, e.MediaType)
}

// refusesFormat reports whether a registry refuses a manifest for what it is. The codes are
// those of Docker's registry, which takes a type that it does not know for its first one, and
// of others; some answer without a code.
func refusesFormat(e *transport.Error) bool {
	if e.Request.Method != http.MethodPut || !strings.Contains(e.Request.URL.Path, "/manifests/") {
		return false
	}
	codes := []transport.ErrorCode{
		"", "UNKNOWN", transport.ManifestInvalidErrorCode, transport.ManifestUnverifiedErrorCode,
		transport.UnsupportedErrorCode,
	}
	switch e.StatusCode {
	case http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		return true
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnprocessableEntity:
		return !slices.ContainsFunc(e.Errors, func(d transport.Diagnostic) bool { return !slices.Contains(codes, d.Code) })
	}
	return false
}
