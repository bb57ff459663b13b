// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>
#include <lmc/study/grid.hpp>
#include <lmc/study/grid_file.hpp>
#include <lmc/study/scheduler.hpp>
#include <lmc/study/shard.hpp>
#include <lmc/study/store.hpp>
#include <lmc/study/wire.hpp>

// In other.cpp, which includes the same: a function of the library that lacks `inline` does not link.
bool refuses(const char* store);

int main() { return refuses("absent") ? EXIT_SUCCESS : EXIT_FAILURE; }
