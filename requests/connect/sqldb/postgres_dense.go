package sqldb

import (
	"fmt"
	"slices"
	"strconv"

	"habeas/requests/connect/sqldb/dataset"
)

// A range of the index is read instead of single keys where at least one row in
// maxSpread is wanted: looking up a key costs as much as passing by a few rows.
const (
	maxSpread = 4
	maxGap    = 100
	minDense  = 200
)

// dense splits keys into those that lie close together in the index of an
// integer key, from lo to hi, and the rest.
func dense(cat *catalog, t *dataset.Table, all []string) (run, rest []string, lo, hi int64) {
	if len(all) < minDense || len(t.Key) != 1 || !cat.attr(t, t.Key[0]).whole() {
		return nil, all, 0, 0
	}
	nums := make([]int64, len(all))
	for i, k := range all {
		n, err := strconv.ParseInt(k, 10, 64)
		if err != nil {
			return nil, all, 0, 0
		}
		nums[i] = n
	}
	slices.Sort(nums)
	from, to := longestRun(nums)
	lo, hi = nums[from], nums[to-1]
	if to-from < minDense || (hi-lo)/int64(to-from) >= maxSpread {
		return nil, all, 0, 0
	}
	text := func(part []int64) []string {
		out := make([]string, len(part))
		for i, n := range part {
			out[i] = strconv.FormatInt(n, 10)
		}
		return out
	}
	return text(nums[from:to]), text(slices.Concat(nums[:from], nums[to:])), lo, hi
}

// longestRun finds the longest stretch of sorted numbers without a wide gap.
func longestRun(nums []int64) (from, to int) {
	start := 0
	for i := 1; i <= len(nums); i++ {
		if i < len(nums) && nums[i]-nums[i-1] <= maxGap {
			continue
		}
		if i-start > to-from {
			from, to = start, i
		}
		start = i
	}
	return from, to
}

// between restricts rows to a range of the index and, by a hash of the keys in
// $1, to those wanted: rows of others never leave the database.
func between(t *dataset.Table, lo, hi int64) string {
	k := col("t", t.Key[0])
	return fmt.Sprintf("%s between %d and %d and (%s::int8 + 0) = any($1::text[]::int8[])", k, lo, hi, k)
}
