// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <lmc/io/mapped_file.hpp>
#include <string>
#include <support/temporary_directory.hpp>
#include <vector>

namespace io_mapped_file_test {

using Catch::Matchers::Contains;

TEST_CASE("map_file: gives a file's bytes, as long as somebody has them", "[io]") {
  const testing::TemporaryDirectory directory;
  std::string content;
  for (int i = 0; i < 10'000; ++i) content += static_cast<char>(i * 7);
  const std::filesystem::path path = directory.write("file", content);
  lmc::SharedBytes part;
  {
    const lmc::SharedBytes bytes = lmc::map_file(path.string());
    CHECK(bytes == std::vector<std::uint8_t>(content.begin(), content.end()));
    part = bytes.part(5'000, 100);
    lmc::detail::populate({bytes.data() + 3, 9'000});
  }
  // Another file under its name does not change what was mapped.
  std::filesystem::remove(path);
  directory.write("file", std::string(20'000, 'x'));
  CHECK(part == std::vector<std::uint8_t>(content.begin() + 5'000, content.begin() + 5'100));
}

TEST_CASE("map_file: names the file that it cannot map", "[io][errors]") {
  const testing::TemporaryDirectory directory;
  CHECK_THROWS_WITH(lmc::map_file((directory / "absent").string()), Contains("absent") && Contains("there is no such file"));
  CHECK_THROWS_WITH(lmc::map_file(directory.path().string()), Contains("it is a directory"));
  CHECK_THROWS_WITH(lmc::map_file(directory.write("empty", "").string()), Contains("empty': it is empty"));
}

}  // namespace io_mapped_file_test
