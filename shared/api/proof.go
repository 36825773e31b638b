package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A worker proves its identity before it is trusted.
//
// A process that takes over a worker's port, after the worker has died or before it has started,
// would otherwise be sent the cluster's token by a master that knows workers only by address,
// and could acknowledge writes that reach no disk. So the first request on every new connection
// is
//
//	GET /health
//	X-Shardeck-Nonce: 64 lower-case hex digits, generated for this connection
//
// and the worker, which also knows the secret, answers with the /health document and
//
//	X-Shardeck-Proof: HMAC-SHA256(secret, "shardeck worker proof 1" LF nonce LF body), in hex
//
// The body contains the worker's name and shard, which are thereby proven as well. Only a proven
// connection is used for other requests, and only there is the token sent. A nonce is never
// reused, so a recorded answer proves nothing. A relay between a master and a genuine worker is
// not detected; that requires TLS.
//
// Anyone who can reach a worker can ask it for proofs and try secrets against them offline, so
// the secret must be too long to guess: at least 128 random bits.
const (
	HeaderNonce = "X-Shardeck-Nonce"
	HeaderProof = "X-Shardeck-Proof"

	proofContext = "shardeck worker proof 1"
	nonceBytes   = 32
)

// NewNonce returns a new random nonce.
func NewNonce() string {
	b := make([]byte, nonceBytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// IsNonce reports whether s is a well-formed nonce; a worker computes a proof for nothing else.
func IsNonce(s string) bool {
	return len(s) == 2*nonceBytes && strings.Trim(s, "0123456789abcdef") == ""
}

// Proof returns the proof that the author of body, the answer to nonce, knows the secret.
func Proof(secret, nonce string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(proofContext + "\n" + nonce + "\n")) // writing to a hash never fails
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// CheckProof reports whether proof is valid, in constant time.
func CheckProof(secret, nonce string, body []byte, proof string) bool {
	return hmac.Equal([]byte(Proof(secret, nonce, body)), []byte(proof))
}

// ClusterID identifies the cluster whose secret it is made of, without revealing it. Masters that
// find each other by address alone compare it, so that those of another cluster are not mistaken
// for peers.
func ClusterID(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("shardeck cluster 1"))
	return hex.EncodeToString(mac.Sum(nil))[:16]
}
