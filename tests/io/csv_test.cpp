// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/csv.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include <support/idx_files.hpp>
#include <support/temporary_directory.hpp>

namespace io_csv_test {

namespace {

using Catch::Matchers::Contains;
using testing::Bytes;
using testing::gzip;
using Records = std::vector<std::vector<std::string>>;

Records read_all(const std::filesystem::path& path, char delimiter = ',') {
  lmc::CsvReader csv(path, delimiter);
  Records records;
  while (csv.next()) {
    records.emplace_back();
    for (lmc::Index i = 0; i < csv.size(); ++i) records.back().emplace_back(csv.field(i));
  }
  return records;
}

Records read(std::string_view text, char delimiter = ',') {
  const testing::TemporaryDirectory directory;
  return read_all(directory.write("a.csv", text), delimiter);
}

}  // namespace

TEST_CASE("CsvReader: gives the fields of plain and of compressed files, whatever ends their lines", "[io]") {
  const auto end = GENERATE(as<std::string>{}, "\n", "\r\n");
  const auto last = GENERATE(as<std::string>{}, "", "\n", "\r\n");
  CAPTURE(end, last);
  const std::string text = "a,b,c" + end + "1,,x y" + end + ",," + last;
  const Records expected{{"a", "b", "c"}, {"1", "", "x y"}, {"", "", ""}};
  CHECK(read(text) == expected);
  const testing::TemporaryDirectory directory;
  CHECK(read_all(directory.write("a.csv.gz", gzip(Bytes(text.begin(), text.end())))) == expected);
}

TEST_CASE("CsvReader: takes what is in quotes as it is: delimiters, line ends, blanks, doubled quotes", "[io]") {
  CHECK(read("\"a,b\",c\n\"\",\"x\"\"y\"\n\"\"\"\",\"\"\"\"\"\"\n\" 1\n2\r\n3\",\"4\"") ==
        Records{{"a,b", "c"}, {"", "x\"y"}, {"\"", "\"\""}, {" 1\n2\r\n3", "4"}});
  CHECK(read("\"a\"\r\n\"b\"\r\n") == Records{{"a"}, {"b"}});
  CHECK(read("\"\"\n1\n") == Records{{""}, {"1"}});
}

TEST_CASE("CsvReader: splits at the delimiter that was given, and at no other", "[io]") {
  CHECK(read("a;b,c\n1;2\n", ';') == Records{{"a", "b,c"}, {"1", "2"}});
  CHECK(read("a\t\"b\tc\"\n", '\t') == Records{{"a", "b\tc"}});
  CHECK(read("a|b", '|') == Records{{"a", "b"}});
  for (const char wrong : {'"', '\n', '\r', '\0', '\xA7'})
    CHECK_THROWS_WITH(read("a", wrong), Contains("the delimiter is the byte "));
}

TEST_CASE("CsvReader: passes over a byte order mark and empty lines, and counts these", "[io]") {
  CHECK(read("\xEF\xBB\xBF\"a\",b\n") == Records{{"a", "b"}});
  CHECK(read("\xEF\xBB\xBF").empty());
  const testing::TemporaryDirectory directory;
  lmc::CsvReader csv(directory.write("a.csv", "\n\r\n1,2\n\n3,4\n\n\n"));
  REQUIRE(csv.next());
  CHECK(csv.line() == 3);
  REQUIRE(csv.next());
  CHECK(csv.line() == 5);
  CHECK(csv.field(1) == "4");
  CHECK(!csv.next());
  CHECK(!csv.next());
  CHECK(csv.size() == 0);
}

TEST_CASE("CsvReader: has nothing to give of an empty file", "[io]") {
  CHECK(read("").empty());
  CHECK(read("\n\r\n\n").empty());
  const testing::TemporaryDirectory directory;
  CHECK(!lmc::CsvReader(directory.write("a.csv", "")).skip_line());
  CHECK_THROWS_WITH(lmc::CsvReader(directory / "absent.csv"), Contains("absent.csv': there is no such file"));
}

TEST_CASE("CsvReader: passes over lines that are no CSV, and reads names of another number", "[io]") {
  const testing::TemporaryDirectory directory;
  lmc::CsvReader csv(directory.write("a.csv", "# \"classes: a|b\r\n\n569,\"30\nx\",malignant,benign\n1,2\n3,4\n"));
  CHECK(csv.skip_line());
  CHECK(csv.line() == 1);
  CHECK(csv.passed_line() == "# \"classes: a|b");
  CHECK(csv.skip_line());
  CHECK(csv.line() == 2);
  CHECK(csv.passed_line().empty());
  CHECK(csv.next_header());
  CHECK(csv.line() == 3);
  CHECK(csv.size() == 4);
  CHECK(csv.field(1) == "30\nx");
  CHECK(csv.next());
  CHECK(csv.line() == 5);
  CHECK(csv.size() == 2);
  CHECK(csv.skip_line());
  CHECK(csv.passed_line() == "3,4");
  CHECK(!csv.skip_line());
}

TEST_CASE("CsvReader: refuses lines of another number of fields, and says which", "[io]") {
  CHECK_THROWS_WITH(read("a,b\n\"1\n\",2\n3\n"),
                    Contains("a.csv', line 4: the number of fields is 1; expected 2, as in line 1; a line that is no row"));
  CHECK_THROWS_WITH(read("\na,b\n1,2,\n"), Contains("line 3: the number of fields is 3; expected 2, as in line 2"));
  CHECK_THROWS_WITH(read("a,b\n \n"), Contains("line 2: the number of fields is 1"));
}

TEST_CASE("CsvReader: says where a quote began that is never closed", "[io]") {
  CHECK_THROWS_WITH(read("a,b\n1,\"2\n\n3,4\n"), Contains("a.csv', line 2: the quote that begins here is never closed"));
  CHECK_THROWS_WITH(read("\"a\n\",\"b\"\"\n"), Contains("line 2: the quote that begins here is never closed"));
  CHECK_THROWS_WITH(read("\""), Contains("line 1: the quote that begins here is never closed"));
}

TEST_CASE("CsvReader: refuses quotes inside plain fields, text behind quotes, and CR without LF", "[io]") {
  CHECK_THROWS_WITH(read("a\n5\"\n"), Contains("a.csv', line 2: there is a quote inside a field that does not begin with one"));
  CHECK_THROWS_WITH(read("a, x\"b\"\n"), Contains("line 1: there is a quote inside a field"));
  CHECK_THROWS_WITH(read("a\n\"5\n\"x\n"), Contains("a.csv', line 3: there is text behind a closing quote"));
  CHECK_THROWS_WITH(read("\"5\" x,1\n"), Contains("line 1: there is text behind a closing quote"));
  for (const auto* text : {"a,b\r1,2\r", "a\r", "\ra", "\"a\"\rb"})
    CHECK_THROWS_WITH(read(text),
                      Contains("line 1: there is a carriage return without a line feed") && Contains("`tr '\\r' '\\n'`"));
}

TEST_CASE("CsvReader: takes a run of blanks and tabs for one delimiter, where that is ' '", "[io]") {
  CHECK(read("  1   2.5 \t dog  \r\n \t\n\"a b\" 3 \t cat", ' ') == Records{{"1", "2.5", "dog"}, {"a b", "3", "cat"}});
  CHECK_THROWS_WITH(read("1 2\n3\n", ' '), Contains("line 2: the number of fields is 1; expected 2"));
}

TEST_CASE("CsvReader: says which delimiter the lines look as if they had", "[io]") {
  CHECK_THROWS_WITH(read("a;b\n1,5;2\n3,1;4,5\n"), Contains("line 2: ") && Contains("by another: delimiter = ';'"));
  CHECK_THROWS_WITH(read("\"a\"\t\"b\"\n1\t2\n"), Contains("closing quote") && Contains("by another: delimiter = '\\t'"));
  CHECK_THROWS_WITH(read("a,b\n1,2\n3\n"), !Contains("by another"));
  const testing::TemporaryDirectory directory;
  lmc::CsvReader csv(directory.write("a.csv", "\"a\" \"b\"\n1   2\n"), ',', lmc::Wording::command_line);
  CHECK_THROWS_WITH(csv.next(), Contains("by another: --delimiter blank"));
}

TEST_CASE("CsvReader: refuses what is not UTF-8, and says in which line", "[io]") {
  CHECK(read("größe,日本,\"é\"\"😀\"\n") == Records{{"größe", "日本", "é\"😀"}});
  CHECK_THROWS_WITH(
      read("a,b\n\"\n\n\xFC\",1\n"),
      Contains("a.csv', line 4: the text is not valid UTF-8; convert the file from its own encoding, such as WINDOWS-1252"));
  CHECK_THROWS_WITH(read("a\xC3,\xA4\n"), Contains("line 1: the text is not valid UTF-8"));
  CHECK_THROWS_WITH(read("\"\xC3\"\n"), Contains("line 1: the text is not valid UTF-8"));
  CHECK_THROWS_WITH(read(std::string_view("a\0,\0001\0\n\0", 8)),
                    Contains("a.csv': it is a text in UTF-16; convert it") && Contains("UTF-16LE"));
  CHECK_THROWS_WITH(read(std::string_view("\0a\0,\0001\0\n", 8)), Contains("UTF-16BE"));
  const testing::TemporaryDirectory directory;
  lmc::CsvReader csv(directory.write("a.csv", "a\n# \xFF\n"));
  CHECK(csv.skip_line());
  CHECK_THROWS_WITH(csv.skip_line(), Contains("line 2: the text is not valid UTF-8"));
}

TEST_CASE("CsvReader: reads records that lie across the blocks it reads, and longer than these", "[io][long]") {
  std::string text;
  Records expected;
  for (int i = 0; i < 40'000; ++i) {
    // Lengths that are coprime to a block's: every kind of byte comes to lie at the end of one.
    const std::string number = std::to_string(i), field = "x\"\r\n," + number;
    text += number + ",\"x\"\"\r\n," + number + "\"\r\n";
    expected.push_back({number, field});
  }
  const std::string longest(300'000, '"');
  text += "," + std::string(600'002, '"') + "\r\n1,2";
  expected.push_back({"", longest});
  expected.push_back({"1", "2"});
  CHECK(read(text) == expected);
  // The end of the content at each place about a block's end.
  for (std::size_t n = 65'530; n < 65'545; ++n) {
    CAPTURE(n);
    const std::string a(n, 'a');
    CHECK(read(a + "\r\n") == Records{{a}});
    CHECK(read(a + "\r\nb") == Records{{a}, {"b"}});
  }
}

TEST_CASE("CsvReader: passes on that a compressed file is cut", "[io]") {
  const testing::TemporaryDirectory directory;
  const Bytes compressed = gzip(Bytes{'1', ',', '2', '\n'});
  for (const std::size_t n : {compressed.size() - 1, compressed.size() - 8, std::size_t{12}})
    CHECK_THROWS_WITH(read_all(directory.write("cut.gz", testing::first(compressed, n))), Contains("cut.gz' is cut"));
}

TEST_CASE("parse_number: takes a whole field, with a decimal point, or nothing", "[io]") {
  const auto number = [](std::string_view text) { return lmc::parse_number(text); };
  CHECK(number("12") == 12.0);
  CHECK(number("-0.5") == -0.5);
  CHECK(number("+.5") == 0.5);
  CHECK(number("1e-3") == 1e-3);
  CHECK(number("5.") == 5.0);
  CHECK(number("0.1") == 0.1);
  CHECK(number("inf") == HUGE_VAL);
  CHECK(number("-Infinity") == -HUGE_VAL);
  for (const auto* text : {"nan", "NaN", "1e999", "-1e999", "1e-999"}) {
    CAPTURE(text);
    CHECK(std::isnan(number(text).value()));
  }
  for (const auto* text : {"", " 1", "1 ", "+", "-", "+-1", "++1", "1,5", "1.5.2", "0x1F", "1e", "e1", "1_000", "one", "٣"}) {
    CAPTURE(text);
    CHECK(!number(text));
  }
  CHECK(!number(std::string_view("1\0", 2)));
}

TEST_CASE("csv_field: is read back as the same text", "[io]") {
  CHECK(lmc::csv_field("a b") == "a b");
  CHECK(lmc::csv_field("").empty());
  CHECK(lmc::csv_field("a,b") == "\"a,b\"");
  CHECK(lmc::csv_field("say \"a\"\n") == "\"say \"\"a\"\"\n\"");
}

TEST_CASE("CsvReader: passes over blanks around quotes", "[io]") {
  CHECK(read("\"a\", \"b, c\" ,\"d\"\t\n 1 , \"2\",3\n") == Records{{"a", "b, c", "d"}, {" 1 ", "2", "3"}});
}

}  // namespace io_csv_test
