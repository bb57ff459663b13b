#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# documents_test.sh REPOSITORY WORK FLAG...: the README is short, links lead somewhere, the index of the interface is complete, and
# what README and docs/ show as C++ compiles and runs, or is a part of a program. A comment `<!-- given: CODE -->` above a listing says what it starts from. FLAG: a user's
# compiler flags. From the environment: CXX.
set -euo pipefail
source=$1 work=$2
failures=0
fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}
rm -rf "$work"  # a listing goes on from what an earlier version has saved
mkdir -p "$work"
cd "$source"
pages=(README.md CONTRIBUTING.md docs/*.md)

(($(wc -l < README.md) <= 200)) || fail "README.md has $(wc -l < README.md) lines; at most 200, put the rest into docs/"

for page in "${pages[@]}"; do
  while IFS= read -r link; do
    file=${link%%#*} anchor=${link#*#}
    target=$page
    [[ -z $file ]] || target=$(dirname "$page")/$file
    if [[ ! -e $target ]]; then
      fail "$page: the link '$link' leads nowhere"
    elif [[ $link == *'#'* ]] && ! sed -n 's/^##* //p' "$target" | tr 'A-Z ' 'a-z-' | tr -d '.,:?!`()' | grep -xF -- "$anchor" > /dev/null; then
      fail "$page: '$target' has no heading '$anchor'"
    fi
  done < <(awk '/^```/ { inside = !inside } !inside' "$page" | grep -oE '\]\([^)]+\)' | sed 's/^](//; s/)$//' | grep -vE '^https?://' || true)
done

while IFS= read -r header; do
  grep -qF "\`$header\`" docs/interface.md || fail "docs/interface.md does not name $header"
done < <(cd include && find lmc -name '*.hpp' ! -path '*/detail/*' ! -path 'lmc/simd/*' ! -path lmc/lmc.hpp)
while IFS= read -r header; do
  [[ -e include/$header ]] || fail "docs/interface.md names $header, which does not exist"
done < <(grep -oE '`lmc/[a-z0-9_/]+\.hpp`' docs/interface.md | tr -d '\`')

# A listing behind `<!-- from: FILE -->` is a part of that file, line by line; whatever builds the file compiles it.
while IFS=: read -r page line; do
  file=$(sed -n "${line}s/^<!-- from: \(.*\) -->$/\1/p" "$page")
  sed -n "$((line + 1)),\$p" "$page" | awk '/^```/ { ++fences; next } fences == 1' > "$work/excerpt.txt"  # reads to the end: no broken pipe
  [[ -s $work/excerpt.txt ]] || fail "$page:$line: no listing follows"
  awk 'NR == FNR { wanted[++n] = $0; next } { have[++m] = $0 }
    END { for (i = 0; i + n <= m; ++i) { for (k = 1; k <= n && wanted[k] == have[i + k]; ++k); if (k > n) exit 0 } exit 1 }' \
    "$work/excerpt.txt" "$file" || fail "$page:$line: the listing is not in $file as it stands"
done < <(grep -n '^<!-- from: ' "${pages[@]}" | cut -d: -f1,2)

# Each listing is a function. A whole program, which begins with a comment or an include, is a test of its own.
cat > "$work/listings.cpp" << 'END'
#include <iostream>
#include <lmc/lmc.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
const auto data = lmc::spirals<float>({.examples = 300, .classes = 3, .seed = 1});
const auto test = lmc::spirals<float>({.examples = 300, .classes = 3, .seed = 2});
const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {8}, .outputs = 3});
const auto start = net.initialize({.seed = 0});
END
awk '
  FNR == 1 { given = ""; inside = 0; from = 0 }
  /^<!-- from: / { from = 1; next }
  /^<!-- given: / { given = $0; sub(/^<!-- given: /, "", given); sub(/ -->$/, "", given); next }
  /^```cpp$/ { inside = 1; first = 1; next }
  /^```/ { if (inside && !whole) { print "}" } ; inside = 0; whole = 0; given = ""; next }
  inside && first { first = 0; whole = from || /^(\/\/|#include)/; from = 0; if (!whole) { printf "void listing_%d() {\n%s\n#line %d \"%s\"\n", ++n, given, FNR, FILENAME } }
  inside && !whole { print }
  END { print "int main() {"; for (i = 1; i <= n; ++i) print "listing_" i "();"; print "}" }
' README.md docs/*.md >> "$work/listings.cpp"
listings=$(grep -c '^void listing_' "$work/listings.cpp")
((listings >= 12)) || fail "only $listings listings were found"
if "$CXX" -std=c++20 -O0 -fopenmp -Wall -Wextra -Wno-unused-variable -Werror -Iinclude "$work/listings.cpp" "${@:3}" -o "$work/listings" -lz; then
  (cd "$work" && ./listings) || fail "a listing ends with an error"
else
  fail "a listing does not compile"
fi
((failures == 0))
