package evidence

// The independent computations, for the tests outside of the package.
var (
	NaiveLeaf        = leafHash
	NaiveRoot        = naiveRoot
	NaiveInclusion   = naiveInclusion
	NaiveConsistency = naiveConsistency
)
