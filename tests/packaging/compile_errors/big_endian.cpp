// SPDX-License-Identifier: BSD-3-Clause
// A machine with the most significant byte of a number first.
// compiler: powerpc64-linux-gnu-g++
// error: lmc needs a little-endian machine: it saves and digests numbers as they lie in memory
#include <lmc/connectivity/connectivity.hpp>

int main() {}
