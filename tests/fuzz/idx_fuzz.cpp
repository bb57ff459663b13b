// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/idx.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  const auto path = fuzz::in_memory_file(bytes);
  fuzz::accepts(fuzz::file_reader_limit(bytes), [&] {
    const lmc::IdxArray array = lmc::read_idx(path);
    fuzz::check(static_cast<lmc::Index>(array.values.size()) == array.shape.size(), "an IDX array is as large as its shape");
  });
  return 0;
}
