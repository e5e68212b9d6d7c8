#!/usr/bin/env bash
# Fuzzes one reader with libFuzzer:  Fuzz/run.sh TARGET [SECONDS]
#
# Builds in .build-fuzz/ at the top of the checkout. The corpus grows there from one run to the next,
# and what ended the process is kept under .build-fuzz/findings/TARGET/. Exits with libFuzzer's
# status: 0 when nothing was found.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=()
for folder in Fuzz/Sources/fuzz-*; do targets+=("${folder##*/fuzz-}"); done
target=${1:-}
seconds=${2:-600}
if [[ ! " ${targets[*]} " == *" $target "* || -z $target ]]; then
  echo "usage: Fuzz/run.sh TARGET [SECONDS]; targets: ${targets[*]}" >&2
  exit 64
fi

scratch=.build-fuzz
swift build --package-path Fuzz --scratch-path "$scratch" -c release --product "fuzz-$target"

# Seeds: the repository's own small files of the format.
case $target in
  safetensors) seeds=(Tests/Fixtures -name '*.safetensors') ;;
  hdf5) seeds=(Tests/Fixtures -name '*.h5') ;;
  torch) seeds=(Tests/Fixtures \( -name '*.pth' -o -name '*.pt' -o -name '*.bin' \)) ;;
  numpy) seeds=(Tests/Fixtures -name '*.np[yz]') ;;
  nifti) seeds=(Tests/Fixtures \( -name '*.nii' -o -name '*.nii.gz' \)) ;;
  json) seeds=(Tests/Fixtures Zoo Schemas -name '*.json') ;;
esac
corpus=$scratch/corpus/$target
findings=$scratch/findings/$target
mkdir -p "$corpus" "$findings"
# Fixtures of one name in different folders are all wanted.
while IFS= read -r seed; do
  cp "$seed" "$corpus/seed-${seed//\//-}"
done < <(find "${seeds[@]}" -size -64k)

# Swift's own account of a crash would keep libFuzzer from keeping the input.
export SWIFT_BACKTRACE=enable=no
dictionary=Fuzz/Dictionaries/$target.txt
exec "$scratch/release/fuzz-$target" \
  -max_total_time="$seconds" -max_len=65536 -timeout=5 -rss_limit_mb=512 -fork=0 \
  ${dictionary:+$([[ -f $dictionary ]] && echo "-dict=$dictionary")} \
  -artifact_prefix="$findings/" -print_final_stats=1 "$corpus"
