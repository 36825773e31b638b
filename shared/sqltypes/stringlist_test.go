package sqltypes

import (
	"errors"
	"strings"
	"testing"
)

func TestStringListJoinsInOrder(t *testing.T) {
	list := func() *StringList {
		return &StringList{Keys: []ListKey{{Type: IntType, Desc: true}, {Type: Type{Kind: NVarChar, Length: 9}}}}
	}
	t8000 := Type{Kind: VarChar, Length: 8000}
	first, second := `[["c",1,"x"],["b",2,"X"]]`, `[["a",2,"x"],["d",null,"z"],["e","3",null],["a",2,"x"]]`
	for _, order := range [][]string{{first, second}, {second, first}} {
		l := list()
		for _, part := range order {
			if err := l.AddPartial(part); err != nil {
				t.Fatal(err)
			}
		}
		if v, err := l.Join(t8000, "-"); err != nil || v.Str != "e-a-a-b-c-d" {
			t.Errorf("%v, %v", v, err)
		}
	}
	if v, err := list().Join(t8000, "-"); err != nil || !v.IsNull() {
		t.Errorf("no strings: %v, %v", v, err)
	}
	for _, text := range []string{``, `{}`, `[`, `[1]`, `[["a"]]`, `[["a",1]]`, `[["a",1,"x",2]]`, `[[1,1,"x"]]`, `[["a","q","x"]]`, `[["a",1,"x"]`, `[["a",[],"x"]]`} {
		if err := list().AddPartial(text); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

func TestStringListIsBounded(t *testing.T) {
	short := &StringList{Most: 1000}
	if err := short.AddPartial("[" + strings.Repeat(`["a"],`, 1000)); err != nil || short.Size() <= 1000 || short.Size() > 1100 {
		t.Errorf("a list of size %d was read, %v", short.Size(), err)
	}
	l := &StringList{}
	for range 9 {
		l.Add(strings.Repeat("x", 1000), nil)
	}
	_, err := l.Join(Type{Kind: VarChar, Length: 8000}, ",")
	if e, ok := errors.AsType[*Error](err); !ok || e.Number != 9829 {
		t.Errorf("9008 bytes: %v", err)
	}
	if v, err := l.Join(Type{Kind: VarChar, Length: Max}, ","); err != nil || len(v.Str) != 9008 {
		t.Errorf("9008 bytes of a MAX type: %d, %v", len(v.Str), err)
	}
	for range 9 {
		l.Add(strings.Repeat("x", MaxValueBytes/9), nil)
	}
	_, err = l.Join(Type{Kind: VarChar, Length: Max}, ",")
	if e, ok := errors.AsType[*Error](err); !ok || e.Reason != TooLong {
		t.Errorf("more than the largest value: %v", err)
	}
	if l.Size() < MaxValueBytes {
		t.Errorf("the size is %d", l.Size())
	}
}
