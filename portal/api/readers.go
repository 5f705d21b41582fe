package api

import (
	"sync"

	"github.com/google/uuid"

	"habeas/requests"
)

// How many streams are open at once, for one request and in all: each asks the
// database again and again.
const (
	maxReaders    = 16
	maxAllReaders = 2000
)

// readers counts open streams.
type readers struct {
	mu   sync.Mutex
	of   map[uuid.UUID]int
	open int
}

// enter counts a reader in; leave has to be called when it ends.
func (r *readers) enter(id uuid.UUID) (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of[id] >= maxReaders || r.open >= maxAllReaders {
		return nil, &requests.Error{Kind: requests.TooMany, Code: "too-many-streams", Safe: "This request is watched in too many places. Close some and try again."}
	}
	if r.of == nil {
		r.of = map[uuid.UUID]int{}
	}
	r.of[id]++
	r.open++
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.open--
		if r.of[id]--; r.of[id] == 0 {
			delete(r.of, id)
		}
	}, nil
}
