#!/usr/bin/env bash
# What can be said of the code without running it. Every finding fails, but
# for a vulnerability database that cannot be reached.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { echo "check: $*"; }

fail() {
	echo "check: $*" >&2
	exit 1
}

step "templates formatted and generated"
# Compared with what was there before, not with the last commit, so that work
# in progress can be checked too.
sums() { find templates -name '*_templ.go' -print0 | sort -z | xargs -0 -r cksum; }
before=$(sums)
go tool templ fmt -fail -log-level error templates || fail "templates were not formatted; they are now"
go tool templ generate -path templates -log-level error
[ "$before" = "$(sums)" ] || fail "generated templates were not up to date; they are now: commit them"

step "gofumpt"
unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' ':!*_templ.go' | xargs -0 go tool gofumpt -l)
[ -z "$unformatted" ] || fail "not formatted, run make generate:"$'\n'"$unformatted"

step "go.mod"
go mod tidy -diff || fail "go.mod is not tidy, run go mod tidy"

step "vet"
go vet ./...

step "staticcheck"
go tool staticcheck ./...

step "govulncheck"
status=0
report=$(go tool govulncheck ./... 2>&1) || status=$?
case $status in
0) ;;
3)
	echo "$report"
	fail "known vulnerabilities are reachable"
	;;
*) echo "check: govulncheck could not run, not counted: $(tail -n 1 <<<"$report")" ;;
esac

step "done"
