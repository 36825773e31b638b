package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// A worker proves itself before it is trusted.
//
// Whoever listens on a worker's port, after the worker has died or before it comes up,
// would be sent the cluster's token by a master that knows the worker by its address
// alone, and could acknowledge writes that no disk holds. So a master sends nothing but
// this over a connection that is new:
//
//	GET /health
//	X-Shardeck-Nonce: 64 hex digits, made for this connection
//
// and the worker, which knows the secret too, answers with /health's document and
//
//	X-Shardeck-Proof: HMAC-SHA256(secret, "shardeck worker proof 1" LF nonce LF body), in hex
//
// The body has the worker's name and shard, so that they are proven with it. Only a
// connection that was proven is used for anything else, and only there is the token
// sent. The nonce is never used again, so that an answer that was overheard proves
// nothing; one who passes messages on between a master and a real worker is not kept
// out, which takes TLS.
const (
	HeaderNonce = "X-Shardeck-Nonce"
	HeaderProof = "X-Shardeck-Proof"

	proofContext = "shardeck worker proof 1"
	nonceBytes   = 32
)

// NewNonce returns a nonce that was never used.
func NewNonce() string {
	b := make([]byte, nonceBytes)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// IsNonce says whether s has the form of a nonce: what a worker makes no proof of is
// anything else.
func IsNonce(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == nonceBytes
}

// Proof returns the proof that whoever wrote body, in answer to nonce, knows the secret.
func Proof(secret, nonce string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(proofContext + "\n" + nonce + "\n")) // a hash takes anything
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// CheckProof says whether proof is that of the secret, in constant time.
func CheckProof(secret, nonce string, body []byte, proof string) bool {
	return hmac.Equal([]byte(Proof(secret, nonce, body)), []byte(proof))
}
