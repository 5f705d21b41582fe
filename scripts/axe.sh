#!/usr/bin/env bash
# Fetches the pinned axe-core, which the browser tests run on every page, into
# portal/testdata/axe. Its output is committed: tests need no npm.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.14.1
sum='sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=='
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm pack "axe-core@$version" --ignore-scripts --silent --pack-destination "$work" >/dev/null
got="sha512-$(openssl dgst -sha512 -binary "$work/axe-core-$version.tgz" | base64 | tr -d '\n')"
if [ "$got" != "$sum" ]; then
	echo "axe: package is $got, pinned is $sum" >&2
	exit 1
fi
tar -xzf "$work/axe-core-$version.tgz" -C "$work"
mkdir -p portal/testdata/axe
cp "$work/package/axe.min.js" "$work/package/LICENSE" portal/testdata/axe/
cat >portal/testdata/axe/README.md <<TEXT
axe-core $version by Deque Systems, unchanged, under the Mozilla Public License 2.0 (LICENSE).
Source: https://github.com/dequelabs/axe-core. Test data: no part of the program. Fetched by scripts/axe.sh.
TEXT
ls -l portal/testdata/axe
