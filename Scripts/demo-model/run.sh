#!/bin/sh
# Trains the demo model and writes everything the repository bundles of it:
#
#     Scripts/demo-model/run.sh
#
# Needs Python 3.11 or later, and Debian or Ubuntu for the reference brain (installed
# through apt when absent). Under half an hour on two cores. The Python packages come from
# wherever pip is set up to look; only the processor is used.
set -eu

scripts=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
repository=$(CDPATH= cd -- "$scripts/../.." && pwd)
brain=/usr/share/mricron/templates/ch2bet.nii.gz

if [ ! -e "$brain" ]; then
    if [ "$(id -u)" -eq 0 ]; then
        apt-get install -y --no-install-recommends mricron-data
    else
        sudo apt-get install -y --no-install-recommends mricron-data
    fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet -r "$scripts/requirements.txt"
export PYTHONDONTWRITEBYTECODE=1
python="$work/venv/bin/python"

"$python" "$scripts/train.py" --out "$work/weights.pt"
"$python" "$scripts/export.py" --weights "$work/weights.pt" --labels "$work/labels.npy" \
    --repository "$repository"
