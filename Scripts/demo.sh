#!/usr/bin/env bash
# The main job on real data, from a fresh clone: builds the tool, fetches the bundled 2D model from
# the mirror in the tree, inflates it both ways for windows of three and five slices, verifies every
# result and segments a brain that the model never saw. Everything it makes lies in out/.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$1"; }

step "Build"
Scripts/install-dependencies.sh
swift build --configuration release --static-swift-stdlib --product inflate-ckpt
tool=.build/release/inflate-ckpt

reference=Zoo/Reference
window=32,119
mkdir -p out

step "Fetch the 2D checkpoint from the mirror in the tree"
"$tool" zoo fetch beit-tiny-brain-2d --mirror "$reference" --output out

source=out/beit-tiny-brain-2d.safetensors
checkpoints=("$source")
for strategy in center average; do
  for slices in 3 5; do
    checkpoint=out/brain-3d-$strategy-$slices.safetensors
    step "Inflate: $strategy, $slices slices"
    "$tool" convert "$source" --to transseg-beit --patch-embed "$strategy" \
      --image-size "384,384,$slices" --dtype f32 --output "$checkpoint" --force
    checkpoints+=("$checkpoint")
  done
done

step "Verify: against the 2D model, and on a brain that it never saw"
"$tool" verify "${checkpoints[@]}" --source "$source" \
  --volume "$reference/colin27-t1.nii.gz" --labels "$reference/colin27-labels.nii.gz" \
  --intensity-window "$window" --class-names "grey matter,white matter" --min-dice 0.84 \
  --report out/verification.json --force

step "Segment"
"$tool" segment out/brain-3d-center-5.safetensors --volume "$reference/colin27-t1.nii.gz" \
  --labels "$reference/colin27-labels.nii.gz" --intensity-window "$window" \
  --class-names "grey matter,white matter" \
  --output out/colin27-prediction.nii.gz --picture out/colin27.png --force

printf '\nDone: the labels are in out/colin27-prediction.nii.gz, a picture in out/colin27.png.\n'
