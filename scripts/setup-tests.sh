#!/usr/bin/env bash
# Makes sure that the tests find what they run against: a C compiler for the
# race detector, PostgreSQL, MariaDB, Redis and a browser. As root on Debian or Ubuntu
# it installs what is missing; elsewhere it names what is missing and fails.
set -euo pipefail

have() { command -v "$1" >/dev/null 2>&1; }

has_cc() { have gcc || have clang || have cc; }

# The race detector links against the C library's headers.
has_libc() { has_cc && echo '#include <stdlib.h>' | "$(command -v gcc || command -v clang || command -v cc)" -E -x c - >/dev/null 2>&1; }

has_postgres() {
	local dir
	for dir in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
		/opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
		if [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ]; then return 0; fi
	done
	return 1
}

has_mariadb() {
	local server
	for server in "$(command -v mariadbd || true)" /usr/sbin/mariadbd /opt/homebrew/opt/mariadb/bin/mariadbd /usr/local/opt/mariadb/bin/mariadbd; do
		if [ -x "$server" ]; then return 0; fi
	done
	return 1
}

has_redis() { have redis-server || have valkey-server; }

has_browser() {
	have chromium || have chromium-browser || have google-chrome || have google-chrome-stable || have headless-shell ||
		[ -x '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' ]
}

# missing lists the Debian packages for what is not there.
missing() {
	has_cc || echo gcc
	has_libc || echo libc6-dev
	has_postgres || echo postgresql
	has_mariadb || echo mariadb-server-core
	has_redis || echo redis-server
	has_browser || echo chromium
}

# install installs packages and starts none of their services: the tests run
# servers of their own.
install() {
	local policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		# shellcheck disable=SC2064 # the name is fixed now
		trap "rm -f $policy" EXIT
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	local name wanted=()
	for name in "$@"; do
		# Ubuntu has Chromium as a snap only: install the rest, name it below.
		if apt-cache show "$name" >/dev/null 2>&1; then wanted+=("$name"); fi
	done
	apt-get install -q -y --no-install-recommends "${wanted[@]}"
}

have go || {
	echo "setup: Go is missing: install Go 1.26 or newer" >&2
	exit 1
}
need=$(missing | tr '\n' ' ')
[ -n "${need// /}" ] || exit 0

if [ "$(id -u)" = 0 ] && have apt-get; then
	# shellcheck disable=SC2086 # a list of packages
	install $need >&2 || echo "setup: apt-get could not install everything" >&2
	need=$(missing | tr '\n' ' ')
	if [ -z "${need// /}" ]; then exit 0; fi
fi
if have snap && [ "${need% }" = chromium ]; then
	echo "setup: the tests miss a browser: run  snap install chromium" >&2
elif have apt-get; then
	echo "setup: the tests miss something: run  sudo apt-get install -y $need" >&2
elif have brew; then
	need=${need/redis-server/redis}
	need=${need/mariadb-server-core/mariadb}
	need=${need/gcc/}
	need=${need/libc6-dev/}
	need=${need/postgresql/postgresql@17}
	need=${need/chromium/--cask google-chrome}
	echo "setup: the tests miss something: run  brew install $need" >&2
else
	echo "setup: the tests miss something: install  $need" >&2
fi
exit 1
