#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The Python module: built by CMake with its tests, under the address and undefined-behavior sanitizers, and as pip installs it.
#   bash tests/python/run.sh [plain] [sanitized] [pip]      all of them by default
# The test with PyTorch is skipped where that is not installed (Debian: python3-torch), and always under the sanitizers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
repository=$PWD
python=/usr/bin/python3  # for which the Debian packages are
options=(-G Ninja "-DPython3_EXECUTABLE=$python" -DLMC_CONNECTIVITY_ONLY=ON -DLMC_BUILD_PYTHON=ON)
(($# > 0)) || set -- plain sanitized pip

plain() {
  cmake -S . -B build/python "${options[@]}" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_FLAGS='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror' > /dev/null
  cmake --build build/python
  ctest --test-dir build/python --output-on-failure
}

sanitized() {
  cmake -S . -B build/python-sanitized "${options[@]}" -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_CXX_FLAGS='-O1 -fsanitize=address,undefined -fno-sanitize-recover=all' > /dev/null
  cmake --build build/python-sanitized
  # Python itself has no sanitizer, so that the runtime has to be there first, with the library whose exceptions it watches. What Python
  # never frees is no leak of ours; its own allocator would hide mistakes.
  LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so)" ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc \
    PYTHONPATH=build/python-sanitized/python "$python" tests/python/module_test.py
}

pip() {
  local environment
  environment=$(mktemp -d)
  trap 'rm -rf "$environment"' RETURN
  "$python" -m venv --system-site-packages "$environment"
  "$environment/bin/pip" install --quiet --no-build-isolation --no-deps --disable-pip-version-check "$repository"
  (cd "$environment" && bin/python "$repository/tests/python/module_test.py" && bin/python -c 'import lmc, pathlib; assert (pathlib.Path(lmc.__file__).parent / "py.typed").exists()')
}

for what; do
  "$what"
done
