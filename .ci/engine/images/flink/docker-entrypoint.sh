#!/usr/bin/env bash
# Of the official image only its pass-through mode: the host runs Java by itself, and needs none of the commands.
set -e
exec "$@"
