package control

import (
	"maps"
	"slices"
)

// Routes lists the patterns of the mux.
func Routes() []string { return slices.Sorted(maps.Keys((&api{}).routes())) }
