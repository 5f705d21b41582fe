#!/bin/sh
# Builds static/*.css and copies the libraries' scripts. `make assets` calls
# it; its output is committed, so that building Habeas needs no Node.
set -eu
cd "$(dirname "$0")/.."

if [ ! -d node_modules/govuk-frontend ] || [ ! -d node_modules/@ministryofjustice ]; then
	npm ci --no-audit --no-fund --ignore-scripts --legacy-peer-deps
fi

sass="node_modules/.bin/sass --load-path=. --load-path=node_modules --style=compressed --no-source-map --quiet-deps --no-charset"
font='system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

$sass static/src/public.scss static/public.css
$sass static/src/desk.scss "$work/desk.css"
$sass static/src/moj.scss "$work/moj.css"
# The Ministry's library names the GDS font and pictures of its own. Neither is ours to use.
sed -i "s/\"\{0,1\}GDS Transport\"\{0,1\}, *arial, *sans-serif/$font/g" "$work/moj.css"
# The library's rules first, so that ours win.
sed -i "s,background-image:url(/assets/images/icon-document.svg);*,," "$work/moj.css"
cat "$work/moj.css" "$work/desk.css" >static/desk.css
node scripts/logical.mjs static/public.css static/desk.css

if grep -l 'GDS Transport\|crown\|crest' static/*.css; then
	echo "assets: a font or mark of the British government is left in these files" >&2
	exit 1
fi

sed "s,//# sourceMappingURL=.*,," node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js >static/govuk.js
ls -l static/*.css static/*.js
