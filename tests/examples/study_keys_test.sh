#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# study_keys_test.sh PROGRAM: docs/study-keys.md is what `study keys` prints.
set -euo pipefail
page=$(cd "$(dirname "$0")/../.." && pwd)/docs/study-keys.md
if ! diff "$page" <("$1" keys) >&2; then
  echo "FAILED: docs/study-keys.md (<) is not what the program says (>); write it anew: study keys > docs/study-keys.md" >&2
  exit 1
fi
