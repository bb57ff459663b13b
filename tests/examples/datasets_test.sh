#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# datasets_test.sh PROGRAM: pair trains on every kind of data set, prepares it as it is told, keeps the sources of noise apart,
# and refuses what does not fit. On small files made here, and on the real ones in LMC_TEST_DATA where that is set.
set -euo pipefail
program=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"

pair=("$program" --hidden 8 --epochs 1 --batch-size 16 --alphas 3)
digests() { "${pair[@]}" "$@" 2> err | sed -n 's/^digests //p'; }
trains() {  # trains TEXT OPTION...: says TEXT of the data, and ends with two different digests
  local text=$1 both
  shift
  "${pair[@]}" "$@" > out 2> err || fail "$*: $(cat err)"
  grep -qF -- "$text" out || fail "$*: '$text' is not in: $(head -1 out)"
  both=$(sed -n 's/^digests //p' out)
  [[ -n $both && ${both% *} != "${both#* }" ]] || fail "$*: the digests are '$both'"
}
refuses() {  # refuses TEXT OPTION...: fails with a message on standard error that contains TEXT
  local text=$1
  shift
  if "${pair[@]}" "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
}

# Files in each format.
source "$scripts/images.sh"
record() {  # record LABEL-BYTES SEED: bytes of a CIFAR record
  printf '%b' "$1"
  awk -v x="$2" 'BEGIN { for (i = 0; i < 3072; ++i) { x = (x * 75 + 74) % 65537; printf "%c", 33 + x % 90 } }'
}
mkdir cifar10 cifar100
for i in {0..39}; do record "\\x0$((i % 10))" "$i"; done > cifar10/data_batch_1.bin
for i in {40..59}; do record "\\x0$((i % 10))" "$i"; done | gzip > cifar10/test_batch.bin.gz
for i in {0..39}; do record "\\x0$((i % 3))\\x0$((i % 7))" "$i"; done > cifar100/train.bin
cp cifar100/train.bin cifar100/test.bin
awk 'BEGIN { print "# measured"; print "length;color;kind"
  for (i = 0; i < 60; ++i) print (i * 37) % 11 + (i % 2) * 5 ";" (i % 3 ? "red" : "blue") ";" (i % 2 ? "cat" : "dog") }' > table.csv
awk 'BEGIN { for (i = 0; i < 60; ++i) print (i % 2 ? "ja\tder Hund und die Katze " : "yes\tthe dog and the cat ") i }' > texts.tsv
mkdir words
for language in aa bb; do
  awk -v l="$language" 'BEGIN { srand(1); for (n = 4; n <= 10; ++n) for (i = 0; i < 3000; ++i) { w = ""
    for (j = 0; j < n; ++j) w = w sprintf("%c", 97 + int(rand() * 13) + (l == "aa" ? 0 : 13)); print w } }' > "words/$language"
done

trains "spirals: 90 training and 90 test examples of shape [2], 5 classes" --dataset spirals --examples 90 --class-count 5
trains "mixture: 3000 training and 3000 test examples of shape [7], 4 classes" --dataset mixture --dimension 7 --class-count 4
trains "mnist: 200 training and 100 test examples of shape [28, 28, 1], 10 classes" --dataset mnist --data images
trains "fashion-mnist: 200 training" --dataset fashion-mnist --data images
trains "cifar10: 40 training and 20 test examples of shape [32, 32, 3], 10 classes" --dataset cifar10 --data cifar10
trains "cifar100: 40 training and 40 test examples of shape [32, 32, 3], 100 classes" --dataset cifar100 --data cifar100
trains "[32, 32, 3], 20 classes" --dataset cifar100 --data cifar100 --label-set coarse
trains "csv: 48 training and 12 test examples of shape [3], 2 classes" --dataset csv --data table.csv --delimiter ';' --header 2
trains "csv: 40 training and 20 test examples of shape [1]" --dataset csv --data table.csv --delimiter ';' --header 2 --drop color \
  --label-column kind --train-rows 40 --json table.json
grep -qF '"standardization": "of each column of numbers, by the training rows"' table.json || fail "how a table was standardized is not in its results"
trains "csv: 48 training" --dataset csv --data table.csv --delimiter ';' --header 2 --no-standardize --json table.json
if grep -q '"standardization"' table.json; then fail "a table that was taken as it is was standardized, say its results"; fi
trains "tsv: 48 training and 12 test examples of shape [64], 2 classes" --dataset tsv --data texts.tsv --ngram-dimension 64
trains "words: 20000 training and 4000 test examples of shape [32], 2 classes" --dataset words --data words --languages aa,bb \
  --ngram-dimension 32
pair=("$program" --epochs 1 --batch-size 16 --alphas 3)
trains "tsv: 48 training and 12 test examples of shape [20, 1, 27]" --dataset tsv --data texts.tsv --text-form sequence \
  --text-length 20 --network attention --width 8 --heads 2 --patch 1
pair+=(--hidden 8)

# Preparation.
trains "mnist: 60 training and 30 test examples of shape [14, 14, 1], 3 classes" --dataset mnist --data images --classes 3,1,7 \
  --downsample 2
trains "cifar10: 20 training and 10 test examples of shape [8, 8, 1], 10 classes" --dataset cifar10 --data cifar10 --gray \
  --downsample 4 --subset-per-class 2 --test-subset 10
trains "cifar10: 30 training" --dataset cifar10 --data cifar10 --subset 30
images=(--dataset mnist --data images)
both=$(digests "${images[@]}")
[[ $(digests "${images[@]}" --mean 0.5 --std 0.2) != "$both" ]] || fail "a given standardization changes nothing"
[[ $(digests "${images[@]}" --subset 100) != $(digests "${images[@]}" --subset 100 --subset-seed 1) ]] ||
  fail "another subset seed changes nothing"

# One source of noise at a time.
differ() {  # differ WHAT OPTION...: the program says that the runs differ in WHAT, on the terminal and in JSON
  local what=$1 names
  shift
  names=${what//, /\",\"}
  "${pair[@]}" "${images[@]}" --json pair.json "$@" > out 2> err || fail "$*: $(cat err)"
  grep -qF "the runs differ in: $what" out || fail "$*: expected '$what': $(grep 'differ in' out)"
  [[ $(tr -d ' \n' < pair.json | grep -o '"runs_differ_in":[^]]*]') == "\"runs_differ_in\":[\"${names// /}\"]" ]] ||
    fail "$*: JSON: $(tr -d ' \n' < pair.json | grep -o '"runs_differ_in":[^]]*]')"
}
augment=(--augment crop=2,flip,translation=0.5,noise=0.1)
differ order
differ order "${augment[@]}"
differ augmentation --noise augmentation "${augment[@]}"
differ "order, augmentation" --noise both "${augment[@]}"
differ "order, label noise" --label-noise 0.2 --label-noise-seeds 1,2
grep -q 'crop 2 flip' <("${pair[@]}" "${images[@]}" "${augment[@]}" 2> err) || fail "the augmentation is not named"
order=$(digests "${images[@]}" "${augment[@]}") augmentation=$(digests "${images[@]}" "${augment[@]}" --noise augmentation)
[[ ${order% *} == "${augmentation% *}" ]] || fail "the first run depends on what the second differs in"
[[ ${order#* } != "${augmentation#* }" ]] || fail "order and augmentation are one source"
[[ $(digests "${images[@]}" "${augment[@]}" --threads 1) == "$order" ]] || fail "one thread gave other digests"
[[ $(digests "${images[@]}" --noise-seeds 4,4 2> /dev/null) =~ ^([0-9a-f]+)\ ([0-9a-f]+)$ && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]] ||
  fail "equal noise seeds gave different runs"
noisy=$(digests "${images[@]}" --label-noise 0.5)
[[ -n $noisy && $noisy != "$both" ]] || fail "label noise changes nothing"
[[ $(digests "${images[@]}" --label-noise 0.5 --label-noise-seeds 1,1) == "$noisy" ]] || fail "label noise is not shared by default"

refuses "unknown data set 'cifar'; did you mean" --dataset cifar
refuses "--dataset csv needs --data, its file" --dataset csv
refuses "label-set is an option of cifar100, not of --dataset mnist" "${images[@]}" --label-set coarse
refuses "gray is an option of" --dataset spirals --gray
refuses "--mean and --std belong together" "${images[@]}" --mean 0.5
refuses "has 2 means" "${images[@]}" --mean 0.5,0.5 --std 1,1
refuses "a mean of 33.3, as of pixels from 0 to 255; expected those of pixels from 0 to 1: divide them by 255" "${images[@]}" --mean 33.3 --std 78.6
refuses "--subset and --subset-per-class" "${images[@]}" --subset 5 --subset-per-class 5
refuses "examples = 201" "${images[@]}" --subset 201
refuses "factor" "${images[@]}" --downsample 3
refuses "class" "${images[@]}" --classes 3,11
refuses "add --augment" "${images[@]}" --noise both
refuses "unknown noise 'oder'; did you mean 'order'?" "${images[@]}" --noise oder
refuses "unknown augmentation 'flp'; did you mean 'flip'?" "${images[@]}" --augment flp
refuses "expected crop= and a number" "${images[@]}" --augment crop
refuses "expected flip, without a number" "${images[@]}" --augment flip=1
refuses "expected a whole number of pixels" "${images[@]}" --augment crop=1.5
refuses "is for images" --dataset spirals --augment flip
refuses "--label-noise 1.5; expected a share of the labels in [0, 1)" "${images[@]}" --label-noise 1.5
refuses "there is no label noise" "${images[@]}" --label-noise-seeds 1,2
refuses "unknown column of 'table.csv'" --dataset csv --data table.csv --delimiter ';' --header 2 --label-column sort
refuses "--classes 3,3: the class '3' is given twice" "${images[@]}" --classes 3,3
refuses "--classes 3: expected two classes or more" "${images[@]}" --classes 3
refuses "--subset 1: none of them is of the class '" --dataset spirals --subset 1
refuses "--train-rows 0; expected a positive number" --dataset csv --data table.csv --delimiter ';' --header 2 --train-rows 0
refuses "--text-length 0: character sequence" --dataset tsv --data texts.tsv --text-form sequence --text-length 0
refuses "expected at most 268435456 values" --dataset mixture --examples 100000000000000
refuses "--test-data 'texts.tsv' is the file to train on" --dataset tsv --data texts.tsv --test-data texts.tsv
refuses "there is no word list" --dataset words --data words --languages aa,cc
refuses "the folder has others: --languages aa,bb" --dataset words --data words --languages aa,cc
refuses "--train-words 90000, but every language has as many words of each length only up to" --dataset words --data words --languages aa,bb --train-words 90000
refuses "expected one character, tab or blank" --dataset csv --data table.csv --delimiter ';;'

# What was read is said, and classes are chosen by what they are called.
says() {  # says TEXT OPTION...: trains, and says TEXT
  local text=$1
  shift
  "${pair[@]}" "$@" > out 2>&1 || fail "$*: $(cat out)"
  grep -qF -- "$text" out || fail "$*: '$text' is not in: $(cat out)"
}
says "classes: cat 24 + 6, dog 24 + 6; label 'kind', 1 number, 1 category of 2 values" --dataset csv --data table.csv --delimiter ';' --header 2
says "1 number, 1 dropped" --dataset csv --data table.csv --delimiter ';' --header 2 --drop 1
says "classes: ja 24 + 6, yes 24 + 6" --dataset tsv --data texts.tsv --ngram-dimension 32
awk 'BEGIN { print "x,2,3,kind"; for (i = 0; i < 90; ++i) print (i % 13 == 0 ? "NULL" : i * 7 % 11) "," i % 5 ",1," i % 3 + 1 }' > codes.csv
refuses "column 'x': the value is missing ('NULL'); fill it in, pass --missing impute" --dataset csv --data codes.csv --label-column kind
codes=(--dataset csv --data codes.csv --label-column kind --missing impute)
says "missing: 'NULL' 7" "${codes[@]}"
refuses "'NULL' is no number" "${codes[@]}" --missing-texts ,NA
sed 's/NULL//' codes.csv > empty.csv
says "missing: '' 7" --dataset csv --data empty.csv --label-column kind --missing impute --missing-texts NA,
refuses "the class number 0 is called '1', and the class number 1 '2'; write name:1 or position:1" "${codes[@]}" --classes 1,2
says "classes were taken: name:1 by name, 3 by name" "${codes[@]}" --classes name:1,3
says "classes were taken: 0 by position: '1', position:1 by position: '2'" "${codes[@]}" --classes 0,position:1
refuses "unknown class '1.7'" "${codes[@]}" --classes 1.7,3
refuses "write name:2 or position:2" "${codes[@]}" --label-column 2
printf 'x;class\n1.234,5;a\n2.000,5;b\n7,0;a\n8,5;b\n' > comma.csv
refuses "--number-format decimal-comma,thousands-point" --dataset csv --data comma.csv --delimiter ';' --train-rows 3
says "note: --batch-size 16 is above the 3 training examples: all of them make one batch" --dataset csv --data comma.csv \
  --delimiter ';' --train-rows 3 --number-format decimal-comma,thousands-point
"${pair[@]}" "${codes[@]}" --json read.json > out 2> err || fail "$(cat err)"
grep -q '"name":"1","test"' <(tr -d ' \n' < read.json) || fail "the JSON does not name the classes"

if [[ -n ${LMC_TEST_DATA:-} ]]; then
  trains "cifar10: 2500 training and 2000 test" --dataset cifar10 --data "$LMC_TEST_DATA/cifar-10-batches-bin"
  trains "tiny-imagenet: 5000 training and 1000 test examples of shape [16, 16, 1], 200 classes" --dataset tiny-imagenet \
    --data "$LMC_TEST_DATA/tiny-imagenet-200" --no-cache --gray --downsample 4
  trains "csv: 16000 training and 4000 test examples of shape [16], 26 classes" --dataset csv \
    --data "$LMC_TEST_DATA/tabular/letter.csv.gz" --header 2 --train-rows 16000
  mkdir tree
  for class in n01443537 n01629819; do
    mkdir "tree/$class"
    cp "$LMC_TEST_DATA/tiny-imagenet-200/train/$class/images/"*.JPEG "tree/$class"
  done
  trains "images: 40 training and 10 test examples of shape [32, 32, 3], 2 classes" --dataset images --data tree --image-size 32
  [[ -n $(ls -A tree | grep cache) ]] || fail "no cache beside the images"
else
  skip "LMC_TEST_DATA is not set: no real files, and no folder of images"
fi

ends
