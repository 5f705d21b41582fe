package sqldb

import "iter"

// keyList holds keys close together: a million of them take little more than
// their letters.
type keyList struct {
	text []byte
	ends []uint32
}

func (l *keyList) add(key string) {
	l.text = append(l.text, key...)
	l.ends = append(l.ends, uint32(len(l.text)))
}

func (l *keyList) len() int { return len(l.ends) }

func (l *keyList) at(i int) string {
	start := uint32(0)
	if i > 0 {
		start = l.ends[i-1]
	}
	return string(l.text[start:l.ends[i]])
}

// slice returns the keys from one position up to another.
func (l *keyList) slice(from, to int) []string {
	out := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, l.at(i))
	}
	return out
}

// chunks hands out all keys, so many at a time.
func (l *keyList) chunks(size int) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for at := 0; at < l.len(); at += size {
			if !yield(l.slice(at, min(at+size, l.len()))) {
				return
			}
		}
	}
}
