#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# readme_test.sh REPOSITORY QUICKSTART: the README's first listing is examples/quickstart.cpp, and what stands below it is what the
# program prints, up to the numbers, which depend on the instruction set. Two runs give the same bits.
set -euo pipefail
block() {  # block N FILE: the Nth fenced block
  awk -v wanted="$1" '/^```/ { if (inside) inside = 0; else inside = ++n == wanted ? 1 : 2; next } inside == 1' "$2"
}
without_numbers() { sed -E 's/[0-9a-f]{16}/D/g; s/[0-9]+(\.[0-9]+)?(e-[0-9]+)?/N/g'; }
diff <(grep -v '^// SPDX' "$1/examples/quickstart.cpp") <(block 1 "$1/README.md")
diff <("$2" | without_numbers) <(block 2 "$1/README.md" | without_numbers)
diff <("$2") <("$2")
