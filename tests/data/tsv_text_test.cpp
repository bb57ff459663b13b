// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/random.hpp>
#include <lmc/data/sources/tsv_text.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <support/idx_files.hpp>
#include <support/temporary_directory.hpp>

namespace data_tsv_text_test {

namespace {

using Catch::Matchers::Contains;
using Labels = std::vector<std::int32_t>;

// Ten lines of each of two classes, and a line of a third; the text of a line is its number in as many letters.
std::string numbered_lines() {
  std::string text;
  for (std::size_t i = 1; i <= 20; ++i) text += (i % 2 == 0 ? "even\t" : "odd\t") + std::string(i, 'a') + "\n";
  return text + "rare\t" + std::string(21, 'a') + "\n";
}

const lmc::TextFeatures letters = lmc::NgramOptions{.smallest = 1, .largest = 1, .dimension = 1};

// The numbers of the lines in a part, by their letters.
std::vector<int> numbers(const lmc::Dataset<float>& data) {
  const auto& counts = std::get<lmc::SharedBytes>(data.features());
  return {counts.begin(), counts.end()};
}

Labels labels(const lmc::Dataset<float>& data) { return {data.labels().begin(), data.labels().end()}; }

}  // namespace

TEST_CASE("load_tsv_text: takes training and test part from two files, plain or compressed", "[data]") {
  const testing::TemporaryDirectory directory;
  const std::string train = "b\taa\r\n\xC3\xA9\ta\nb\taaa\twith a tab\n", test = "\xC3\xA9\taaaa";
  const auto train_path = directory.write("train.gz", testing::gzip({train.begin(), train.end()}));
  const auto data =
      lmc::load_tsv_text<float>(train_path, {.test = directory.write("test", "\xEF\xBB\xBF" + test), .features = letters});
  CHECK(data.classes == std::vector<std::string>{"b", "é"});
  CHECK(labels(data.train) == Labels{0, 1, 0});
  CHECK(numbers(data.train) == std::vector<int>{2, 1, 3 + 8});
  CHECK(labels(data.test) == Labels{1});
  CHECK(numbers(data.test) == std::vector<int>{4});
  CHECK(data.test.classes() == 2);
  const auto sequence = lmc::load_tsv_text<float>(train_path, {.test = directory / "test", .features = lmc::SequenceOptions{}});
  CHECK(sequence.train.shape() == lmc::Shape{32, 1, 9});  // a, tab, space, b, h, i, t, w and others
  CHECK(sequence.alphabet[0] == U'a');
}

TEST_CASE("load_tsv_text: puts a share of each class aside, decided by the seed", "[data]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("lines", numbered_lines());
  const auto load = [&](double share, std::uint64_t seed) {
    return lmc::load_tsv_text<float>(path, {.test_share = share, .features = letters, .seed = seed});
  };
  const auto data = load(0.2, 1);
  CHECK(data.classes == std::vector<std::string>{"even", "odd", "rare"});
  auto all = numbers(data.train);
  const auto test = numbers(data.test);
  CHECK(std::is_sorted(all.begin(), all.end()));
  CHECK(std::count_if(test.begin(), test.end(), [](int n) { return n % 2 == 0; }) == 2);
  CHECK(test.size() == 4);
  for (std::size_t i = 0; i < test.size(); ++i) CHECK(data.test.labels()[i] == test[i] % 2);
  all.insert(all.end(), test.begin(), test.end());
  std::sort(all.begin(), all.end());
  for (int i = 0; i < 21; ++i) CHECK(all[static_cast<std::size_t>(i)] == i + 1);

  CHECK(numbers(load(0.2, 1).test) == test);
  CHECK(numbers(load(0.2, 2).test) != test);
  CHECK(numbers(load(0.99, 1).train).size() == 3);  // each class keeps a line
  CHECK(numbers(load(0.26, 1).test).size() == 6);   // 2.6 of ten are three

  // Each class has lines of its own: the even numbers for testing are not those after the odd ones.
  std::vector<int> odd, even;
  for (const int n : numbers(load(0.5, 1).test)) (n % 2 == 0 ? even : odd).push_back(n % 2 == 0 ? n : n + 1);
  CHECK(odd.size() == 5);
  CHECK(odd != even);
}

TEST_CASE("load_tsv_text: puts aside the first lines of each class in an order that the seed shuffles", "[data][determinism]") {
  const testing::TemporaryDirectory directory;
  const auto data = lmc::load_tsv_text<float>(directory.write("lines", numbered_lines()),
                                              {.test_share = 0.2, .features = letters, .seed = 5});
  std::vector<int> aside;
  for (const std::uint32_t label : {0U, 1U}) {
    std::vector<int> lines;
    for (int n = label == 0 ? 2 : 1; n <= 20; n += 2) lines.push_back(n);
    lmc::shuffle({.seed = 5, .purpose = lmc::Purpose::split, .part = label}, std::span(lines));
    aside.insert(aside.end(), lines.begin(), lines.begin() + 2);
  }
  std::sort(aside.begin(), aside.end());
  CHECK(numbers(data.test) == aside);
}

TEST_CASE("load_tsv_text: says which line is not label, tab, text", "[data]") {
  const testing::TemporaryDirectory directory;
  const auto load = [&](std::string_view text) { return lmc::load_tsv_text<float>(directory.write("lines", text)); };
  CHECK_THROWS_WITH(load("a\tx\nno tab\nb\ty\n"), Contains("lines', line 2: there is no tab; expected label<TAB>text"));
  CHECK_THROWS_WITH(load("a\tx\n\n\nb y\n"), Contains("line 4: there is no tab"));
  CHECK_THROWS_WITH(load("a\tx\rb\ty\r"), Contains("line 1: there is a carriage return without a line feed"));
  CHECK_THROWS_WITH(load("\tx\n"), Contains("line 1: the label before the tab is empty"));
  CHECK_THROWS_WITH(load("a\tx\nb\ty\nb\t\r\n"), Contains("line 3: the text behind the tab is empty"));
  CHECK_THROWS_WITH(load("a\t \t\n"), Contains("line 1: the text behind the tab is empty"));
  CHECK_THROWS_WITH(load("a\tx\nb\t\xE9\n"), Contains("line 2: the text is not valid UTF-8"));
  CHECK_THROWS_WITH(load(""), Contains("lines' is empty; expected lines of label<TAB>text"));
  CHECK_THROWS_WITH(load("a\tx\na\ty\n"), Contains("all lines have the label 'a'; expected at least two classes"));
  CHECK_THROWS_WITH(lmc::load_tsv_text<float>(directory / "absent"), Contains("there is no such file"));
}

TEST_CASE("load_tsv_text: refuses a test part that does not fit", "[data]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("train", "a\tx\nb\ty\n");
  CHECK_THROWS_WITH(lmc::load_tsv_text<float>(path, {.test = directory.write("test", "a\tx\nc\ty\n")}),
                    Contains("test', line 2: the label 'c' is not one of the 2 of '") && Contains("train'"));
  CHECK_THROWS_WITH(lmc::load_tsv_text<float>(path, {.test = directory.write("test", "")}), Contains("test' is empty"));
  CHECK_THROWS_WITH(lmc::load_tsv_text<float>(path), Contains("test_share = 0.2 leaves no line of '") &&
                                                         Contains("2 lines, one each: none can be put aside; give more lines"));
  for (const double share : {0.0, 1.0, -1.0, std::nan("")})
    CHECK_THROWS_WITH(lmc::load_tsv_text<float>(path, {.test_share = share}), Contains("expected between 0 and 1"));
}

TEST_CASE("load_tsv_text: takes labels without blanks and quotes, passes over empty lines, and says so", "[data]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("lines", "pos\ta\n\"pos\"\taa\n\n neg \taaa\nneg\taaaa\n");
  const auto data = lmc::load_tsv_text<float>(path, {.test_share = 0.5, .features = letters});
  CHECK(data.classes == std::vector<std::string>{"neg", "pos"});
  REQUIRE(data.report.classes.size() == 2);
  CHECK(data.report.classes[1].name == "pos");
  CHECK(data.report.classes[1].train == 1);
  CHECK(data.report.classes[1].test == 1);
  REQUIRE(data.report.notes.size() == 2);
  CHECK_THAT(data.report.notes[0].what, Contains("labels stand in quotes"));
  CHECK_THAT(data.report.notes[0].first, Contains("lines', line 2"));
  CHECK_THAT(data.report.notes[1].what, Contains("empty lines were passed over"));
}

TEST_CASE("load_tsv_text: refuses names of columns, swapped columns and identifiers", "[data]") {
  const testing::TemporaryDirectory directory;
  const auto load = [&](const std::string& text, lmc::TsvTextOptions options = {}) {
    return lmc::load_tsv_text<float>(directory.write("lines", text), options);
  };
  const std::string lines = "a\tx\na\ty\na\tz\nb\tx\nb\ty\nb\tz\n";
  CHECK_THROWS_WITH(
      load("Label\ttext\n" + lines),
      Contains("line 1: 'Label' looks like the name of a column; header = 1 passes over it, header = 0 takes it"));
  CHECK_THROWS_WITH(load("label\ttext\n" + lines, {.wording = lmc::Wording::command_line}),
                    Contains("--header 1 passes over it"));
  CHECK(load("label\ttext\n" + lines, {.header = 1}).classes.size() == 2);
  CHECK(load("label\ttext\n" + lines, {.header = 0}).classes.size() == 3);
  CHECK_THAT(load("kind\tword\n" + lines).report.notes.at(0).what, Contains("'kind' occurs in the first line alone"));
  std::string swapped, identifiers;
  for (int i = 0; i < 60; ++i) {
    swapped += "text " + std::to_string(i % 30) + (i % 2 == 0 ? "\tgood\n" : "\tbad\n");
    identifiers += std::to_string(i) + "\tgood\tsome text " + std::to_string(i) + "\n";
  }
  CHECK_THROWS_WITH(load(swapped),
                    Contains("there are 30 labels, 'text 0' among them, and 2 texts, such as 'good'; are label and "
                             "text swapped?"));
  CHECK_THROWS_WITH(load(identifiers),
                    Contains("60 different labels") && Contains("three fields or more: is the label not the first?"));
}

TEST_CASE("load_tsv_text: says what may be meant otherwise", "[data]") {
  const testing::TemporaryDirectory directory;
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += (i % 2 == 0 ? "\u00e4\t" : "a\u0308\t") + std::to_string(i) + "\tmore\n";
  const auto path = directory.write("lines", lines);
  const auto notes = [&](const std::string& text) {
    std::string all;
    for (const auto& note : lmc::load_tsv_text<float>(directory.write("text", text), {.test_share = 0.5}).report.notes)
      all += note.what + "\n";
    return all;
  };
  CHECK_THAT(notes(lines), Contains("look alike and are two classes") &&
                               Contains("three fields or more: all behind the first tab is the text"));
  CHECK_THAT(notes("1\tx\n01\ty\n1\tz\n01\tz\n"), Contains("the labels '01' and '1' are one number, and two classes"));
  CHECK_THAT(notes("1\tx\n1.0\ty\n1\tz\n1.0\tz\n"), Contains("the labels '1' and '1.0' are one number, and two classes"));
  CHECK(notes("10\tx\n1\ty\n10\tz\n1\tw\n").empty());
  CHECK(notes("nan\tx\n1\ty\nnan\tz\n1\tw\n").empty());
  CHECK(notes("a\tx\nb\ty\na\tz\nb\tz\n") == "lines have equal texts and different labels: no network can tell which\n");
  CHECK(notes("a\tx\nb\ty\na\tx\nb\ty\n") == "test lines are training lines, too: the file repeats lines\n");
  CHECK_THROWS_WITH(lmc::load_tsv_text<float>(path, {.test = path}), Contains("is the file to train on"));
  const auto copied = lmc::load_tsv_text<float>(path, {.test = directory.write("copy", lines)}).report.notes;
  CHECK(copied.back().what == "test lines are training lines, too");
  CHECK(copied.back().count == 40);
  std::filesystem::create_symlink(path, directory / "link");
  CHECK_THROWS_WITH(lmc::load_tsv_text<float>(path, {.test = directory / "link"}), Contains("link' is the file to train on"));
  CHECK_THROWS_WITH(lmc::load_tsv_text<float>(path, {.test = directory.write("test", "Label\ttext\n" + lines)}),
                    Contains("test', line 1: the label 'Label' is not one of the 2") &&
                        Contains("where the line holds names of columns, remove it"));
}

TEST_CASE("load_tsv_text: refuses a test file without the line of names that the training file has", "[data]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("train", "label\ttext\na\tone\nb\ttwo\n");
  const auto load = [&](const std::string& text) {
    return lmc::load_tsv_text<float>(path, {.header = 1, .test = directory.write("test", text)});
  };
  CHECK(load("label\ttext\r\na\tthree\nb\tfour\n").test.labels().size() == 2);
  CHECK_THROWS_WITH(load("a\tthree\nb\tfour\n"),
                    Contains("test', line 1: 'a\tthree' would be passed over, and in '") &&
                        Contains("train' it is 'label\ttext'; expected the same line of names in both files"));
}

TEST_CASE("load_tsv_text: refuses a seed beside a file to test with", "[data]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.write("train", "a\tone\nb\ttwo\n"), test = directory.write("test", "a\tthree\n");
  CHECK_THROWS_WITH(lmc::load_tsv_text<float>(path, {.test = test, .seed = 4}),
                    Contains("seed = 4 says which lines are put aside at random, and test says what to test with"));
  CHECK_THROWS_WITH(lmc::load_tsv_text<float>(path, {.test = test, .test_share = 0.2, .wording = lmc::Wording::command_line}),
                    Contains("--test-share 0.2 says which lines") && Contains("--test-data says what"));
}

}  // namespace data_tsv_text_test
