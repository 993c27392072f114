package swift

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/ncw/swift/v2"
)

// retry makes attempts at a request, with longer and longer pauses, as long as the fault may pass.
func (t *Target) retry(ctx context.Context, request func() error) error {
	delay := 200 * time.Millisecond
	for attempt := 1; ; attempt++ {
		err := request()
		if err == nil || attempt >= t.attempts || !passing(ctx, err) || !pause(ctx, delay) {
			return err
		}
		delay *= 2
	}
}

// passing reports whether another attempt may succeed: the store is busy or broken, or the
// connection was.
func passing(ctx context.Context, err error) bool {
	var authority x509.UnknownAuthorityError
	if ctx.Err() != nil || errors.As(err, &authority) {
		return false
	}
	switch code := status(err); code {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, 498: // 498: a proxy's rate limit
		return true
	case http.StatusInsufficientStorage:
		return false
	case 0:
		var connection *url.Error
		return errors.As(err, &connection) || errors.Is(err, swift.ObjectCorrupted)
	default:
		return code >= http.StatusInternalServerError || code == http.StatusUnprocessableEntity
	}
}

// status returns the status of an answer, or 0 if there was none.
func status(err error) int {
	var answer *swift.Error
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}

// fault says what failed, with what to do. nil stays nil.
func (t *Target) fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w%s", t, doing, err, t.remedy(err))
}

func (t *Target) remedy(err error) string {
	var connection *url.Error
	switch code := status(err); {
	case errors.Is(err, context.Canceled):
		return ""
	case code == http.StatusUnauthorized:
		return "; check OS_USERNAME, OS_PASSWORD and the project, or ST_USER and ST_KEY"
	case code == http.StatusForbidden:
		return fmt.Sprintf("; the user may not do that: give it the write ACL of the container %s", t.container)
	case code == http.StatusRequestEntityTooLarge || code == http.StatusInsufficientStorage:
		return "; the container or the account is full, or the file too large for the store: make room or raise its quota, " +
			"and run it again to go on"
	case errors.As(err, &connection) || code >= http.StatusInternalServerError || code == http.StatusRequestTimeout:
		return "; what is written stays: run it again to go on"
	}
	return ""
}
