package requests

import (
	"slices"
	"strings"

	"habeas/requests/connect"
)

// warnings are what the searches warned of, as far as it concerns what the
// plan does: a column that cannot become null is no matter where it is only
// disclosed. What a system's description names in vain is one of them.
func (s *Service) warnings(walks []discovery, p *storedPlan) []connect.Warning {
	var all []connect.Description
	for _, c := range s.systems {
		all = append(all, c.Describe())
	}
	var out []connect.Warning
	for _, d := range walks {
		for _, w := range d.learned.Warnings {
			if len(w.Actions) == 0 || slices.Contains(p.systems(w.Actions...), d.system) {
				out = append(out, w)
			}
		}
		i := slices.IndexFunc(all, func(x connect.Description) bool { return x.Name == d.system })
		if i < 0 {
			continue
		}
		for _, f := range connect.Strangers(all[i], all) {
			out = append(out, connect.Warning{Code: "unknown-system", Text: strings.ToUpper(f.Text[:1]) + f.Text[1:] + " (" + f.Where + ")."})
		}
	}
	return out
}
