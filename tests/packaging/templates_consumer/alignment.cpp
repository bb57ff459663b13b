// SPDX-License-Identifier: BSD-3-Clause
#include <vector>

#include <lmc/align/assignment.hpp>

#include "parts.hpp"

namespace {

template <class T>
void use_alignment_with(T) {
  const std::vector<T> scores{1, 2, 3, 1};
  check(lmc::linear_assignment<T>(scores).value == 5, "linear_assignment");
}

}  // namespace

void use_alignment() {
  for_each_scalar([](auto scalar) { use_alignment_with(scalar); });
}
