package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/minio/minio-go/v7"
)

// answer returns what the store answered to a request that failed.
func answer(err error) minio.ErrorResponse {
	var response minio.ErrorResponse
	errors.As(err, &response)
	return response
}

func code(err error) string { return answer(err).Code }

// fault says what failed, with the store's code and what to do. nil stays nil.
func (l location) fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	where := l.String()
	if doing != "" {
		where += ": " + doing
	}
	response := answer(err)
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", where, err)
	case response.Code == "" && doing != "":
		return fmt.Errorf("%s: %w; what is written stays: run it again to go on", where, err)
	case response.Code == "":
		return fmt.Errorf("%s: %w", where, err)
	}
	return fmt.Errorf("%s: %w (%s)%s", where, err, response.Code, l.remedy(response))
}

// remedy says what to do about an answer.
func (l location) remedy(response minio.ErrorResponse) string {
	switch response.Code {
	case minio.NoSuchBucket:
		return fmt.Sprintf("; create the bucket %s, or name the store that has it with ?endpoint=", l.bucket)
	case minio.InvalidAccessKeyID, minio.SignatureDoesNotMatch, "InvalidToken", "ExpiredToken", "TokenRefreshRequired":
		return "; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the profile"
	case minio.AccessDenied, "AllAccessDisabled", "AccountProblem":
		return fmt.Sprintf("; the credentials need s3:GetObject, s3:PutObject and s3:DeleteObject on %s/* and "+
			"s3:ListBucket on %s, without which a missing object looks like a forbidden one", l.bucket, l.bucket)
	case "RequestTimeTooSkewed":
		return "; set this machine's clock"
	case minio.AuthorizationHeaderMalformed, "PermanentRedirect", "TemporaryRedirect",
		"IllegalLocationConstraintException":
		return "; name the bucket's region with ?region= or AWS_REGION" + is(response.Region)
	case "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "TooManyBuckets", "ServiceQuotaExceeded":
		return full
	}
	if response.StatusCode == http.StatusInsufficientStorage {
		return full
	}
	return ""
}

const full = "; the bucket is full: make room or raise its quota, and run it again to go on"

func is(region string) string {
	if region == "" {
		return ""
	}
	return ": it is " + region
}
