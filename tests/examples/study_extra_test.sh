#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# study_extra_test.sh PROGRAM EXTRA CMAKE COMPILER: data sets and networks of one's own. PROGRAM is `study`, EXTRA the same with
# examples/study/extra.cpp. Tables by their path need no registration.
set -euo pipefail
program=$1 extra=$2 cmake=$3 compiler=$4
source=$(cd "$(dirname "$0")/../.." && pwd)
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
export OMP_NUM_THREADS=2

# refuses TEXT COMMAND...: fails with a message that contains TEXT
refuses() {
  local text=$1
  shift
  if "$@" > out 2>&1; then fail "$* was accepted"; fi
  grep -qF -- "$text" out || fail "$*: '$text' is not in: $(cat out)"
}
# says TEXT COMMAND...: succeeds, and its output or messages have a line that matches TEXT
says() {
  local text=$1
  shift
  "$@" > out 2>&1 || fail "$*: $(cat out)"
  grep -q -- "$text" out || fail "$*: '$text' is not in: $(cat out)"
}

# The experiment beside extra.cpp, which names a data set and a network of it.
rings=(--experiments "$source/examples/study/extra" --preset smoke)
refuses "extra/01-rings.toml: network sine: unknown network 'sine'" "$program" run "${rings[@]}" --store none.db
sed 's/{label = "sine", network = "sine", width = 32},//; /^\[\[claim/,$d' "$source/examples/study/extra/01-rings.toml" > 01-rings.toml
mkdir plain && mv 01-rings.toml plain
refuses "plain/01-rings.toml: network ReLU: unknown data set 'rings'" "$program" run --experiments plain --preset smoke --store none.db
[[ ! -e none.db ]] || fail "a study that could not begin has made a store"
says '^together *0/8 *0/4 *0/0' "$extra" plan "${rings[@]}" --store rings.db
says '^8 tasks\|^12 tasks' "$extra" run "${rings[@]}" --threads 1 --store rings.db
says '^together *8/8 *4/4 *0/0' "$extra" status "${rings[@]}" --store rings.db
says '^0 tasks' "$extra" run "${rings[@]}" --store rings.db
found=$(sqlite3 rings.db 'SELECT dataset, network, count(*), min(parameters) FROM runs GROUP BY network;
  SELECT train, test, classes, length(digest) FROM data;')
[[ $found == $'rings|2-32-2 relu|4|162\nrings|sine 2-32-2|4|162\n2000|1000|2|32' ]] || fail "what the store has of rings: $found"
# A store with runs that a program cannot name is of use to it all the same.
says '^together *0/' "$program" plan 1 --preset smoke --store rings.db

# The names stand where names do.
says '| `rings` | your own' "$extra" keys
says '| `network` .* vgg or sine' "$extra" keys
sed 's/dataset = "rings"/dataset = "ring"/' "$source/examples/study/extra/01-rings.toml" > plain/01-rings.toml
refuses "unknown data set 'ring'; did you mean 'rings'?" "$extra" run --experiments plain --preset smoke --store none.db
sed 's/width = 32/hidden = "32"/' "$source/examples/study/extra/01-rings.toml" > plain/01-rings.toml
refuses "hidden is an option of mlp sparse-mlp, not of the network sine" "$extra" run --experiments plain --preset smoke --store none.db
sed 's/network = "sine", width = 32/network = "resnet", width = 32/' "$source/examples/study/extra/01-rings.toml" > plain/01-rings.toml
refuses "network sine: the network resnet takes images" "$extra" run --experiments plain --preset smoke --store none.db

# The experiment in docs/study.md, whose table needs no registration.
mkdir own data
awk '/^```toml/ { inside = 1; next } /^```/ { inside = 0 } inside' "$source/docs/study.md" > own/01-mine.toml
awk 'BEGIN {
  print "length,color,weight,species"
  for (i = 0; i < 300; ++i) print (i * 7) % 11 "," (i % 3 == 2 ? "red" : "blue") "," i % 3 + (i * 5) % 7 / 7 "," substr("abc", i % 3 + 1, 1)
}' > data/flowers.csv
mine=(--experiments own --preset smoke)
refuses "there is no flowers.csv in 'nowhere'; its cells are left out" "$program" run "${mine[@]}" --data nowhere --store none.db
"$program" run "${mine[@]}" --store mine.db > out 2>&1 || fail "the experiment of docs/study.md: $(cat out)"
says '^0 tasks' "$program" run "${mine[@]}" --store mine.db
[[ $(sqlite3 mine.db 'SELECT train, test, classes FROM data') == '240|60|3' ]] ||
  fail "what the store has of a table: $(sqlite3 mine.db 'SELECT train, test, classes FROM data')"
# What was read of it is said, and stands on the report's page, with what may have been read otherwise than meant.
mkdir numbered
awk -F, '{ print (NR == 1 ? "id" : NR) "," $0 }' data/flowers.csv > data/numbered.csv
sed 's/flowers.csv/numbered.csv/' own/01-mine.toml > numbered/01-mine.toml
numbered=(--experiments numbered --preset smoke --store numbered.db)
says "^note: column 'id' " "$program" plan "${numbered[@]}"
says " drop id" "$program" plan "${numbered[@]}"  # as the file would say it
says "label 'species'" "$program" run "${numbered[@]}"
if command -v gnuplot > /dev/null; then
  "$program" report "${numbered[@]}" --output numbered.html > out 2>&1 || fail "a report with notes: $(cat out)"
  grep -q "<li>numbered.csv: column 'id' " numbered.html || fail "the note is not on the page: $(grep -A3 'Noted of' numbered.html)"
fi
# Where the folder is does not matter; what is in the file does.
mv data moved
says '^0 tasks' "$program" run "${mine[@]}" --data moved --store mine.db
sed -i '2s/blue/red/' moved/flowers.csv
refuses "is not the one that the runs in the store 'mine.db' were trained on" "$program" run "${mine[@]}" --data moved --store mine.db
refuses "is not the one that the runs in the store 'mine.db' were trained on" "$program" status "${mine[@]}" --data moved --store mine.db
mv moved data
# bad_table TEXT FROM TO: with this change, the experiment is refused
bad_table() {
  sed "s/$2/$3/" own/01-mine.toml > plain/01-rings.toml
  cmp -s own/01-mine.toml plain/01-rings.toml && fail "the experiment of docs/study.md has no '$2'"
  refuses "$1" "$program" run --experiments plain --preset smoke --store none.db
  [[ ! -e none.db ]] || fail "a study that could not begin has made a store"
}
bad_table "plain/01-rings.toml: depth 1, optimizer SGD: label-column: unknown column of 'data/flowers.csv'" 'label-column = "species"' 'label-column = "spezies"'
bad_table "unknown option 'label-colum'; did you mean 'label-column'?" label-column label-colum
bad_table 'label-column is an option of a table, dataset = "FILE.csv", not of the data set spirals' flowers.csv spirals
bad_table "label-column: expected a text" '"species"' true
bad_table 'not of the data set flowers.tsv' flowers.csv flowers.tsv

# What cmake says of a file that is not there.
configure() { "$cmake" -S "$source" -B build -DCMAKE_CXX_COMPILER="$compiler" "$@"; }
refuses "LMC_STUDY_EXTRA: there is no file '$folder/nowhere.cpp'" configure -DLMC_STUDY_EXTRA=nowhere.cpp

ends
