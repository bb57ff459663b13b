// SPDX-License-Identifier: BSD-3-Clause
// Columns of a table that give away the label or the part, and rows that are in both parts.
#include <lmc/data/sources/table.hpp>

#include <catch2/catch.hpp>
#include <string>

#include <support/temporary_directory.hpp>

namespace data_table_notes_test {

namespace {

using Catch::Matchers::Contains;

// The notes, each in a line.
std::string notes(std::string_view text, const lmc::CsvOptions& options = {}) {
  const testing::TemporaryDirectory directory;
  std::string all;
  for (const auto& note : lmc::load_csv<float>(directory.write("a.csv", text), options).report.notes) all += note.what + "\n";
  return all;
}

// 40 rows `value,number,class`, with values(i) and label(i) and numbers that no two rows share.
template <class Values, class Label>
std::string rows(const std::string& name, Values values, Label label) {
  std::string text = name + ",x,class\n";
  for (int i = 0; i < 40; ++i) text += lmc::concat(values(i), ',', i * 7 % 40 * 10, ',', label(i), '\n');
  return text;
}

constexpr auto in_turn = [](int i) { return i % 2 == 0 ? "cat" : "dog"; };

}  // namespace

TEST_CASE("load_table: notes rows that a file repeats, where it is split", "[data]") {
  std::string once = "id,x,class\n", repeated = once;
  for (int i = 0; i < 40; ++i) {
    once += lmc::concat(i, ',', i * 7 % 40 * 10, i % 2 == 0 ? ",a\n" : ",b\n");
    repeated += lmc::concat(i, ',', i % 20 * 7 % 40, i % 2 == 0 ? ",a\n" : ",b\n");
  }
  const lmc::CsvOptions options{.drop = {"id"}, .train_rows = 30};
  CHECK(notes(once, options).empty());
  CHECK(notes(repeated, options) == "test rows are training rows, too: the file repeats rows\n");
  CHECK_THAT(notes(repeated, {.drop = {"id"}, .test_share = 0.25}), Contains("test rows are training rows, too"));
  CHECK_THAT(notes(repeated, {.train_rows = 30}), !Contains("training rows"));  // each row has an id of its own
}

TEST_CASE("load_table: notes rows of equal features and different labels", "[data]") {
  const auto table = [](int different) {  // of 40 rows, which are all there twice
    std::string text = "x,y,class\n";
    for (int i = 0; i < 80; ++i)
      text += lmc::concat(i / 2 * 7 % 41, ',', i / 2 % 3, i < 2 * different && i % 2 == 0 ? ",a\n" : ",b\n");
    return text + "99,1,a\n100,1,b\n";
  };
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("a.csv", table(3));
  const auto report = lmc::load_csv<float>(path, {.train_rows = 80}).report;
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].what == "training rows have equal features and different labels: no network can tell which");
  CHECK(report.notes[0].count == 6);
  CHECK_THAT(report.notes[0].first, Contains("a.csv', line 2"));
}

TEST_CASE("load_table: notes a copy of the training file to test with, and a test part of one class", "[data]") {
  const testing::TemporaryDirectory directory;
  std::string text = "x,class\n";
  for (int i = 0; i < 40; ++i) text += lmc::concat(i * 7 % 40 * 10, i < 20 ? ",a\n" : ",b\n");
  const auto path = directory.write("a.csv", text);
  const auto copied = lmc::load_csv<float>(path, {.test_path = directory.write("b.csv", text)}).report.notes;
  REQUIRE(copied.size() == 1);
  CHECK(copied[0].what == "test rows are training rows, too");
  CHECK(copied[0].count == 40);
  CHECK(notes(text, {.train_rows = 29}) == "test examples are all of one class: their error says nothing of the others\n");
  CHECK(notes(text, {.train_rows = 31}).empty());  // nine rows, which may be so by chance
}

TEST_CASE("load_table: notes a column that says which rows train", "[data]") {
  const auto usage = [](int i) { return i % 3 == 0 ? "Training" : i % 3 == 1 ? "PublicTest" : "PrivateTest"; };
  const std::string note = "' seems to say which rows train; leave it out: ";
  CHECK(notes(rows("kind", usage, in_turn)) == "column 'kind" + note + "drop = {\"kind\"}\n");
  CHECK(notes(rows("kind", usage, in_turn), {.wording = lmc::Wording::command_line}) ==
        "column 'kind" + note + "--drop kind\n");
  CHECK(notes(rows(
            "Fold", [](int i) { return i / 8; }, in_turn)) == "column 'Fold" + note + "drop = {\"Fold\"}\n");
  CHECK(notes(rows(
                  "kind", [](int i) { return i / 8; }, in_turn))
            .empty());
  CHECK(notes(rows(
                  "set", [](int i) { return i / 2; }, in_turn))
            .empty());  // more than ten values
  CHECK(notes(rows(
                  "kind", [](int i) { return i % 3 == 0   ? "train"
                                             : i % 3 == 1 ? "bus"
                                                          : "car"; }, in_turn))
            .empty());
}

TEST_CASE("load_table: notes values whose absence tells the label", "[data]") {
  const lmc::CsvOptions impute{.missing = lmc::MissingValue::impute, .train_rows = 39};
  const auto missing_where = [](auto misses) {
    return rows(
        "body", [=](int i) { return misses(i) ? std::string("?") : std::to_string(i % 5 * 3); }, in_turn);
  };
  CHECK(notes(missing_where([](int i) { return i % 2 == 0 && i < 24; }), impute) ==
        "column 'body' is missing only where the label is 'cat'; if that gives the label away, leave it out, drop = "
        "{\"body\"}\n");
  CHECK(notes(missing_where([](int i) { return i % 2 == 1 || i > 30; }), impute) ==
        "column 'body' has values only where the label is 'cat'; if that gives the label away, leave it out, drop = "
        "{\"body\"}\n");
  CHECK(notes(missing_where([](int i) { return i % 2 == 0 && i < 18; }), impute).empty());  // nine rows
  CHECK(notes(missing_where([](int i) { return i < 24; }), impute).empty());
  // Where nearly all rows have one label, so have those that miss a value.
  CHECK(notes(rows(
                  "body", [](int i) { return i < 12 ? std::string("?") : std::to_string(i % 5 * 3); },
                  [](int i) { return i == 20 || i == 30 ? "rare" : "common"; }),
              impute)
            .empty());
}

TEST_CASE("load_table: notes features that are called as labels often are", "[data]") {
  const auto value = [](int i) { return i % 3; };
  CHECK(notes(rows("Survived", value, in_turn)).empty());  // the label is called class
  const auto other = [&](const std::string& head) {
    std::string text = rows("", value, in_turn);
    return notes(head + text.substr(text.find('\n')));
  };
  CHECK(other("Survived,x,port") ==
        "column 'Survived' is a feature, and 'port' the label; if 'Survived' is the label: label = \"Survived\"\n");
  CHECK_THAT(other("a,y,port"), Contains("if 'y' is the label: label = \"y\""));
  CHECK(other("x,y,port").empty());
  CHECK(other("y,Z,port").empty());
  CHECK_THAT(other("x,Churn,port"), Contains("label = \"Churn\""));
  CHECK_THAT(other("quality,x,port"), Contains("label = \"quality\""));
  CHECK(other("x,quality,port").empty());
  CHECK(other("diagnosis,x,income").empty());
  CHECK(notes(rows(
                  "income", [](int i) { return i * 7 % 40 * 3; }, in_turn))
            .empty());  // forty values
}

TEST_CASE("load_table: names the feature that is called as labels are where the last column has no labels", "[data]") {
  const std::string advice = "column 'Label' is a feature, and 'p' the label; if 'Label' is the label: label = \"Label\"";
  const auto with_last = [](auto last) {
    std::string text = "Label,p\n";
    for (int i = 0; i < 40; ++i) text += lmc::concat(i % 3, ',', last(i), '\n');
    return text;
  };
  CHECK_THROWS_WITH(notes(with_last([](int) { return 0; })), Contains("all labels are '0'") && Contains(advice));
  CHECK_THROWS_WITH(notes(with_last([](int i) { return i; })), Contains("there are ") && Contains(advice + ", categorical"));
  CHECK_THROWS_WITH(notes(with_last([](int i) { return i < 39 ? i % 2 : 7; }), {.train_rows = 30}),
                    Contains("the label '7' occurs in the test part only; " + advice));
}

TEST_CASE("load_table: notes some test rows that are training rows, unless rows of few values meet by nature", "[data]") {
  const auto copies = [](int values, int copied, int rows) {
    std::string train = "x,class\n", test = train;
    for (int i = 0; i < 200; ++i) train += lmc::concat(i * 7 % values, i % 2 == 0 ? ",a\n" : ",b\n");
    for (int i = 0; i < rows; ++i) test += lmc::concat(i < copied ? i : 1000 + i, i % 2 == 0 ? ",a\n" : ",b\n");
    const testing::TemporaryDirectory directory;
    const auto found =
        lmc::load_csv<float>(directory.write("a.csv", train), {.test_path = directory.write("b.csv", test)}).report.notes;
    return !found.empty() && found[0].what == "test rows are training rows, too" ? found[0].count : lmc::Index{0};
  };
  CHECK(copies(200, 10, 100) == 10);
  CHECK(copies(200, 9, 100) == 0);
  CHECK(copies(200, 10, 1001) == 0);  // less than one in a hundred
  CHECK(copies(200, 9, 18) == 9);     // half
  CHECK(copies(20, 10, 100) == 0);    // ten training rows of each value
}

TEST_CASE("load_table: takes names that are years, or a value of their column, for names", "[data]") {
  std::string years = "2019,2020,2021,class\n", land = "lat,lon,land\n", texts = "color,size,land\n";
  for (int i = 0; i < 40; ++i) {
    years += lmc::concat(i * 7 % 40 * 0.1, ',', i * 3 % 17, ',', i * i % 37, i % 2 == 0 ? ",a\n" : ",b\n");
    land += lmc::concat(i * 7 % 40 * 0.1, ',', i * 3 % 17, i % 3 == 0 ? ",land\n" : ",sea\n");
    texts += lmc::concat(i % 5 == 0 ? "red," : "blue,", i % 7 == 0 ? "S," : "L,", i % 3 == 0 ? "land\n" : "sea\n");
  }
  CHECK(notes(years).empty());
  std::string all_years = years;
  all_years.replace(all_years.find("class"), 5, "2022");
  CHECK(notes(all_years) == "names of columns are numbers; is the line of names a row of data?\n");
  for (const char* last : {"2020", "2200", "2021.5"}) {  // no years in order
    all_years = years;
    all_years.replace(all_years.find("class"), 5, last);
    CHECK_THROWS_WITH(notes(all_years), Contains("the column names are numbers"));
  }
  CHECK(notes(land).empty());
  CHECK_THAT(notes(texts), Contains("a column has its name among its values"));  // nothing tells names from a row
}

TEST_CASE("load_table: notes numbers that may stand for missing ones", "[data]") {
  const auto note = [](const std::string& text, int count = 3, int others = 7, const lmc::CsvOptions& options = {}) {
    lmc::CsvOptions all = options;
    all.train_rows = 39;
    return notes(rows(
                     "t", [&](int i) { return i < count ? text : std::to_string(i % others - others / 2); }, in_turn),
                 all);
  };
  for (const std::string text : {"-999", "999", "9999", "-9999.0", "1e20", "-3.4028235e+38"}) {
    CAPTURE(text);
    CHECK(note(text) == "column 't' has '" + text +
                            "', far from its other values; if it stands for a missing one: missing_texts = {\"" + text +
                            "\"}, which replaces the usual list\n");
    CHECK(note(text, 2).empty());
  }
  for (const std::string text : {"8888", "32767", "-32768", "65535", "2147483647", "-2147483648", "4294967295.0"})
    CHECK_THAT(note(text), Contains("'t' has '" + text + "', far from its other values"));
  const auto among_positive = [&](const std::string& text) {
    return notes(rows(
                     "t", [&](int i) { return i < 3 ? text : std::to_string(i * 20 % 700); }, in_turn),
                 {.train_rows = 39});
  };
  for (const std::string text : {"-9", "-99", "-999", "-99.0"})
    CHECK(among_positive(text) == "column 't' has '" + text +
                                      "', and no other value below zero; if it stands for a missing one: missing_texts = {\"" +
                                      text + "\"}, which replaces the usual list\n");
  for (const std::string text : {"-8", "-98", "9", "999"}) CHECK(among_positive(text).empty());
  CHECK(note("-99").empty());  // among −3 to 3
  for (const std::string text : {"99", "998", "999.99", "9990", "1e19"}) CHECK(note(text).empty());
  CHECK_THAT(note("999", 3, 1), Contains("'t' has '999', far from its other values"));  // which are 0, all of them
  CHECK(note("-999", 3, 250).empty());                                                  // −125 to 124
  CHECK(note("999", 39).empty());                                                       // the training part has no other value
  CHECK_THAT(note("999", 3, 7, {.missing_texts = {"?"}, .wording = lmc::Wording::command_line}),
             Contains("if it stands for a missing one: --missing-texts '?,999'\n"));
  CHECK(note("999", 3, 7, {.missing_texts = {"999"}, .missing = lmc::MissingValue::impute}).empty());
}

TEST_CASE("load_table: notes a column that goes on by one step, and another number in each row where no column has a name",
          "[data]") {
  const auto counted = [](int from, int step) {
    return notes(rows(
        "n", [=](int i) { return from + i * step; }, in_turn));
  };
  CHECK(counted(5, 1) == "column 'n' counts the rows; leave it out: drop = {\"n\"}\n");
  CHECK(counted(1000, 10) ==
        "column 'n' grows by 10 from row to row, as a count of the rows does; leave it out: drop = {\"n\"}\n");
  CHECK_THAT(counted(40, -1), Contains("'n' falls by 1 from row to row"));
  CHECK(counted(1980, 1).empty());  // years
  CHECK(counted(2100, -5).empty());
  CHECK_THAT(counted(2070, 1), Contains("'n' counts the rows"));  // up to 2109
  CHECK_THAT(notes(rows(
                 "n", [](int i) { return 1980 + i; }, [](int i) { return i < 20 ? "cat" : "dog"; })),
             Contains("the rows are sorted by their label"));
  CHECK(counted(7, 0).empty());
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += lmc::concat(i * i * 13 % 1009 + 8000, ',', i * 3 % 7, ',', i % 5, i % 2 == 0 ? ",a\n" : ",b\n");
  CHECK(notes(text, {.header = 0}) ==
        "column 'column0' has another number in each row; if these number the rows, leave it out: drop = {\"column0\"}\n");
  CHECK(notes("mass,x,y,class\n" + text).empty());
}

TEST_CASE("load_table: notes labels that look like a regression target although they are whole", "[data]") {
  const auto labelled = [](int from, int classes, int examples, const lmc::CsvOptions& options = {.train_rows = 620}) {
    std::string text = "x,age\n";
    for (int i = 0; i < examples; ++i) text += lmc::concat(i * 7 % 5 * 0.5, ',', from + i % classes, '\n');
    return notes(text, options);
  };
  CHECK_THAT(labelled(18, 62, 640),
             Contains("labels are 62 whole numbers from 18 to 79, 10 examples of each on average; this looks like a regression "
                      "target, and they are taken for classes; is 'age' the column of labels?") &&
                 Contains("categorical = {\"age\"} insists"));
  CHECK_THAT(labelled(18, 62, 640, {.categorical = {"age"}, .train_rows = 620}), !Contains("regression"));
  CHECK_THAT(labelled(18, 30, 640), !Contains("regression"));
  CHECK_THAT(labelled(0, 62, 640), !Contains("regression"));  // counted from 0, or from 1
  CHECK_THAT(labelled(1, 62, 640), !Contains("regression"));
  CHECK_THAT(labelled(18, 31, 640), !Contains("regression"));  // 20 examples of each
}

TEST_CASE("load_table: notes numbers that differ in zeros at their end", "[data]") {
  const auto version = [](const std::string& last) {
    return rows(
        "v", [&](int i) { return i % 4 == 0 ? last : lmc::concat("3.", i % 4); }, in_turn);
  };
  CHECK(notes(version("3.10")) ==
        "column 'v' has '3.1' and '3.10', taken for one number; if they are codes: categorical = {\"v\"}\n");
  CHECK(notes(version("3.10"), {.categorical = {"v"}}).empty());
  CHECK(notes(version("3.40")).empty());
  CHECK(notes(version("310")).empty());
}

TEST_CASE("load_table: says how to take a line with two equal names for data", "[data]") {
  CHECK_THROWS_WITH(
      notes("1.5,n,n\n2,y,y\n3,n,n\n"),
      Contains("the column name 'n' occurs twice; rename one, count columns with names = false, or, where the line is "
               "data, pass header = 0"));
  CHECK_THROWS_WITH(notes("1.5,n,n\n2,y,y\n3,n,n\n", {.wording = lmc::Wording::command_line}),
                    Contains("--no-names, or, where the line is data, pass --header 0"));
  CHECK(notes("1.5,n,n\n2,y,y\n3,n,n\n", {.header = 0, .train_rows = 2}).empty());
}

}  // namespace data_table_notes_test
