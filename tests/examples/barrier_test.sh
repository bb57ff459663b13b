#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# barrier_test.sh PROGRAM: hand cases as CSV and .npy give every convention, networks of PyTorch the values that PyTorch gives; what
# contradicts itself is refused, with the place.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"

value() { json_lines "$1" | sed -n "s/^$2 //p"; }  # value FILE PATH
is() {  # is FILE PATH VALUE
  [[ $(value "$1" "$2") == "$3" ]] || fail "$1: $2 is $(value "$1" "$2"), expected $3"
}

# Four examples: one wrong at a, three in the middle, two at b; losses of 1, 3 and 2 on average.
cat > pair.csv << 'END'
alpha,example,wrong,loss
0,x,1,1
0,y,0,1
0,z,0,1
0,w,0,1
0.5,w,1,3
0.5,z,0,3
0.5,y,1,2
0.5,x,1,4
1,x,1,2
1,y,1,2
1,z,0,2
1,w,0,2
END
"$program" pair.csv --folds 2 --json pair.json > out
grep -qx 'pair.csv: 3 α × 4 examples: wrong, loss' out || fail "what was read: $(cat out)"
grep -q '  error barrier            0.3750 at α 0.50, normalized 0.6000, 95 % \[' out || fail "table: $(cat out)"
# Heights say over what they are.
for line in 'instability              0.3750  max error - mean of ends' 'midpoint                 0.3750  error at 1/2 - mean of ends' \
  'arg-max convention       0.3750  above the chord where the error is highest' \
  'Git Re-Basin             1.5000  max loss - mean of ends' 'midpoint of the loss     1.5000  loss at 1/2 - mean of ends'; do
  grep -qx "  $line" out || fail "'$line' is missing: $(cat out)"
done
is pair.json pairs.0.barrier.error 0.375
is pair.json pairs.0.barrier.alpha 0.5
is pair.json pairs.0.barrier.instability 0.375
is pair.json pairs.0.barrier.argmax 0.375
is pair.json pairs.0.barrier.midpoint 0.375
is pair.json pairs.0.barrier.loss 1.5
is pair.json pairs.0.barrier.git_rebasin 1.5
is pair.json pairs.0.barrier.midpoint_loss 1.5
is pair.json pairs.0.curve.1.error 0.75

# npy DTYPE SHAPE BYTES...: a .npy file, on standard output.
npy() {
  local header="{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
  printf '\x93NUMPY\x01\x00'
  printf '%b' "\\x$(printf '%02x' $((${#header} + 1)))\\x00"
  printf '%s\n' "$header"
  printf "$3"
}
npy '|b1' '(3, 4)' '\1\0\0\0\1\1\0\1\1\1\0\0' > outcomes.npy
"$program" outcomes.npy --json outcomes.json --folds 2 > out
is outcomes.json pairs.0.barrier.error 0.375
is outcomes.json pairs.0.read '3 α × 4 examples: wrong'
[[ $(value outcomes.json pairs.0.barrier.cross_fitted) == 0.* ]] || fail "no cross-fitted barrier: $(cat outcomes.json)"
npy '<f4' '(2, 1)' '\0\0\200\77\0\0\0\100' > losses.npy
npy '<f4' '(2, 1)' '\0\0\200\277\0\0\0\100' > negative.npy
"$program" losses.npy --alphas 0,1 --json losses.json > out
is losses.json pairs.0.read '2 α × 1 examples: loss'
is losses.json pairs.0.curve.1.loss 2.0
is losses.json pairs.0.barrier.loss 0.0
is losses.json pairs.0.barrier.error null
! grep -q 'error' out || fail "an error of losses: $(cat out)"
# Two examples, of the classes 0 and 1: both right, both wrong, both right.
npy '|i1' '(3, 2, 2)' '\2\0\0\2\0\2\2\0\2\0\0\2' > logits.npy
npy '|u1' '(2,)' '\0\1' > labels.npy
"$program" logits.npy --labels labels.npy --alphas 0,0.5,1 --json logits.json --folds 2 > out
is logits.json pairs.0.barrier.error 1.0
npy '|b1' '(3, 4)' '\1\0\1\0\1\1\0\1\1\1\0\0' > other.npy
"$program" outcomes.npy other.npy --folds 2 --initializations 1,2 --json summary.json > out
is summary.json summary.pairs 2
grep -q '2 pairs from 2 initializations' out || fail "summary: $(cat out)"

refuses() {  # refuses TEXT ARGUMENT...
  local text=$1
  shift
  rm -f x.json
  if "$program" "$@" --json x.json > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
  [[ ! -e x.json ]] || fail "$* left a file behind"
}
# refuses_table TEXT SED: the table changed by SED.
refuses_table() {
  sed "$2" pair.csv > wrong.csv
  ! cmp -s wrong.csv pair.csv || fail "$2 changes nothing"
  refuses "$1" wrong.csv --folds 2
}
refuses_table "does not begin with α = 0" '/^0,/d'
refuses_table "does not end with α = 1" '/^1,/d'
refuses_table "the one α 0; expected at least α = 0 and α = 1" '/^[01.5]*[15],/d'
refuses_table "no line behind that of names" '2,$d'
refuses_table "line 6: alpha is nan; expected a share of the way" 's/^0.5/nan/'
refuses_table "line 6: alpha is 50; expected a share of the way, from 0 to 1" 's/^0.5/50/'
refuses_table "line 10: α = 0.25 behind α = 0.5; expected rising α: sort the lines" 's/^1,/0.25,/'
refuses_table "line 10: α = 0 again, behind α = 0.5" 's/^1,/0,/'
refuses_table "α = 0.5 has 3 of 4 examples; example 'y' is missing there" '/^0.5,y/d'
refuses_table "line 6: example 'v' at α = 0.5 is not among those at α = 0" '/^0.5,w/s/w/v/'
refuses_table "line 7: example 'w' for the second time at α = 0.5" '/^0.5,z/s/z/w/'
refuses_table "line 8: wrong is '2'; expected 1 where wrong, 0 where right" '/^0.5,y/s/1,2/2,2/'
refuses_table "line 8: loss is NaN; a network that diverged has no barrier to judge" '/^0.5,y/s/,2$/,nan/'
refuses_table "line 8: loss is infinite; a network that diverged" '/^0.5,y/s/,2$/,-inf/'
refuses_table "line 8: loss is ''; expected a number" '/^0.5,y/s/,2$/,/'
refuses_table "the column 'error' is none that is known" 's/wrong/error/'
refuses_table "there is no column 'alpha'" 's/^[^,]*,//'
refuses_table "there are two columns 'wrong'" 's/loss/wrong/'
# Four examples are too few for the five folds of the cross-fitted barrier, and for nothing else.
"$program" outcomes.npy other.npy --json few.json > out
grep -qx '  no cross-fitted barrier: --folds 5 needs as many examples, and there are 4' out || fail "few examples: $(cat out)"
grep -qx "no summary of the pairs: 'outcomes.npy' has 4 examples, and --folds 5 needs as many" out || fail "few examples: $(cat out)"
"$program" losses.npy negative.npy --alphas 0,1 > out
grep -qx "no summary of the pairs: 'losses.npy' has no outcomes of single examples, but losses alone" out || fail "losses: $(cat out)"
npy '|b1' '(2, 2)' '\0\1\0\0' > ends.npy
npy '|b1' '(2, 2)' '\0\1\1\1' > ends2.npy
"$program" ends.npy ends2.npy --folds 2 > out
grep -qx "no summary of the pairs: 'ends.npy' has no α between the ends" out || fail "ends alone: $(cat out)"
is few.json pairs.0.barrier.error 0.375
is few.json pairs.0.notes.0 'no cross-fitted barrier: --folds 5 needs as many examples, and there are 4'
[[ $(value few.json pairs.0.barrier.cross_fitted) == null ]] || fail "a cross-fitted barrier: $(cat few.json)"
# A list does not take the files behind it.
"$program" --alphas 0,0.5,1 outcomes.npy --folds 2 > out
"$program" --folds 2 --initializations 1,2 outcomes.npy other.npy > out
grep -q '2 pairs from 2 initializations' out || fail "lists before files: $(cat out)"
status=0
"$program" outcomes.npy --what outcomes > out 2> err || status=$?
[[ $status == 1 && $(head -n 1 err) == 'barrier: --what: outcomes not in {auto,wrong,loss,logits}' ]] || fail "an error of usage: exit code $status, $(cat err)"
refuses "--folds 1; expected at least 2" outcomes.npy --folds 1
refuses "--threshold 2; expected a share of examples in [0, 1]" outcomes.npy --threshold 2
refuses "barrier: --seed '-1'; expected a whole number, at least 0" outcomes.npy --seed -1
refuses "--alphas 'x'; expected a number" outcomes.npy --alphas 0,x,1
refuses "--alphas 0,0.7,0.5: alphas = {" outcomes.npy --alphas 0,0.7,0.5
refuses "--csv '': expected a name; leave the option out for none" outcomes.npy --csv ''
refuses "--labels losses.npy: 'losses.npy' has the shape [2, 1]; expected [examples], a class for each" logits.npy --labels losses.npy
refuses "'outcomes.npy' is given twice; a pair counts once" outcomes.npy outcomes.npy
ln -s outcomes.npy link.npy
refuses "'outcomes.npy' and 'link.npy' are one file" outcomes.npy link.npy
bytes=$(printf '\\%s' {0,0,0,0,0,0,0,0,0,0,0,0}{,} 1 1 1 1 1 1 1 1 1 1 1 1 0 0 0 0 0 0 0 0 0 0 0 0)
npy '|b1' '(4, 12)' "$bytes" > twelve.npy
cp twelve.npy copy.npy
refuses "'twelve.npy' and 'copy.npy' hold the same values, in this order" twelve.npy copy.npy
# Few examples that are wrong can be the same in two pairs.
npy '|b1' '(3, 4)' '\1\0\0\0\1\0\0\0\1\0\0\0' > few.npy
cp few.npy few2.npy
"$program" few.npy few2.npy > out || fail "pairs with few errors: $(cat out)"
npy '|b1' '(2, 2)' '\0\0\0\0' > right.npy
cp right.npy right2.npy
"$program" right.npy right2.npy --folds 2 > out # nothing wrong anywhere, as may be in two pairs on training examples
npy '|b1' '(4, 3)' '\0\0\0\0\1\1\0\1\1\1\0\0' > swapped.npy
refuses "it has 4 α and only 3 examples, as if its axes were swapped" swapped.npy
refuses "it holds outcomes, and --labels are for logits" outcomes.npy --labels labels.npy
refuses "--dataset is for networks, and 'outcomes.npy' holds what was measured" outcomes.npy --dataset mnist
refuses "--hidden is for networks" outcomes.npy --hidden 3
refuses "--part is for networks" pair.csv --part train
# What else is given for a network, told by its content.
printf '\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02' > a.pt
for type in pth bin csv; do cp a.pt a.$type; done
for file in a.pt a.pth a.bin a.csv; do
  refuses "'$file' is a PyTorch file; in Python, load it with torch.load, and save its tensors with safetensors.torch.save_file" \
    $file $file --network mlp --hidden 6
done
printf '\x80\x04\x95\x0c' > old.pth
refuses "'old.pth' is a Python pickle; in Python, load it with torch.load" old.pth old.pth --network mlp
refuses "'a.pt' is a PyTorch file" "$scripts/barrier/a.safetensors" a.pt --network mlp
cp "$scripts/barrier/a.safetensors" weights.bin
refuses "'weights.bin' is a safetensors file; give it a name that ends in .safetensors" weights.bin weights.bin --network mlp
mkdir model
touch model/model-1.safetensors model/model-2.safetensors model/model.safetensors.index.json
refuses "'model' is a folder; give the index of its network, 'model/model.safetensors.index.json'" model model --network mlp
rm model/model.safetensors.index.json model/model-2.safetensors
refuses "'model' is a folder; give the file in it, 'model/model-1.safetensors'" model model --network mlp
npy '<f8' '(3, 0)' '' > empty.npy
refuses "it has the shape [3, 0], and no value" empty.npy
refuses_table "the sum of its losses is beyond the range of double" '/^0.5,[yz]/s/[0-9]*$/1.7e308/'
refuses_table "column 1 has no name, as the index that pandas writes; write the file with to_csv(…, index=False)" '1s/^/,/;2,$s/^/0,/'
# As spreadsheets of other countries write it: other delimiters, and commas in numbers.
for delimiter in ';' '\t'; do
  sed "s/,/$delimiter/g; s/[.]/,/" pair.csv > other.csv
  "$program" other.csv --folds 2 --json other.json > out
  cmp <(json_lines pair.json | grep -v '[.]file ') <(json_lines other.json | grep -v '[.]file ') || fail "'$delimiter': $(cat out)"
done
sed 's/,/;/g; s/[.]/,/; s/0,5;y;1;2/0,5;y;1,0;2,25/' pair.csv > other.csv
"$program" other.csv --folds 2 --json other.json > out
is other.json pairs.0.curve.1.loss 3.0625
sed 's/,/;/g; s/0[.]5;y;1;2/0.5;y;1;1.002,25/' pair.csv > other.csv
refuses "line 8: loss is '1.002,25'; expected a number" other.csv --folds 2
sed '2,$s/,[0-9]*$/,0/' pair.csv > other.csv
refuses "all its losses are 0, though predictions are wrong; leave the losses out" other.csv --folds 2
# Summaries need the same examples.
npy '|b1' '(3, 5)' '\1\0\0\0\0\1\1\0\1\0\1\1\0\0\0' > five.npy
"$program" outcomes.npy five.npy --folds 2 > out
grep -qx "no summary of the pairs: 'outcomes.npy' has 4 examples, and 'five.npy' 5; expected all pairs measured on the same ones" out ||
  fail "other examples: $(cat out)"
if "$program" outcomes.npy --folds 2 --csv x --json ./x > out 2> err; then fail "one file for two results"; fi
grep -qF -- "--csv and --json both write 'x'" err || fail "one file for two results: $(cat err)"
refuses "has 3 α, and --alphas 0,1 names 2; expected one for each row" outcomes.npy --alphas 0,1
refuses "--alphas 5 is one α, and it has 3 rows" outcomes.npy --alphas 5
npy '<f4' '(2, 2, 2)' '\0\0\0\77\0\0\0\77\0\0\200\76\0\0\100\77\0\0\200\77\0\0\0\0\0\0\0\77\0\0\0\77' > softmax.npy
refuses "these are probabilities, and logits are expected; give their logarithms, log(p)" softmax.npy --labels labels.npy
printf 'alpha,example,label,logit0,logit1\n0,a,0,0.9,0.1\n1,a,0,0.2,0.8\n' > softmax.csv
refuses "these are probabilities, and logits are expected" softmax.csv
sed 's/0.9/-0.1/; s/0.8/-inf/' softmax.csv > logits.csv
"$program" logits.csv --folds 2 > out
grep -q '  loss at the ends         0.7981 0.0000' out || fail "a class that is ruled out: $(cat out)"
sed 's/0.2/-inf/; s/0.9/2/' softmax.csv > infinite.csv
refuses "at α = 1 is infinite: a class that is right has the probability 0" infinite.csv
# One logit each of the cross-entropies log(1 + e) = 1.3133, log(1 + 1/e) = 0.3133 and log 2; equal logits leave the outcome open.
cat > both.csv << 'END'
alpha,example,wrong,loss,label,logit0,logit1
0,a,1,1.3133,1,1,0
0,b,0,0.3133,0,1,0
0,c,1,0.6931,0,2,2
1,a,0,0.3133,1,1,2
1,b,0,0.3133,0,1,0
1,c,0,0.6931,0,2,2
END
"$program" both.csv --folds 2 > out
grep -q '3 examples: wrong, loss, logits' out || fail "what agrees: $(cat out)"
sed '3s/,0,0.3/,1,0.3/' both.csv > wrong.csv
refuses "line 3: wrong is 1, but the largest logit, 1, is that of class 0, and the label is 0" wrong.csv --folds 2
sed '2s/,1,1.3/,0,1.3/' both.csv > wrong.csv
refuses "line 2: wrong is 0, but the largest logit, 1, is that of class 0, and the label is 1" wrong.csv --folds 2
sed '5s/0.3133/0.3173/' both.csv > wrong.csv
refuses "line 5: loss is 0.3173, but the cross-entropy of the logits is 0.31326168" wrong.csv --folds 2
npy '<f4' '(2, 2, 2)' '\0\0\0\77\0\0\200\77\0\0\200\76\0\0\100\77\0\0\200\77\0\0\0\0\0\0\0\77\0\0\0\77' > sigmoid.npy
refuses "it holds numbers from 0 to 1 alone, as a sigmoid gives them; expected logits" sigmoid.npy --labels labels.npy
printf 'alpha,example,label,logit0,logit1\n0,a,0,90,10\n1,a,0,20.01,80\n' > percent.csv
refuses "these are probabilities in percent, and logits are expected; give their logarithms, log(p / 100)" percent.csv
# Axes in another order, told by the number of labels.
npy '|u1' '(4,)' '\0\1\2\1' > four.npy
npy '|i1' '(4, 2, 3)' '\3\0\0\0\0\0\3\0\0\0\0\0\3\0\0\0\0\0\3\0\0\0\0\0' > examples_first.npy
refuses "as if it were [examples, α, classes]; expected [α, examples, classes]: numpy.transpose(x, (1, 0, 2))" examples_first.npy --labels four.npy
refuses "as if it were [examples, classes, α]; expected [α, examples, classes]: numpy.transpose(x, (2, 0, 1))" \
  examples_first.npy --labels four.npy --alphas 0,0.5,1
npy '|i1' '(2, 3, 4)' '\3\0\0\0\0\0\3\0\0\0\0\0\3\0\0\0\0\0\3\0\0\0\0\0' > examples_last.npy
refuses "as if it were [α, classes, examples]; expected [α, examples, classes]: numpy.transpose(x, (0, 2, 1))" examples_last.npy --labels four.npy
refuses "has 4 α, and --alphas 0,0.5,1 names 3; expected one for each row: transpose it, x.T" swapped.npy --alphas 0,0.5,1
# Axes of equal lengths: which reading was taken is said.
npy '|i1' '(2, 2, 3)' '\3\0\0\0\3\0\0\3\0\3\0\0' > square.npy
"$program" square.npy --labels labels.npy --folds 2 > out
grep -qx '  its shape \[2, 2, 3\] was read as \[α, examples, classes\], and has as many α as examples: if the axes are in another order, transpose it' out ||
  fail "equal axes: $(cat out)"
npy '|i1' '(3, 2, 3)' '\3\0\0\0\3\0\0\3\0\3\0\0\3\0\0\0\3\0' > square.npy
"$program" square.npy --labels labels.npy --alphas 0,0.5,1 --folds 2 > out
grep -qF 'and has as many α as classes:' out || fail "equal axes: $(cat out)"
"$program" ends.npy --folds 2 > out
grep -qF '  its shape [2, 2] was read as [α, examples], and has as many α as examples:' out || fail "equal axes: $(cat out)"
"$program" outcomes.npy --folds 2 > out
! grep -qF 'was read as' out || fail "different axes: $(cat out)"
# One logit for two classes.
npy '<f4' '(2, 2, 1)' '\0\0\0\77\0\0\0\77\0\0\200\76\0\0\100\77' > one_logit.npy
refuses "one logit z of two classes is given as numpy.stack([0*z, z], axis=-1), where z is x[..., 0]" one_logit.npy --labels labels.npy
npy '<f4' '(2, 2)' '\0\0\0\77\0\0\0\77\0\0\200\76\0\0\100\77' > one_logit.npy
refuses "If they are logits: one logit z of two classes is given as numpy.stack([0*z, z], axis=-1)" one_logit.npy --labels labels.npy
refuses "one logit z of two classes is given as" one_logit.npy --what logits
head -c 7 outcomes.npy > cut.npy
refuses "'cut.npy': it is cut: it has 7 bytes" cut.npy
refuses "'cut.npy': it is cut: it has 7 bytes" logits.npy --labels cut.npy
head -c 70 outcomes.npy > cut.npy
refuses "the file is cut" cut.npy
npy '<f4' '(2, 2, 1)' '\0\0\0\77\0\0\0\77\0\0\200\76\0\0\100\77' > column.npy
refuses "its last axis the length 1; expected [α, examples] of outcomes or losses: squeeze it, x.squeeze(-1)" column.npy
refuses "squeeze it, x.squeeze(-1)" column.npy --what loss
refuses "does not end with α = 1" outcomes.npy --alphas 0,0.5,0.9 --folds 2
refuses "give the classes of the examples by --labels" logits.npy --alphas 0,0.5,1
npy '<f4' '(2, 1)' '\0\0\200\77\0\0\0\0' > ambiguous.npy
refuses "say which by --what wrong or --what loss" ambiguous.npy --alphas 0,1
npy '<f4' '(2, 1)' '\0\0\300\177\0\0\0\100' > nan.npy
refuses "the loss of example 0 in row 0 is NaN" nan.npy --what loss --alphas 0,1
npy '<f4' '(2, 1)' '\0\0\0\100\0\0\200\177' > inf.npy
refuses "the loss of example 0 in row 1 is infinite; a network that diverged has no barrier to judge" inf.npy --alphas 0,1
"$program" negative.npy --alphas 0,1 > out
grep -qx '  losses below 0: is the sign of a log-likelihood turned? (1 of 2, the least -1)' out || fail "losses below 0: $(cat out)"
npy '|u1' '(2, 2)' '\0\1\2\0' > two.npy
refuses "it has the value 2 at position 2; expected 1 where wrong, 0 where right" two.npy
refuses "it has the value -1 at position 0; expected 1 where wrong, 0 where right" negative.npy --what wrong --alphas 1,0
npy '|b1' '(3, 4)' '\1\1\1\0\0\0\1\0\1\1\0\1' > correct.npy
note='  errors at both ends above ½: 1 (true) means wrong; if your array says what is right, give its negation'
"$program" correct.npy --folds 2 > out
grep -qxF "$note" out || fail "what is right: $(cat out)"
sed '/^[01],/s/,[01],/,1,/' pair.csv > correct.csv
"$program" correct.csv --folds 2 > out
grep -qxF "$note" out || fail "what is right, in a table: $(cat out)"
"$program" outcomes.npy --folds 2 > out
! grep -qF "$note" out || fail "an error of ½ is noted: $(cat out)"
# Whole numbers for losses; 0.5 among them.
sed '1s/wrong,//; s/,[01],/,/' pair.csv > whole.csv
"$program" whole.csv > out
grep -qx '  all losses are whole numbers, from 1 to 4, as predicted classes are: if they are such, give outcomes, predictions != labels' out ||
  fail "whole losses: $(cat out)"
sed '$s/2$/2.5/' whole.csv > fraction.csv
"$program" fraction.csv > out
! grep -q 'whole numbers' out || fail "a loss of 2.5: $(cat out)"
npy '|b1' '(4,)' '\0\1\1\0' > flat.npy
refuses "it has the shape [4]; expected [α, examples]" flat.npy
npy '|b1' '(1, 4)' '\0\1\1\0' > one.npy
refuses "it has 1 α; expected at least 2" one.npy
refuses "there is no such file" absent.npy
refuses "--initializations has 1 number for 2 files; expected one for each, as 1,2, with commas" outcomes.npy other.npy --initializations 1 --folds 2
cp outcomes.npy keep.npy
if "$program" outcomes.npy --json ./outcomes.npy > out 2> err; then fail "the input was overwritten"; fi
cmp keep.npy outcomes.npy || fail "the input has changed"

# Networks: two state dicts of PyTorch, and what it measures between them (barrier/make_networks.py prints expected.txt).
given=$scripts/barrier
net=(--network mlp --hidden 6)
data=(--dataset csv --data "$given/points.csv" --train-rows 50 --no-standardize)
"$program" "$given/a.safetensors" "$given/b.safetensors" "${net[@]}" "${data[@]}" --alphas 5 --json networks.json --csv networks.csv > out
grep -q '^csv: 50 training and 40 test examples of shape \[3\], 3 classes$' out || fail "the data: $(cat out)"
grep -q "^classes: .*; label '" out || fail "what was read of the data: $(cat out)"
[[ -n $(value networks.json read.classes.2.name) ]] || fail "what was read of the data: $(cat networks.json)"
grep -q '5 α × 40 examples of the test part of csv, 3-6-3 relu' out || fail "what was read: $(cat out)"
grep -qx "  '$given/a.safetensors': 0 → dense1, 2 → dense2" out || fail "what was paired: $(cat out)"
is networks.json data.train_rows 50
is networks.json data.no_standardize true
is networks.json pairs.0.dataset csv
is networks.json pairs.0.part test
is networks.json pairs.0.network '3-6-3 relu'
is networks.json pairs.0.ends.1.file "$given/b.safetensors"
json_lines networks.json | grep -x 'pairs.0.ends.1.tensors.dense2/bias 2.bias' > /dev/null || fail "what was paired: $(cat networks.json)"
i=0
while read -r alpha loss error; do
  for pair in "alpha $alpha" "loss $loss" "error $error"; do
    read -r key expected <<< "$pair"
    # The library computes in float.
    awk -v x="$(value networks.json "pairs.0.curve.$i.$key")" -v y="$expected" 'BEGIN { exit !(x != "" && (x - y) ^ 2 <= 1e-10) }' ||
      fail "networks: $key at point $i is $(value networks.json "pairs.0.curve.$i.$key"), and PyTorch has $expected"
  done
  i=$((i + 1))
done < "$given/expected.txt"
# 0.525 over the chord from 0.325 to 0.3; losses likewise.
awk -v x="$(value networks.json pairs.0.barrier.error)" 'BEGIN { exit !((x - 0.2125) ^ 2 < 1e-10) }' || fail "error barrier: $(cat out)"
[[ -n $(value networks.json pairs.0.barrier.floor.mean) ]] || fail "no noise floor: $(cat networks.json)"
(($(wc -l < networks.csv) == 6)) || fail "the curve: $(cat networks.csv)"
"$program" "$given/a.safetensors" "$given/b.safetensors" "${net[@]}" "${data[@]}" --part train --alphas 0,0.5,1 --json forth.json > out
"$program" "$given/b.safetensors" "$given/a.safetensors" "${net[@]}" "${data[@]}" --part train --alphas 0,0.5,1 --json back.json > out
[[ $(value forth.json pairs.0.barrier.error) == "$(value back.json pairs.0.barrier.error)" ]] || fail "the reversed pair: $(cat out)"
"$program" "$given/a.safetensors" "$given/a.safetensors" "${net[@]}" "${data[@]}" --alphas 0,0.5,1 > out
grep -qx '  both ends have equal parameters: this is a network against itself, and has no barrier' out || fail "one network: $(cat out)"
refuses "'$given/a.safetensors' and '$given/a.safetensors' have equal parameters: a network against itself has no barrier, and would" \
  "$given/a.safetensors" "$given/b.safetensors" "$given/a.safetensors" "$given/a.safetensors" "${net[@]}" "${data[@]}"
cp "$given/a.safetensors" copy.safetensors
refuses "'$given/b.safetensors' are the same two networks as '$given/b.safetensors' and 'copy.safetensors', maybe but for rounding; a pair counts once" \
  "$given/a.safetensors" "$given/b.safetensors" "$given/b.safetensors" copy.safetensors "${net[@]}" "${data[@]}"
# The same by a table, in which the two biases of the file could not be confused.
printf 'torch,lmc\n0.weight,dense1/weight\n' > names.csv
"$program" "$given/a.safetensors" "$given/b.safetensors" "${net[@]}" "${data[@]}" --alphas 5 --names names.csv --json named.json > out
cmp networks.json named.json || fail "a table of names changes the result"
both=("$given/a.safetensors" "$given/b.safetensors")
refuses "(dense1) and 0 modules of the file have the shapes of 'dense1', 1 layer of the network (dense2) and 0 modules" "${both[@]}" --network mlp --hidden 7 "${data[@]}"
refuses "0.weight [6, 3]" "${both[@]}" --network mlp --hidden 7 "${data[@]}"
refuses "dense1/weight [7, 3]" "${both[@]}" --network mlp --hidden 7 "${data[@]}"
refuses "there is 1 network; expected two for each pair" "$given/a.safetensors" "${net[@]}" "${data[@]}"
refuses "are not of one kind" "$given/a.safetensors" outcomes.npy "${net[@]}" "${data[@]}"
refuses "the data set has its labels: leave them out" "${both[@]}" "${net[@]}" "${data[@]}" --labels labels.npy
refuses "--names is for networks" outcomes.npy --names names.csv
refuses "--alphas 1; expected a number of steps, at least 2" "${both[@]}" "${net[@]}" "${data[@]}" --alphas 1
refuses "--alphas 0,2,1: alphas = {" "${both[@]}" "${net[@]}" "${data[@]}" --alphas 0,2,1
refuses "--network mlp --hidden 6 --slope 2: layer 2: LeakyRelu: slope = 2" "${both[@]}" "${net[@]}" "${data[@]}" --slope 2
refuses "barrier: --kernel is an option of lcn tied cnn, not of the network mlp" "${both[@]}" "${net[@]}" "${data[@]}" --kernel 3
refuses "--label-column: unknown column of" "${both[@]}" "${net[@]}" "${data[@]}" --label-column foo
refuses "--alphas 2.5; expected a number of steps" "${both[@]}" "${net[@]}" "${data[@]}" --alphas 2.5
refuses "--initializations has 2 numbers for 1 pair; expected" "${both[@]}" "${net[@]}" "${data[@]}" --initializations 1,2
refuses "expected the columns torch,lmc" "${both[@]}" "${net[@]}" "${data[@]}" --names "$given/points.csv"
printf 'torch,lmc\n0.wait,dense1/weight\n' > names.csv
refuses "the table names '0.wait', which the file has not" "${both[@]}" "${net[@]}" "${data[@]}" --names names.csv

# ours FILE SED: the network as lmc writes it, its header changed by SED.
ours() {
  local length header
  length=$(($(od -An -t u8 -N 8 "$1")))
  header=$(tail -c +9 "$1" | head -c "$length" |
    sed -e 's/"0\./"dense1\//g; s/"2\./"dense2\//g' -e 's/{/{"__metadata__":{"digest":"0","dataset":"csv","network":"3-6-3 relu",'\
'"loss":"cross-entropy","input_mean":"0.0","input_std":"1.0"},/' -e "$2")
  printf '%b' "$(printf '\\x%02x' $((${#header} & 255)) $((${#header} >> 8)) 0 0 0 0 0 0)"
  printf '%s' "$header"
  tail -c +"$((9 + length))" "$1"
}
ours "$given/a.safetensors" '' > a.safetensors
ours "$given/b.safetensors" '' > b.safetensors
"$program" a.safetensors b.safetensors "${net[@]}" "${data[@]}" --alphas 5 --json ours.json > out
# The curve and all barriers are those of the files of PyTorch.
numbers() { json_lines "$1" | grep -E '^pairs\.0\.(curve|barrier)'; }
cmp <(numbers ours.json) <(numbers networks.json) || fail "lmc's names: $(cat out)"
"$program" --alphas 5 a.safetensors b.safetensors "${net[@]}" "${data[@]}" > out # a list before the files
refuses "trained on the data set 'csv' by its metadata, and --dataset is 'mnist'; give --dataset csv" a.safetensors b.safetensors "${net[@]}"
refuses "is the network '3-6-3 relu' by its metadata" a.safetensors b.safetensors "${net[@]}" --slope 0.9 "${data[@]}"
ours "$given/b.safetensors" 's/"input_mean":"0.0","input_std":"1.0"/"input_mean":"[0.5,0.25]","input_std":"[0.125,0.5]"/' > c.safetensors
refuses "it was trained on other data, another split, other columns or other classes; give the same --data, --split-seed, --test-share" \
  a.safetensors c.safetensors "${net[@]}" "${data[@]}"
refuses "give --mean 0.5,0.25 --std 0.125,0.5" a.safetensors c.safetensors "${net[@]}" "${data[@]}"
ours "$given/b.safetensors" 's/"loss"/"training_examples":"0123456789abcdef","loss"/' > c.safetensors
refuses "'c.safetensors' was trained on other examples than the training part here, by its metadata" \
  a.safetensors c.safetensors "${net[@]}" "${data[@]}"
ours "$given/b.safetensors" 's/cross-entropy/squared-error/' > c.safetensors
"$program" a.safetensors c.safetensors "${net[@]}" "${data[@]}" --alphas 5 > out
grep -qx "  'c.safetensors' was trained with the loss squared-error; losses here are the cross-entropy" out || fail "another loss: $(cat out)"
printf 'torch,lmc\n0.weight,dense1/weight\n' > names.csv
refuses "--names is for PyTorch's names, and 'a.safetensors' has lmc's" a.safetensors b.safetensors "${net[@]}" "${data[@]}" --names names.csv

# A model in shards, by its index.
printf '{"weight_map":{%s}}' \
  "$(printf '"%s":"a.safetensors",' dense1/weight dense1/bias dense2/weight dense2/bias | sed 's/,$//')" > model.safetensors.index.json
"$program" model.safetensors.index.json b.safetensors "${net[@]}" "${data[@]}" --alphas 5 --json shards.json > out
is shards.json pairs.0.barrier.error "$(value ours.json pairs.0.barrier.error)"

# constant DTYPE VALUE [MODULE MODULE]: a network of lmc's of equal values, their bytes as printf writes them; or one of PyTorch's.
constant() {
  local size=4 header offset=0 count
  case $1 in
    F64) size=8 ;;
    F16 | BF16) size=2 ;;
  esac
  for tensor in 'dense1/weight 6,3' 'dense1/bias 6' 'dense2/weight 3,6' 'dense2/bias 3'; do
    read -r name shape <<< "$tensor"
    [[ $# -lt 4 ]] || name=$(sed "s/dense1./$3./; s/dense2./$4./" <<< "$name")
    count=$((${shape/,/*}))
    header+="${header:+,}\"$name\":{\"dtype\":\"$1\",\"shape\":[$shape],\"data_offsets\":[$offset,$((offset + count * size))]}"
    offset=$((offset + count * size))
  done
  header="{$header}"
  printf '%b' "$(printf '\\x%02x' $((${#header} & 255)) $((${#header} >> 8)) 0 0 0 0 0 0)"
  printf '%s' "$header"
  for ((i = 0; i < offset / size; i++)); do printf "$2"; done
}
constant F32 '\0\0\0\77' > half.safetensors
constant F64 '\0\0\0\0\0\0\340\77' > double.safetensors
"$program" a.safetensors half.safetensors "${net[@]}" "${data[@]}" --json half.json > out
"$program" a.safetensors double.safetensors "${net[@]}" "${data[@]}" --json double.json > out
cmp <(json_lines half.json | grep curve) <(json_lines double.json | grep curve) || fail "F64: $(cat out)"
constant F16 '\0\70' > f16.safetensors
constant BF16 '\0\77' > bf16.safetensors
for type in f16 bf16; do
  "$program" a.safetensors $type.safetensors "${net[@]}" "${data[@]}" --json $type.json > out
  cmp <(json_lines half.json | grep curve) <(json_lines $type.json | grep curve) || fail "$type: $(cat out)"
done
constant BF16 '\0\77' 0 2 > torch.safetensors
"$program" a.safetensors torch.safetensors "${net[@]}" "${data[@]}" --json torch.json > out
cmp <(json_lines half.json | grep curve) <(json_lines torch.json | grep curve) || fail "PyTorch's BF16: $(cat out)"
constant F32 '\0\0\300\177' > nan.safetensors
constant F32 '\377\377\177\177' > huge.safetensors # the largest float
refuses "'a.safetensors' and 'huge.safetensors': the loss at α = 0.5 is" a.safetensors huge.safetensors "${net[@]}" "${data[@]}" --alphas 0,0.5,1
refuses "'nan.safetensors' has parameters that are NaN or infinite" a.safetensors nan.safetensors "${net[@]}" "${data[@]}"

# Nothing that is read is overwritten: the data set, a table of names, labels, the parts of an index.
cp "$given/points.csv" points.csv
printf 'torch,lmc\n0.weight,dense1/weight\n' > names.csv
overwrites_nothing() {  # overwrites_nothing FILE ARGUMENT...
  local file=$1 option
  shift
  cp "$file" before
  for option in --json --csv; do
    if "$program" "$@" $option "$file" > out 2> err; then fail "$option $file was accepted"; fi
    grep -q -- "^barrier: $option '$file' is .*read, and would be overwritten; give another name" err || fail "$option $file: $(cat err)"
    cmp before "$file" || fail "$file has changed"
  done
}
overwrites_nothing outcomes.npy outcomes.npy
overwrites_nothing labels.npy logits.npy --labels labels.npy --alphas 0,0.5,1
overwrites_nothing points.csv "${both[@]}" "${net[@]}" --dataset csv --data points.csv --train-rows 50 --no-standardize
overwrites_nothing names.csv "${both[@]}" "${net[@]}" "${data[@]}" --names names.csv
overwrites_nothing a.safetensors model.safetensors.index.json b.safetensors "${net[@]}" "${data[@]}"

# How features were standardized, and networks that know nothing of the classes: here of the most frequent one alone, or of none.
is networks.json input.mean 0.0
is networks.json input.std 1.0
"$program" "${both[@]}" "${net[@]}" "${data[@]}" --alphas 5 > out
! grep -q 'features standardized' out || fail "the features: $(cat out)"
chance='both ends are at chance, an error of 0\.[0-9]* for always the most frequent class: is the order of layers, the preparation of the data or the activation another one?'
! grep -q 'both ends are at chance' out || fail "a trained pair is at chance"
constant F32 '\0\0\0\76' > eighth.safetensors
"$program" half.safetensors eighth.safetensors "${net[@]}" "${data[@]}" --alphas 5 --json chance.json > out
grep -q "^  $chance" out || fail "chance: $(cat out)"
json_lines chance.json | grep "both ends are at chance" > /dev/null || fail "chance: $(cat chance.json)"
source "$scripts/images.sh"
header='{"0.weight":{"dtype":"F32","shape":[10,784],"data_offsets":[0,31360]},"0.bias":{"dtype":"F32","shape":[10],"data_offsets":[31360,31400]}}'
{ printf '%b' "$(printf '\\x%02x' $((${#header} & 255)) $((${#header} >> 8)) 0 0 0 0 0 0)"; printf '%s' "$header"; head -c 31400 /dev/zero; } > zero.safetensors
"$program" zero.safetensors zero.safetensors --network logistic --dataset mnist --data images --mean 0.25 --std 0.5 --json pixels.json > out
grep -qx 'features standardized: mean 0.2500 and standard deviation 0.5000' out || fail "pixels: $(cat out)"
is pixels.json input.mean 0.25
is pixels.json input.std 0.5

# A pair counts once, however its files spell it: with prefixes, as doubles, from the other end, with other α, as losses of other digits.
relabel() {  # relabel FILE SED: a network whose header is changed by SED
  local length header
  length=$(($(od -An -t u8 -N 8 "$1")))
  header=$(tail -c +9 "$1" | head -c "$length" | sed "$2")
  printf '%b' "$(printf '\\x%02x' $((${#header} & 255)) $((${#header} >> 8)) 0 0 0 0 0 0)"
  printf '%s' "$header"
  tail -c +"$((9 + length))" "$1"
}
relabel "$given/a.safetensors" 's/"\([02]\)\./"module.\1./g' > prefixed.safetensors
refuses "are the same two networks as" "${both[@]}" "$given/b.safetensors" prefixed.safetensors "${net[@]}" "${data[@]}"
refuses "are the same two networks as" half.safetensors "$given/b.safetensors" double.safetensors "$given/b.safetensors" "${net[@]}" "${data[@]}"
refuses "'half.safetensors' and 'double.safetensors' have equal parameters: a network against itself" \
  "${both[@]}" half.safetensors double.safetensors "${net[@]}" "${data[@]}"
# Rounded to 16 bits, here by cutting digits off.
rounded() {  # rounded FILE COUNT: its numbers, which are the last bytes, without so many low bytes of each
  local length=$(($(od -An -t u8 -N 8 "$1") + 8))
  head -c "$length" "$1"
  printf '%b' "$(tail -c +$((length + 1)) "$1" | od -An -v -t x1 -w4 | awk -v n="$2" '{ for (i = 1; i <= 4; ++i) printf "\\x%s", i <= n ? "00" : $i }')"
}
rounded a.safetensors 2 > a16.safetensors
rounded b.safetensors 2 > b16.safetensors
for pair in 'a16 b16' 'b16 a16' 'a16 b'; do
  read -r one two <<< "$pair"
  refuses "'a.safetensors' and 'b.safetensors' are the same two networks as '$one.safetensors' and '$two.safetensors', maybe but for rounding" \
    a.safetensors b.safetensors $one.safetensors $two.safetensors "${net[@]}" "${data[@]}"
done
awk 'BEGIN { print "alpha,example,wrong,loss"; for (a = 0; a < 3; ++a) for (e = 0; e < 20; ++e)
  printf "%s,%d,%d,%.4f\n", a / 2, e, (a == 1 && e < 12) || (a == 2 && e > 15), 0.5 + 1.3 * ((a + e) % 3) }' > given.csv
sed 's/^0[.]5,/0.49999,/; s/0.5000$/0.5004/' given.csv > again.csv
refuses "'given.csv' and 'again.csv' hold the same values" given.csv again.csv
{ head -n 1 given.csv; grep '^1,' given.csv | sed 's/^1/0/'; grep '^0[.]5,' given.csv; grep '^0,' given.csv | sed 's/^0/1/'; } > reversed.csv
refuses "'given.csv' and 'reversed.csv' hold the same values, in this order or from the other end" given.csv reversed.csv
cut -d, -f1,2,4 given.csv > losses.csv
cut -d, -f1,2,4 reversed.csv > losses2.csv
refuses "hold the same values" losses.csv losses2.csv

# Pairs that have a network in common are one initialization; of lmc's files those of one seed, too.
summary_of() { "$program" "$@" "${net[@]}" "${data[@]}" --alphas 5 --json summary.json > out; }
initializations() { is summary.json summary.initializations "$1"; }
summary_of "${both[@]}" "$given/a.safetensors" half.safetensors
initializations 1
note='pairs that have a network in common depend on each other, and count as one initialization'
grep -qx "$note" out || fail "a network in common: $(cat out)"
is summary.json notes.0 "$note"
grep -q 'no interval: one initialization' out || fail "one initialization: $(cat out)"
summary_of a.safetensors b.safetensors a16.safetensors half.safetensors
initializations 1
# Ends that are as near to each other as copies are tell nothing of another pair.
rounded a.safetensors 1 > a24.safetensors
"$program" a.safetensors a16.safetensors a24.safetensors a16.safetensors "${net[@]}" "${data[@]}" --alphas 5 > out || fail "near ends"
summary_of "${both[@]}" "$given/a.safetensors" half.safetensors --initializations 1,2
initializations 1
grep -q -- '^--initializations has different numbers for pairs that have a network or the init_seed in common' out || fail "a contradiction: $(cat out)"
summary_of "${both[@]}" half.safetensors eighth.safetensors
initializations 2
! grep -q 'initialization.* count as one' out || fail "pairs of files without seeds: $(cat out)"
for seed in 1 2; do
  for file in half eighth; do relabel $file.safetensors 's/{/{"__metadata__":{"digest":"0","init_seed":"'$seed'"},/' > $file$seed.safetensors; done
  for file in a b; do relabel $file.safetensors 's/"digest"/"init_seed":"'$seed'","digest"/' > $file$seed.safetensors; done
done
seeded='initializations are told by init_seed, which the files have: pairs of one seed count as one'
summary_of a1.safetensors b1.safetensors half1.safetensors eighth1.safetensors
initializations 1
grep -qx "$seeded" out || fail "one seed: $(cat out)"
summary_of a1.safetensors b1.safetensors half2.safetensors eighth2.safetensors
initializations 2
grep -qx "$seeded" out || fail "two seeds: $(cat out)"
summary_of a1.safetensors b1.safetensors half1.safetensors eighth1.safetensors --initializations 1,2
grep -q -- '^--initializations has different numbers' out || fail "a contradiction: $(cat out)"
summary_of a1.safetensors b1.safetensors half.safetensors eighth.safetensors
initializations 2

# Numbers that are probably no losses, no logits or no labels: only of a hundred on.
awk 'BEGIN { print "alpha,example,loss"
  for (a = 0; a < 2; ++a) for (e = 0; e < 50; ++e) printf "%d,%d,%.2f\n", a, e, e < 20 ? 0.95 : e / 50 }' > likely.csv
note='no loss is above 1, and many at both ends are next to it: are they probabilities of the labels? A probability p has the loss -log(p)'
"$program" likely.csv > out
grep -qx "  $note" out || fail "probabilities: $(cat out)"
awk -F, -v OFS=, 'NR > 1 { $3 = $3 > 0.5 }; { print }' likely.csv > outcomes.csv
"$program" outcomes.csv > out
grep -qx '  all losses are 0 or 1: if they are outcomes, give them as such, true or 1 where the prediction is wrong' out ||
  fail "outcomes as losses: $(cat out)"
no_note() {  # no_note FILE WHAT
  "$program" "$1" > out
  ! grep -qE 'no loss is above 1|losses are 0 or 1' out || fail "$2: $(cat out)"
}
sed '$s/,[0-9.]*$/,1.5/' likely.csv > usual.csv
no_note usual.csv "a loss of 1.5"
grep -v ',49,' likely.csv > few.csv
no_note few.csv "98 losses"
awk -F, -v OFS=, 'NR > 1 { $3 = 1 - $3 }; { print }' likely.csv > fitted.csv
no_note fitted.csv "networks that fit"
awk -F, -v OFS=, 'NR > 1 { $3 = 0 }; { print }' likely.csv > zero.csv
no_note zero.csv "losses of 0"
awk 'BEGIN { print "alpha,example,label,logit0,logit1,logit2"
  for (a = 0; a < 2; ++a) for (e = 0; e < 100; ++e) printf "%d,%d,%d,%d,%d,%d\n", a, e, (e % 4 > 0), (e % 3 == 0), -1, 2 * (e % 3 > 0) }' > labels.csv
"$program" labels.csv > out
grep -qx '  all labels are 0 or 1, the logits are of 3 classes, and errors at both ends above ½: are the labels outcomes? Expected the class of each example' out ||
  fail "outcomes as labels: $(cat out)"
awk -F, -v OFS=, 'NR > 1 { $3 = $4 == 0; $5 = 3 * $3 }; { print }' labels.csv > usual.csv # a part of the classes, which networks know
"$program" usual.csv > out
! grep -q 'all labels' out || fail "labels of two classes: $(cat out)"
awk 'BEGIN { print "alpha,example,label,logit0,logit1"
  for (a = 0; a < 2; ++a) for (e = 0; e < 25; ++e) printf "%d,%d,0,%d,%d\n", a, e, e + 2, (7 * e + a) % 9 }' > positive.csv
"$program" positive.csv > out
grep -qx '  no logit is negative: are they probabilities, pixels or exp(logits)?' out || fail "no negative logit: $(cat out)"
sed '$s/[0-9]*$/-1/' positive.csv > usual.csv
"$program" usual.csv > out
! grep -q 'no logit is negative' out || fail "a negative logit: $(cat out)"

# A table for every segment leaves out the rest.
header='{"0.weight":{"dtype":"F32","shape":[6,3],"data_offsets":[0,72]},"0.bias":{"dtype":"F32","shape":[6],"data_offsets":[72,96]},'
header+='"2.weight":{"dtype":"F32","shape":[3,6],"data_offsets":[96,168]},"2.bias":{"dtype":"F32","shape":[3],"data_offsets":[168,180]},'
header+='"ids":{"dtype":"I64","shape":[1],"data_offsets":[180,188]}}'
{ printf '%b' "$(printf '\\x%02x' $((${#header} & 255)) $((${#header} >> 8)) 0 0 0 0 0 0)"; printf '%s' "$header"; head -c 188 /dev/zero; } > extra.safetensors
refuses "tensor 'ids' is I64; expected F32 or F64, as parameters are. Where it belongs to no layer, leave it out" \
  "$given/a.safetensors" extra.safetensors "${net[@]}" "${data[@]}"
printf 'torch,lmc\n0.weight,dense1/weight\n0.bias,dense1/bias\n2.weight,dense2/weight\n2.bias,dense2/bias\n' > names.csv
"$program" "$given/a.safetensors" extra.safetensors "${net[@]}" "${data[@]}" --names names.csv > out
grep -qx "  'extra.safetensors': 0 → dense1, 2 → dense2; not used: 1 tensor, ids" out || fail "more tensors: $(cat out)"

# Messages name what was given.
npy '|u1' '(2,)' '\0\12' > ten.npy
refuses "--labels 'ten.npy' has the label 10 of example 1, and 'logits.npy' the logits of 2 classes; expected labels from 0 to 1" \
  logits.npy --labels ten.npy --alphas 0,0.5,1
refuses "--initializations takes its numbers with commas: 1,2" outcomes.npy other.npy --initializations 1 2
"$program" --help > out
grep -q -- '--initializations N,N,…' out || fail "the help of --initializations"
"$program" cut.npy > out 2> err || true
grep -q "^barrier: 'cut.npy'" err || fail "no name of a function: $(cat err)"

# Outcomes alone have no loss, in no result.
cut -d, -f1-3 pair.csv > outcomes.csv
"$program" outcomes.csv --json outcomes.json --csv curve.csv --folds 2 > out || fail "outcomes alone"
for key in loss loss_alpha loss_normalized git_rebasin midpoint_loss; do is outcomes.json "pairs.0.barrier.$key" null; done
[[ -z $(value outcomes.json pairs.0.curve.0.loss) ]] || fail "a loss in the curve of outcomes: $(cat outcomes.json)"
is outcomes.json pairs.0.curve.1.error 0.75
[[ $(head -2 curve.csv) == $'alpha,error\n0,0.25' ]] || fail "the table of outcomes: $(cat curve.csv)"

# Numbers with two decimal marks; blanks beside names; other delimiters.
tr , ';' < pair.csv | sed 's/^0.5;/0,5;/; s/^\(0,5;y;1;\)2$/\11,5/' > comma.csv
"$program" comma.csv --folds 2 > out || fail "decimal commas: $(cat out)"
sed 's/1,5$/1.234/' comma.csv > marks.csv
refuses "loss is '1.234', and line 6: alpha is '0,5'; expected one decimal mark, comma or point, in all numbers" marks.csv --folds 2
sed '1s/,/, /g' pair.csv > blanks.csv
"$program" blanks.csv --folds 2 > out || fail "blanks beside names: $(cat out)"
tr , '|' < pair.csv > pipes.csv
refuses "with commas, semicolons or tabs between" pipes.csv
sed '1s/$/;/; 2,$s/$/;/' comma.csv > trailing.csv
refuses "column 5 has no name, as behind a delimiter at the end of the line; remove it in all lines" trailing.csv

ends
