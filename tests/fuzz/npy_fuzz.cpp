// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/npy.hpp>

#include <span>
#include <sstream>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  const auto path = fuzz::in_memory_file(bytes);
  lmc::NpyArray array;
  if (!fuzz::accepts(fuzz::file_reader_limit(bytes), [&] { array = lmc::load_npy(path); })) return 0;
  const auto entries = static_cast<std::size_t>(array.shape.size());
  fuzz::check(array.bytes.size() == entries * static_cast<std::size_t>(array.dtype.back() - '0'),
              "an array is as large as its shape");
  const auto limit = fuzz::file_reader_limit(bytes);
  fuzz::accepts(limit, [&] { fuzz::check(array.as<float>().size() == entries, "one float for each entry"); });
  fuzz::accepts(limit, [&] { fuzz::check(array.as<lmc::Index>().size() == entries, "one number for each entry"); });
  fuzz::accepts(limit, [&] {
    const std::vector<bool> outcomes = array.as<bool>();
    std::ostringstream out;
    lmc::write_npy(out, array.shape, outcomes);
  });
  fuzz::accepts(limit, [&] {
    const std::vector<double> values = array.as<double>();
    std::ostringstream out;
    lmc::write_npy(out, array.shape, std::span<const double>(values));
  });
  return 0;
}
