// SPDX-License-Identifier: BSD-3-Clause
// A machine of 32 bits.
// compiler: i686-linux-gnu-g++
// error: lmc needs a 64-bit machine: it computes sizes of files and counts of parameters in std::size_t
#include <lmc/connectivity/connectivity.hpp>

int main() {}
