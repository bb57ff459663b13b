#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# study_test.sh PROGRAM: what a study's store holds does not depend on threads, shards, ranks, or on how often it was killed; and
# what the program says of bad input.
set -euo pipefail
program=$1
here=$(cd "$(dirname "$0")" && pwd)
slurm=$here/../../examples/study/slurm.sh
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
trap 'umount "$folder/disk" 2> /dev/null || true; rm -rf "$folder"' EXIT
export OMP_NUM_THREADS=2

# refuses TEXT ARGUMENT...: fails with a message on standard error that contains TEXT
refuses() {
  local text=$1
  shift
  if "$program" "$@" > out 2> err; then fail "$* was accepted"; fi
  grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
}
# What a store holds, timings and machine aside.
content() {
  sqlite3 "$1" 'SELECT id, spec, digest, checkpoint, steps, epoch_losses FROM runs ORDER BY id;
    SELECT id, spec, train, test FROM pairs ORDER BY id; SELECT subject, name, value FROM measurements ORDER BY subject, name;
    SELECT id, digest FROM data ORDER BY id;'
  (cd "$1.checkpoints" && md5sum ./*.safetensors)
}
same() { cmp -s <(content "$1") <(content "$2") || fail "$3"; }

mkdir grids
cat > grids/01-depth.toml << 'GRID'
number = 1
title = "Depth"
question = "Does depth matter?"
measure = ["robustness"]
[base]
dataset = "spirals"
train-examples = 600
test-examples = 200
epochs = 60
batch-size = 10
alphas = 5
[axes]
depth = [{label = "1", hidden = "24"}, {label = "2", hidden = "24,24"}]
spawn = [{label = "0", prefix = 0}, {label = "200", prefix = 200}, {label = "400", prefix = 400}]
[presets.smoke]
replicates = 2
[presets.standard]
first-seed = 0
replicates = 3
GRID
run=(run --experiments grids --preset smoke)

# says TEXT ARGUMENT...: succeeds, and its output or messages have a line that matches TEXT
says() {
  local text=$1
  shift
  "$program" "$@" > out 2>&1 || fail "$*: $(cat out)"
  grep -q -- "$text" out || fail "$*: '$text' is not in: $(cat out)"
}

says '1  depth .*Depth: Does depth matter?' list --experiments grids
says '^together *0/32 *0/12 *0/12 *under 1 s' plan --experiments grids --preset smoke --store whole.db
[[ ! -e whole.db ]] || fail "a plan makes a store"
"$program" "${run[@]}" --threads 1 --store whole.db 2> err || fail "run: $(cat err)"
says '^together *32/32 *12/12 *12/12' status --experiments grids --preset smoke --store whole.db
says '^0 tasks' "${run[@]}" --store whole.db
# Two replicates of two depths have prefixes of 200 and 400 updates, and two runs for each of three spawns.
[[ $(sqlite3 whole.db 'SELECT steps, count(*) FROM runs GROUP BY steps') == $'200|4\n400|4\n3600|24' ]] ||
  fail "steps and numbers of runs: $(sqlite3 whole.db 'SELECT steps, count(*) FROM runs GROUP BY steps')"
# Of the curves on both parts of 12 pairs: whose barrier is the height above the chord, whose errors are shares of the examples, and
# whose barrier is in its interval.
cat > curves.sql << 'SQL'
SELECT count(*),
  sum(abs(barrier - (SELECT max(0.0, max(json_extract(value, '$.error') - json_extract(value, '$."alpha-bar"') * first
    - json_extract(value, '$.alpha') * last)) FROM json_each(curve))) < 1e-12),
  sum((SELECT max(abs(json_extract(value, '$.error') * json_extract(value, '$.count')
    - round(json_extract(value, '$.error') * json_extract(value, '$.count')))) FROM json_each(curve)) < 1e-6),
  sum(low <= barrier AND barrier <= high)
FROM (SELECT json_extract(value, '$."error-barrier".value') AS barrier, json_extract(value, '$."error-barrier".low') AS low,
  json_extract(value, '$."error-barrier".high') AS high, json_extract(value, '$.curve') AS curve,
  json_extract(value, '$.curve[0].error') AS first, json_extract(value, '$.curve[#-1].error') AS last
  FROM pairs, json_each(json_array(json(train), json(test))));
SQL
[[ $(sqlite3 whole.db < curves.sql) == '24|24|24|24' ]] || fail "curves and barriers in the store: $(sqlite3 whole.db < curves.sql)"
# A row names the program that computed it: its version, and the commit where it was built in a working copy.
version=$(sqlite3 whole.db 'SELECT DISTINCT version FROM runs')
commit=''
if git -C "$here" rev-parse > /dev/null 2>&1; then commit='\ \([0-9a-f]{10,}(-dirty)?\)'; fi
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$commit$ ]] || fail "the version of a row: $version"

# The experiments that come with the program, in the sizes that a test has time for.
for preset in smoke standard; do says '^together *0/' plan --preset $preset --store none.db --data nowhere; done

# Where some data are absent, their cells are left out; where all are, there is nothing to do.
mkdir absent half
sed 's/"spirals"/"nowhere.csv"/; /-examples/d' grids/01-depth.toml > absent/01-depth.toml
refuses "the data of no cell are there; say with --data where they lie" run --experiments absent --preset smoke --store absent.db
grep -q "note: there is no nowhere.csv in 'data'; its cells are left out" err || fail "what is absent is not named: $(cat err)"
[[ ! -e absent.db ]] || fail "a study of nothing makes a store"
cp grids/01-depth.toml half/ && sed 's/number = 1/number = 2/' absent/01-depth.toml > half/02-absent.toml
says '^56 tasks' run --experiments half --preset smoke --store half.db

# Killed again and again, without warning.
for ((kills = 0; kills < 60; ++kills)); do
  "$program" "${run[@]}" --threads 2 --store killed.db 2> err &
  child=$!
  sleep 0.0$((2 + kills % 8))
  kill -9 "$child" 2> /dev/null || true
  if wait "$child" 2> /dev/null; then break; fi
done
"$program" "${run[@]}" --store killed.db 2> err || fail "after $kills kills: $(cat err)"
same whole.db killed.db "after $kills kills, the store is another"
((kills > 0)) || fail "the study was done before it could be killed"

# Two at a time: the second is refused, the first goes on.
"$program" "${run[@]}" --threads 1 --store both.db 2> first.err &
first=$!
for _ in {1..100}; do [[ ! -s both.db ]] || break; sleep 0.02; done
refuses "another process is writing to the store 'both.db': process $first on" "${run[@]}" --store both.db
"$program" status --experiments grids --preset smoke --store both.db > out 2> err || fail "no status while it is running: $(cat err)"
wait "$first" || fail "the first of two: $(cat first.err)"
same whole.db both.db "a second study has disturbed the first"

# The first signal lets the tasks in work end; the store is then a part of the whole, and the same command goes on.
for signal in INT TERM; do
  rm -rf stopped.db*
  # A shell lets its background jobs ignore SIGINT; env gives it back.
  env --default-signal=INT "$program" "${run[@]}" --threads 2 --store stopped.db 2> stopped.err &
  child=$!
  for _ in {1..500}; do
    if [[ -s stopped.db && $(sqlite3 stopped.db 'SELECT count(*) FROM runs' 2> /dev/null || echo 0) -ge 2 ]]; then break; fi
    sleep 0.02
  done
  kill -$signal "$child"
  code=0
  wait "$child" || code=$?
  ((code == 128 + $(kill -l $signal))) || fail "SIG$signal: exit code $code: $(cat stopped.err)"
  grep -q "^SIG$signal: no further task begins; those in work, [12] of them, are finished and kept" stopped.err ||
    fail "SIG$signal is not said: $(cat stopped.err)"
  done_before=$(sed -n 's/^stopped after \([0-9]*\) of 56 tasks, which the store has; the same command goes on$/\1/p' stopped.err)
  counted=$(sqlite3 stopped.db 'SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM pairs) + (SELECT count(*) FROM measurements)')
  [[ $done_before == "$counted" ]] || fail "SIG$signal: stopped after '$done_before' tasks, and the store has $counted"
  "$program" "${run[@]}" --store stopped.db 2> err || fail "after SIG$signal: $(cat err)"
  same whole.db stopped.db "after SIG$signal the store is another"
done

# On a terminal, one line that is redrawn.
if command -v script > /dev/null; then
  script -qec "'$program' ${run[*]} --threads 2 --store terminal.db" /dev/null > out < /dev/null || fail "on a terminal: $(cat out)"
  tr '\r' '\n' < out | grep -q '^\[#\{20\}\] 56 of 56 tasks, .* gone, about 0 s left' || fail "no bar on a terminal: $(cat out)"
else
  skip "there is no program script, which makes a terminal"
fi

# Shards.
for i in 1 2 3; do "$program" "${run[@]}" --shard $i/3 --store "part$i.db" 2> err || fail "shard $i: $(cat err)"; done
"$program" merge part1.db part2.db part3.db --store merged.db > out 2> err || fail "merge: $(cat err)"
same whole.db merged.db "merged shards are not what one machine computes"
refuses "as in 2/5" "${run[@]}" --shard 4/3 --store none.db
for i in 1 2 3; do sqlite3 "part$i.db" 'SELECT id FROM runs'; done | sort > runs
[[ $(uniq -d runs | wc -l) == 0 && $(wc -l < runs) == 32 ]] || fail "shards train $(wc -l < runs) runs, not 32"

# What is measured of data sets is done by the first shard alone.
mkdir complex
sed '/measure =/d; s/question =.*/&\ncomplexity = true/; s/train-examples = 600/train-examples = 50/; s/epochs = 60/epochs = 1/' \
  grids/01-depth.toml | sed '/^spawn/d' > complex/01-complex.toml
for i in 1 2; do
  "$program" run --experiments complex --preset smoke --shard $i/2 --store "complex$i.db" 2> err || fail "complexity: $(cat err)"
  [[ $(sqlite3 "complex$i.db" "SELECT count(*) FROM measurements WHERE name = 'complexity'") == $((2 - i)) ]] ||
    fail "shard $i of 2 has another number of complexity records"
done

# A job array on a cluster, played by a queue that runs every job at once.
mkdir bin
cat > bin/sbatch << 'SBATCH'
#!/usr/bin/env bash
set -eu
array=
while [[ $1 == --* ]]; do
  case $1 in
    --array=*) array=${1#--array=} ;;
    --export=ALL,*) export "${1#--export=ALL,}" ;;
    --dependency=*) [[ $1 == --dependency=afterok:77 ]] || { echo "what does $1 wait for?" >&2; exit 1; } ;;
  esac
  shift
done
if [[ -z $array ]]; then exec bash "$@"; fi
export SLURM_CPUS_PER_TASK=2
for ((i = ${array%-*}; i <= ${array#*-}; ++i)); do SLURM_ARRAY_TASK_ID=$i bash "$@" > "array-$i.log" 2>&1; done
echo '77;cluster'
SBATCH
chmod +x bin/sbatch
PATH=$PWD/bin:$PATH STUDY=$program bash "$slurm" 3 array.db --experiments grids --preset smoke > out 2> err ||
  fail "slurm.sh: $(cat err array-*.log)"
same whole.db array.db "a job array does not compute what one machine does"
for i in 1 2 3; do cmp -s <(content "part$i.db") <(content "array-$i-of-3.db") || fail "task $i of the array is not shard $i"; done
if STUDY=./nowhere bash "$slurm" 3 array.db > out 2> err; then fail "slurm.sh does without a program"; fi
grep -q "there is no program './nowhere'" err || fail "slurm.sh does not say that there is no program: $(cat err)"
if bash "$slurm" array.db > out 2> err; then fail "slurm.sh does without a number of shards"; fi

# Ranks.
if command -v mpirun > /dev/null; then
  export ASAN_OPTIONS=detect_leaks=0  # where the program is built with sanitizers: Open MPI does not give everything back
  mpi=(mpirun --oversubscribe -n 3)
  ((EUID != 0)) || mpi=(mpirun --allow-run-as-root --oversubscribe -n 3)
  "${mpi[@]}" "$program" "${run[@]}" --store ranks.db > out 2> err || fail "three ranks: $(cat err)"
  same whole.db ranks.db "three ranks do not compute what one machine does"
  # A rank that is killed ends the job; what it was at is all that is lost.
  "${mpi[@]}" "$program" "${run[@]}" --store dead.db > out 2> err &
  job=$!
  for _ in {1..500}; do
    if [[ -s dead.db && $(sqlite3 dead.db 'SELECT count(*) FROM runs' 2> /dev/null || echo 0) -ge 3 ]]; then break; fi
    sleep 0.02
  done
  ranks=$(pgrep -P "$(pgrep -P $job | head -1 || true),$job" -f "$program" | tail -1)
  kill -9 "$ranks" || fail "no rank to kill"
  if wait $job; then fail "a job with a dead rank ends well"; fi
  [[ -s err ]] || fail "nothing is said of the dead rank"
  done_before=$(sqlite3 dead.db 'SELECT count(*) FROM runs')
  "${mpi[@]}" "$program" "${run[@]}" --store dead.db > out 2> err || fail "after a rank's death: $(cat err)"
  grep -q "$((32 - done_before)) runs" err || fail "not $((32 - done_before)) runs are left after a rank's death: $(head -1 err)"
  same whole.db dead.db "after a rank's death the store is another"
  "${mpi[@]}" "$program" status --experiments grids --preset smoke --store dead.db > out 2> err || fail "status: $(cat err)"
  [[ $(grep -c '^together' out) == 1 ]] || fail "not one rank says the status: $(cat out)"
  # A rank that hangs ends the job, too, and is named.
  "${mpi[@]}" "$program" "${run[@]}" --rank-timeout 5 --store hangs.db > out 2> err &
  job=$!
  for _ in {1..500}; do
    if [[ -s hangs.db && $(sqlite3 hangs.db 'SELECT count(*) FROM runs' 2> /dev/null || echo 0) -ge 1 ]]; then break; fi
    sleep 0.02
  done
  kill -STOP "$(pgrep -P "$(pgrep -P $job | head -1 || true),$job" -f "$program" | tail -1)" || fail "no rank to stop"
  if wait $job; then fail "a job with a rank that hangs ends well"; fi
  grep -q 'rank [12] has not answered for [0-9]* s at a task that was estimated to take' err || fail "a rank that hangs: $(cat err)"
  "$program" "${run[@]}" --store hangs.db 2> err || fail "after a rank that hung: $(cat err)"
  same whole.db hangs.db "after a rank that hung the store is another"
  refuses '--rank-timeout 0; expected a positive number of seconds' "${run[@]}" --rank-timeout 0 --store hangs.db
  # A rank that fails says why.
  sed 's/epochs = 60/epochs = 60\nwarmup = 1e6/' grids/01-depth.toml > bad.toml && mkdir bad && mv bad.toml bad/01-bad.toml
  if "${mpi[@]}" "$program" run --experiments bad --preset smoke --store bad.db > out 2> err; then fail "a bad task ends well"; fi
  grep -q 'a warm-up of 1000000 steps' err || fail "a rank's error is lost: $(cat err)"
else
  skip "MPI is not installed"
fi

# An extended grid.
"$program" run --experiments grids --preset standard --store whole.db 2> err || fail "extended: $(cat err)"
grep -q '^[0-9]* tasks: 16 runs, 6 pairs' err || fail "an extended grid computes more than what is new: $(head -1 err)"

# The report: a page that needs no other file, figures and tables beside it.
cat >> grids/01-depth.toml << 'CLAIM'
[[claim]]
text = "Depth matters."
test = "rises"
along = "depth"
CLAIM
report=(report --experiments grids --preset smoke --store whole.db)
refuses "there is no store 'nowhere.db'" report --experiments grids --store nowhere.db --output report.html
mkdir other && sed 's/alphas = 5/alphas = 9/' grids/01-depth.toml > other/01-depth.toml
refuses "has no pair of the preset smoke" report --experiments other --preset smoke --store whole.db --output report.html
refuses "there is no directory" "${report[@]}" --output nowhere/report.html
refuses "ends in .html" "${report[@]}" --output report.pdf
if PATH=$folder/nowhere "$program" "${report[@]}" --output report.html > out 2> err; then fail "a report without gnuplot"; fi
grep -q 'apt install gnuplot-nox' err || fail "without gnuplot: $(cat err)"
[[ ! -e report.html ]] || fail "a report that failed was written"
if command -v gnuplot > /dev/null; then
  sum=$(md5sum < whole.db)
  "$program" "${report[@]}" --output report.html > out 2>&1 || fail "report: $(cat out)"
  grep -qxF 'report.html, with figures and tables in report/' out || fail "what was written is not said: $(cat out)"
  [[ $(md5sum < whole.db) == "$sum" ]] || fail "a report has changed the store"
  for file in summary.png claims.md figures/01-depth.{pdf,png} figures/summary.{pdf,png} tables/01-depth.{csv,tex} \
    tables/claims.{csv,tex} tables/pairs.csv; do
    [[ -s report/$file ]] || fail "the report has no $file"
  done
  sqlite3 complex1.db "UPDATE measurements SET value = '{}' WHERE name = 'complexity'"
  refuses "a measurement in the store cannot be read" report --experiments complex --preset smoke --store complex1.db --output complex.html
  # The values of the tables are those of the store, and their means.
  [[ $(sqlite3 :memory: "ATTACH 'whole.db' AS store" '.import --csv report/tables/pairs.csv of_pairs' \
    '.import --csv report/tables/01-depth.csv of_cells' "
    SELECT count(*), sum(abs(\"test error-barrier\" - json_extract(test, '\$.\"error-barrier\".value')) < 1e-15
      AND abs(\"test loss-barrier\" - json_extract(test, '\$.\"loss-barrier\".value')) < 1e-15
      AND abs(\"train error-barrier\" - json_extract(train, '\$.\"error-barrier\".value')) < 1e-15)
      FROM of_pairs JOIN store.pairs ON id = pair" "
    SELECT count(*), sum(pairs = 2 AND abs(\"error barrier, test part\" - (SELECT avg(\"test error-barrier\") FROM of_pairs
      WHERE cell = 'depth ' || depth || ', spawn ' || spawn)) < 1e-15) FROM of_cells") == $'12|12\n6|6' ]] ||
    fail "the report's tables differ from the store"
  ! grep -oE '(src|href|url)[ =(]*"?(https?:|//|[a-z]+/)' report.html || fail "the report refers to other files"
  grep -q 'study run depth --preset smoke --experiments grids' report.html || fail "the report does not say how to repeat it"
  # Two replicates decide nothing.
  grep -q '^| 1 | Depth matters. | exploratory | ≈ estimate | ' report/claims.md || fail "the report's claims: $(cat report/claims.md)"
  if command -v python3 > /dev/null; then
    python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' report.html || fail "the report is not well-formed"
  else
    skip "Python is not installed, which checks that the report is well-formed"
  fi
  refuses "cannot write '/proc/report.html'" "${report[@]}" --output /proc/report.html  # where nobody, root included, can
else
  skip "gnuplot is not installed: no report was written"
fi

# Bad input.
refuses "unknown experiment 'dept'; did you mean 'depth'?" run --experiments grids dept
refuses "unknown preset 'smoky'; did you mean 'smoke'?" run --experiments grids --preset smoky
refuses "there is no folder of experiments 'nowhere'" run --experiments nowhere
refuses "there is no store 'nowhere.db'" merge nowhere.db --store merged.db
sed 's/epochs/epoch/' grids/01-depth.toml > bad.toml && rm -rf bad && mkdir bad && mv bad.toml bad/01-bad.toml
refuses "bad/01-bad.toml:9: unknown option 'epoch'; did you mean 'epochs'?" run --experiments bad --store none.db
sed 's/hidden = "24,24"/network = "cnn"/' grids/01-depth.toml > bad/01-bad.toml
refuses "the network cnn takes images" run --experiments bad --store none.db
sed 's/alphas = 5/crop = 1/' grids/01-depth.toml > bad/01-bad.toml
refuses "bad/01-bad.toml: depth 1, spawn 0: crop 1: augmentation" run --experiments bad --store none.db
sed 's/prefix = 400/prefix = 3601/' grids/01-depth.toml > bad/01-bad.toml
refuses "bad/01-bad.toml: depth 1, spawn 400: prefix = 3601: the run has 3600 updates" plan --experiments bad --store none.db
sed 's/"robustness"/"block-path"/' grids/01-depth.toml > bad/01-bad.toml
refuses 'bad/01-bad.toml: depth 1, spawn 0: measure = ["block-path"]: the network mlp has no filters' plan --experiments bad --store none.db
[[ ! -e none.db ]] || fail "a study that could not begin has made a store"
sed 's/hidden = "24,24"/hidden = "20000,20000"/' grids/01-depth.toml > bad/01-bad.toml
(
  failures=0
  ulimit -v 3000000
  refuses "training the network mlp on spirals needs" run --experiments bad --threads 1 --store large.db
  refuses "ulimit -v allows 2.9 GiB; expected a smaller network or batch-size" run --experiments bad --threads 1 --store large.db
  exit $failures
) || fail "ulimit"
cp merged.db newer.db && sqlite3 newer.db 'PRAGMA user_version = 99'
sum=$(md5sum < newer.db)
refuses "is of version 99, made by a newer lmc" "${run[@]}" --store newer.db
refuses "is of version 99, made by a newer lmc" report --experiments grids --preset smoke --store newer.db --output report.html
[[ $(md5sum < newer.db) == "$sum" ]] || fail "a newer store was changed"
echo 'this is a text, and no database at all, however long one looks at it' > text.db
refuses "is no store" "${run[@]}" --store text.db
grep -q 'this is a text' text.db || fail "a file that is no store was changed"
refuses "there is no directory" "${run[@]}" --store nowhere/study.db
sed 's/dataset = "spirals"/dataset = "mnist"/; s/hidden = "24,24"/hidden = "8"/' grids/01-depth.toml > bad/01-bad.toml
refuses "there is no mnist in 'nowhere'" run --experiments bad --preset smoke --data nowhere --store absent.db

# A checkpoint that is not that of its row.
victim=$(sqlite3 merged.db "SELECT run_a FROM pairs LIMIT 1")
echo damage >> "merged.db.checkpoints/$victim.safetensors"
sed 's/alphas = 5/alphas = 7/' grids/01-depth.toml > bad/01-bad.toml
refuses "does not match its row" run --experiments bad --preset smoke --store merged.db
tail -1 "merged.db.checkpoints/$victim.safetensors" | grep -q damage || fail "a damaged checkpoint was overwritten"
rm "merged.db.checkpoints/$victim.safetensors"
"$program" run --experiments bad --preset smoke --store merged.db 2> err || fail "a lost checkpoint is not trained again: $(cat err)"
cmp -s "merged.db.checkpoints/$victim.safetensors" "whole.db.checkpoints/$victim.safetensors" || fail "trained again, a run is another"

# A disk that is full, as far as a limit of file size can play it; and a small one, where it can be mounted.
(
  trap '' XFSZ
  ulimit -f 48
  if "$program" "${run[@]}" --store full.db > out 2> err; then fail "a full disk is no error"; fi
  grep -qE "cannot (write|grow|be read or written)|cannot be" err || fail "a full disk: $(cat err)"
  ((failures == 0))
) || failures=$((failures + 1))
"$program" "${run[@]}" --store full.db 2> err || fail "after the disk was full: $(cat err)"
mkdir disk
if mount -t tmpfs -o size=200k none disk 2> /dev/null; then
  "$program" "${run[@]}" --store disk/study.db > out 2> err && fail "a full disk is no error"
  grep -qE "disk is full|No space left" err || fail "a full disk: $(cat err)"
  mount -o remount,size=20m disk
  "$program" "${run[@]}" --store disk/study.db > out 2> err || fail "with room again: $(cat err)"
  mount -o remount,ro disk
  refuses "is read-only" run --experiments grids --preset standard --store disk/study.db
  says '^together *32/32' status --experiments grids --preset smoke --store disk/study.db
  umount disk
else
  skip "no tmpfs can be mounted: no full and no read-only disk"
fi

ends
