#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# compile_errors.sh FLAGS: what a user's mistake looks like. Each file in compile_errors/ must not compile, and the errors must
# contain each of its lines `// error: TEXT`, as often as it is there, and nothing else. FLAGS: the compiler flags of a user.
# From the environment: CXX.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
read -ra flags <<< "$1"
[[ $("$CXX" --version) != *clang* ]] || flags+=(-ferror-limit=0)

failures=0
for file in "$here"/compile_errors/*.cpp; do
  if output=$("$CXX" "${flags[@]}" -std=c++20 -fopenmp -fsyntax-only "$file" 2>&1); then
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
