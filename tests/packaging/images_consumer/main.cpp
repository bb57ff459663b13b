// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>
#include <lmc/data/sources/image_folder.hpp>
#include <lmc/data/sources/tiny_imagenet.hpp>
#include <lmc/io/image_file.hpp>

// In other.cpp, which includes the same: a function of the library that lacks `inline` does not link.
bool refuses(const char* directory);

int main() { return refuses("absent") ? EXIT_SUCCESS : EXIT_FAILURE; }
