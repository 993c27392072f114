package s3

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/slipway-build/slipway/internal/run"
)

// errNoCredentials says where credentials are looked for.
var errNoCredentials = errors.New("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, " +
	"or write ~/.aws/credentials")

// credentialsOf returns the credentials that env has, in the order of AWS's clients: the variables
// themselves, the role of a pipeline's or a container's token, a profile of a file.
func credentialsOf(env run.Env) (*credentials.Credentials, error) {
	id, secret := env.Get("AWS_ACCESS_KEY_ID"), env.Get("AWS_SECRET_ACCESS_KEY")
	switch {
	case id != "" && secret != "":
		return credentials.NewStaticV4(id, secret, env.Get("AWS_SESSION_TOKEN")), nil
	case id != "" || secret != "":
		return nil, errors.New("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together, and only one is set")
	}
	if keys := role(env); keys != nil {
		return keys, nil
	}
	return profile(env)
}

// role returns the credentials of a role that env names, or nil.
func role(env run.Env) *credentials.Credentials {
	iam := &credentials.IAM{Client: &http.Client{Transport: http.DefaultTransport}, Region: env.Get("AWS_REGION")}
	iam.EKSIdentity.TokenFile = env.Get("AWS_WEB_IDENTITY_TOKEN_FILE")
	iam.EKSIdentity.RoleARN = env.Get("AWS_ROLE_ARN")
	iam.EKSIdentity.RoleSessionName = env.Get("AWS_ROLE_SESSION_NAME")
	iam.Container.CredentialsFullURI = env.Get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	iam.Container.CredentialsRelativeURI = env.Get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
	iam.Container.AuthorizationToken = env.Get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	iam.Container.AuthorizationTokenFile = env.Get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
	if first(iam.EKSIdentity.TokenFile, iam.Container.CredentialsFullURI, iam.Container.CredentialsRelativeURI) == "" {
		return nil
	}
	return credentials.New(iam)
}

// profile returns the credentials of a profile in the files of AWS's clients.
func profile(env run.Env) (*credentials.Credentials, error) {
	home := filepath.Join(env.Get("HOME"), ".aws")
	name := first(env.Get("AWS_PROFILE"), "default")
	var faults []error
	for _, file := range []string{
		first(env.Get("AWS_SHARED_CREDENTIALS_FILE"), filepath.Join(home, "credentials")),
		first(env.Get("AWS_CONFIG_FILE"), filepath.Join(home, "config")),
	} {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		keys := credentials.NewFileAWSCredentials(file, name)
		value, err := keys.GetWithContext(nil)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("profile %s of %s: %w", name, file, err))
		case value.AccessKeyID != "":
			return keys, nil
		}
	}
	return nil, errors.Join(append([]error{errNoCredentials}, faults...)...)
}
