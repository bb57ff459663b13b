// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <bit>
#include <cstddef>

// Included by the headers of core/ that nearly all others include, so that a machine on which results would be wrong is refused before
// anything is built.

static_assert(std::endian::native == std::endian::little,
              "lmc needs a little-endian machine: it saves and digests numbers as they lie in memory");
static_assert(sizeof(std::size_t) == 8,
              "lmc needs a 64-bit machine: it computes sizes of files and counts of parameters in std::size_t");
