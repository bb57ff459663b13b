// SPDX-License-Identifier: BSD-3-Clause
// Tables that could be taken for something else than they are.
#include <lmc/core/error.hpp>
#include <lmc/data/sources/table.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include <support/temporary_directory.hpp>

namespace data_table_reading_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::MissingValue;
using lmc::NumberMark;
using lmc::Wording;
using Names = std::vector<std::string>;

lmc::Table<double> load(std::string_view text, lmc::CsvOptions options = {}) {
  const testing::TemporaryDirectory directory;
  return lmc::load_table<double>(directory.write("a.csv", text), options);
}

// Rows `value,cat` and `value,dog` in turn below the names x and class: those given, then whole numbers, 20 in all.
std::string column(const Names& values, const std::string& delimiter = ",") {
  std::string text = "x" + delimiter + "class\n";
  for (std::size_t i = 0; i < 20; ++i)
    text += (i < values.size() ? values[i] : std::to_string(7 * i % 5)) + delimiter + (i % 2 == 0 ? "cat\n" : "dog\n");
  return text;
}

// The features as they are, the first `rows` rows in the training part.
std::vector<double> numbers(std::string_view text, lmc::CsvOptions options = {}) {
  options.standardize = false;
  options.train_rows = 18;
  const auto table = load(text, options);
  REQUIRE(table.features.size() == 1);
  return std::get<std::vector<double>>(table.data.train.features());
}

Names notes(const lmc::Table<double>& table) {
  Names all;
  for (const auto& note : table.data.report.notes) all.push_back(note.what);
  return all;
}

std::string only_note(const lmc::Table<double>& table) {
  REQUIRE(table.data.report.notes.size() == 1);
  return notes(table)[0];
}

}  // namespace

TEST_CASE("load_table: takes what people write for a missing number", "[data]") {
  for (const std::string text : {"null", "NULL", "None", "N/A", "n/a", "#N/A", "NA", "NaN", "nan", "NAN", "-", ".", "?",
                                 "<null>", "\\N", "missing", ""}) {
    CAPTURE(text);
    const std::string table = column({text, "4", "2"});
    CHECK_THROWS_WITH(numbers(table), Contains("line 2, column 'x': the value is missing ('" + text + "')"));
    // The mean of the others: 4, 2 and 7i mod 5 of i = 3 … 17.
    const double mean = (4.0 + 2 + 1 + 3 + 0 + 2 + 4 + 1 + 3 + 0 + 2 + 4 + 1 + 3 + 0 + 2 + 4) / 17;
    CHECK_THAT(numbers(table, {.missing = MissingValue::impute})[0], WithinAbs(mean, 1e-14));  // the mean of 17 numbers below 5
    const auto report = load(table, {.missing = MissingValue::impute}).data.report;
    REQUIRE(report.missing.size() == 1);
    CHECK(report.missing[0].text == text);
    CHECK(report.missing[0].count == 1);
  }
  // A list of one's own replaces both usual ones.
  const lmc::CsvOptions own{.missing_texts = {"n.d."}, .missing_numbers = {}, .missing = MissingValue::impute};
  CHECK(numbers(column({"n.d.", "4"}), own).size() == 18);
  CHECK_THROWS_WITH(numbers(column({"NA", "4"}), own), Contains("'NA' is no number"));
  // None is a class, and a category about which there is a note.
  CHECK(load("x,class\n1,None\n2,cat\n3,None\n4,cat\n5,cat\n", {.train_rows = 4}).classes == Names{"None", "cat"});
  const auto table =
      load("x,class\nNone,a\nred,b\nNone,a\nred,b\n5,a\n", {.unknown_category = lmc::UnknownCategory::ignore, .train_rows = 4});
  CHECK(table.features[0].name == "x=None");
  CHECK_THAT(only_note(table), Contains("'None', which may stand for a missing value"));
}

TEST_CASE("load_table: refuses a text among numbers, with its line", "[data]") {
  CHECK_THROWS_WITH(
      load(column({"1", "2", "3l"}), {.train_rows = 18}),
      Contains("line 4, column 'x': '3l' is no number, but the column's other values are; correct it, list it as "
               "missing, missing_texts = {\"3l\"}, which replaces the usual list, or take the texts of the column as "
               "categories, categorical = {\"x\"}"));
  CHECK_THROWS_WITH(
      load(column({"cm"}), {.train_rows = 18, .wording = Wording::command_line}),
      Contains("(if the line holds units, remove it)") && Contains("--missing-texts 'cm'") && Contains("--categorical x"));
  CHECK_THROWS_WITH(load(column({"3l"}), {.train_rows = 18}), !Contains("units"));
  CHECK(load(column({"3l"}), {.categorical = {"x"}, .train_rows = 18}).features.size() == 6);
  // More than half of the different texts: the others are one spelling of nothing.
  const std::string unknown = column({"unk", "unk", "unk", "unk", "unk", "unk", "unk", "unk", "unk", "unk", "unk", "unk"});
  CHECK_THROWS_WITH(load(unknown, {.train_rows = 18}), Contains("'unk' is no number"));
}

TEST_CASE("load_table: reads other ways to write numbers where told to, and names them where not", "[data]") {
  struct Case {
    std::string text, delimiter, name;
    std::vector<NumberMark> marks;
    double value;
  };
  using enum NumberMark;
  for (const Case& c : {Case{"161,898", ";", "decimal-comma", {decimal_comma}, 161.898},
                        {"-1,0", ";", "decimal-comma", {decimal_comma}, -1},
                        {"1.234.567,5", ";", "decimal-comma,thousands-point", {decimal_comma, thousands_point}, 1234567.5},
                        {"\"1,234\"", ",", "thousands-comma", {thousands_comma}, 1234},
                        {"\"-1,234,567.25\"", ",", "thousands-comma", {thousands_comma}, -1234567.25},
                        {"1'234", ",", "thousands-apostrophe", {thousands_apostrophe}, 1234},
                        {"12 345", ",", "thousands-blank", {thousands_blank}, 12345},
                        {"25 %", ",", "percent", {percent}, 25},
                        {"$25", ",", "currency", {currency}, 25},
                        {"-25 €", ",", "currency", {currency}, -25},
                        {"USD 25", ",", "currency", {currency}, 25},
                        {"\"$1,234\"", ",", "thousands-comma,currency", {thousands_comma, currency}, 1234},
                        {"\u00A025", ",", "unicode", {unicode}, 25},
                        {"25\u200B", ",", "unicode", {unicode}, 25},
                        {"\u202D25\u202C", ",", "unicode", {unicode}, 25},
                        {"\u206625\u2069", ",", "unicode", {unicode}, 25},
                        {"2\u00AD5", ",", "unicode", {unicode}, 25},
                        {"\u221225.5", ",", "unicode", {unicode}, -25.5},
                        {"\uFF12\uFF15", ",", "unicode", {unicode}, 25}}) {
    CAPTURE(c.text);
    const std::string text = column({c.text, c.text, c.text}, c.delimiter);
    lmc::CsvOptions options{.delimiter = c.delimiter[0], .train_rows = 18, .wording = Wording::command_line};
    CHECK_THROWS_WITH(load(text, options), Contains("line 2, column 'x': '") && Contains("--number-format " + c.name));
    options.number_format = c.marks;
    CHECK(numbers(text, options)[0] == c.value);
    CHECK(numbers(text, options)[3] == 1);
  }
  // A comma is one or the other: both are named.
  CHECK_THROWS_WITH(
      load(column({"\"1,234\""}), {.train_rows = 18}),
      Contains("number_format = {NumberMark::decimal_comma}, another with number_format = {NumberMark::thousands_comma}"));
  CHECK_THROWS_WITH(numbers(column({"\"1,23,4\""}), {.number_format = {thousands_comma}}), Contains("'1,23,4' is no number"));
  CHECK(numbers(column({"1.234"}), {.number_format = {thousands_point}})[0] == 1234);
  // A whole column of such texts is of numbers, too.
  const Names dollars(20, "$2");
  CHECK_THROWS_WITH(load(column(dollars), {.train_rows = 18}), Contains("NumberMark::currency"));
  CHECK_THROWS_WITH(load(column(Names(20, "25.0D+00")), {.train_rows = 18}), Contains("write E for its exponent D"));
  CHECK_THROWS_WITH(load(column(Names(20, "0x1a")), {.train_rows = 18}),
                    Contains("write the hexadecimal number in decimal digits"));
}

TEST_CASE("load_table: refuses a row of data as names, and names as a row", "[data]") {
  CHECK_THROWS_WITH(
      load("5.1,3.5,setosa\n4.9,3.0,setosa\n6.4,3.2,virginica\n", {.wording = Wording::command_line}),
      Contains("line 1: this looks like a row of data, not like names: 'setosa' is a value of its own column; for a "
               "row of data, pass --header 0"));
  CHECK_THROWS_WITH(load("39,private,high\n17,state,low\n20,state,low\n"),
                    Contains("line 1: the number 39 stands among the columns' names; for a row of data, pass header = 0"));
  CHECK_THROWS_WITH(load(column({}) + column({})),
                    Contains("line 22: the row repeats the columns' names of line 1; remove it"));
  const auto years = load("2018,2020,class\n1,2,a\n3,4,b\n5,6,a\n7,8,b\n", {.label = lmc::ColumnText("-1"), .train_rows = 2});
  CHECK(years.features[1].name == "2020");
  CHECK(notes(years).empty());
}

TEST_CASE("load_table: takes a column by its name or position, and asks where it could be both", "[data]") {
  const std::string text = "n,0,1,2\n1,5,6,0\n2,7,8,1\n1,9,9,0\n2,1,1,1\n";
  const auto label = [&](const std::string& typed) {
    const auto table = load(text, {.label = lmc::ColumnText(typed), .train_rows = 3});
    for (const auto& column : table.data.report.columns)
      if (column.kind == lmc::ColumnKind::label) return column.name;
    return std::string();
  };
  CHECK(label("n") == "n");
  CHECK(label("3") == "2");
  CHECK(label("-1") == "2");
  CHECK(label("name:2") == "2");
  CHECK(label("position:3") == "2");
  CHECK_THROWS_WITH(label("2"),
                    Contains("has a column that is called 2, and at the position 2 stands '1'; write name:2 or position:2"));
  CHECK_THROWS_WITH(label("position:x"), Contains("expected a whole number behind position:"));
  CHECK_THROWS_WITH(label("7"), Contains("has no column 7"));
}

TEST_CASE("load_table: says that the delimiter is another", "[data]") {
  CHECK_THROWS_WITH(load(column({}, ";")),
                    Contains("has a single column; the lines look as if fields were separated by another: "
                             "delimiter = ';'"));
  CHECK_THROWS_WITH(load(column({}, "\t"), {.wording = Wording::command_line}), Contains("--delimiter tab"));
  CHECK_THROWS_WITH(load(column({}, "   "), {.wording = Wording::command_line}), Contains("--delimiter blank"));
  CHECK_THROWS_WITH(load(column({"1,5"}, ";")), Contains("delimiter = ';'"));
  CHECK_THROWS_WITH(load("sep=;\n" + column({}, ";"), {.delimiter = ';'}),
                    Contains("is Excel's way to name the delimiter; pass over the line by header = 2"));
  CHECK(numbers(column({"3"}, "   "), {.delimiter = ' '})[0] == 3);
}

TEST_CASE("load_table: leaves out the column behind a delimiter that ends all lines", "[data]") {
  const std::string rows = "1,a,\n2,b,\n3,a,\n4,b,\n";
  for (const std::string names : {"x,class,\n", "x,class\n"}) {
    const auto table = load(names + rows, {.standardize = false, .train_rows = 2});
    CHECK(std::get<std::vector<double>>(table.data.train.features()) == std::vector<double>{1, 2});
    CHECK(std::get<std::vector<double>>(table.data.test.features()) == std::vector<double>{3, 4});
    CHECK(table.classes == Names{"a", "b"});
    CHECK_THAT(only_note(table), Contains("lines end in a delimiter"));
  }
  CHECK_THROWS_WITH(load("x,class\n1,a,\n2,b,c\n"), Contains("there are 2 column names, but the rows have 3 fields"));
}

TEST_CASE("load_table: refuses a column that names its rows, and notes one that counts them", "[data]") {
  std::string names = "id,x,class\n", counted = ",x,class\n", sorted = counted;
  for (int i = 0; i < 50; ++i) {
    const std::string rest = "," + std::to_string(i * 7 % 5) + (i % 2 == 0 ? ",a\n" : ",b\n");
    names += "P" + std::to_string(i) + rest;
    counted += std::to_string(i) + rest;
    sorted += std::to_string(i) + "," + std::to_string(i * 7 % 5) + (i < 25 ? ",a\n" : ",b\n");
  }
  CHECK_THROWS_WITH(load(names),
                    Contains("column 'id': 40 of 40 texts are different") && Contains("leave it out, drop = {\"id\"}"));
  CHECK(load(names, {.drop = {"id"}}).data.report.columns[0].kind == lmc::ColumnKind::dropped);
  CHECK_THAT(only_note(load(counted)), Contains("column '' counts the rows; leave it out"));
  const auto permuted = [](const std::string& name, int least, int factor, int rows) {
    std::string text = name + ",x,class\n";
    for (int i = 0; i < rows; ++i)
      text += lmc::concat(least + i * 7 % rows * factor, ',', i * 7 % 5, i % 2 == 0 ? ",a\n" : ",b\n");
    return load(text);
  };
  for (const char* name : {"PassengerId", "user_id", "user id", "user-ID", "userID", "ID", "id"})
    CHECK_THAT(only_note(permuted(name, 3, 2, 50)),
               Contains(lmc::concat("column '", name, "' has another number in each row")));
  for (const char* name : {"PAID", "GRID", "COVID", "BID", "paid", "Plaid", "mass"}) {
    CAPTURE(name);
    CHECK(notes(permuted(name, 3, 2, 50)).empty());
  }
  // All numbers from 0 or 1 to the last row's, whatever the name is; a few rows may have them by chance.
  for (const int least : {0, 1}) CHECK_THAT(only_note(permuted("mass", least, 1, 20)), Contains("another number in each row"));
  CHECK(notes(permuted("mass", 2, 1, 20)).empty());
  CHECK(notes(permuted("mass", 0, 1, 19)).empty());
  CHECK_THAT(only_note(load(sorted)), Contains("the rows are sorted by their label, which it therefore gives away"));
}

TEST_CASE("load_table: says what it took the columns and classes for", "[data]") {
  const auto report = load("id,x,color,class\n4,1,red,cat\n1,2,NA,dog\n7,?,blue,cat\n3,5,red,dog\n3,5,blue,dog\n",
                           {.drop = {"id"}, .missing = MissingValue::impute, .train_rows = 3})
                          .data.report;
  REQUIRE(report.columns.size() == 4);
  CHECK(report.columns[0].kind == lmc::ColumnKind::dropped);
  CHECK(report.columns[1].kind == lmc::ColumnKind::number);
  CHECK(report.columns[2].kind == lmc::ColumnKind::category);
  CHECK(report.columns[2].values == 2);
  CHECK(report.columns[2].name == "color");
  CHECK(report.columns[3].kind == lmc::ColumnKind::label);
  REQUIRE(report.classes.size() == 2);
  CHECK(report.classes[0].name == "cat");
  CHECK(report.classes[0].train == 2);
  CHECK(report.classes[0].test == 0);
  CHECK(report.classes[1].test == 2);
  REQUIRE(report.missing.size() == 2);
  CHECK(report.missing[0].text == "?");
  CHECK(report.missing[1].text == "NA");
  CHECK(report.notes.empty());
}

TEST_CASE("load_table: notes labels and numbers that could be meant otherwise", "[data]") {
  CHECK_THAT(only_note(load("x,class\n1,cat\n2,Cat\n3,cat\n4,Cat\n", {.train_rows = 3})),
             Contains("the labels 'Cat' and 'cat' are two classes"));
  CHECK_THAT(only_note(load("x,class\n1,0.5\n2,1.5\n3,0.5\n", {.train_rows = 2})),
             Contains("labels are decimals, such as 1.5"));
  CHECK_THAT(only_note(load("x,class\n7 kg,a\n12 kg,b\n9 kg,a\n7 kg,b\n", {.train_rows = 3})),
             Contains("column 'x' has 3 categories in 3 rows, '12 kg' among them; numbers with a unit are categories"));
  CHECK_THAT(only_note(load("x,class\n1E1,a\n10,b\n1E2,a\n100,b\n7,a\n", {.train_rows = 4})),
             Contains("column 'x' has '10' and '1E1', taken for one number; if they are codes: categorical = {\"x\"}"));
  CHECK_THAT(only_note(load("x,class\nRed,a\nblue,b\nred,a\nblue,b\n", {.train_rows = 3})),
             Contains("column 'x': 'Red' and 'red' are two categories"));
}

TEST_CASE("load_table: says what to do about dates, brackets, titles and footers", "[data]") {
  CHECK_THROWS_WITH(load("x,class\n1,a\n2,b\n2024-01-31,a\n4,b\n", {.train_rows = 3}),
                    Contains("'2024-01-31' is no number") && Contains("; it is a date: write dates as numbers") &&
                        Contains("drop = {\"x\"}"));
  CHECK_THROWS_WITH(load("x,class\n1,a\n2,b\n($515),a\n4,b\n", {.train_rows = 3}),
                    Contains("; brackets are read as no minus; if it is a negative number, write it as -5"));
  CHECK_THROWS_WITH(load("x,class\n1,a\n2,b\n\"(1,200.50)\",a\n4,b\n", {.train_rows = 3}),
                    Contains("brackets are read as no minus"));
  CHECK_THAT(
      only_note(load("x,class\n\"(1,200.50)\",a\n\"3,400.00\",b\n\"(1,200.50)\",a\n\"3,400.00\",b\n", {.train_rows = 3})),
      Contains("'(1,200.50)'; brackets are read as no minus"));
  for (const std::string text : {"-1.#IND", "1.#QNAN", "1.#INF"})
    CHECK_THROWS_WITH(load("x,class\n1,a\n2,b\n" + text + ",a\n4,b\n", {.train_rows = 3}),
                      Contains("; it is how Visual C++ writes infinity or no number; correct it, list it as missing, "
                               "missing_texts = {\"" +
                               text + "\"}"));
  CHECK_THROWS_WITH(load("x,class\n1,a\n2,b\n\"17,50,000\",a\n4,b\n", {.train_rows = 3}), Contains("write it as -5 or 1234"));
  CHECK_THROWS_WITH(
      load("x,class\n1,a\n2,b\n(2 rows affected)\n"),
      Contains(
          "line 4: the number of fields is 1; expected 2, as in line 2; a line that is no row, such as a rule, a comment or "
          "a count of rows at the end, must be removed"));
  CHECK_THROWS_WITH(
      load("Sales 2024\nx,class\n1,a\n2,b\n", {.header = 0}),
      Contains("line 2: the number of fields is 2; expected 1, as in line 1; pass over a title") && Contains("header"));
  std::string days = "day,class\n";
  for (int i = 0; i < 30; ++i) days += lmc::concat("2024-0", i / 10 + 1, "-1", i % 10, i % 2 == 0 ? ",a\n" : ",b\n");
  CHECK_THROWS_WITH(load(days, {.test_share = 0.05}), Contains("write dates as numbers, such as days since the first of them"));
}

TEST_CASE("load_table: notes numbers that could be meant otherwise", "[data]") {
  CHECK_THAT(
      only_note(load("x,class\n2.400,a\n850,b\n1.200,a\n990,b\n", {.train_rows = 3})),
      Contains("column 'x' has numbers such as '2.400', read with three decimals; if the point stands between thousands: "
               "number_format = {NumberMark::thousands_point}"));
  for (const char* decimals : {"0.400", "2.40", "1200", "1.200,"})  // none of them goes with points between thousands
    CHECK(load(std::string("x,class\n2.400,a\n") + (std::string(decimals) == "1.200," ? "7.1" : decimals) +
                   ",b\n1.200,a\n990,b\n",
               {.train_rows = 3})
              .data.report.notes.empty());
  for (const char* other : {"0.346", "12.5", "1.2345", "-1234.567"})  // nor do other columns with such points
    CHECK(load(lmc::concat("z,x,class\n1,2.400,a\n", other, ",850,b\n2,1.200,a\n4,990,b\n"), {.train_rows = 3})
              .data.report.notes.empty());
  CHECK_THAT(only_note(load("z,x,class\n1,2.400,a\n8.123,850,b\n2,1.200,a\n4,990,b\n", {.train_rows = 3})),
             Contains("column 'x' has numbers such as"));
  CHECK_THAT(only_note(load("x,class\n02139,a\n10001,b\n94105,a\n10002,b\n", {.train_rows = 3})),
             Contains("column 'x' has numbers with zeros in front, such as '02139'; if they are codes: categorical = {\"x\"}"));
  CHECK_THAT(only_note(load("x,class\n10000000000000000,a\n10000000000000001,b\n7,a\n8,b\n", {.train_rows = 3})),
             Contains("'10000000000000000' and '10000000000000001', which are one number once rounded"));
  CHECK_THAT(
      only_note(load("x,class\n0.5,a\n7%,b\n0.25,a\n12%,b\n", {.number_format = {lmc::NumberMark::percent}, .train_rows = 3})),
      Contains("numbers with and without %"));
  CHECK_THAT(only_note(load("x,class\n\"17,50,000\",a\n\"1,10,000\",b\n\"17,50,000\",a\n\"1,10,000\",b\n", {.train_rows = 3})),
             Contains("column 'x' of categories has '1,10,000'; if it is a number"));
  CHECK_THAT(only_note(load("x,class\n١٧,a\n٣,b\n١٧,a\n٣,b\n", {.train_rows = 3})), Contains("if it is a number"));
  CHECK_THAT(only_note(load("x,class\n'p',a\n'q',b\n'p',a\n'q',b\n", {.train_rows = 3})),
             Contains("column 'x' has 'q', whose quotes are part of it"));
  CHECK_THAT(only_note(load("x,class\n1,“a”\n2,“b”\n3,“a”\n4,“b”\n", {.train_rows = 3})),
             Contains("has quotes that are part of it"));
}

TEST_CASE("load_table: takes the texts of a listed label for classes", "[data]") {
  const std::string rows = "x,class\n1,1.0\n2,1\n3,0\n4,1.0\n5,1\n";
  CHECK(load(rows, {.train_rows = 4}).classes.size() == 2);
  CHECK(load(rows, {.categorical = {"class"}, .train_rows = 4}).classes == std::vector<std::string>{"0", "1", "1.0"});
}

TEST_CASE("load_table: notes test rows that are training rows, and a feature that is called label", "[data]") {
  const testing::TemporaryDirectory folder;
  const auto write = [&](const char* name, const std::string& text) { return folder.write(name, text); };
  const auto train = write("train.csv", "a,b,y\n1,2,p\n3,4,q\n5,6,p\n7,8,q\n");
  const auto notes = [&](const std::string& test) {
    return lmc::load_table<float>(train, {.test_path = write("test.csv", test)}).data.report.notes;
  };
  const auto copies = notes("a,b,y\n3,4,q\n1,2,p\n9,9,p\n");
  REQUIRE(copies.size() == 1);
  CHECK(copies[0].what == "test rows are training rows, too");
  CHECK(copies[0].count == 2);
  CHECK_THAT(copies[0].first, Contains("test.csv', line 2"));
  CHECK(notes("a,b,y\n3,4,q\n1,9,p\n9,9,p\n").empty());
  CHECK_THAT(only_note(load("Label,x,z\n1,2,0\n2,3,1\n3,4,0\n4,5,1\n", {.train_rows = 3})),
             Contains("column 'Label' is a feature, and 'z' the label; if 'Label' is the label: label = \"Label\""));
}

TEST_CASE("load_table: passes over empty rows and columns at the end", "[data]") {
  const auto table = load("x,class,,\n1,a,,\n2,b,,\n3,a,,\n,,,\n,,,\n4,b,,\n", {.train_rows = 3});
  CHECK(table.data.train.size() + table.data.test.size() == 4);
  CHECK(table.features.size() == 1);
  REQUIRE(table.data.report.notes.size() == 2);
  CHECK(table.data.report.notes[0].what == "rows without any value were passed over");
  CHECK(table.data.report.notes[0].count == 2);
  CHECK_THAT(table.data.report.notes[0].first, Contains("line 5"));
}

TEST_CASE("load_table: says what lines above, between and below rows are", "[data]") {
  CHECK_THROWS_WITH(
      load("Report,,\na,b,y\n1,2,p\n3,4,q\n"),
      Contains(
          "line 1: a single column has a name, 'Report', as where a title stands above the names; pass over it by header = 2"));
  CHECK_THROWS_WITH(load("a,y\n-,---\n1,p\n2,q\n"), Contains("line 2: the line is a rule between names and rows; remove it"));
  CHECK_THROWS_WITH(load("+---+---+\n| a | y |\n+---+---+\n| 1 | p |\n"), Contains("a table with borders, as mysql prints it"));
  CHECK_THROWS_WITH(load(" a | y \n---+---\n 1 | p\n 2 | q\n"), Contains("delimiter = '|'"));
  CHECK_THROWS_WITH(load("a,b,y\n7,1,2,p\n7,3,4,q\n7,3,4,q\n"),
                    Contains("a field that holds the delimiter, as a decimal comma"));
  CHECK_THROWS_WITH(load("a,b,y\nr1,1,2,p\nr2,3,4,q\n"), Contains("put a name for it in front"));
  const auto numbered = load("0,1,2\n5,6,p\n7,8,q\n9,1,p\n", {.train_rows = 2});
  CHECK(numbered.features[0].name == "0");
  CHECK_THAT(only_note(numbered), Contains("names of columns are numbers"));
  const testing::TemporaryDirectory folder;
  CHECK_THROWS_WITH(
      lmc::load_table<float>(folder.write("train.csv", "a,b,y\n1,2,p\n3,4,q\n"),
                             {.test_path = folder.write("test.csv", "0,0,p\n3,4,q\n")}),
      Contains("test.csv', line 1: expected the columns' names, as in '") && Contains("put that line on top of it"));
  const auto headless = folder.write("headless.csv", "1,2,p\n3,4,q\n1,4,p\n");
  for (const lmc::CsvOptions& options : {lmc::CsvOptions{.header = 0}, lmc::CsvOptions{.names = false}}) {
    lmc::CsvOptions with_test = options;
    with_test.test_path =
        folder.write("named.csv", (options.header == 0 ? "" : "a title\n") + std::string("a,b,y\n1,2,p\n3,4,q\n"));
    CHECK_THROWS_WITH(lmc::load_table<float>(headless, with_test),
                      Contains("these look like the columns' names, 'a' being the first, and '") &&
                          Contains("headless.csv' is read without names; remove the line"));
    with_test.test_path = folder.write("rows.csv", (options.header == 0 ? "" : "a title\n") + std::string("7,8,p\n1,4,q\n"));
    CHECK_NOTHROW(lmc::load_table<float>(headless, with_test));
  }
}

TEST_CASE("load_table: its advice on numbers leads on", "[data]") {
  CHECK_THROWS_WITH(load("x,class\n1,a\nn/k,b\n2,a\n#DIV/0!,b\n3,a\n4,b\n", {.train_rows = 5}),
                    Contains("missing_texts = {\"n/k\", \"#DIV/0!\"}, which replaces the usual list"));
  CHECK_THROWS_WITH(load("x,class\n1,a\nn/k,b\n2,a\nnil,b\n3,a\n4,b\n",
                         {.missing_texts = {"n/k"}, .missing = lmc::MissingValue::impute, .train_rows = 5}),
                    Contains("missing_texts = {\"n/k\", \"nil\"}, or take"));
  CHECK_THROWS_WITH(
      load("x;class\n1.100;a\n2.117;b\n3.000;a\n",
           {.delimiter = ';', .number_format = {lmc::NumberMark::decimal_comma}, .train_rows = 2}),
      Contains("it is one with number_format = {NumberMark::decimal_comma, NumberMark::thousands_point}, another without"));
  std::string weights = "w,class\n";
  for (int i = 0; i < 30; ++i) weights += lmc::concat(i, ".5 kg,", i % 2 == 0 ? "a\n" : "b\n");
  CHECK_THROWS_WITH(load(weights, {.test_share = 0.05}), Contains("numbers with a unit are numbers where ' kg' is left out"));
}

TEST_CASE("load_table: says which notation of numbers it does not read, where all texts of a column are numbers", "[data]") {
  const auto numerals = [](auto text) {
    std::string table = "x,class\n";
    for (int i = 0; i < 50; ++i) table += lmc::concat('"', text(i), i % 2 == 0 ? "\",a\n" : "\",b\n");
    return table;
  };
  CHECK_THROWS_WITH(
      load(numerals([](int i) { return lmc::concat(i % 3 == 0 ? "2," : "(2,", 100 + i, i % 3 == 0 ? "" : ")"); })),
      Contains("texts are different, '(2,1") &&
          Contains("' among them; brackets are read as no minus; if it is a negative number, write it as -5; "
                   "otherwise leave the column out, drop = {\"x\"}"));
  CHECK_THROWS_WITH(load(numerals([](int i) { return lmc::concat("5,72,", 100 + i); })),
                    Contains("'5,72,1") && Contains("if it is a number, write it as -5 or 1234; otherwise"));
  CHECK_THROWS_WITH(load(numerals([](int i) { return lmc::concat(1 + i, "_", 100 + i); })),
                    Contains("if it is a number, write it as -5 or 1234; otherwise"));
  CHECK_THROWS_WITH(load(numerals([](int i) { return lmc::concat(1 + i, "_", 10 + i); })), Contains("names its rows"));
}

TEST_CASE("load_table: takes a minus alone for no number", "[data]") {
  const auto table = load("x,class\n-,a\nred,b\n-,a\nred,b\nred,a\n", {.train_rows = 4});
  CHECK_THAT(only_note(table), Contains("the category '-', which may stand for a missing value"));
}

TEST_CASE("load_table: names a line of units, and another seed than the one given", "[data]") {
  std::string text = "x,z,class\ncm,mm,-\n";
  for (int i = 0; i < 9; ++i) text += lmc::concat(i * i, ',', i * 7 % 9 * 3, i % 2 == 0 ? ",1\n" : ",0\n");
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    try {
      load(text, {.test_share = 0.5, .seed = seed});
    } catch (const lmc::Error& e) {
      if (std::string_view(e.what()).find("occurs in the test part only") == std::string_view::npos) continue;
      ++refused;
      CHECK_THAT(e.what(), Contains("if the line holds units, remove it") && Contains(lmc::concat("seed = ", seed + 1)));
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("load_table: says where a line of names or the labels cannot be meant", "[data]") {
  CHECK_THROWS_WITH(load("x,class,\n1,a\n2,b\n"), Contains("there are 3 column names, but the rows have 2 fields; the line of "
                                                           "names ends in a delimiter, and the rows do not: remove it there"));
  CHECK_THROWS_WITH(load("x,class,kind\n1,a,\n2,b,\n"),
                    Contains("column 'kind': no row has a label; fill them in, or choose another column, label"));
  CHECK_THROWS_WITH(load("x,class,kind\n1,a,\n2,b,c\n"), Contains("column 'kind': the label is missing"));
  CHECK_THROWS_WITH(load(",Measure,Measure,\nid,a,b,kind\n0,5,4,B\n1,4,2,B\n"),
                    Contains("'Measure' occurs twice; where the names stand in the next line, pass header = 2; otherwise "
                             "rename one"));
}

}  // namespace data_table_reading_test
