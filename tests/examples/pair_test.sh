#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# pair_test.sh PROGRAM: what pair writes, that its bits depend on the seeds alone, and what it says of bad input.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
source "$scripts/pair_outputs.sh"
pair=("$program" --dataset spirals --hidden 16 --epochs 3)

# refuses TEXT OPTION...: fails with a message on standard error that contains TEXT, and leaves no file behind
refuses() {
  local text=$1
  shift
  if "${pair[@]}" "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
  [[ $(ls) == $'err\nout' ]] || fail "$* left files behind: $(ls)"
}
digests() { "${pair[@]}" "$@" 2> /dev/null | sed -n 's/^digests //p'; }

# Before anything is allocated: with the size that is needed, and which limit it is above.
refuses "training 2 networks, 2 of them side by side, needs " --hidden 1000000,1000000 --threads 2
refuses "training 2 networks, one at a time, needs " --hidden 1000000,1000000 --threads 1
(failures=0; ulimit -v 3000000; refuses "ulimit -v allows 2.9 GiB; expected a smaller network or --batch-size" --hidden 20000,20000 --threads 1; exit $failures) || fail "ulimit"
refuses "unknown data set 'mnits'; did you mean 'mnist'?" --dataset mnits
refuses "--optimizer adm: unknown optimizer 'adm'; did you mean 'adam'?" --optimizer adm
refuses "--schedule cosin: unknown schedule 'cosin'; did you mean 'cosine'?" --schedule cosin
refuses "--init he: unknown initialization 'he'; did you mean" --init he
refuses "--figure curve.gif: unknown figure extension '.gif'" --figure curve.gif
refuses "no directory 'nowhere'" --json nowhere/pair.json
refuses "no directory 'nowhere'" --figure nowhere/curve.png
refuses "cannot make the folder" --save-checkpoints /proc/nowhere
refuses "there is no directory 'nowhere'" --dataset mnist --data nowhere
refuses "data is an option of mnist fashion-mnist cifar10 cifar100 tiny-imagenet images csv words tsv, not of --dataset spirals" --data nowhere
refuses "pair: --hidden 16,0: a layer of 0 units" --hidden 16,0
refuses "pair: --hidden 16,x: 'x' is not a number" --hidden 16,x
refuses "pair: --hidden 16,: no number follows the last comma" --hidden 16,
refuses "--network mlp --hidden 16 --slope -1: layer 2: LeakyRelu: slope = -1; expected 0 (ReLU) to 1 (identity)" --slope -1
refuses "without a hidden layer there is no ReLU" --hidden '' --slope 0.1
refuses "pair: --alphas 1: AlphaGrid: alphas = 1; expected at least 2" --alphas 1
refuses "--alphas '': AlphaGrid" --alphas ''
refuses "--augment crop=2,noise=0.1,crop=3: crop is given twice" --augment crop=2,noise=0.1,crop=3
refuses "--alphas -1e300; expected a number of steps, or a list" --alphas -1e300
refuses "does not begin with α = 0" --alphas 0.5,1
refuses "--batch-size 0; expected a positive number" --batch-size 0
refuses "--epochs 0; expected a positive number" --epochs 0
refuses "pair: --epochs 'many'; expected a whole number" --epochs many
refuses "pair: unknown option --epoch; did you mean --epochs?" --epoch 3
refuses "pair: unknown option --learning-rat; did you mean --learning-rate?" --learning-rat=0.1
refuses "pair: unexpected argument '7'; options begin with --" 7
# Numbers are those that were typed: no sign is lost, none is cut, and none is octal.
refuses "pair: --init-seed '-1'; expected a whole number, at least 0" --init-seed -1
refuses "--split-seed '-1'; expected a whole number, at least 0" --split-seed -1
refuses "--init-seed 18446744073709551616; expected a whole number, at least 0, at most 18446744073709551615" --init-seed 18446744073709551616
refuses "--epochs 99999999999999999999; expected a whole number, at most 9223372036854775807" --epochs 99999999999999999999
refuses "--slope 'x'; expected a number" --slope x
refuses "--learning-rate '1e999'; expected a number" --learning-rate 1e999
[[ $(digests --noise-seeds 1,2 --init-seed 010) == $(digests --init-seed 10) ]] || fail "--init-seed 010 is not 10"
refuses "--noise-seeds 1,2,3; expected 2 whole numbers with commas between, one for each run" --noise-seeds 1,2,3
refuses "--noise-seeds 1,2; expected 3 whole numbers" --runs 3 --noise-seeds 1,2
refuses "--noise-seeds 1,,2; expected 2 whole numbers" --noise-seeds 1,,2
refuses "--runs 1; expected 2 to 26 runs from each initialization" --runs 1
refuses "--pairs 0; expected 1 to 10000 initializations" --pairs 0
refuses "--pairs 2 --runs 2: there is only 1 training or test example" --pairs 2 --test-subset 1
refuses "--alphas 2 with --pairs 2 --runs 2: the barriers of several pairs are measured between their ends; expected at least 3 α" --pairs 2 --alphas 2
refuses "--explain: there is only 1 test example; expected at least 2" --explain --test-subset 1
refuses "pair: --schedule constant --warmup 1000: schedule: a warm-up of 1000 steps in a run of 72" --warmup 1000
refuses "--schedule constant --warmup -1: schedule: warmup = -1" --warmup -1
refuses "--label-noise 1; expected a share of the labels in [0, 1)" --label-noise 1
refuses "--label-noise -0.1; expected a share" --label-noise -0.1
refuses "--augment crop=-1: augmentation: crop_padding = -1" --augment crop=-1
refuses "--augment noise=x: noise x: 'x' is not a number" --augment noise=x
refuses "--augment foo: unknown augmentation 'foo'" --augment foo
refuses "--noise foo: unknown noise 'foo'" --noise foo
refuses "--threads -1: ThreadTeam: threads = -1" --threads -1
refuses "--mean 0.1: --mean and --std belong together" --mean 0.1
refuses "--dataset spirals --examples 0: spirals: examples = 0" --examples 0
refuses "restarts' growth = 0.5; expected a finite number, at least 1" --schedule cosine --restart-first 9 --restart-growth 0.5
refuses "--restart-growth = 2 is without restarts; give the first cycle's length by --restart-first" --schedule cosine --restart-growth 2
refuses "unknown --loss 'hinge'; did you mean" --loss hinge
refuses "--label-smoothing 1; expected a number in [0, 1)" --label-smoothing 1
refuses "--label-smoothing 0.1 is no option of the loss squared-error" --loss squared-error --label-smoothing 0.1
refuses "--clip-norm 0; expected a positive number" --clip-norm 0
refuses "unknown --decayed 'some'; did you mean 'all'?" --decayed some
refuses "--rates dense1: 'dense1'; expected a name and a factor, as in dense1/*=0.1" --rates dense1
refuses "'*=-1'; expected one factor of the learning rate, at least 0" --rates '*=-1'
refuses "--rates dense3/*=0: ParameterGroup 'dense3/*' names no segment; there are: dense1/weight, dense1/bias, dense2/weight, dense2/bias" --rates 'dense3/*=0'
refuses "--json and --csv both write './x.csv'" --csv x.csv --json ./x.csv
if command -v gnuplot > /dev/null; then  # figures beside the one that is named are outputs, too
  refuses "--csv and --figure both write 'x-alignment.svg'" --figure x.svg --align weights --csv x-alignment.svg
  refuses "--csv and --figure both write 'x-alignment.svg'" --figure x.svg --repair repair --csv x-alignment.svg
  for name in layers examples features; do
    refuses "--json and --figure both write 'x-$name.svg'" --figure x.svg --explain --json "x-$name.svg"
  done
fi
refuses "--csv '': expected a name" --csv ''
refuses "--epochs 9223372036854775807: with 24 updates each, they are more than can be counted" --epochs 9223372036854775807
refuses "--momentum 0.9 is no option of adam, which has learning-rate, weight-decay, beta1, beta2, epsilon" --optimizer adam --momentum 0.9
refuses "--nesterov is no option of adam" --optimizer adam --nesterov
refuses "--no-nesterov is no option of adam" --optimizer adam --no-nesterov
refuses "pair: --momentum 1; expected a number in [0, 1)" --optimizer muon --momentum 1
refuses "pair: --momentum 1.5; expected a number in [0, 1)" --momentum 1.5
refuses "pair: --learning-rate 0: nothing would be trained; expected a positive number" --learning-rate 0
refuses "pair: --rates */weight=0,*/bias=0: nothing would be trained" --dataset spirals --rates '*/weight=0,*/bias=0'
[[ $(digests --optimizer muon --no-nesterov --nesterov) == $(digests --optimizer muon) ]] || fail "the last of --no-nesterov --nesterov does not count"
[[ $(digests --optimizer muon --nesterov --no-nesterov) != $(digests --optimizer muon) ]] || fail "--no-nesterov does not count"
refuses "--beta1 1: LayerwiseAdam: beta1 = 1; expected a number in" --optimizer layerwise-adam --beta1 1
refuses "--optimizer sgd --learning-rate -1: Sgd: learning_rate = -1" --learning-rate -1
refuses "pair: unknown option --bogus; did you mean --" --bogus
rm out err

# Data are not overwritten, by whatever name: files, folders, and what a link leads to.
for ((i = 0; i < 40; ++i)); do echo "$i,$((i * 7 % 10)),$((i % 2))"; done > rows.csv
sed 's/^/1/' rows.csv > others.csv
mkdir -p numbers/cat
touch numbers/cat/1.PNG
ln -s "$PWD/rows.csv" numbers/linked.csv
cp rows.csv numbers/a.safetensors
ln -s rows.csv link.csv
cp -r . "$folder.before"
trap 'rm -rf "$folder" "$folder.before"' EXIT
spares() {  # spares TEXT OPTION...: refuses, and the data are what they were
  local text=$1
  shift
  if "${pair[@]}" "$@" > "$folder.before/out" 2> "$folder.before/err"; then fail "$* was accepted"; fi
  grep -qF -- "$text" "$folder.before/err" || fail "$*: '$text' is not in: $(cat "$folder.before/err")"
  diff -r -x out -x err . "$folder.before" || fail "$* changed the data"
}
spares "--csv 'rows.csv' is read, and would be overwritten; give another name" --dataset csv --data rows.csv --csv rows.csv
spares "--json './rows.csv' is read, and would be overwritten" --dataset csv --data "$PWD/rows.csv" --json ./rows.csv
spares "--csv 'link.csv' is read, and would be overwritten" --dataset csv --data rows.csv --csv link.csv
spares "--json 'others.csv' is read, and would be overwritten" --dataset csv --data rows.csv --test-data others.csv --json others.csv
spares "--csv 'numbers/linked.csv' is a file in the folder 'numbers', which is read, and would be overwritten" --dataset images --data numbers --csv numbers/linked.csv
spares "--save-checkpoints 'numbers/a.safetensors' is a file in the folder 'numbers', which is read" --dataset images --data numbers --save-checkpoints numbers
spares "numbers/cat', whose images are read; give another place" --dataset images --data numbers --save-checkpoints numbers/cat/new
spares "numbers/cat', whose images are read; give another place" --dataset images --data numbers --json numbers/cat/new.json
mkdir -p deep/cat/one deep/dog/one
cp numbers/cat/1.PNG deep/cat/one/1.png; cp numbers/cat/1.PNG deep/dog/one/1.png
cp -r deep "$folder.before"
spares "deep/cat', whose images are read; give another place" --dataset images --data deep --csv deep/cat/curve.csv
rm -r rows.csv others.csv numbers link.csv deep "$folder.before/deep"

both=$(digests)
[[ -n $both && ${both% *} != "${both#* }" ]] || fail "two order seeds gave the digests '$both'"
[[ $(digests --threads 1) == "$both" ]] || fail "one thread gave other digests"
[[ $(digests --noise-seeds 2,1) == "${both#* } ${both% *}" ]] || fail "swapped order seeds did not swap the digests"
[[ $(digests --init-seed 1) != "$both" ]] || fail "another initialization seed gave the same digests"

"${pair[@]}" --noise-seeds 5,5 --alphas 4 > out 2> err
grep -q 'warning: the noise seeds are equal' err || fail "no warning of equal order seeds"
grep -q '^error barrier  *0.0000  *0.0000 ' out || fail "identical runs have a barrier: $(cat out)"

exit_code() { "$@" > out 2> err && echo 0 || echo $?; }

code=$(exit_code "${pair[@]}" --learning-rate 1e30 --json diverged.json --save-checkpoints diverged)
[[ $code == 3 ]] || fail "a diverged run ends with exit code $code, expected 3"
grep -q 'The first run diverged: after 1 updates' err || fail "nothing is said of the divergence"
grep -q 'at 0.02 the pair is  *none  *none ' out || fail "a diverged run has a verdict: $(cat out)"
grep -q -- '--allow-divergence takes this for a result' err || fail "the way out is not said: $(cat err)"
[[ $(grep -c '"verdict": "none"' diverged.json) == 2 ]] || fail "the JSON file has a verdict"
for rate in 1e9 1e30; do
  code=$(exit_code "${pair[@]}" --learning-rate $rate)
  [[ $code == 3 ]] || fail "at the rate $rate the exit code is $code, expected 3: $(cat out)"
  code=$(exit_code "${pair[@]}" --learning-rate $rate --allow-divergence)
  [[ $code == 0 ]] || fail "--allow-divergence ends with exit code $code"
  ! grep -qE '(connected|broken|undecided)$' out || fail "--allow-divergence gives a verdict: $(cat out)"
done
grep -q '"diverged_at": 1' diverged.json || fail "the divergence is not in the JSON file"
[[ -s diverged/a.safetensors ]] || fail "no checkpoint of the last finite state"

# A full disk: the results are on the screen, all other files are there, and the exit code tells.
mkdir full
ln -s /dev/full full/a.safetensors
code=$(exit_code "${pair[@]}" --json /dev/full --csv full/curve.csv --save-checkpoints full)
[[ $code == 4 ]] || fail "a full disk ends with exit code $code, expected 4"
grep -qE '^error barrier( +0\.[0-9]{4}){2} ' out || fail "a full disk lost the results: $(cat out)"
grep -q "cannot write all of '/dev/full'" err || fail "the full disk is not named: $(cat err)"
grep -q "cannot write all of 'full/a.safetensors'" err || fail "the checkpoint is not named: $(cat err)"
[[ $(wc -l < full/curve.csv) == 26 && -s full/b.safetensors ]] || fail "a full disk cost other files: $(ls full)"
# A reader that goes away, and streams that are closed, cost no file and get into none.
{ sleep 0.5; "${pair[@]}" --csv full/piped.csv 2> /dev/null && echo 0 > code || echo $? > code; } | true || true
[[ $(cat code) == 4 && $(wc -l < full/piped.csv) == 26 ]] || fail "a closed pipe ends with exit code $(cat code)"
code=0
"${pair[@]}" --csv full/closed.csv >&- 2>&- <&- || code=$?
[[ $code == 4 && $(head -1 full/closed.csv) == alpha,* && $(wc -l < full/closed.csv) == 26 ]] ||
  fail "closed streams end with exit code $code: $(head -3 full/closed.csv)"
code=0
"${pair[@]}" --csv full/again.csv 2> err > /dev/full || code=$?
[[ $code == 4 && $(wc -l < full/again.csv) == 26 ]] || fail "a full standard output ends with exit code $code: $(cat err)"

"${pair[@]}" --schedule cosine --warmup 12 --restart-first 20 --restart-growth 2 > out 2> err || fail "restarts: $(cat err)"
grep -qF "schedule warmup(12) then cosine(floor = 0) with restarts(first = 20, growth = 2)," out || fail "restarts are not named: $(cat out)"
[[ $(digests --schedule cosine --restart-first 20) != $(digests --schedule cosine) ]] || fail "restarts changed nothing"
[[ $(digests --schedule cosine --restart-first 20 --restart-growth 2) != $(digests --schedule cosine --restart-first 20) ]] || fail "their growth changed nothing"

# The loss, and what becomes of its gradient.
plain=$(digests --weight-decay 0.01)
for options in '--loss squared-error' '--label-smoothing 0.1' '--clip-norm 0.1' '--decayed weights' '--rates dense1/*=0.5'; do
  read -r -a given <<< "$options"
  [[ $(digests --weight-decay 0.01 "${given[@]}") != "$plain" ]] || fail "$options changed nothing"
done
[[ $(digests --weight-decay 0.01 --loss cross-entropy --clip-norm 1e9 --decayed all --rates '*=1') == "$plain" ]] ||
  fail "the defaults, written out, changed something"
"${pair[@]}" --loss squared-error --clip-norm 1 --rates 'dense1/*=0.5,*/bias=0' --json squares.json > out 2> err || fail "squares: $(cat err)"
grep -qF 'squared-error, sgd(learning_rate = 0.1), clip-norm 1, rates dense1/*=0.5,*/bias=0, schedule' out || fail "the loss is not named: $(cat out)"
json_lines squares.json > lines
for entry in 'training.loss squared-error' 'training.clip_norm 1.0' 'training.rates dense1/*=0.5,*/bias=0'; do
  grep -qxF "$entry" lines || fail "squares.json has no '$entry'"
done
rm squares.json lines

# Every optimizer trains, says how it is set, and follows the seeds alone.
while read -r line; do
  read -r -a options <<< "${line%%:*}"
  "${pair[@]}" --optimizer "${options[@]}" --threads 1 > out 2> err || fail "--optimizer ${line%%:*}: $(cat err)"
  grep -qF "${line#*: }, schedule" out || fail "--optimizer ${line%%:*} does not say '${line#*: }': $(cat out)"
  [[ $(digests --optimizer "${options[@]}" --threads 2) == $(sed -n 's/^digests //p' out) ]] || fail "--optimizer ${line%%:*} differs with two threads"
done << 'END'
sgd --momentum 0.9 --nesterov: sgd(learning_rate = 0.1, momentum = 0.9, nesterov)
sgd --momentum 0.9 --dampening 0.5: sgd(learning_rate = 0.1, momentum = 0.9, dampening = 0.5)
adam --beta1 0.8 --beta2 0.99 --epsilon 1e-6: adam(learning_rate = 0.001, beta1 = 0.8, beta2 = 0.99, epsilon = 1e-06)
adamw --weight-decay 0.01: adamw(learning_rate = 0.001, weight_decay = 0.01)
sign --momentum 0.9: sign(learning_rate = 0.001, momentum = 0.9)
muon: muon(learning_rate = 0.02, momentum = 0.95, nesterov, adam_learning_rate = 0.0003)
muon --no-nesterov --iterations 4 --adam-learning-rate 0.001: muon(learning_rate = 0.02, momentum = 0.95, iterations = 4, adam_learning_rate = 0.001)
layerwise-adam --learning-rate 0.01: layerwise-adam(learning_rate = 0.01)
END

"${pair[@]}" --json pair.json --csv curve.csv --save-checkpoints checkpoints/deep > out 2> err
[[ $(ls . checkpoints/deep) != *tmp* ]] || fail "temporary files are left"
json_lines pair.json > lines
expected=(dataset=spirals examples.train=3000 examples.test=3000 classes=3 'network=2-16-3 relu' parameters=99 \
  'training.optimizer=sgd(learning_rate = 0.1)' training.loss=cross-entropy training.schedule=constant training.epochs=3 training.batch_size=128 \
  training.augmentation=none training.label_noise=0.0 training.init=torch seeds.init=0 seeds.subset=0 seeds.order.0=1 seeds.order.1=2 \
  seeds.augmentation.0=1 seeds.augmentation.1=1 seeds.label_noise.0=1 seeds.label_noise.1=1 runs_differ_in.0=order input.mean=0.0 \
  input.std=1.0 endpoints.0.steps=72 endpoints.1.steps=72 endpoints.0.diverged_at=null endpoints.1.diverged_at=null \
  digest.0="${both% *}" digest.1="${both#* }")
for entry in "${expected[@]}"; do
  grep -qxF "${entry/=/ }" lines || fail "the JSON file has '$(grep -F "${entry%%=*} " lines)', expected '$entry'"
done
for pattern in 'machine.threads [1-9][0-9]*' 'machine.processor .+' 'machine.compiler (GCC|Clang) [0-9]+\..*' \
  'seconds.(train|curve_train|curve_test) [0-9]*\.?[0-9e-]+'; do
  grep -qxE "$pattern" lines || fail "the JSON file has no '$pattern'"
done
ending="$(sed -n 's/^machine.threads //p' lines) threads, $(sed -n 's/^machine.instruction_set //p' lines)"
[[ $(tail -1 out) == *", $ending" ]] || fail "the output does not end with '$ending': $(tail -1 out)"
grep -qx 'curve.24.alpha 1.0' lines || fail "the curve does not end at point 24"
wrong=$(contradictions pair.json curve.csv out)
[[ -z $wrong ]] || fail "the outputs contradict each other: $wrong"
# A check that notices nothing would pass.
sed 's/"git_rebasin": .*,/"git_rebasin": 0.5,/' pair.json > changed.json
[[ $(contradictions changed.json curve.csv out | grep -c git_rebasin) == 2 ]] || fail "contradictions overlooks a wrong barrier"
# The options of the data set, as they were given.
{
  echo a,b,kind
  for ((i = 0; i < 40; ++i)); do echo "$i,$((i * 7 % 10)),$((i % 2))"; done
} > rows.csv
table=(--dataset csv --data rows.csv --label-column kind --drop a --no-standardize --subset 20)
"${pair[@]}" "${table[@]}" --json table.json > out 2> err || fail "a table: $(cat err)"
json_lines table.json | grep '^data\.' > lines
diff lines - << 'END' || fail "the options of the data set"
data.data rows.csv
data.dataset csv
data.drop a
data.label_column kind
data.no_standardize true
data.subset 20
END
says() {  # says TEXT OPTION...: of a table
  if "${pair[@]}" --dataset csv --data rows.csv "${@:2}" > out 2> err; then fail "${*:2} was accepted"; fi
  grep -qF -- "$1" err || fail "${*:2}: '$1' is not in: $(cat err)"
}
says "pair: --drop: unknown column of 'rows.csv': 'z'; did you mean 'a'?" --drop z
says "pair: --label-column: 'rows.csv' has no column 7" --label-column 7
says "pair: --test-data '': expected a file" --test-data ''
# Metadata and arrays in the order of the layout, as the header of the safetensors format has them.
for entry in '"dataset":"spirals"' '"network":"2-16-3 relu"' '"order_seed":"2"' '"steps":"72"' '"diverged_at":""' "\"digest\":\"${both#* }\"" \
  '"input_mean":"0.0"' '"input_std":"1.0"' '"dense1/weight":{"dtype":"F32","shape":[16,2],"data_offsets":[0,128]}' \
  '"dense1/bias":{"dtype":"F32","shape":[16],"data_offsets":[128,192]}' \
  '"dense2/weight":{"dtype":"F32","shape":[3,16],"data_offsets":[192,384]}' \
  '"dense2/bias":{"dtype":"F32","shape":[3],"data_offsets":[384,396]}'; do
  grep -qaF "$entry" checkpoints/deep/b.safetensors || fail "the checkpoint has no $entry"
done
"${pair[@]}" --pairs 2 --explain --exact --test-subset 3 > out 2> err || fail "three test examples: $(cat err)"
[[ $(exit_code "${pair[@]}" --bogus) == 1 ]] || fail "an unknown option does not end with exit code 1"

# Several pairs, the continuum and causes: what is written agrees with itself.
"${pair[@]}" --pairs 2 --runs 3 --exact --explain --json many.json --csv many.csv --save-checkpoints many > out 2> err || fail "several pairs: $(cat err)"
[[ $(sed -n 's/^digests //p' out) == "$both" ]] || fail "the first of several pairs has other digests"
[[ $(wc -l < many.csv) == 151 && $(head -1 many.csv) == pair,alpha,* && $(tail -1 many.csv) == 6,1,* ]] || fail "six curves: $(head -2 many.csv)"
diff <(sed -n 's/^1,//p' many.csv) <(tail -n +2 curve.csv) || fail "the first of several curves is another one"
cmp many/b.safetensors checkpoints/deep/b.safetensors || fail "the first of several pairs has another checkpoint"
[[ -s many/c.safetensors && -s many/init1/c.safetensors ]] || fail "checkpoints: $(find many)"
json_lines many.json > lines
for entry in 'summary.test.pairs 6' 'summary.test.initializations 2' 'summary.test.broken 0' 'pairs.5.init_seed 1' 'pairs.5.order.0 5' 'pairs.5.order.1 6'; do
  grep -qxF "$entry" lines || fail "many.json has no '$entry'"
done
grep -q '^test examples: 6 pairs from 2 initializations: mean barrier ' out || fail "no summary: $(cat out)"
grep -q '^0 of 2 first pairs broken proves only that fewer than 78 % are (one-sided, 95 %)$' out || fail "no words on what 2 pairs prove"
awk '
  function near(name, got, expected, tolerance) {
    if (!(got - expected <= tolerance && expected - got <= tolerance)) print name " is " got ", expected " expected
  }
  { path = $1; sub(/^[^ ]* /, ""); v[path] = $0 + 0; ++n[path] }
  END {
    for (p = 1; p <= 2; ++p) {
      b = "barrier." (p == 1 ? "train" : "test")
      if (!(b ".exact.error" in v)) print "no " b ".exact.error"
      if (v[b ".exact.error"] < v[b ".error"] - 1e-12) print b ": the exact barrier is below that of the grid"
      if (!(v[b ".exact.interval_low"] <= v[b ".exact.error"] && v[b ".exact.error"] <= v[b ".exact.interval_high"])) print b ".exact.interval"
      if (v[b ".certified_loss.high"] - v[b ".certified_loss.low"] > 1e-6) print b ".certified_loss is too wide"
      if (v[b ".loss"] > v[b ".certified_loss.high"] + 1e-5) print b ": the loss barrier of the grid is above the certified one"
      if (!(b ".cross_fitted" in v && b ".floor.mean" in v && b ".floor.quantile" in v)) print b ": no floor, or no cross-fitted height"
      if (v[b ".floor.mean"] > v[b ".floor.quantile"]) print b ".floor"
    }
    e = "explain.examples."
    for (i = sum = count = 0; i < 4; ++i) { sum += v[e "groups." i ".contribution"]; count += v[e "groups." i ".examples"] }
    near("the sum of groups", sum, v["barrier.test.error"], 1e-12)
    near("examples", count, 3000, 0)
    for (i = sum = 0; i < 3; ++i) sum += v[e "classes." i ".mean"] * v[e "classes." i ".examples"] / 3000
    near("the sum of classes", sum, v["barrier.test.error"], 1e-12)
    for (i = sum = 0; e "flipping." i ".contribution" in v; ++i) sum += v[e "flipping." i ".contribution"] / 3000
    near("the sum of examples", sum, v["barrier.test.error"], 1e-12)
    for (i = sum = 0; i < 2; ++i) sum += v["explain.layers.shares." i ".share.error"]
    near("the sum of layers", sum, v["explain.layers.height.error"], 1e-12)
    for (i = 0; i < 25; ++i) {
      d = "explain.decomposition." i "."
      near(d "loss", v[d "loss.function_gap"] + v[d "loss.ensemble_gap"], v[d "loss.height"], 1e-12)
      near(d "error", v[d "error.function_gap"] + v[d "error.ensemble_gap"], v[d "error.height"], 1e-12)
    }
    near("calibration", v["explain.calibration.calibrated"] + v["explain.calibration.difference"], v["explain.calibration.plain"], 1e-12)
    near("deviation of the first layer", v["explain.features.layers.0.deviation"], 0, 1e-6)
    for (i = sum = 0; i < 2; ++i) sum += v["explain.distances.layers." i ".distance"] ^ 2
    near("distances", sum, v["explain.distances.whole.distance"] ^ 2, 1e-9)
    near("contributions", v["explain.parameters.layers.0.contribution"] + v["explain.parameters.layers.1.contribution"], v["explain.parameters.sum"], 1e-12)
    near("pairs", v["pairs.0.barrier.test.error"], v["barrier.test.error"], 0)
  }' lines > wrong
[[ ! -s wrong ]] || fail "several pairs: $(cat wrong)"
# Deeper networks are traced, on test examples alone.
"${pair[@]}" --hidden 8,8 --exact --json traced.json > out 2> err || fail "traced: $(cat err)"
json_lines traced.json > lines
grep -qxF 'barrier.test.exact.examples 1000' lines || fail "nothing was traced"
! grep -q '^barrier.train.exact' lines || fail "the training part was traced"
grep -q 'of the first 1000 examples, by tracing' out || fail "tracing is not named: $(cat out)"
code=$(exit_code "${pair[@]}" --learning-rate 1e30 --exact --explain --allow-divergence)
[[ $code == 0 ]] && grep -q 'note: --explain has nothing to account for' err || fail "a diverged pair is explained: $(cat err)"

# The columns of the mirrored curve, to the last digit.
"${pair[@]}" --noise-seeds 2,1 --csv mirrored.csv > /dev/null 2>&1
diff <(tail -n +2 curve.csv | cut -d, -f 2-) <(tail -n +2 mirrored.csv | cut -d, -f 2- | tac) || fail "swapping the runs does not mirror the curve"

if command -v gnuplot > /dev/null; then
  "${pair[@]}" --figure curve.svg > out 2> err
  grep -q '</svg>' curve.svg || fail "no figure: $(cat err)"
else
  skip "gnuplot is not installed: no figure was drawn"
fi
# Without gnuplot: a note, and the numbers.
env PATH=/nonexistent "${pair[@]}" --figure lonely.png > out 2> err || fail "a missing gnuplot is an error: $(cat err)"
grep -q 'gnuplot is not installed' err || fail "nothing is said of the missing gnuplot"
[[ -s lonely.csv && ! -e lonely.png ]] || fail "no CSV file instead of the figure"
echo mine > lonely.csv
if env PATH=/nonexistent "${pair[@]}" --figure lonely.png > out 2> err; then fail "numbers in place of a figure replace a file"; fi
grep -q "would replace 'lonely.csv'; install gnuplot, or name a file for them with --csv" err || fail "the file to be replaced: $(cat err)"
[[ $(cat lonely.csv) == mine ]] || fail "lonely.csv was replaced"
# A gnuplot that fails, or is killed, costs the figure alone, and is named; one that cannot be started is found out before training.
mkdir failing
for ending in 'echo no display >&2; exit 3|gnuplot ended with status 3: no display' 'kill -9 $$|gnuplot was ended by signal 9, Killed'; do
  printf '#!/bin/sh\nread -r line || exit 0\n%s\n' "${ending%|*}" > failing/gnuplot
  chmod +x failing/gnuplot
  code=$(PATH=$PWD/failing:$PATH exit_code "${pair[@]}" --figure failing.svg --json failing.json)
  [[ $code == 4 && -s failing.json && ! -e failing.svg ]] || fail "'$ending': exit code $code: $(cat err)"
  grep -qF "figure 'failing.svg': ${ending#*|}" err || fail "'$ending': $(cat err)"
  rm failing.json
done
chmod -x failing/gnuplot
code=$(PATH=$PWD/failing exit_code "${pair[@]}" --figure failing.svg)
[[ $code == 1 ]] && grep -q '^pair: gnuplot cannot be started' err || fail "a gnuplot that cannot be started: exit code $code: $(cat err)"

# A folder that is removed while the networks are trained is made again.
mkdir gone
"${pair[@]}" --epochs 1500 --json gone/a.json --csv gone/a.csv --save-checkpoints gone/weights > out 2> err &
until [[ -n $(find gone/weights -name '*.tmp' 2> /dev/null) ]]; do sleep 0.02; done
rm -rf gone
wait $! || fail "a folder that was removed: exit code $?: $(cat err)"
[[ -s gone/a.json && -s gone/a.csv && -s gone/weights/a.safetensors ]] || fail "results are lost with their folder: $(ls gone)"
grep -qF 'note: the folder "gone" was removed meanwhile, and is made again' err || fail "not said: $(cat err)"
# One that is copied to another place, and linked to from there, has copies of the files that the results are written to.
mkdir moved && echo older > moved/a.json
"${pair[@]}" --epochs 1500 --json moved/a.json > out 2> err &
until [[ -n $(find moved -name '*.tmp' 2> /dev/null) ]]; do sleep 0.02; done
cp -r moved elsewhere && rm -r moved && ln -s elsewhere moved
wait $! || fail "a folder that was moved: exit code $?: $(cat err)"
grep -q '"barrier"' elsewhere/a.json || fail "results are lost where their folder was moved to: $(cat elsewhere/a.json)"

# What is printed is not overwritten, a limit of the shell is as a full disk, and a pipe of the shell is written to.
echo 'an old log' > log
code=0
"${pair[@]}" --csv /dev/stdout >> log 2> err || code=$?
[[ $code == 1 && $(cat log) == 'an old log' ]] || fail "--csv /dev/stdout: exit code $code: $(cat log)"
grep -qF -- "--csv '/dev/stdout' is the file that the standard output goes to" err || fail "--csv /dev/stdout: $(cat err)"
code=$(ulimit -f 64; exit_code "${pair[@]}" --hidden 20000 --epochs 1 --save-checkpoints large --csv small.csv)
[[ $code == 4 && -s small.csv ]] || fail "ulimit -f: exit code $code: $(cat err)"
# More files than the soft limit lets be open.
code=$(ulimit -Sn 40; exit_code "${pair[@]}" --epochs 1 --pairs 30 --save-checkpoints many)
[[ $code == 0 && -s many/init29/b.safetensors ]] || fail "ulimit -Sn: exit code $code: $(cat err)"
"${pair[@]}" --csv >(cat > through.csv) > out 2> err || fail "a pipe of the shell: $(cat err)"
until [[ -s through.csv ]]; do sleep 0.02; done

ends
