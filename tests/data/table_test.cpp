// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/table.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <support/idx_files.hpp>
#include <support/skip.hpp>
#include <support/temporary_directory.hpp>

namespace data_table_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::MissingValue;
using lmc::UnknownCategory;
using Matrix = std::vector<std::vector<double>>;
using Labels = std::vector<std::int32_t>;
using Names = std::vector<std::string>;

lmc::Table<double> load(std::string_view text, const lmc::CsvOptions& options) {
  const testing::TemporaryDirectory directory;
  return lmc::load_table<double>(directory.write("a.csv", text), options);
}

// Loads a table that consists of two files, train.csv and test.csv.
lmc::Table<double> load_two(std::string_view train, std::string_view test, lmc::CsvOptions options = {}) {
  const testing::TemporaryDirectory directory;
  options.test_path = directory.write("test.csv", test);
  return lmc::load_table<double>(directory.write("train.csv", train), options);
}

template <class Scalar>
Matrix features(const lmc::Dataset<Scalar>& data) {
  const auto& values = std::get<std::vector<Scalar>>(data.features());
  Matrix rows;
  for (auto i = values.begin(); i != values.end(); i += data.shape().size()) rows.emplace_back(i, i + data.shape().size());
  return rows;
}

template <class Scalar>
Labels labels(const lmc::Dataset<Scalar>& data) {
  return {data.labels().begin(), data.labels().end()};
}

Names names(const std::vector<lmc::TableFeature>& features) {
  Names result;
  for (const auto& f : features) result.push_back(f.name);
  return result;
}

template <class Scalar>
std::vector<int> histogram(const lmc::Dataset<Scalar>& data) {
  std::vector<int> counts(static_cast<std::size_t>(data.classes()));
  for (const auto y : data.labels()) ++counts[static_cast<std::size_t>(y)];
  return counts;
}

struct Reference {
  std::string text;
  Index train_rows;
  Matrix features;
  Labels labels;
};

// Four numbers as they are, and their labels.
const std::string small = "x,y,class\n1,2,a\n3,4,b\n5,6,a\n7,8,b\n";

}  // namespace

TEST_CASE("load_table: makes the features that NumPy makes, by the training part's statistics", "[data]") {
  const Reference reference{
#include "table_reference.inc"
  };
  const auto table =
      load(reference.text, {.categorical = {"doors"}, .missing = MissingValue::impute, .train_rows = reference.train_rows});
  Matrix got = features(table.data.train);
  const Matrix test = features(table.data.test);
  got.insert(got.end(), test.begin(), test.end());
  REQUIRE(got.size() == reference.features.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    REQUIRE(got[i].size() == reference.features[i].size());
    // NumPy sums in another order: some units in the last place of numbers up to 5.
    for (std::size_t j = 0; j < got[i].size(); ++j) CHECK_THAT(got[i][j], WithinAbs(reference.features[i][j], 1e-14));
  }
  Labels y = labels(table.data.train);
  const Labels test_y = labels(table.data.test);
  y.insert(y.end(), test_y.begin(), test_y.end());
  CHECK(y == reference.labels);
  CHECK(names(table.features) ==
        Names{"width", "color=blue", "color=green", "color=red", "height", "doors=2", "doors=4", "doors=10", "constant"});
  CHECK(table.classes == Names{"car", "van"});
  CHECK(table.data.test.classes() == 2);
  CHECK(table.data.train.shape() == lmc::Shape{9});
}

TEST_CASE("load_table: keeps the mean and deviation of what it standardized", "[data]") {
  auto table = load(small, {.train_rows = 2});
  CHECK(table.features == std::vector<lmc::TableFeature>{{"x", 2, 1}, {"y", 3, 1}});
  CHECK(features(table.data.train) == Matrix{{-1, -1}, {1, 1}});
  CHECK(features(table.data.test) == Matrix{{3, 3}, {5, 5}});
  table = load(small, {.standardize = false, .train_rows = 2});
  CHECK(table.features == std::vector<lmc::TableFeature>{{"x", 0, 1}, {"y", 0, 1}});
  CHECK(features(table.data.test) == Matrix{{5, 6}, {7, 8}});
  // Ten times 0.1 is not 1 in floating point: a mean from the sum would not be 0.1.
  std::string constant = "x,class\n";
  for (int i = 0; i < 10; ++i) constant += i % 2 == 0 ? "0.1,a\n" : "0.1,b\n";
  table = load(constant + "0.35,a\n", {.train_rows = 10});
  CHECK(table.features == std::vector<lmc::TableFeature>{{"x", 0.1, 1}});
  CHECK(features(table.data.train) == Matrix(10, {0}));
  CHECK(features(table.data.test) == Matrix{{0.35 - 0.1}});
}

TEST_CASE("load_csv: gives the examples of load_table, by default four fifths to train", "[data]") {
  const testing::TemporaryDirectory directory;
  std::string text = "x,class\n";
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + "," + std::to_string(i % 3) + "\n";
  const auto path = directory.write("a.csv", text);
  const lmc::TrainTest<float> data = lmc::load_csv<float>(path);
  CHECK(data.train.size() == 80);
  CHECK(data.test.size() == 20);
  CHECK(features(data.test) == features(lmc::load_table<float>(path).data.test));
  CHECK(labels(data.train) == labels(lmc::load_table<float>(path).data.train));
}

TEST_CASE("load_table: puts a share of the rows aside at random, by the seed", "[data]") {
  std::string text = "x,class\n";
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + "," + std::to_string(i % 3) + "\n";
  const auto values = [&](const lmc::Dataset<double>& part) {
    std::vector<double> x;
    for (const auto& row : features(part)) x.push_back(row[0]);
    // A row keeps its label.
    for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(labels(part)[i] == static_cast<int>(x[i]) % 3);
    return x;
  };
  const auto parts = [&](double share, std::uint64_t seed) {
    const auto data = load(text, {.standardize = false, .test_share = share, .seed = seed}).data;
    return std::pair(values(data.train), values(data.test));
  };
  const auto [train, test] = parts(0.3, 1);
  CHECK(train.size() == 70);
  CHECK(test.size() == 30);
  CHECK(std::is_sorted(train.begin(), train.end()));
  CHECK(std::is_sorted(test.begin(), test.end()));
  std::vector<double> all = train;
  all.insert(all.end(), test.begin(), test.end());
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  CHECK(parts(0.3, 1).second == test);
  CHECK(parts(0.3, 2).second != test);
  // However small a share, there is a row in each part.
  CHECK(parts(0.001, 1).second.size() == 1);
}

TEST_CASE("load_table: takes the first rows to train, or a file of its own to test", "[data]") {
  auto table = load(small, {.standardize = false, .train_rows = 3});
  CHECK(features(table.data.train) == Matrix{{1, 2}, {3, 4}, {5, 6}});
  CHECK(features(table.data.test) == Matrix{{7, 8}});
  CHECK(labels(table.data.train) == Labels{0, 1, 0});
  table = load_two(small, "x,y,class\n9,10,b\n", {.standardize = false});
  CHECK(features(table.data.train) == Matrix{{1, 2}, {3, 4}, {5, 6}, {7, 8}});
  CHECK(features(table.data.test) == Matrix{{9, 10}});
  CHECK(labels(table.data.test) == Labels{1});
  // Standardized by the training file.
  CHECK(load_two("x,class\n1,a\n3,b\n", "x,class\n5,a\n").features[0].mean == 2);
}

TEST_CASE("load_table: refuses options that leave a part empty, or say it twice", "[data]") {
  CHECK_THROWS_WITH(load(small, {.train_rows = 4}),
                    Contains("train_rows = 4; expected 1 to 3") && Contains("a.csv' has 4 rows"));
  CHECK_THROWS_WITH(load(small, {.train_rows = -1}), Contains("train_rows = -1; expected 1 to 3"));
  for (const double share : {0.0, 1.0, -0.5, std::nan("")})
    CHECK_THROWS_WITH(load(small, {.test_share = share}), Contains("test_share = ") && Contains("between 0 and 1"));
  CHECK_THROWS_WITH(load("x,class\n1,a\n", {}), Contains("a.csv' has one row"));
  CHECK_THROWS_WITH(load_two(small, small, {.train_rows = 2}), Contains("both test_path = ") && Contains("train_rows = 2"));
}

TEST_CASE("load_table: finds the label by name, or by position from either end", "[data]") {
  const std::string text = "a,b,c\n0,u,5\n1,v,6\n0,u,7\n";
  for (const lmc::TableColumn& label : {lmc::TableColumn("a"), lmc::TableColumn(0), lmc::TableColumn(-3)}) {
    const auto table = load(text, {.label = label, .standardize = false, .train_rows = 2});
    CHECK(labels(table.data.train) == Labels{0, 1});
    CHECK(features(table.data.train) == Matrix{{1, 0, 5}, {0, 1, 6}});
    CHECK(names(table.features) == Names{"b=u", "b=v", "c"});
  }
  CHECK(load(text, {.label = "b", .train_rows = 2}).classes == Names{"u", "v"});
  CHECK_THROWS_WITH(load("width,class\n1,a\n", {.label = "clas"}),
                    Contains("unknown column of '") && Contains("a.csv': 'clas'; did you mean 'class'? Known: width, class"));
  CHECK_THROWS_WITH(load(text, {.label = 3}), Contains("label: '") && Contains("a.csv' has no column 3; expected -3 to 2"));
  CHECK_THROWS_WITH(load(text, {.drop = {"z"}}), Contains("drop: unknown column"));
  CHECK_THROWS_WITH(load(text, {.categorical = {"z"}}), Contains("categorical: unknown column"));
  CHECK_THROWS_WITH(load(text, {.label = -4}), Contains("has no column -4"));
}

TEST_CASE("load_table: numbers the classes in order, by value where all are whole numbers", "[data]") {
  const auto classes = [](const Names& column) {
    std::string text = "x,class\n";
    for (const auto& label : column) text += "1," + label + "\n";
    const auto table = load_two(text, text);
    return std::pair(table.classes, labels(table.data.test));
  };
  CHECK(classes({"2", "0", "1", "0"}) == std::pair(Names{"0", "1", "2"}, Labels{2, 0, 1, 0}));
  CHECK(classes({"10", "9", "-1"}) == std::pair(Names{"-1", "9", "10"}, Labels{2, 1, 0}));
  // One number, however it is written.
  CHECK(classes({"1.0", "+1", "02", "1"}) == std::pair(Names{"1", "2"}, Labels{0, 0, 1, 0}));
  CHECK(classes({"10", "9", "b"}) == std::pair(Names{"10", "9", "b"}, Labels{0, 1, 2}));
  CHECK(classes({"0.5", "0.25"}) == std::pair(Names{"0.25", "0.5"}, Labels{1, 0}));
  CHECK(classes({"ä", "Z", "a"}) == std::pair(Names{"Z", "a", "ä"}, Labels{2, 0, 1}));
  CHECK(classes({"\"red, wet\"", " red"}) == std::pair(Names{"red", "red, wet"}, Labels{1, 0}));
}

TEST_CASE("load_table: refuses labels that are missing, of one class, of the test part alone, or of a regression", "[data]") {
  CHECK_THROWS_WITH(load_two("x,class\n1,a\n2,?\n", "x,class\n1,a\n"),
                    Contains("train.csv', line 3, column 'class': the label is missing ('?')"));
  CHECK_THROWS_WITH(load_two("x,class\n1,a\n2,b\n", "x,class\n1,\n2,b\n"),
                    Contains("test.csv', line 2, column 'class': the label is missing"));
  CHECK_THROWS_WITH(load_two("x,class\n1,a\n2,a\n", "x,class\n1,b\n"),
                    Contains("train.csv', column 'class': all labels are 'a'; expected two classes or more; "
                             "the option label chooses another column"));
  CHECK_THROWS_WITH(load_two("x,class\n1,a\n2,b\n", "x,class\n1,b\n1,c\n"),
                    Contains("test.csv', line 3, column 'class': the label 'c' occurs in the test part only"));
  CHECK_THROWS_WITH(load_two("x,class\n1,3\n2,4\n", "x,class\n1,3.5\n"),
                    Contains("the label '3.5' occurs in the test part only"));
  const auto numbered = [](int rows, int distinct, const std::string& end, lmc::CsvOptions options = {}) {
    std::string text = "x,class\n";
    for (int i = 0; i < rows; ++i) text += "1," + std::to_string(i % distinct) + end + "\n";
    return load_two(text, text, std::move(options)).classes.size();
  };
  CHECK(numbered(22, 11, "") == 11);
  CHECK_THROWS_WITH(numbered(21, 11, ""),
                    Contains("there are 11 different labels, '0' among them, in 21 rows; this looks like a "
                             "regression target or an identifier, expected classes; is 'class' the column "
                             "of labels? label chooses another, categorical = {\"class\"} insists"));
  CHECK(numbered(21, 11, "", {.categorical = {"class"}}) == 11);
  CHECK(numbered(40, 10, ".5") == 10);
  CHECK_THROWS_WITH(numbered(400, 11, ".5"),
                    Contains("the labels are 11 different numbers, such as 9.5; this looks like a regression"));
  CHECK(numbered(400, 11, ".5", {.categorical = {"class"}}) == 11);
  CHECK_THROWS_WITH(load_two("x,class\n1,01\n1,1\n1,2\n", "x,class\n1,1\n"),
                    Contains("the labels '01' and '1' are one number; write them alike, or take each text for a class, "
                             "categorical = {\"class\"}"));
  CHECK(load_two("x,class\n1,01\n1,1\n1,2\n", "x,class\n1,1\n", {.categorical = {"class"}}).classes == Names{"01", "1", "2"});
}

TEST_CASE("load_table: leaves columns out, and takes numbers for categories where told to", "[data]") {
  const std::string text = "id,a,b,class\nr1,10,1,x\nr2,9,2,y\nr3,9,3,x\n";
  const auto table = load(text, {.categorical = {1}, .drop = {"id", -2}, .train_rows = 2});
  CHECK(names(table.features) == Names{"a=9", "a=10"});
  CHECK(features(table.data.train) == Matrix{{0, 1}, {1, 0}});
  CHECK_THROWS_WITH(load(text, {.drop = {"class"}}), Contains("drop lists the label column 'class'"));
  CHECK_THROWS_WITH(load(text, {.drop = {"idd"}}), Contains("'idd'; did you mean 'id'?"));
  CHECK_THROWS_WITH(load(text, {.categorical = {"c"}}), Contains("a.csv': 'c'; did you mean"));
  CHECK_THROWS_WITH(load("a,class\n1,x\n2,y\n", {.drop = {"a"}}), Contains("has no column beside the label 'class'"));
  CHECK_THROWS_WITH(load("class\nx\ny\n", {}), Contains("has no column beside the label 'class'"));
}

TEST_CASE("load_table: refuses what a numeric column's test part has that is no number", "[data]") {
  const std::string train = "x,class\n1,a\n2,b\n";
  CHECK_THROWS_WITH(load_two(train, "x,class\n1,a\n1O,b\n"),
                    Contains("test.csv', line 3, column 'x': '1O' is no number, but the column's other values are"));
  for (const auto* text : {"inf", "-inf", "nAn", "1e999"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH(load_two(train, "x,class\n" + std::string(text) + ",a\n"),
                      Contains("test.csv', line 2, column 'x': '" + std::string(text) + "' is not finite"));
    CHECK_THROWS_WITH(load_two(train + text + ",a\n", train),
                      Contains("train.csv', line 4, column 'x': '" + std::string(text) + "' is not finite"));
  }
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("a.csv", "x,class\n1,a\n1e39,b\n2,a\n");
  CHECK_THROWS_WITH(lmc::load_csv<float>(path, {.standardize = false, .train_rows = 2}),
                    Contains("a.csv', line 3, column 'x': '1e39' is beyond the range of the features' type"));
  CHECK(features(lmc::load_csv<float>(path, {.train_rows = 2}).train) == Matrix{{-1}, {1}});
  CHECK_THROWS_WITH(
      load("x,class\n-1e308,a\n1e308,b\n2,a\n", {.train_rows = 2}),
      Contains("a.csv', column 'x': the mean is 0 and the deviation inf; numbers of this size cannot be standardized"));
}

TEST_CASE("load_table: refuses categories of the test part alone, or makes their features 0", "[data]") {
  const std::string train = "x,class\nu,a\nv,b\n", test = "x,class\nv,a\nw,b\n";
  CHECK_THROWS_WITH(load_two(train, test),
                    Contains("test.csv', line 3, column 'x': the category 'w' does not occur in the training part; pass "
                             "unknown_category = UnknownCategory::ignore"));
  const auto table = load_two(train, test, {.unknown_category = UnknownCategory::ignore});
  CHECK(features(table.data.test) == Matrix{{0, 1}, {0, 0}});
}

TEST_CASE("load_table: refuses missing values, or puts mean and most frequent category in their place", "[data]") {
  const std::string train = "x,c,class\n1,u,a\n,v,b\n6,?,a\n2,v,b\n1,w,a\n0,w,b\n", test = "x,c,class\n NA ,,a\n";
  CHECK_THROWS_WITH(load_two(train, test),
                    Contains("train.csv', line 3, column 'x': the value is missing (''); fill it in, pass "
                             "missing = MissingValue::impute, or take '' for a value, by a list of missing texts without it"));
  CHECK_THROWS_WITH(load_two("x,class\n1,a\n2,b\n", "x,class\n1,a\n?,b\n"),
                    Contains("test.csv', line 3, column 'x': the value is missing ('?')"));
  auto table = load_two(train, test, {.missing = MissingValue::impute, .standardize = false});
  // The mean of 1, 6, 2, 1, 0; v and w occur twice, and v comes first.
  CHECK(features(table.data.train) ==
        Matrix{{1, 1, 0, 0}, {2, 0, 1, 0}, {6, 0, 1, 0}, {2, 0, 1, 0}, {1, 0, 0, 1}, {0, 0, 0, 1}});
  CHECK(features(table.data.test) == Matrix{{2, 0, 1, 0}});
  // The variance of six values, the imputed one among them: (1 + 0 + 16 + 0 + 1 + 4) / 6.
  table = load_two(train, test, {.missing = MissingValue::impute});
  CHECK(table.features[0].mean == 2);
  CHECK_THAT(table.features[0].standard_deviation, WithinAbs(std::sqrt(22.0 / 6), 1e-15));
  CHECK(features(table.data.test)[0][0] == 0);

  CHECK_THROWS_WITH(load_two("x,y,class\n1,,a\n2,?,b\n", "x,y,class\n1,2,a\n", {.missing = MissingValue::impute}),
                    Contains("train.csv', column 'y': the training part has no value; leave the column out, drop = {\"y\"}"));
  // The user chooses which texts stand for a missing value.
  table = load_two("x,class\n-999,NA\n3,b\n", "x,class\n-999,b\n",
                   {.missing_texts = {"-999"}, .missing = MissingValue::impute, .standardize = false});
  CHECK(features(table.data.train) == Matrix{{3}, {3}});
  CHECK(table.classes == Names{"NA", "b"});
}

TEST_CASE("load_table: refuses a column of more categories than a table has", "[data]") {
  const auto load_categories = [](int count) {
    std::string text = "x,class\n5,a\n,b\n";
    for (int i = 1; i < count; ++i) text += "n" + std::to_string(i) + (i % 2 == 0 ? ",a\n" : ",b\n");
    return load_two(text, text, {.categorical = {"x"}, .missing = MissingValue::impute}).features.size();
  };
  CHECK(load_categories(1000) == 1000);
  CHECK_THROWS_WITH(load_categories(1001), Contains("train.csv', column 'x': the column has 1001 categories, '5' among them; "
                                                    "expected numbers, or at most 1000 categories"));
}

TEST_CASE("load_table: takes other header lines, delimiters, line ends, and blanks around fields", "[data]") {
  const lmc::CsvOptions options{.header = 2, .standardize = false, .train_rows = 2};
  const std::string text = "# classes: \"no|yes\n x , color,class\n1, red ,0\n 2,\"blue\",\t1\n3,red,0\n";
  const auto expect = [](const lmc::Table<double>& table) {
    CHECK(names(table.features) == Names{"x", "color=blue", "color=red"});
    CHECK(features(table.data.train) == Matrix{{1, 0, 1}, {2, 1, 0}});
    CHECK(labels(table.data.train) == Labels{0, 1});
    CHECK(features(table.data.test) == Matrix{{3, 0, 1}});
  };
  expect(load(text, options));
  std::string crlf, semicolons = text;
  for (const char c : text) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  expect(load("\xEF\xBB\xBF" + crlf, options));
  std::replace(semicolons.begin(), semicolons.end(), ',', ';');
  expect(load(semicolons, {.delimiter = ';', .header = 2, .standardize = false, .train_rows = 2}));
}

TEST_CASE("load_table: numbers the columns of files without names", "[data]") {
  // As scikit-learn's breast_cancer.csv and digits.csv begin.
  const std::string rows = "17.99,10.38,5,0\n20.57,17.77,5,1\n19.69,21.25,5,0\n";
  const std::string counted = "3,3,malignant,benign\n" + rows, three = "3,3,malignant\n" + rows;
  for (const auto& table : {load(counted, {.header = 1, .names = false}), load(three, {.header = 1, .names = false}),
                            load(rows, {.header = 0}), load(rows, {.header = 0, .names = false})}) {
    CHECK(names(table.features) == Names{"column0", "column1", "column2"});
    CHECK(table.data.train.size() == 2);
    CHECK(table.data.test.size() == 1);
    CHECK(table.classes == Names{"0", "1"});
  }
  CHECK(names(load(rows, {.header = 0, .label = "column3", .drop = {"column1"}}).features) == Names{"column0", "column2"});
  CHECK_THROWS_WITH(load(three, {}), Contains("a.csv', line 1: there are 3 column names, but the rows have 4 fields;") &&
                                         Contains("; where the line holds no names, pass names = false"));
  CHECK_THROWS_WITH(load(rows, {}),
                    Contains("a.csv', line 1: the column names are numbers; for a row of data, pass header = 0; "
                             "for a line to pass over, names = false"));
}

TEST_CASE("load_table: refuses files without rows, and equal names", "[data]") {
  CHECK_THROWS_WITH(load("", {}), Contains("a.csv' has no rows; expected some behind the first header = 1 lines"));
  CHECK_THROWS_WITH(load("", {.header = 0}), Contains("a.csv' has no rows"));
  CHECK_THROWS_WITH(load("x,class\n", {}), Contains("a.csv' has no rows; expected some behind"));
  CHECK_THROWS_WITH(load("x,class\n1,a\n", {.header = 3}), Contains("a.csv' has no rows; expected some behind"));
  CHECK_THROWS_WITH(load(small, {.header = -1}), Contains("header = -1; expected the number of lines before the rows"));
  CHECK_THROWS_WITH(load("x,y, x,class\n1,2,3,a\n", {}), Contains("a.csv', line 1: the column name 'x' occurs twice"));
  CHECK_THROWS_WITH(load("x,class\n1,a\n2\n", {}),
                    Contains("a.csv', line 3: the number of fields is 1; expected 2, as in line 2"));
}

TEST_CASE("load_table: notes a feature that tells the label, and says how a class of one row gets into the training part",
          "[data]") {
  std::string table = "color,code,x,class\n";
  const auto row = [&](int i, int code) {
    table += (i % 3 == 0 ? "red," : "blue,") + std::to_string(code) + "," + std::to_string(i * i % 17) +
             (i % 3 == 0 ? ",r\n" : ",b\n");
  };
  for (int i = 0; i < 60; ++i) row(i, i % 3 == 0 ? 7 : 1);
  const auto told = [&] {
    std::string columns;
    for (const lmc::ReadNote& note : load(table, {}).data.report.notes)
      if (note.what.find("tells the label") != std::string::npos)
        columns += note.what.substr(0, note.what.find(" tells")) + ";";
    return columns;
  };
  CHECK(told() == "column 'color';column 'code';");
  for (int i = 0; i < 60; ++i) row(i, i % 2);
  CHECK(told() == "column 'color';");

  const auto split = [&](std::uint64_t seed) { return load(table + "red,1,2,single\n", {.seed = seed}).classes.size(); };
  std::size_t loaded = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    try {
      loaded += split(seed) == 3;
    } catch (const lmc::Error& error) {
      CHECK_THAT(error.what(), Contains("'single' occurs in the test part only") &&
                                   Contains(lmc::concat("another split, seed = ", seed + 1)));
    }
  }
  CHECK(loaded > 10);
  CHECK(loaded < 20);
}

TEST_CASE("load_table: refuses a test file with other columns", "[data]") {
  CHECK_THROWS_WITH(load_two(small, "x,class\n1,a\n"),
                    Contains("test.csv' has 2 columns, and '") && Contains("train.csv' 3; expected the same columns"));
  CHECK_THROWS_WITH(load_two(small, "y,x,class\n1,2,a\n"),
                    Contains("test.csv': column 0 is 'y', and in '") && Contains("train.csv' it is 'x'"));
  CHECK_THROWS_WITH(load_two(small, "x,y,class\n"), Contains("test.csv' has no rows"));
}

TEST_CASE("load_table: reads real tables", "[data][real][long]") {
  const char* const folder = std::getenv("LMC_TEST_DATA");
  if (folder == nullptr) return testing::skip("LMC_TEST_DATA is not set");
  const auto file = [&](const std::string& name) { return std::filesystem::path(folder) / "tabular" / (name + ".csv.gz"); };
  struct Expected {
    std::string name;
    Index train_rows, test_rows, features, classes;
  };
  for (const auto& [name, train_rows, test_rows, columns, classes] : {Expected{"letter", 16000, 4000, 16, 26},
                                                                      {"satellite", 4435, 2000, 36, 6},
                                                                      {"shuttle", 0, 11600, 9, 7},
                                                                      {"dna", 0, 637, 180, 3},
                                                                      {"spam", 0, 920, 57, 2}}) {
    CAPTURE(name);
    const auto table = lmc::load_table<double>(file(name), {.header = 2, .train_rows = train_rows});
    const auto& train = table.data.train;
    CHECK(table.data.test.size() == test_rows);
    if (train_rows > 0) CHECK(train.size() == train_rows);
    CHECK(train.shape() == lmc::Shape{columns});
    REQUIRE(static_cast<Index>(table.features.size()) == columns);
    // 0-based labels stay as they are.
    REQUIRE(train.classes() == classes);
    for (Index k = 0; k < classes; ++k) CHECK(table.classes[static_cast<std::size_t>(k)] == std::to_string(k));
    const Matrix x = features(train);
    for (std::size_t j = 0; j < static_cast<std::size_t>(columns); ++j) {
      double sum = 0, squares = 0;
      for (const auto& row : x) {
        sum += row[j];
        squares += row[j] * row[j];
      }
      // Some 10⁴ additions of numbers about 1, each off by 1e-16 of a sum up to 10⁴.
      CHECK_THAT(sum / static_cast<double>(x.size()), WithinAbs(0, 1e-11));
      CHECK_THAT(squares / static_cast<double>(x.size()), WithinAbs(1, 1e-11));
    }
  }

  const auto letter = lmc::load_table<float>(file("letter"), {.header = 2, .standardize = false, .train_rows = 16000});
  CHECK(names(letter.features)[0] == "x.box");
  CHECK(features(letter.data.train)[0] == std::vector<double>{2, 8, 3, 5, 1, 8, 13, 0, 6, 6, 10, 8, 0, 8, 0, 8});
  CHECK(labels(letter.data.train)[0] == 19);  // T

  const auto shuttle = lmc::load_csv<float>(file("shuttle"), {.header = 2});
  std::vector<int> counts = histogram(shuttle.train);
  for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += histogram(shuttle.test)[k];
  CHECK(counts == std::vector<int>{45586, 50, 171, 8903, 3267, 10, 13});
}

TEST_CASE("load_table: reads the tables of scikit-learn", "[data][real]") {
  const std::filesystem::path directory = "/usr/lib/python3/dist-packages/sklearn/datasets/data";
  if (!std::filesystem::exists(directory)) return testing::skip("Debian's package python3-sklearn is not installed");
  const auto cancer = lmc::load_table<float>(directory / "breast_cancer.csv", {.names = false, .train_rows = 455});
  CHECK(cancer.data.train.size() == 455);
  CHECK(cancer.data.test.size() == 114);
  CHECK(cancer.data.train.shape() == lmc::Shape{30});
  auto counts = histogram(cancer.data.train);
  for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += histogram(cancer.data.test)[k];
  CHECK(counts == std::vector<int>{212, 357});
  CHECK_THROWS_WITH(lmc::load_csv<float>(directory / "breast_cancer.csv"),
                    Contains("breast_cancer.csv', line 1: there are 4 column names, but the rows have 31 fields"));

  const auto digits = lmc::load_table<float>(directory / "digits.csv.gz", {.header = 0});
  CHECK(digits.data.train.shape() == lmc::Shape{64});
  counts = histogram(digits.data.train);
  for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += histogram(digits.data.test)[k];
  CHECK(counts == std::vector<int>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});
  CHECK_THROWS_WITH(lmc::load_csv<float>(directory / "digits.csv.gz"),
                    Contains("digits.csv.gz', line 1: the column names are numbers"));
}

}  // namespace data_table_test
