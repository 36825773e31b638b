package conformance

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

// proofSample is a line of proofs.json: the proof of a body under a secret and a nonce.
type proofSample struct {
	Secret string `json:"secret"`
	Nonce  string `json:"nonce"`
	Body   string `json:"body"`
	Proof  string `json:"proof"`
}

// Proofs starts a worker for each secret of samples, the content of
// shared/api/testdata/golden/proofs.json, and asks it for the proofs of the nonces there. The
// bodies are a worker's own, so what it must answer is computed by a function that has to give the
// samples' proofs first.
func Proofs(t *testing.T, samples []byte, start func(t *testing.T, secret string) (url string)) {
	var all []proofSample
	if err := json.Unmarshal(samples, &all); err != nil || len(all) == 0 {
		t.Fatalf("%d samples of proofs, %v", len(all), err)
	}
	for _, s := range all {
		if got := api.Proof(s.Secret, s.Nonce, []byte(s.Body)); got != s.Proof {
			t.Fatalf("the proof of %+v is computed as %s", s, got)
		}
		url := start(t, s.Secret)
		for _, nonce := range []string{s.Nonce, api.NewNonce(), s.Nonce} {
			proof, body := askProof(t, url, nonce)
			if want := api.Proof(s.Secret, nonce, body); len(proof) != 1 || proof[0] != want {
				t.Errorf("with the token %q, nonce %s is answered with the proof %q, want %s; the body is %s", s.Secret, nonce, proof, want, body)
			}
		}
		for name, nonces := range map[string][]string{
			"no nonce": nil, "an empty nonce": {""}, "a short nonce": {s.Nonce[1:]}, "a long nonce": {s.Nonce + "0"},
			"a nonce of other characters": {strings.Repeat("g", 64)}, "two nonces": {s.Nonce, s.Nonce},
		} {
			if proof, _ := askProof(t, url, nonces...); len(proof) > 0 {
				t.Errorf("%s got the proof %q", name, proof)
			}
		}
	}
}

// askProof sends GET /health with the nonces, and returns the proofs and the body, which must have
// come as it is, without an encoding.
func askProof(t *testing.T, url string, nonces ...string) (proof []string, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+api.WorkerHealthPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header[api.HeaderNonce] = nonces
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s with the nonces %q: %s, %v", api.WorkerHealthPath, nonces, resp.Status, err)
	}
	return resp.Header.Values(api.HeaderProof), body
}
