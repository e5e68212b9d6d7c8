#!/usr/bin/env bash
# Installs what is missing and runs every test, from a fresh clone.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/install-dependencies.sh
swift format lint --strict --recursive --parallel Package.swift Sources Tests Zoo Schemas
swift test
