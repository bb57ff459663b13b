// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/input_file.hpp>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <support/skip.hpp>
#include <support/temporary_directory.hpp>

namespace io_input_file_test {

using Catch::Matchers::Contains;

TEST_CASE("open_input_file: opens at the first byte and knows the length", "[io]") {
  const testing::TemporaryDirectory directory;
  lmc::InputFile file = lmc::open_input_file(directory.write("file", "abc\n"));
  CHECK(file.size == 4);
  CHECK(file.path == directory / "file");
  CHECK(file.stream.get() == 'a');
}

TEST_CASE("open_input_file: says why a path cannot be opened", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK_THROWS_WITH(lmc::open_input_file(directory / "absent"), Contains("absent': there is no such file"));
  CHECK_THROWS_WITH(lmc::open_input_file(directory / "absent/file"), Contains("absent/file': there is no such file"));
  CHECK_THROWS_WITH(lmc::open_input_file(directory.path()), Contains("it is a directory, expected a file"));
  CHECK_THROWS_WITH(lmc::open_input_file(directory.write("file", "") / "below"), Contains("cannot open"));
  CHECK_THROWS_WITH(lmc::open_input_file("/dev/null"), Contains("it is not a regular file"));
  CHECK_THROWS_WITH(lmc::open_input_file(""), Contains("cannot open ''"));
}

TEST_CASE("open_input_file: needs permission", "[io]") {
  if (::geteuid() == 0) return testing::skip("run as root, who can read every file");
  const testing::TemporaryDirectory directory;
  const auto secret = directory.write("secret", "abc");
  std::filesystem::permissions(secret, std::filesystem::perms::none);
  CHECK_THROWS_WITH(lmc::open_input_file(secret), Contains("secret': Permission denied"));
}

TEST_CASE("require_unchanged: the end that is met is the one that the file had when it was opened", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("file", "abc\nde");
  const auto read = [&](std::string_view meanwhile) {
    lmc::InputFile file = lmc::open_input_file(path);
    directory.write("file", meanwhile);  // of a length that the stream has not read ahead
    std::string line;
    while (std::getline(file.stream, line)) {
    }
    lmc::require_unchanged(file);
  };
  CHECK_NOTHROW(read("abc\nde"));
  CHECK_THROWS_WITH(read("abc"),
                    Contains("file' changed while it was read: it had 6 bytes, and now ends after 3; read it again"));
  directory.write("file", "abc\nde");
  CHECK_THROWS_WITH(read("abc\ndefg"), Contains("it had 6 bytes, and now ends after 8"));
}

}  // namespace io_input_file_test
