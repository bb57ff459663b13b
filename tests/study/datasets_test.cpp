// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/datasets.hpp"
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <lmc/data/merge_classes.hpp>
#include <string>

#include <zlib.h>

#include "support/skip.hpp"
#include "support/temporary_directory.hpp"

namespace study_datasets_test {

using Catch::Matchers::Contains;
using lmc::Index;
using lmc::study::data_kinds;
using lmc::study::DataSets;

namespace {

// A table as examples/get-data.sh writes it: two lines before the rows, a 0-based label last. Column 0 is the row's number.
std::string table(Index rows, Index columns, Index classes) {
  std::string text = "# classes: a|b\nx0";
  for (Index c = 1; c < columns; ++c) text += ",x" + std::to_string(c);
  text += ",class\n";
  for (Index r = 0; r < rows; ++r) {
    text += std::to_string(r);
    for (Index c = 1; c < columns; ++c) text += "," + std::to_string((r * (c + 3)) % 17);
    text += "," + std::to_string(r % classes) + "\n";
  }
  return text;
}

void write_gzip(const std::filesystem::path& path, const std::string& text) {
  const gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(gzwrite(file, text.data(), static_cast<unsigned>(text.size())) == static_cast<int>(text.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

}  // namespace

TEST_CASE("DataSets: a table may be plain, as get-data.sh writes it, or gzip, and is the same", "[study]") {
  const testing::TemporaryDirectory plain, packed;
  std::filesystem::create_directory(plain / "tabular");
  std::filesystem::create_directory(packed / "tabular");
  const std::string text = table(500, 57, 2);
  plain.write("tabular/spam.csv", text);
  write_gzip(packed / "tabular" / "spam.csv.gz", text);
  DataSets a(plain.path()), b(packed.path());
  CHECK(a.present({.dataset = "spam"}));
  CHECK(b.present({.dataset = "spam"}));
  CHECK(!a.present({.dataset = "dna"}));
  CHECK(!a.present({.dataset = "words-2"}));
  CHECK(!a.present({.dataset = "mnist"}));
  CHECK(a.present({.dataset = "spirals"}));
  const auto& loaded = a.get({.dataset = "spam"});
  CHECK(loaded.row.digest == b.get({.dataset = "spam"}).row.digest);
  CHECK(loaded.row.train == 400);
  CHECK(loaded.row.test == 100);
  CHECK(loaded.row.classes == 2);
  CHECK(loaded.row.shape == lmc::Shape{57});
  CHECK_THROWS_WITH(a.get({.dataset = "dna"}), Contains("dna.csv"));
  CHECK_THROWS_WITH(a.present({.dataset = "spamm"}), Contains("did you mean 'spam'?"));
}

TEST_CASE("DataSets: letter and satellite are divided behind their first rows, as is the custom", "[study][long]") {
  const testing::TemporaryDirectory folder;
  std::filesystem::create_directory(folder / "tabular");
  for (const auto& [name, columns, classes, train] :
       {std::tuple("letter", 16, 26, Index{16000}), std::tuple("satellite", 36, 6, Index{4435})}) {
    CAPTURE(name);
    folder.write(std::string("tabular/") + name + ".csv", table(train + 3, columns, classes));
    DataSets data(folder.path());
    const auto& parts = data.get({.dataset = name}).data;
    REQUIRE(parts.train.size() == train);
    REQUIRE(parts.test.size() == 3);
    for (Index i = 0; i < 3; ++i) CHECK(parts.test.labels()[static_cast<std::size_t>(i)] == (train + i) % classes);
    CHECK(data.sizes({.dataset = name}).train == train);
  }
}

TEST_CASE("DataSets: more examples than a table has are refused with the option", "[study]") {
  const testing::TemporaryDirectory folder;
  folder.write("a.csv", "x,y\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n");
  DataSets data(folder.path());
  lmc::study::DataSpec spec{.dataset = "a.csv", .train_examples = 7};
  CHECK_THROWS_WITH(data.get(spec), Contains("train-examples = 7: random_subset"));
  spec.train_examples = 4;
  CHECK(data.get(spec).row.train == 4);
}

TEST_CASE("DataSets: a table is found by its path, read as its options say, and tells its sizes", "[study]") {
  const testing::TemporaryDirectory folder;
  std::filesystem::create_directory(folder / "mine");
  folder.write("mine/a.csv", "kind;x;y\nred;1;5\nblue;2;6\nred;3;8\nblue;4;7\n");
  folder.write("mine/b.csv", "kind;x;y\nblue;9;9\n");
  write_gzip(folder / "mine" / "packed.csv.gz", table(10, 3, 2));
  DataSets data(folder.path());
  lmc::study::DataSpec spec{.dataset = "mine/a.csv"};
  spec.table = {.label = "kind", .delimiter = ";", .no_standardize = true, .train_rows = 3};
  CHECK(data.present(spec));
  const auto sizes = data.sizes(spec);
  CHECK(sizes.train == 3);
  CHECK(sizes.test == 1);
  CHECK(sizes.classes == 2);
  CHECK(sizes.shape == lmc::Shape{2});
  CHECK(std::get<std::vector<float>>(data.get(spec).data.test.features()) == std::vector<float>{4, 7});
  // Other options are another data set, and so is a sample.
  auto other = spec;
  other.table.no_standardize = false;
  CHECK(data.get(other).row.digest != data.get(spec).row.digest);
  other.train_examples = 2;
  CHECK(data.sizes(other).train == 2);
  // A file to test with is in the same folder of all data.
  spec.table.train_rows = {};
  spec.table.test_data = "mine/b.csv";
  CHECK(data.sizes(spec).train == 4);
  CHECK(std::get<std::vector<float>>(data.get(spec).data.test.features()) == std::vector<float>{9, 9});
  // Where the folder is has no part in what is loaded, nor has compression.
  CHECK(data.get({.dataset = (folder / "mine" / "packed.csv").string(), .table = {.header = 2}}).row.digest ==
        data.get({.dataset = "mine/packed.csv.gz", .table = {.header = 2}}).row.digest);
  CHECK(!data.present({.dataset = "mine/c.csv"}));
  CHECK_THROWS_WITH(data.sizes({.dataset = "mine/c.csv"}), Contains("mine/c.csv"));
  CHECK_THROWS_WITH(data.present({.dataset = "mine/a.cvs"}), Contains("FILE.csv"));
}

TEST_CASE("DataSets: what is prepared is what the specification says, and shared", "[study]") {
  DataSets data("");
  const lmc::study::DataSpec spec{.dataset = "mixture", .train_examples = 40, .test_examples = 30, .downsample = 2};
  const auto& loaded = data.get(spec);
  CHECK(loaded.row.train == 40);
  CHECK(loaded.row.test == 30);
  CHECK(loaded.row.shape == lmc::Shape{4, 4, 1});
  const auto sizes = data.sizes(spec);
  CHECK(sizes.train == 40);
  CHECK(sizes.test == 30);
  CHECK(sizes.shape == loaded.row.shape);
  CHECK(&data.get(spec) == &loaded);
  CHECK(data.get({.dataset = "mixture", .train_examples = 40, .test_examples = 30}).row.digest != loaded.row.digest);
  CHECK(data.get({.dataset = "mixture-hard", .train_examples = 40, .test_examples = 30}).row.digest !=
        data.get({.dataset = "mixture", .train_examples = 40, .test_examples = 30}).row.digest);
}

TEST_CASE("DataSets: a preparation that does not fit is refused before anything is loaded, with its option", "[study]") {
  DataSets data("");
  CHECK_THROWS_WITH(data.sizes({.dataset = "spirals", .gray = true}), Contains("gray = true: grayscale"));
  CHECK_THROWS_WITH(data.sizes({.dataset = "mnist", .gray = true}), Contains("gray = true: grayscale"));
  CHECK(data.sizes({.dataset = "cifar10", .gray = true, .downsample = 2}).shape == lmc::Shape{16, 16, 1});
  CHECK_THROWS_WITH(data.sizes({.dataset = "cifar10", .downsample = 3}), Contains("downsample = 3: downsample: factor = 3"));
  CHECK(data.sizes({.dataset = "mnist", .train_examples = 60000}).train == 60000);
  CHECK_THROWS_WITH(data.sizes({.dataset = "mnist", .train_examples = 60001}),
                    Contains("train-examples = 60001: mnist has 60000; expected no more"));
  CHECK_THROWS_WITH(data.sizes({.dataset = "mnist", .test_examples = 10001}), Contains("test-examples = 10001"));
  CHECK(data.sizes({.dataset = "spirals", .train_examples = 3}).train == 3);
  CHECK_THROWS_WITH(data.sizes({.dataset = "spirals", .train_examples = 2}),
                    Contains("train-examples = 2: spirals has 3 classes; expected an example of each, or more"));
  CHECK(data.sizes({.dataset = "tiny-imagenet", .merge_classes = 10}).classes == 10);
  CHECK_THROWS_WITH(data.sizes({.dataset = "mnist", .merge_classes = 11}),
                    Contains("merge-classes = 11: mnist has 10 classes; expected no more"));
}

TEST_CASE("DataSets: merged classes are the same examples under fewer labels", "[study]") {
  DataSets data("");
  const lmc::study::DataSpec spec{.dataset = "mixture", .train_examples = 40, .test_examples = 30};
  lmc::study::DataSpec merged = spec;
  merged.merge_classes = 3;
  const auto &before = data.get(spec), &after = data.get(merged);
  CHECK(after.row.classes == 3);
  CHECK(after.row.digest != before.row.digest);
  CHECK(after.data.train.size() == 40);
  const auto expected = lmc::merge_classes(before.data.train, 3, 0);
  CHECK(std::ranges::equal(after.data.train.labels(), expected.labels()));
  CHECK(after.data.report.classes.size() == 3);
}

TEST_CASE("data_kinds: real data sets have the sizes that plans are made with", "[study][real][long]") {
  const char* const folder = std::getenv("LMC_TEST_DATA");
  if (folder == nullptr) return testing::skip("LMC_TEST_DATA is not set");
  DataSets data(folder);
  for (const auto& kind : data_kinds()) {
    if (kind.folder != "tabular" || !data.present({.dataset = kind.name})) continue;
    CAPTURE(kind.name);
    const auto& row = data.get({.dataset = kind.name}).row;
    CHECK(row.train == kind.sizes->train);
    CHECK(row.test == kind.sizes->test);
    CHECK(row.classes == kind.sizes->classes);
    CHECK(row.shape == kind.sizes->shape);
  }
}

}  // namespace study_datasets_test
