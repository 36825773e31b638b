package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

// The vectors were made by OpenSSL, as in
//
//	printf 'shardeck worker proof 1\n%s\n%s' "$nonce" "$body" | openssl dgst -sha256 -hmac "$secret"
func TestProofsAreTheVectors(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "golden", "proofs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Secret, Nonce, Body, Proof string }
	if err := json.Unmarshal(text, &vectors, json.MatchCaseInsensitiveNames(true)); err != nil || len(vectors) < 3 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	for _, v := range vectors {
		if got := api.Proof(v.Secret, v.Nonce, []byte(v.Body)); got != v.Proof {
			t.Errorf("the proof of %q is %s, want %s", v.Body, got, v.Proof)
		}
		for name, ok := range map[string]bool{
			"itself":         api.CheckProof(v.Secret, v.Nonce, []byte(v.Body), v.Proof),
			"another secret": !api.CheckProof(v.Secret+"x", v.Nonce, []byte(v.Body), v.Proof),
			"another nonce":  !api.CheckProof(v.Secret, api.NewNonce(), []byte(v.Body), v.Proof),
			"another body":   !api.CheckProof(v.Secret, v.Nonce, []byte(v.Body+" "), v.Proof),
			"no proof":       !api.CheckProof(v.Secret, v.Nonce, []byte(v.Body), ""),
		} {
			if !ok {
				t.Errorf("%s is judged wrong", name)
			}
		}
	}
}

func TestNonces(t *testing.T) {
	if a, b := api.NewNonce(), api.NewNonce(); a == b || !api.IsNonce(a) {
		t.Errorf("nonces %s and %s", a, b)
	}
	for _, bad := range []string{"", "x", strings.Repeat("0", 63), strings.Repeat("0", 66), strings.Repeat("g", 64)} {
		if api.IsNonce(bad) {
			t.Errorf("%q is taken for a nonce", bad)
		}
	}
}
