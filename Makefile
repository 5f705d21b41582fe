# make demo     everything on this machine, with a sample company: the first thing to try
# make test     the whole test suite, with what it needs installed
# make check    what can be said without running anything
# make bench    figures as ratios to bare floors, measured in the same run
# make build    bin/habeas, a static binary
# make generate templates to Go, everything formatted
# make assets   style sheets and scripts from their npm sources
#
# ARGS goes to the program: make demo ARGS='--listen 127.0.0.1:9000'
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check bench build generate assets setup

ARGS ?=

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile | sed '/^SHELL/,$$d'

demo: build
	@exec bin/habeas demo $(ARGS)

build:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/habeas ./cmd/habeas

# One run, in random order, with the race detector.
test: setup
	go test -race -shuffle=on -timeout 30m ./...

setup:
	@scripts/setup-tests.sh

check:
	@scripts/check.sh

bench: setup
	go run ./scripts/bench $(ARGS)

generate:
	go tool templ fmt templates
	go tool templ generate -path templates
	go tool gofumpt -l -w .

assets:
	@scripts/assets.sh
