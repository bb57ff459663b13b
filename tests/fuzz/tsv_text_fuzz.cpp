// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/tsv_text.hpp>

#include <fstream>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  const auto path = fuzz::in_memory_file(bytes);
  // An example takes shape.size() bytes, here 64; sequences have as many channels as the alphabet, here 2 and one for the rest.
  const auto load = [&](const lmc::TsvTextOptions& options) {
    fuzz::accepts(fuzz::file_reader_limit(bytes), [&] {
      const auto texts = lmc::load_tsv_text<float>(path, options);
      fuzz::check(texts.train.size() > 0 && texts.test.size() > 0, "both parts have examples");
      fuzz::check(texts.train.classes() == static_cast<lmc::Index>(texts.classes.size()), "classes have names");
    });
  };
  load({.features = lmc::NgramOptions{.dimension = 64}});
  const auto copy = path.parent_path() / "copy";
  std::ofstream(copy, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  load({.test = copy, .features = lmc::SequenceOptions{.length = 16, .alphabet = 2}});
  return 0;
}
