#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# compile_errors.sh FLAGS: what a user's mistake looks like. Each file in compile_errors/ must not compile, and the errors must
# contain each of its lines `// error: TEXT`, as often as it is there, and nothing else. A file with a line `// compiler: NAME` is for that
# cross compiler, and left out where there is none. FLAGS: the compiler flags of a user. From the environment: CXX.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

failures=0
for file in "$here"/compile_errors/*.cpp; do
  read -ra flags <<< "$1"
  compiler=$(sed -n 's|^// compiler: ||p' "$file")
  if [[ -z $compiler ]]; then
    compiler=$CXX
    [[ $("$CXX" --version) != *clang* ]] || flags+=(-ferror-limit=0)
  elif ! command -v "$compiler" > /dev/null; then
    echo "left out, since there is no $compiler: $file"
    continue
  fi
  if output=$("$compiler" "${flags[@]}" -std=c++20 -fopenmp -fsyntax-only "$file" 2>&1); then
    echo "FAILED: $file compiles" >&2
    failures=$((failures + 1))
    continue
  fi
  errors=$(grep -E '(error|fatal):? ' <<< "$output" || true)
  expected=$(sed -n 's|^ *// error: ||p' "$file")
  while IFS= read -r text; do
    wanted=$(grep -cxF -- "$text" <<< "$expected")
    found=$(grep -cF -- "$text" <<< "$errors" || true)
    if [[ $found != "$wanted" ]]; then
      printf 'FAILED: %s: "%s" is there %s times, expected %s, in:\n%s\n' "$file" "$text" "$found" "$wanted" "$errors" >&2
      failures=$((failures + 1))
    fi
  done < <(sort -u <<< "$expected")
  if [[ $(grep -cF 'error: ' <<< "$errors") != "$(wc -l <<< "$expected")" ]]; then
    printf 'FAILED: %s: other errors than expected:\n%s\n' "$file" "$errors" >&2
    failures=$((failures + 1))
  fi
done
((failures == 0))
