// Package local is a registry of images that lives as long as its process.
package local

import (
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Serve serves a registry over plain HTTP on listeners, until the server is closed. Its blobs are in a folder, which
// has to exist.
func Serve(dir string, on ...net.Listener) *http.Server {
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: registry.New(
		registry.WithBlobHandler(registry.NewDiskBlobHandler(dir)), registry.Logger(log.New(io.Discard, "", 0)))}
	for _, listener := range on {
		go func() { _ = server.Serve(listener) }()
	}
	return server
}
