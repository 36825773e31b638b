package httpserve

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"shardeck/shared/api"
)

// Token is a secret that requests must present. It holds only a digest, so that it cannot leak,
// nor can the time of a comparison reveal its length. The zero Token matches nothing.
type Token struct {
	digest [sha256.Size]byte
	set    bool
}

// NewToken returns the token for a secret; an empty one returns the zero Token.
func NewToken(secret string) Token {
	return Token{digest: sha256.Sum256([]byte(secret)), set: secret != ""}
}

// IsSet reports whether there is a secret.
func (t Token) IsSet() bool { return t.set }

// Match compares in constant time.
func (t Token) Match(got string) bool {
	d := sha256.Sum256([]byte(got))
	return subtle.ConstantTimeCompare(d[:], t.digest[:]) == 1 && t.set
}

// RequireMasterToken passes requests to next if they carry the token, exactly once, in the header
// X-Master-Token. Nothing else of the request is examined before that.
func RequireMasterToken(t Token, next Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if v := r.Header[api.HeaderToken]; len(v) == 1 && t.Match(v[0]) {
			return next(w, r)
		}
		w.Header().Set("WWW-Authenticate", api.HeaderToken)
		return api.NewProblem(api.CodeUnauthorized, "the header %s is missing or does not match this cluster's token", api.HeaderToken).
			Hinted("start the master and its workers with the same MASTER_TOKEN")
	}
}

// RequireBearer passes requests to next if they carry the token as Authorization: Bearer. The
// zero Token passes all requests.
func RequireBearer(t Token, next Handler) Handler {
	if !t.IsSet() {
		return next
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		if v := r.Header["Authorization"]; len(v) == 1 {
			if scheme, got, ok := strings.Cut(v[0], " "); ok && strings.EqualFold(scheme, "Bearer") && t.Match(strings.TrimSpace(got)) {
				return next(w, r)
			}
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		return api.NewProblem(api.CodeUnauthorized, "the header Authorization is missing or does not match this master's API token").
			Hinted("send Authorization: Bearer with the master's MASTER_API_TOKEN")
	}
}

// MissingToken is the error of a service that has no cluster token configured.
func MissingToken() error {
	return errors.New("no token is configured: set MASTER_TOKEN, or MASTER_TOKEN_FILE to a file that contains it, to the same secret for the masters and all workers (for example: openssl rand -hex 24)")
}

// maxSecret bounds a secret, in bytes; it must fit into a header.
const maxSecret = 4096

// LoadSecret returns the secret given directly or in a file, without the file's final line break;
// "" if neither is given. name is the environment variable, for messages, which never contain the
// secret.
func LoadSecret(name, value, file string) (string, error) {
	if value != "" && file != "" {
		return "", fmt.Errorf("both %s and %s_FILE are set: set only one", name, name)
	}
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%s_FILE: %w", name, err)
		}
		value = strings.TrimRight(string(b), "\r\n")
		if value == "" {
			return "", fmt.Errorf("%s_FILE: the file is empty", name)
		}
	}
	if len(value) > maxSecret {
		return "", fmt.Errorf("%s is longer than %d bytes", name, maxSecret)
	}
	for i := range len(value) {
		if value[i] <= ' ' || value[i] > '~' {
			return "", errors.New(name + " has a character that an HTTP header cannot carry: use visible ASCII without spaces")
		}
	}
	return value, nil
}
