#!/usr/bin/env bash
# Installs the Debian packages that a build needs and that are not there yet.
set -euo pipefail

packages=(
  # the libraries
  pkg-config zlib1g-dev
  # what Swift itself needs to link anything, and may lack where it was only unpacked
  binutils libc6-dev libstdc++-12-dev
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null \
    | grep -qx installed || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
