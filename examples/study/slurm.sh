#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The study on a cluster with Slurm: a job array, each task of which does one shard into a store of its own, and a job after it that
# joins the stores. From the project's folder, with data where all nodes see them:
#   bash examples/study/slurm.sh SHARDS STORE [OPTION...]     options are those of `study run`: --preset full --data /data
# The same command again goes on where an interrupted study was. In the environment:
#   STUDY          the program (build/release/bin/study)
#   SBATCH_OPTIONS what every job needs: "--time=12:00:00 --cpus-per-task=8 --partition=…"
#
# The same under MPI is one job and needs no merge; rank 0 hands out runs to the others and writes the store:
#   sbatch --ntasks=65 --wrap='srun build/release/bin/study run --preset full --data /data --store study.db'
set -euo pipefail
program=${STUDY:-build/release/bin/study}

if (($# < 2)) || [[ ! $1 =~ ^[1-9][0-9]*$ ]]; then
  echo 'usage: bash examples/study/slurm.sh SHARDS STORE [OPTION...]' >&2
  exit 1
fi
shards=$1 store=$2
part() { echo "${store%.db}-$1-of-$shards.db"; }

case ${LMC_STUDY_STEP:-submit} in
  submit)
    if [[ ! -x $program ]]; then
      echo "slurm.sh: there is no program '$program'; build it, or say by STUDY where it is" >&2
      exit 1
    fi
    read -ra options <<< "${SBATCH_OPTIONS:-}"
    array=$(sbatch --parsable --job-name=lmc-study --array="1-$shards" --export=ALL,LMC_STUDY_STEP=shard "${options[@]}" "$0" "$@")
    sbatch --job-name=lmc-merge --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes --export=ALL,LMC_STUDY_STEP=merge \
      "${options[@]}" "$0" "$@"
    ;;
  shard)
    "$program" run --threads "${SLURM_CPUS_PER_TASK:-1}" "${@:3}" --shard "$SLURM_ARRAY_TASK_ID/$shards" \
      --store "$(part "$SLURM_ARRAY_TASK_ID")"
    ;;
  merge)
    parts=()
    for ((i = 1; i <= shards; ++i)); do parts+=("$(part "$i")"); done
    "$program" merge "${parts[@]}" --store "$store"
    ;;
esac
