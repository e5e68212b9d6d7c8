#!/usr/bin/env bash
# Installs what is missing and runs every test, from a fresh clone.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/install-dependencies.sh
if grep --recursive --line-number '^import Foundation$' Sources; then
  echo "import FoundationEssentials or Glibc instead: Foundation makes the binary slow to start" >&2
  exit 1
fi
swift format lint --strict --recursive --parallel Package.swift Sources Tests Zoo Schemas
swift test
