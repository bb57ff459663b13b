// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/lmc.hpp>

#include <cstdlib>

// In other.cpp, which includes the same: a function of the library that lacks `inline` does not link.
lmc::Index entries(const lmc::Shape& shape);

int main() { return entries({28, 28}) == 784 ? EXIT_SUCCESS : EXIT_FAILURE; }
