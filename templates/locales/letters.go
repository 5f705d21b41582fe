// Package locales embeds the letters' catalogues, one folder per language.
package locales

import "embed"

// Letters holds <language>/letters.yaml.
//
//go:embed */letters.yaml
var Letters embed.FS
