// SPDX-License-Identifier: BSD-3-Clause
// Numbers, codes, names and labels of a table that have two meanings.
#include <lmc/data/sources/table.hpp>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include <support/temporary_directory.hpp>

namespace data_table_codes_test {

namespace {

using Catch::Matchers::Contains;
using lmc::NumberMark;
using lmc::Wording;

lmc::Table<float> load(std::string_view text, lmc::CsvOptions options = {}) {
  const testing::TemporaryDirectory directory;
  return lmc::load_table<float>(directory.write("a.csv", text), options);
}

lmc::Table<float> load_two(std::string_view train, std::string_view test, lmc::CsvOptions options = {}) {
  const testing::TemporaryDirectory directory;
  options.test_path = directory.write("test.csv", test);
  return lmc::load_table<float>(directory.write("train.csv", train), options);
}

std::string notes(const lmc::Table<float>& table) {
  std::string all;
  for (const auto& note : table.data.report.notes) all += note.what + "\n";
  return all;
}

}  // namespace

TEST_CASE("load_table: takes no comma or point for two things", "[data]") {
  const std::string comma = "x;class\n0,125;a\n1,500;b\n2,250;a\n1,234,567;b\n";
  const std::string point = "x;class\n0.125;a\n1.500;b\n2.250;a\n1.234.567;b\n";
  const auto options = [](std::vector<NumberMark> marks) {
    return lmc::CsvOptions{
        .delimiter = ';', .number_format = std::move(marks), .train_rows = 3, .wording = Wording::command_line};
  };
  using enum NumberMark;
  CHECK_THROWS_WITH(load(comma, options({})),
                    Contains("'0,125' is no number") && Contains("it is one with --number-format decimal-comma; correct"));
  CHECK_THROWS_WITH(load(comma, options({decimal_comma})),
                    Contains("'1,234,567' is no number") &&
                        Contains("--number-format thousands-comma, which contradicts --number-format decimal-comma"));
  CHECK_THROWS_WITH(load(comma, options({thousands_comma})), Contains("'0,125' is no number"));
  CHECK_THROWS_WITH(load(comma, options({decimal_comma, thousands_comma})),
                    Contains("--number-format: commas between thousands go neither with decimal commas nor"));
  CHECK_THROWS_WITH(load(comma, options({thousands_point, thousands_comma})), Contains("go neither with"));
  CHECK_THROWS_WITH(load(point, options({thousands_point})),
                    Contains("'0.125' is no number") && Contains("it is one without --number-format thousands-point"));
}

TEST_CASE("load_table: tells codes apart in the test part, too", "[data]") {
  const std::string zip = "zip,x,class\n1,1,a\n2,2,b\n1,3,a\n2,4,b\n";
  CHECK_THROWS_WITH(load_two(zip, "zip,x,class\n01,1,a\n", {.categorical = {"zip"}}),
                    Contains("test.csv', line 2, column 'zip': the category '01' does not occur in the training part"));
  CHECK(load_two(zip, "zip,x,class\n1.0,1,a\n", {.categorical = {"zip"}}).features[1].name == "zip=2");
  CHECK_THAT(notes(load_two(zip, "zip,x,class\n01,1,a\n")), Contains("column 'zip' has '01' and '1', taken for one number"));

  const std::string labels = "x,class\n1,1\n2,2\n3,1\n4,2\n";
  for (const std::string code : {"01", "1e0"}) {
    CHECK_THROWS_WITH(load_two(labels, "x,class\n1," + code + "\n"),
                      Contains("are one number; write them alike") && Contains("'" + code + "'"));
    CHECK_THROWS_WITH(load_two(labels, "x,class\n1," + code + "\n", {.categorical = {"class"}}),
                      Contains("the label '" + code + "' occurs in the test part only"));
  }
  CHECK(load_two(labels, "x,class\n1,1.0\n").classes == std::vector<std::string>{"1", "2"});
  // A single code, wherever the seed puts it.
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    CHECK_THROWS_WITH(load(labels + "5,01\n6,2\n7,1\n", {.seed = seed}), Contains("the labels '01' and '1' are one number"));
}

TEST_CASE("load_table: refuses the file to train on as the one to test with", "[data]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("a.csv", "x,class\n1,a\n2,b\n3,a\n");
  CHECK_THROWS_WITH(lmc::load_table<float>(path, {.test_path = path}), Contains("is the file to train on"));
  std::filesystem::create_symlink(path, directory / "b.csv");
  CHECK_THROWS_WITH(lmc::load_table<float>(path, {.test_path = directory / "b.csv", .wording = Wording::command_line}),
                    Contains("--test-data '") && Contains("b.csv' is the file to train on"));
}

TEST_CASE("load_table: refuses names that may stand one column too far to the left", "[data]") {
  std::string counted, named;
  for (int i = 1; i <= 40; ++i) {
    const std::string rest = (i % 2 == 0 ? ",cat," : ",dog,") + std::to_string(i * 3 % 7) + ",\n";
    counted += std::to_string(i) + rest;
    named += "car" + std::to_string(i % 3) + rest;
  }
  CHECK_THROWS_WITH(
      load("species,mass,notes\n" + counted, {.label = "species"}),
      Contains("line 1: there are 3 column names, but the rows have 4 fields, of which the first counts the rows and "
               "the last is empty; put a name for the first before the others"));
  CHECK(load(",species,mass,notes\n" + counted, {.label = "species", .drop = {3}}).classes.size() == 2);
  CHECK(load("row,species,mass,\n" + counted, {.label = "species"}).features.size() == 2);
  CHECK_THAT(notes(load("kind,species,mass\n" + named, {.label = "species"})),
             Contains("and was left out; 'kind' is the column of 'car1'"));
}

TEST_CASE("load_table: says what helps where there are other names than fields", "[data]") {
  const std::string rows = "1,2,a\n3,4,b\n5,6,a\n";
  CHECK_THROWS_WITH(
      load("# measured\nx,y,class\n" + rows, {.wording = Wording::command_line}),
      Contains("where the names stand in the next line, pass --header 2; where the line holds no names, pass --no-names"));
  CHECK(load("# measured\nx,y,class\n" + rows, {.header = 2, .train_rows = 2}).features.size() == 2);
  CHECK(load("# measured\n" + rows, {.names = false, .train_rows = 2}).features.size() == 2);
  CHECK_THROWS_WITH(load("x,class\n" + rows), Contains("as R's write.table writes them, put a name for it in front"));
  CHECK(load(",x,class\n" + rows, {.drop = {0}, .train_rows = 2}).features.size() == 1);
  // A column without a name is written by its position.
  CHECK_THROWS_WITH(load(",x,class\n1,1,a\nz,2,b\n3,3,a\n4,1,b\n", {.train_rows = 3, .wording = Wording::command_line}),
                    Contains("'z' is no number") && Contains("--categorical position:0"));
}

TEST_CASE("load_table: notes numbers behind signs, and amounts in two currencies", "[data]") {
  const auto amounts = [](const std::string& before, const std::string& other, std::vector<NumberMark> marks) {
    std::string text = "cost,x,class\n";
    for (int i = 0; i < 40; ++i)
      text += lmc::concat(i % 4 == 0 ? other : before, i * 7 % 9 + 1, ',', i * 3 % 7, i % 2 == 0 ? ",cat\n" : ",dog\n");
    return notes(load(text, {.number_format = std::move(marks), .train_rows = 36}));
  };
  for (const std::string sign : {"R$ ", "A$", "Rs. ", "₺", "~", ">", "≥ "}) {
    const std::string without_blank(lmc::detail::trim(sign));
    CHECK(amounts(sign, sign, {NumberMark::currency}) == "column 'cost' has 9 categories, such as '" + sign +
                                                             "1'; numbers behind '" + without_blank +
                                                             "' are categories, unless it is left out\n");
  }
  CHECK_THAT(amounts("~", "", {}), Contains("unless it is left out"));
  for (const std::string word : {"zone", "Class ", "Q", "no_"}) CHECK(amounts(word, word, {}).empty());
  CHECK(amounts("$", "€", {NumberMark::currency}) ==
        "column 'cost' has amounts in different currencies, '$1' and '€1', taken as they stand\n");
  CHECK(amounts("$", "$", {NumberMark::currency}).empty());
}

TEST_CASE("load_table: says why a text is no number", "[data]") {
  const auto load_values = [](std::vector<std::string> values, lmc::CsvOptions options = {.train_rows = 3}) {
    std::string text = "x,class\n";
    for (std::size_t i = 0; i < values.size(); ++i) text += "\"" + values[i] + (i % 2 == 0 ? "\",a\n" : "\",b\n");
    return load(text, options);
  };
  CHECK_THROWS_WITH(
      load_values({"1,5", "2,5", "3,5", "4,5"}),
      Contains("line 2, column 'x': '1,5' is no number, and so is no other value of the column as it stands; it is one "
               "with number_format = {NumberMark::decimal_comma}"));
  CHECK_THROWS_WITH(load_values({"1", "12 kg", "3", "4"}), Contains("'12 kg' is no number, but the column's other values are; "
                                                                    "'kg' stands behind the number: leave it out, or take"));
  CHECK_THROWS_WITH(load_values({"1", "3/5", "3", "4"}), Contains("it is a fraction: write it as a decimal"));
  CHECK_THROWS_WITH(load_values({"1", "(1,234.5)", "3", "4"}),
                    Contains("'(1,234.5)' is no number") && Contains("write it as -5"));
  // The first in the file, in whatever part it is.
  for (std::uint64_t seed = 0; seed < 5; ++seed)
    CHECK_THROWS_WITH(load_values({"1", "?!", "3", "!?", "5", "6", "7", "8"}, {.seed = seed}),
                      Contains("line 3, column 'x': '?!'"));
  // A column whose name is a number is told from one at that position.
  CHECK_THROWS_WITH(load("1,2,class\n1,1,a\nz,2,b\n3,3,a\n4,1,b\n", {.train_rows = 3, .wording = Wording::command_line}),
                    Contains("'z' is no number") && Contains("--categorical name:1"));
}

TEST_CASE("load_table: says why there is one class, or one more to test with", "[data]") {
  const lmc::CsvOptions options{.train_rows = 4, .wording = Wording::command_line};
  CHECK_THROWS_WITH(
      load("x,class\n1,a\n2,a\n3,a\n4,a\n5,b\n", options),
      Contains("all labels are 'a'") &&
          Contains("the first 4 rows have no other: shuffle the rows, or leave --train-rows out; --label-column"));
  CHECK_THROWS_WITH(load("x,class\n1,a\n2,b\n3,a\n4,b\n5,c\n", options),
                    Contains("into the training part, too: shuffle the rows, or leave --train-rows out"));
  const std::string train = "x,class\n1,>50K\n2,<=50K\n3,>50K\n";
  for (const std::string label : {">50K.", ">50k"})
    CHECK_THROWS_WITH(load_two(train, "x,class\n1," + label + "\n"),
                      Contains("the label '" + label + "' occurs in the test part only") &&
                          Contains("; it differs from '>50K' in case, blanks or a point at its end alone: write them alike"));
  CHECK_THROWS_WITH(load_two(train, train, {.seed = 3}),
                    Contains("seed = 3 says which rows are put aside at random, and test_path says what to test with"));
  CHECK_THROWS_WITH(load(train, {.train_rows = 2, .seed = 3, .wording = Wording::command_line}),
                    Contains("--split-seed 3 says") && Contains("--train-rows says what"));
  CHECK_THROWS_WITH(load_two(train, train, {.seed = 0}), Contains("seed = 0 says which rows"));
  CHECK_THROWS_WITH(load_two(train, train, {.test_share = 0.2}), Contains("test_share = 0.2 says which rows"));
}

TEST_CASE("load_table: notes a row of data that is passed over", "[data]") {
  std::string rows;
  for (int i = 1; i < 20; ++i) rows += std::to_string(i * 7 % 20) + (i % 2 == 0 ? ".5,cat\n" : ".5,dog\n");
  const lmc::CsvOptions options{.names = false, .wording = Wording::command_line};
  const auto found = load("31,cat\r\n" + rows, options).data.report.notes;
  REQUIRE(found.size() == 1);
  CHECK(found[0].what ==
        "a line was passed over that looks like a row of data, as it begins with '31'; to read it, pass --header 0");
  CHECK_THAT(found[0].first, Contains("a.csv', line 1"));
  for (const std::string line : {"x,cat\n", "31,2\n", "31\n", "31,cat,dog\n", "# measured\n", "\n", "0,1\n"})
    CHECK(notes(load(line + rows, options)).empty());
}

TEST_CASE("load_table: notes labels and categories that may be another or none", "[data]") {
  std::string text = "x,color,class\n";
  for (int i = 0; i < 40; ++i)
    text += std::to_string(i * 3 % 7) +
            (i % 3 == 0   ? ",u\u0308"
             : i % 3 == 1 ? ",\u00fc"
                          : ",u") +
            (i % 2 == 0 ? ",\u00e4\n" : ",a\u0308\n");
  std::string all = notes(load(text));
  CHECK_THAT(all, Contains("the labels 'a\u0308' and '\u00e4' look alike and are two classes"));
  CHECK_THAT(all, Contains("column 'color': 'u\u0308' and '\u00fc' look alike and are two categories"));
  CHECK_THAT(all, !Contains("'u'"));
  CHECK_THAT(notes(load(text, {.categorical = {"class"}})), Contains("look alike and are two classes"));

  std::string classes = "x,class\n";
  for (int i = 0; i < 40; ++i) classes += std::to_string(i * 3 % 7) + (i % 2 == 0 ? ",cat\n" : ",-\n");
  CHECK_THAT(notes(load(classes)), Contains("the label '-' is a class; if it stands for a missing one"));
  CHECK_THAT(notes(load("x,class\n120,Total\n" + classes.substr(8), {.train_rows = 40})),
             Contains("a class has one training example, as 'Total'"));

  for (const std::string number : {"5-", "(5)", "12 34", "(1.234.567)", "($12)"}) {
    std::string words = "x,class\n";
    for (int i = 0; i < 40; ++i)
      words += (i % 4 == 0 ? "low" : i % 4 == 1 ? "high" : number) + (i % 2 == 0 ? ",cat\n" : ",dog\n");
    CHECK_THAT(notes(load(words)), Contains("column 'x' of categories has '" + number + "'; ") && Contains("write it as -5"));
  }
  CHECK_THROWS_WITH(load("x,class\n1e-400,a\n1,b\n2,a\n", {.train_rows = 2}),
                    Contains("beyond the range of double, 5e-324 to 1.8e308 in size"));
}

}  // namespace data_table_codes_test
