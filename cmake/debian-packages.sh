# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034
# Sourced by the scripts that a fresh machine runs first.

# All that the presets dev and release need.
lmc_packages=(cmake ninja-build g++ libeigen3-dev libxsimd-dev nlohmann-json3-dev zlib1g-dev catch2 libcli11-dev libbenchmark-dev
  gnuplot-nox libjpeg62-turbo-dev libpng-dev curl unzip)
# What the study needs beside them.
lmc_study_packages=(libsqlitecpp-dev libsqlite3-dev libtomlplusplus-dev openmpi-bin libopenmpi-dev sqlite3)
# What the target reference needs beside them.
lmc_reference_packages=(doxygen)
# What the Python module needs beside a compiler, cmake and ninja-build.
lmc_python_packages=(python3-dev python3-numpy python3-setuptools python3-wheel python3-venv python3-pip pybind11-dev)
# What the presets asan and fuzz need beside them.
lmc_clang_packages=(clang-16 libclang-rt-16-dev libomp-16-dev)

# install_packages PACKAGE...: installs those that are missing, and says which; silent when none is. Where there is no apt-get, it
# says what is needed and goes on, since the tools may have come from elsewhere.
install_packages() {
  if ! command -v apt-get > /dev/null; then
    echo "No apt-get here. Needed are what Debian calls: $*" >&2
    return 0
  fi
  local package missing=() as_root=()
  for package; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2> /dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0
  if ((EUID != 0)); then
    if ! command -v sudo > /dev/null; then
      echo "Missing Debian packages, and no sudo to install them with: ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}
