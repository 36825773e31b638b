package storage_test

import (
	"errors"
	"log/slog"
	"testing"

	"shardeck/shared/api"
	"shardeck/worker/engine/storage"
)

func codes(h *storage.Health) (all []api.StorageCode) {
	for _, f := range h.Failures() {
		all = append(all, f.Code)
	}
	return all
}

func TestTheWorstFailureComesFirstAndEachKindEndsOnItsOwn(t *testing.T) {
	h := storage.New(slog.New(slog.DiscardHandler))
	a, b := h.Add("A"), h.Add("B")
	a.Fail(storage.Read, api.StorageReadFailed, "", errors.New("x"))
	b.Fail(storage.Write, api.StorageWriteFailed, "", errors.New("x"))
	since := h.Failures()[0].Since
	b.Fail(storage.Write, api.StorageFull, "", errors.New("x"))
	if got := h.Failures(); len(got) != 2 || got[0].Code != api.StorageFull || got[0].DB != "B" || !got[0].Since.Equal(since) {
		t.Errorf("failures %+v, want full since %s first", got, since)
	}
	b.Heal(storage.Read) // of another kind
	b.Heal(storage.Write)
	if got := codes(h); len(got) != 1 || got[0] != api.StorageReadFailed {
		t.Errorf("failures %v after writes recovered, want only that of reads", got)
	}
	h.Remove(a)
	if got := codes(h); got != nil {
		t.Errorf("failures %v of a dropped database", got)
	}
}

func TestAClosedStoreStaysClosed(t *testing.T) {
	h := storage.New(slog.New(slog.DiscardHandler))
	s := h.Add("A")
	if p := s.Refusal(); p != nil {
		t.Fatal(p)
	}
	s.Fail(storage.Content, api.StorageDamaged, "", errors.New("x"))
	if p := s.Refusal(); p != nil {
		t.Errorf("a failed statement has closed the store: %v", p)
	}
	s.Close(storage.Place, api.StorageRemoved, "/d/f", errors.New("x"))
	s.Close(storage.Content, api.StorageDamaged, "/d/f", errors.New("x"))
	if p := s.Refusal(); p == nil || p.Code != api.CodeStorageFailed || p.Hint == "" {
		t.Errorf("refusal %v, want storage_failed with a hint", p)
	}
	if got := codes(h); len(got) != 2 || got[0] != api.StorageRemoved {
		t.Errorf("failures %v, want removed first", got)
	}
}
