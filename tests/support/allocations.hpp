// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>

namespace testing {

/// How often operator new was called so far, by any thread.
std::size_t allocations();

}  // namespace testing
