#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# minimal_pair_test.sh PROGRAM: what minimal_pair writes, that its bits depend on the seeds alone, and what it says of bad input.
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
pair=("$program" --dataset spirals --hidden 16 --epochs 3)

failures=0
fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}
# refuses TEXT OPTION...: fails with a message on standard error that contains TEXT, and leaves no file behind
refuses() {
  local text=$1
  shift
  if "${pair[@]}" "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
  [[ $(ls) == $'err\nout' ]] || fail "$* left files behind: $(ls)"
}
digests() { "${pair[@]}" "$@" 2> /dev/null | sed -n 's/^digests //p'; }

refuses "unknown data set 'mnits'; did you mean 'mnist'?" --dataset mnits
refuses "unknown optimizer 'adm'; did you mean 'adam'?" --optimizer adm
refuses "unknown schedule 'cosin'; did you mean 'cosine'?" --schedule cosin
refuses "unknown initialization 'he'; did you mean" --init he
refuses "unknown figure extension '.gif'" --figure curve.gif
refuses "no directory 'nowhere'" --json nowhere/pair.json
refuses "no directory 'nowhere'" --figure nowhere/curve.png
refuses "cannot make the folder" --save-checkpoints /proc/nowhere
refuses "there is no directory 'nowhere'" --dataset mnist --data nowhere
refuses "data is an option of mnist fashion-mnist cifar10 cifar100 tiny-imagenet images csv words tsv, not of --dataset spirals" --data nowhere
refuses "a layer of 0 units" --hidden 16,0
refuses "'x' is not a number" --hidden 16,x
refuses "expected 0 (ReLU) to 1 (identity)" --slope -1
refuses "without a hidden layer there is no ReLU" --hidden '' --slope 0.1
refuses "expected at least 2" --alphas 1
refuses "does not begin with α = 0" --alphas 0.5,1
refuses "batch_size = 3001 is above the 3000 examples" --batch-size 3001
refuses "batch_size = 0" --batch-size 0
refuses "epochs = 0" --epochs 0
refuses "Could not convert" --epochs many
refuses "expected two whole numbers with a comma between" --noise-seeds 1,2,3
refuses "warm-up of 1000 steps in a run of 72" --warmup 1000
refuses "--momentum 0.9 is an option of sgd" --optimizer adam --momentum 0.9
refuses "learning_rate = -1" --learning-rate -1
refuses "not expected: --bogus" --bogus
rm out err

both=$(digests)
[[ -n $both && ${both% *} != "${both#* }" ]] || fail "two order seeds gave the digests '$both'"
[[ $(digests --threads 1) == "$both" ]] || fail "one thread gave other digests"
[[ $(digests --noise-seeds 2,1) == "${both#* } ${both% *}" ]] || fail "swapped order seeds did not swap the digests"
[[ $(digests --init-seed 1) != "$both" ]] || fail "another initialization seed gave the same digests"

"${pair[@]}" --noise-seeds 5,5 --alphas 4 > out 2> err
grep -q 'warning: the noise seeds are equal' err || fail "no warning of equal order seeds"
grep -q '^error barrier  *0.0000  *0.0000 ' out || fail "identical runs have a barrier: $(cat out)"

"${pair[@]}" --learning-rate 1e30 --json diverged.json --save-checkpoints diverged > out 2> err || fail "a diverged run is no result"
grep -q 'The first run diverged: after 1 updates' err || fail "nothing is said of the divergence"
grep -q '"diverged_at": 1' diverged.json || fail "the divergence is not in the JSON file"
[[ -s diverged/a.safetensors ]] || fail "no checkpoint of the last finite state"

"${pair[@]}" --json pair.json --csv curve.csv --save-checkpoints checkpoints/deep > out 2> err
[[ $(ls . checkpoints/deep) != *tmp* ]] || fail "temporary files are left"
for key in dataset network parameters endpoints curve alpha barrier error loss normalized interval_low interval_high instability \
  git_rebasin argmax midpoint seconds train curve_train curve_test images_per_second digest seeds input mean std machine processor \
  threads instruction_set compiler; do
  grep -q "\"$key\":" pair.json || fail "the JSON file has no $key"
done
[[ $(wc -l < curve.csv) == 26 ]] || fail "the CSV file has $(wc -l < curve.csv) lines, expected 26"
for name in dense1/weight dense1/bias dense2/weight dense2/bias digest input_mean; do
  grep -qa "\"$name\":" checkpoints/deep/b.safetensors || fail "the checkpoint has no $name"
done
# The columns of the mirrored curve, to the last digit.
"${pair[@]}" --noise-seeds 2,1 --csv mirrored.csv > /dev/null 2>&1
diff <(tail -n +2 curve.csv | cut -d, -f 2-) <(tail -n +2 mirrored.csv | cut -d, -f 2- | tac) || fail "swapping the runs does not mirror the curve"

if command -v gnuplot > /dev/null; then
  "${pair[@]}" --figure curve.svg > out 2> err
  grep -q '</svg>' curve.svg || fail "no figure: $(cat err)"
fi
# Without gnuplot: a note, and the numbers.
env PATH=/nonexistent "${pair[@]}" --figure lonely.png > out 2> err || fail "a missing gnuplot is an error: $(cat err)"
grep -q 'gnuplot is not installed' err || fail "nothing is said of the missing gnuplot"
[[ -s lonely.csv && ! -e lonely.png ]] || fail "no CSV file instead of the figure"

((failures == 0)) || exit 1
