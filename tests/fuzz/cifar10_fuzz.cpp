// SPDX-License-Identifier: BSD-3-Clause
#include "cifar.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::read_cifar({data, size}, lmc::cifar10_labels);
  return 0;
}
