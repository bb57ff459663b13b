// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/text_file.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include <support/idx_files.hpp>
#include <support/temporary_directory.hpp>

namespace io_text_file_test {

namespace {

using Catch::Matchers::Contains;
using testing::gzip;

testing::Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace

TEST_CASE("read_utf8: gives the text of a file, plain or compressed, of any length", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto size = GENERATE(as<std::size_t>{}, 0, 1, 65535, 65536, 65537, 200'000);
  std::string text;
  while (text.size() + 3 <= size) text += "漢";
  text.resize(size, 'x');
  CAPTURE(size);
  CHECK(lmc::read_utf8(directory.write("plain", text)) == text);
  CHECK(lmc::read_utf8(directory.write("compressed", gzip(bytes(text)))) == text);
  CHECK(lmc::read_utf8_or_latin1(directory / "plain") == text);
}

TEST_CASE("read_utf8: leaves a byte order mark out", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("text", "\xEF\xBB\xBFé\xEF\xBB\xBF");
  CHECK(lmc::read_utf8(path) == "é\xEF\xBB\xBF");
  CHECK(lmc::read_utf8_or_latin1(path) == "é\xEF\xBB\xBF");
}

TEST_CASE("read_utf8: says in which line the text is not UTF-8", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK_THROWS_WITH(lmc::read_utf8(directory.write("text", "a\né\nb\xE9\nc\n")),
                    Contains("text', line 3: the text is not valid UTF-8") && Contains("iconv"));
  CHECK_THROWS_WITH(lmc::read_utf8(directory.write("text", "\xFF")), Contains("line 1:"));
  CHECK_THROWS_WITH(lmc::read_utf8(directory / "absent"), Contains("there is no such file"));
}

TEST_CASE("read_utf8_or_latin1: takes a file for Latin-1 where nothing in it is UTF-8", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK(lmc::read_utf8_or_latin1(directory.write("latin1", "f\xF6rst\xE5r\n\xC5n\n\xFF\xA0\xC0")) == "förstår\nÅn\nÿ\u00A0À");
  CHECK(lmc::read_utf8_or_latin1(directory.write("utf8", "förstår\n")) == "förstår\n");
}

TEST_CASE("read_utf8_or_latin1: refuses damaged UTF-8, and other code pages", "[io]") {
  const testing::TemporaryDirectory directory;
  // A file in UTF-8 with one byte lost; Latin-1 and UTF-8 in one file; Windows' quotation marks.
  for (const std::string text : {"för\nst\xC3r\n", "f\xF6r\nstå\xE5", "a\n\x93quoted\x94\n"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH(lmc::read_utf8_or_latin1(directory.write("text", text)),
                      Contains(text[0] == 'f' && text[1] == '\xF6' ? "line 1:" : "line 2:") && Contains("not valid UTF-8"));
  }
}

TEST_CASE("for_each_line: numbers the lines, whatever ends them", "[io]") {
  using Lines = std::vector<std::pair<std::ptrdiff_t, std::string>>;
  const auto lines = [](std::string_view text) {
    Lines result;
    lmc::for_each_line(text, [&](std::string_view line, std::ptrdiff_t number) { result.emplace_back(number, line); });
    return result;
  };
  CHECK(lines("").empty());
  CHECK(lines("a") == Lines{{1, "a"}});
  CHECK(lines("a\n") == Lines{{1, "a"}});
  CHECK(lines("a\r\nb\n\nc\r") == Lines{{1, "a"}, {2, "b"}, {3, ""}, {4, "c"}});
  CHECK(lines("\n\n") == Lines{{1, ""}, {2, ""}});
}

}  // namespace io_text_file_test
