package sharding_test

import (
	"flag"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/shared/sqltypes"
)

var update = flag.Bool("update", false, "rewrite the golden files from the code's results; review the diff")

// keySample is one line of keys.json: the value of a shard key of a type, and each step to its
// shard among three, or its error.
type keySample struct {
	Type  string         `json:"type"`
	Input jsontext.Value `json:"input"`
	*KeyPath
	Error *sampleError `json:"error,omitempty"`
}

// KeyPath is exported so that it can be embedded and still be decoded.
type KeyPath struct {
	Canonical string `json:"canonical"`
	Hash      uint32 `json:"hash"`
	Slot      int    `json:"slot"`
	ShardOf3  int    `json:"shard_of_3"`
}

type sampleError struct {
	Number int      `json:"number"`
	Code   api.Code `json:"code"`
}

func newMap(t testing.TB, shards int) *sharding.Map {
	t.Helper()
	m, err := sharding.NewMap(shards)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func canonical(t testing.TB, typeName string, raw []byte) (string, error) {
	t.Helper()
	typ, err := sqltypes.Parse(typeName)
	if err != nil {
		t.Fatal(err)
	}
	v, err := sqltypes.DecodeJSON(typ, raw)
	if err != nil {
		return "", err
	}
	return sharding.CanonicalKey(typ, v)
}

// follow computes the expected fields for a sample's input.
func follow(t *testing.T, m *sharding.Map, in keySample) keySample {
	t.Helper()
	out := keySample{Type: in.Type, Input: in.Input}
	key, err := canonical(t, in.Type, in.Input)
	if err != nil {
		p := api.AsProblem(err)
		out.Error = &sampleError{p.SQLNumber, p.Code}
		return out
	}
	r := m.Route(key)
	out.KeyPath = &KeyPath{Canonical: r.Key, Hash: r.Hash, Slot: r.Slot, ShardOf3: r.Shard}
	return out
}

func TestKeysMatchTheGoldenSamples(t *testing.T) {
	path := filepath.Join("..", "api", "testdata", "golden", "keys.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want []keySample
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	m := newMap(t, 3)
	got := make([]keySample, len(want))
	for i, s := range want {
		got[i] = follow(t, m, s)
	}
	if *update {
		writeLines(t, path, got)
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys.json (-want +got):\n%s", diff)
	}
}

func writeLines(t *testing.T, path string, samples []keySample) {
	t.Helper()
	lines := make([]string, len(samples))
	for i := range samples {
		b, err := json.Marshal(samples[i], jsontext.SpaceAfterColon(true), jsontext.SpaceAfterComma(true))
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = "  " + string(b)
	}
	if err := os.WriteFile(path, []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The vectors are from the test suite of FNV's authors (draft-eastlake-fnv).
func TestHashIsFNV1a32(t *testing.T) {
	for key, want := range map[string]uint32{"": 0x811c9dc5, "a": 0xe40c292c, "foobar": 0xbf9cf968} {
		if got := sharding.Hash(key); got != want {
			t.Errorf("Hash(%q) = %#x, want %#x", key, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.String().Draw(t, "key")
		h := fnv.New32a()
		_, _ = h.Write([]byte(key))
		if got := sharding.Hash(key); got != h.Sum32() {
			t.Fatalf("Hash(%q) = %d, hash/fnv says %d", key, got, h.Sum32())
		}
	})
}

// Both sides depend only on the hash modulo 5040 if N divides 5040, so one hash per residue from
// either end of the range proves it for all.
func TestShardIsHashModuloShardsWhereShardsDivideTheSlots(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16} {
		if sharding.Slots%n != 0 {
			t.Fatalf("%d does not divide %d", n, sharding.Slots)
		}
		m := newMap(t, n)
		for residue := range sharding.Slots {
			for _, hash := range []uint32{uint32(residue), 1<<32 - 1 - uint32(residue)} {
				if got, want := m.Shard(int(hash%sharding.Slots)), int(hash%uint32(n)); got != want {
					t.Fatalf("%d shards: hash %d lives on %d, but hash %% %d is %d", n, hash, got, n, want)
				}
			}
		}
	}
}

func TestSlotsAreDistributedEvenly(t *testing.T) {
	for n := 1; n <= sharding.MaxShards; n++ {
		m := newMap(t, n)
		counted := make([]int, n)
		for slot := range sharding.Slots {
			counted[m.Shard(slot)]++
		}
		for shard, count := range counted {
			if m.SlotsOf(shard) != count {
				t.Errorf("%d shards: SlotsOf(%d) = %d, counted %d", n, shard, m.SlotsOf(shard), count)
			}
			if count < sharding.Slots/n || count > sharding.Slots/n+1 {
				t.Errorf("%d shards: shard %d has %d slots", n, shard, count)
			}
		}
		if m.SlotsOf(n) != 0 || m.SlotsOf(-1) != 0 {
			t.Errorf("%d shards: a nonexistent shard has slots", n)
		}
		if m.Version() != 1 || m.Shards() != n {
			t.Errorf("version %d, %d shards; want 1, %d", m.Version(), m.Shards(), n)
		}
	}
}

func TestNewMapRefusesTooFewAndTooManyShards(t *testing.T) {
	for _, n := range []int{-1, 0, sharding.MaxShards + 1} {
		if _, err := sharding.NewMap(n); api.CodeOf(err) != api.CodeInvalidField {
			t.Errorf("NewMap(%d): %v, want invalid_field", n, err)
		}
	}
}

func TestRouteDoesNotAllocate(t *testing.T) {
	m := newMap(t, 3)
	if got := testing.AllocsPerRun(100, func() { _ = m.Route("4711") }); got != 0 {
		t.Errorf("Route allocates %v times", got)
	}
}

var keyTypes = []string{"BIT", "TINYINT", "INT", "BIGINT", "DECIMAL(10,2)", "CHAR(5)", "VARCHAR(20)", "NCHAR(5)", "NVARCHAR(20)",
	"BINARY(4)", "VARBINARY(8)", "DATE", "TIME(3)", "DATETIME2(7)", "UNIQUEIDENTIFIER"}

// equal reports whether the database's = holds for two values of a shard key column.
func equal(t sqltypes.Type, a, b sqltypes.Value) bool {
	if t.Kind.IsString() {
		return sqltypes.CompareBinary(a.Str, b.Str) == 0
	}
	return sqltypes.Compare(t, a, b) == 0
}

// FuzzCanonicalKey: values are equal exactly if their keys are, a key sent as the value has
// itself as its key, and every key has a slot.
func FuzzCanonicalKey(f *testing.F) {
	for i := range keyTypes {
		for _, pair := range [][2]string{{"1", `"01"`}, {`"a"`, `"a  "`}, {`"0xAB"`, `"0xab00"`}, {`"2026-11-22"`, `"20261122"`},
			{"1.001", `"1"`}, {"-0", "0"}, {`"6f9619ff-8b86-d011-b42d-00c04fc964ff"`, "null"}, {`"é"`, `"É"`}} {
			f.Add(i, []byte(pair[0]), []byte(pair[1]))
		}
	}
	types := make([]sqltypes.Type, len(keyTypes))
	for i, s := range keyTypes {
		var err error
		if types[i], err = sqltypes.Parse(s); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, i int, rawA, rawB []byte) {
		typ := types[uint(i)%uint(len(types))]
		a, errA := sqltypes.DecodeJSON(typ, rawA)
		b, errB := sqltypes.DecodeJSON(typ, rawB)
		if errA != nil || a.IsNull() {
			return
		}
		keyA, err := sharding.CanonicalKey(typ, a)
		if err != nil {
			t.Fatalf("%s %q: %v", typ, rawA, err)
		}
		if slot := sharding.Slot(keyA); slot < 0 || slot >= sharding.Slots {
			t.Fatalf("%q has slot %d", keyA, slot)
		}
		asText, err := json.Marshal(keyA)
		if err != nil {
			t.Fatalf("%s %q: the key %q is not text: %v", typ, rawA, keyA, err)
		}
		if again, err := canonical(t, typ.String(), asText); err != nil || again != keyA {
			t.Fatalf("%s %q: the key %q, sent as the value, has the key %q, %v", typ, rawA, keyA, again, err)
		}
		if errB != nil || b.IsNull() {
			return
		}
		keyB, err := sharding.CanonicalKey(typ, b)
		if err != nil {
			t.Fatalf("%s %q: %v", typ, rawB, err)
		}
		if (keyA == keyB) != equal(typ, a, b) {
			t.Fatalf("%s: %q and %q are equal: %v, but their keys are %q and %q", typ, rawA, rawB, equal(typ, a, b), keyA, keyB)
		}
	})
}

func TestShardsAreNamed(t *testing.T) {
	for want, shards := range map[string][]int{
		"no shard": nil, "shard 0": {0}, "shard 11": {11}, "shards 0, 2": {0, 2}, "shards 7, 10, 15": {7, 10, 15},
	} {
		if got := sharding.Names(shards); got != want {
			t.Errorf("%v: %q, want %q", shards, got, want)
		}
	}
}
