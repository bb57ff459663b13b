#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# pair_resuming_test.sh PROGRAM: a pair that is killed or interrupted ends, by the same command, at the bits of one that was not.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"

refuses() {  # refuses TEXT OPTION...
  local text=$1
  shift
  if "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
}
digests() { sed -n 's/^digests //p'; }
now() { echo "${EPOCHREALTIME/./}"; }  # in microseconds
RANDOM=7

# Networks and trainings with all that a run has to find again.
long=(--dataset spirals --batch-size 8 --alphas 3)
trainings=(
  '--epochs 12 --optimizer sgd --momentum 0.9 --schedule cosine --warmup 0.1 --hidden 64'
  '--epochs 8 --optimizer adam --augment noise=0.1 --noise both --label-noise 0.1 --hidden 64,64 --threads 1'
  '--epochs 2 --optimizer muon --schedule cosine --pairs 2 --hidden 32,32'
)
kills=0
for options in "${trainings[@]}"; do
  read -ra options <<< "$options"
  start=$(now)
  whole=$("$program" "${long[@]}" "${options[@]}" 2> err | digests) || fail "${options[*]}: $(cat err)"
  duration=$(($(now) - start))
  [[ $whole ]] || fail "${options[*]}: no digests"
  for _ in 1 2; do
    rm -rf saved
    threads=1
    for attempt in {1..100}; do  # also on another number of threads than before
      "$program" "${long[@]}" "${options[@]}" --checkpoint saved --every 50 --threads $threads > out 2> err &
      sleep "$(printf '%d.%06d' 0 $((duration / 1000 * (RANDOM % 700) % 1000000)))"
      if kill -KILL $! 2> /dev/null; then kills=$((kills + 1)); fi
      wait $! 2> /dev/null && break
      grep -q '^pair: ' err && { fail "${options[*]}: $(cat err)"; break; }
      threads=$((3 - threads))
    done
    [[ $(digests < out) == "$whole" ]] || fail "${options[*]}: other digests after it was killed, at attempt $attempt"
    [[ -z $(find saved -name '*.tmp') ]] || fail "${options[*]}: unfinished files are left: $(ls saved)"
  done
done
((kills >= 6)) || fail "only $kills kills"

pair=("$program" --dataset spirals --hidden 16 --epochs 2000 --checkpoint saved)
for signal in INT TERM; do
  rm -rf saved
  # A shell lets its background jobs ignore SIGINT; env gives it back.
  env --default-signal=INT "${pair[@]}" > out 2> first &
  until [[ -e saved/run0.safetensors ]]; do sleep 0.02; done
  refuses "another process is writing to the folder 'saved' of --checkpoint: process" "${pair[@]}"
  kill -"$signal" $!
  code=0
  wait $! || code=$?
  ((code == 128 + $(kill -l $signal))) || fail "SIG$signal: exit code $code: $(cat first)"
  : > again  # here and not only in the job, which may open it after grep has read what the last signal's pair wrote
  env --default-signal=INT "${pair[@]}" > /dev/null 2> again &
  until grep -q 'goes on' again; do sleep 0.02; done
  kill -"$signal" $!
  wait $! || :
  grep -qE "^note: run [12] goes on after [0-9]+ of [0-9]+ updates, from 'saved/run[01].safetensors'" again ||
    fail "the second does not say where it went on: $(cat again)"
done
refuses "it is of another training, with epochs = '2000', where this one has '2001'" "${pair[@]}" --epochs 2001
refuses "with optimizer's learning_rate = '0.1', where this one has '0.2'" "${pair[@]}" --learning-rate 0.2
refuses "with batch size = '128', where this one has '64'" "${pair[@]}" --batch-size 64
refuses "with optimizer = 'sgd', where this one has 'adam'" "${pair[@]}" --optimizer adam
refuses "with network = " "${pair[@]}" --hidden 17
refuses "with data = " "${pair[@]}" --subset 1000
refuses "with seed of dropout = '1', where this one has '3'" "${pair[@]}" --noise-seeds 3,4
refuses "with start = " "${pair[@]}" --init-seed 1
refuses "--every 0; expected epoch, or a number of updates" "${pair[@]}" --every 0
refuses "--every week; expected epoch" "${pair[@]}" --every week
refuses "--every requires --checkpoint" "$program" --dataset spirals --every 5
mkdir taken && echo 'precious' > taken/lock
refuses "'taken/lock' is a file of something else; move it away" "$program" --dataset spirals --checkpoint taken
rm taken/lock && ln -s ../out taken/lock
refuses "'taken/lock': it is a link" "$program" --dataset spirals --checkpoint taken
refuses "--checkpoint and --json both write 'saved/lock'" "${pair[@]}" --json saved/lock
# A save that fails costs itself alone.
"$program" --dataset spirals --hidden 16 --epochs 1500 --checkpoint lost --every 1000000 --json lost.json > out 2> err &
until [[ -e lost/lock ]]; do sleep 0.02; done
rm -rf lost
code=0
wait $! || code=$?
[[ $code == 4 && -s lost.json ]] || fail "a save that fails: exit code $code: $(cat err)"
grep -q "^pair: --checkpoint: .*there is no directory 'lost'" err || fail "a save that fails is not named: $(cat err)"
refuses "cannot make the folder '/proc/nowhere'" "$program" --dataset spirals --checkpoint /proc/nowhere
refuses "cannot make the folder 'out'" "$program" --dataset spirals --checkpoint out

short=("$program" --dataset spirals --hidden 16 --epochs 3 --checkpoint short --json results.json)
"${short[@]}" > first 2> /dev/null
"${short[@]}" > second 2> err
[[ $(digests < first) == "$(digests < second)" ]] || fail "a pair that has ended ends differently"
json_lines results.json | grep -qxF 'resumed_at.1 72' || fail "results.json does not say where the runs went on"
grep -qxF "note: run 2 has ended before, and is taken from 'short/run1.safetensors'" err || fail "not said: $(cat err)"

echo "$kills kills"
ends
