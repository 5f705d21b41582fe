package api

import (
	"testing"

	"github.com/google/uuid"
)

func TestReadersOfOneRequestAreBounded(t *testing.T) {
	var r readers
	id, other := uuid.New(), uuid.New()
	var leave []func()
	for range maxReaders {
		end, err := r.enter(id)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, end)
	}
	if _, err := r.enter(id); err == nil {
		t.Error("one more than allowed is let in")
	}
	if _, err := r.enter(other); err != nil {
		t.Errorf("another request: %v", err)
	}
	leave[0]()
	if _, err := r.enter(id); err != nil {
		t.Errorf("after one left: %v", err)
	}
	if r.open != maxReaders+1 || len(r.of) != 2 {
		t.Errorf("%d open, %d requests", r.open, len(r.of))
	}
}
