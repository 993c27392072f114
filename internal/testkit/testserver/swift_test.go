package testserver

import (
	"net/http"
	"testing"
)

// TestSwift holds that the store knows its user, and nobody else.
func TestSwift(t *testing.T) {
	url := Swift(t)
	for key, want := range map[string]int{SwiftKey: http.StatusOK, "other": http.StatusUnauthorized} {
		request, err := http.NewRequest(http.MethodGet, url+"/auth/v1.0", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Auth-User", SwiftUser)
		request.Header.Set("X-Auth-Key", key)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("key %s: %s, want %d", key, response.Status, want)
		}
	}
}
