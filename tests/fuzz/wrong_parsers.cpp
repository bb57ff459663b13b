// SPDX-License-Identifier: BSD-3-Clause
// A target for the tests of the replay: the first byte of its input chooses what is wrong.
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  fuzz::accepts(fuzz::file_reader_limit(bytes), [&] {
    switch (size > 0 ? data[0] : 0) {
      case 'o':  // one allocation; not optimized away
        std::string(std::size_t{3} << 20, 'x').swap(*std::make_unique<std::string>());
        break;
      case 's': {  // many
        std::vector<std::unique_ptr<int[]>> parts;
        for (int i = 0; i < 100; ++i) parts.push_back(std::make_unique<int[]>(std::size_t{1} << 14));
        break;
      }
      case 'w':
        throw std::out_of_range("wrong exception");
      case 'e':
        throw lmc::Error("");
      case 'c':
        fuzz::check(false, "a condition");
        break;
      case 'f': {
        std::ifstream file(fuzz::in_memory_file(bytes, "name.txt"), std::ios::binary);
        const std::string content(std::istreambuf_iterator<char>(file), {});
        fuzz::check(content == std::string(bytes.begin(), bytes.end()), "the file holds the input");
        throw lmc::Error("refused");
      }
      default:
        std::vector<char>(std::size_t{1} << 20).front() = 'x';  // within the limit
    }
  });
  return 0;
}
