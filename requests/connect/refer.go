package connect

import (
	"fmt"
	"slices"
)

// Strangers are the places where a system's description names a system that is
// not there, or one that does not know people by the kind of identity named.
func Strangers(d Description, all []Description) []Fault {
	var out []Fault
	for _, r := range d.Refers {
		i := slices.IndexFunc(all, func(o Description) bool { return o.Name == r.System })
		switch {
		case i < 0 && r.Kind == "":
			out = append(out, Fault{Where: r.Where, Text: fmt.Sprintf("points to the system %q, which is not configured: nothing would be done there; name it under systems", r.System)})
		case i < 0:
			out = append(out, Fault{Where: r.Where, Text: fmt.Sprintf("refers to the system %q, which is not configured: nobody would be searched there; name it under systems", r.System)})
		case r.System == d.Name && r.Kind != "":
			out = append(out, Fault{Where: r.Where, Text: fmt.Sprintf("refers to the system %q, which is this one: write a reference to a table instead", r.System)})
		case r.Enters && !slices.Contains(all[i].Accepts, r.Kind):
			out = append(out, Fault{Where: r.Where, Text: fmt.Sprintf("the system %q does not find people by %s: say in its description where that enters", r.System, r.Kind)})
		}
	}
	return out
}
