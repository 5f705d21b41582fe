package browser

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
)

// tallest is how much of a page its picture shows, in pixels.
const tallest = 2600

// paletted writes a picture of a page anew with at most 256 colours, which
// makes it a third as large. Pages have few colours; the shades at the edges
// of letters go to the nearest of those that occur most.
func paletted(picture []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("browser: picture: %w", err)
	}
	b := full.Bounds()
	b.Max.Y = min(b.Max.Y, b.Min.Y+tallest)
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA {
		r, g, b, _ := full.At(x, y).RGBA()
		return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	colours := make([]color.RGBA, 0, len(count))
	for c := range count {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range colours[:min(len(colours), 64)] {
		palette = append(palette, c)
	}
	for _, c := range colours[len(palette):] {
		if len(palette) == 256 {
			break
		}
		if near := palette[palette.Index(c)].(color.RGBA); far(c, near) {
			palette = append(palette, c)
		}
	}
	index := make(map[color.RGBA]uint8, len(colours))
	for _, c := range colours {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(b, palette)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(&buf, out); err != nil {
		return nil, fmt.Errorf("browser: picture: %w", err)
	}
	return buf.Bytes(), nil
}

// far tells whether a colour deserves a place of its own.
func far(a, b color.RGBA) bool {
	d := func(x, y uint8) int { v := int(x) - int(y); return v * v }
	return d(a.R, b.R)+d(a.G, b.G)+d(a.B, b.B) > 200
}
