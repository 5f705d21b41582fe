package evidence

import (
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

func TestFrontierRootIsRFC6962(t *testing.T) {
	leaves := randomLeaves(70000)
	naive := make([][32]byte, len(leaves))
	for i, h := range leaves {
		naive[i] = h
	}
	check := map[int64]bool{0: true, 1: true, 2: true, 255: true, 256: true, 257: true, 511: true, 512: true, 65535: true, 65536: true, 65537: true, 70000: true}
	f := &frontier{fresh: make(map[tileID][]byte)}
	for n := int64(0); ; n++ {
		if check[n] {
			got, err := f.root()
			if err != nil {
				t.Fatal(err)
			}
			if want := naiveRoot(naive[:n]); got != want {
				t.Fatalf("root of %d leaves: %x, want %x", n, got, want)
			}
		}
		if n == int64(len(leaves)) {
			break
		}
		f.add(leaves[n])
	}
}

func TestTilePath(t *testing.T) {
	for _, c := range []struct {
		level int
		n     int64
		width int
		path  string
	}{
		{0, 0, 256, "0/000"},
		{0, 5, 1, "0/005.p/1"},
		{1, 1234, 256, "1/x001/234"},
		{2, 1234067, 255, "2/x001/x234/067.p/255"},
	} {
		if got := TilePath(c.level, c.n, c.width); got != c.path {
			t.Errorf("TilePath(%d, %d, %d) = %s, want %s", c.level, c.n, c.width, got, c.path)
		}
		level, n, width, err := ParseTilePath(c.path)
		if err != nil || level != c.level || n != c.n || width != c.width {
			t.Errorf("ParseTilePath(%s) = %d %d %d %v", c.path, level, n, width, err)
		}
	}
	for _, bad := range []string{
		"", "0", "0/", "0/0", "0/00", "8/000", "data/000", "0/000.p/256", "0/000.p/0", "0/000.p/01", "0/x000/001", "0/001/234",
		"-1/000", "00/000", "0/000/", "/0/000", "0/-01", "0/+01", "0/000.p", "0/000.p/", "0/x999/x999/x999/x999/x999/x999/x999/x999/999", "8/0/000",
	} {
		if _, _, _, err := ParseTilePath(bad); err == nil {
			t.Errorf("ParseTilePath(%q) is accepted", bad)
		}
	}
}

func FuzzParseTilePath(f *testing.F) {
	for _, s := range []string{"0/000", "1/x001/234.p/7", "7/x999/999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		level, n, width, err := ParseTilePath(s)
		if err == nil && TilePath(level, n, width) != s {
			t.Fatalf("%q has a second form", s)
		}
	})
}

func TestFullTileIsItsSubtree(t *testing.T) {
	leaves := randomLeaves(tileWidth)
	var tile []byte
	naive := make([][32]byte, len(leaves))
	for i, h := range leaves {
		tile = append(tile, h[:]...)
		naive[i] = h
	}
	if got := subtree(tile); got != tlog.Hash(naiveRoot(naive)) {
		t.Fatalf("subtree %x", got)
	}
}
