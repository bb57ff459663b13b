// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/datasets.hpp"
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
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

TEST_CASE("DataSets: letter and satellite are divided behind their first rows, as is the custom", "[study]") {
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
    CHECK(lmc::study::prepared_kind({.dataset = name}).train == train);
  }
}

TEST_CASE("DataSets: what is prepared is what the specification says, and shared", "[study]") {
  DataSets data("");
  const lmc::study::DataSpec spec{.dataset = "mixture", .train_examples = 40, .test_examples = 30, .downsample = 2};
  const auto& loaded = data.get(spec);
  CHECK(loaded.row.train == 40);
  CHECK(loaded.row.test == 30);
  CHECK(loaded.row.shape == lmc::Shape{4, 4, 1});
  const auto kind = lmc::study::prepared_kind(spec);
  CHECK(kind.train == 40);
  CHECK(kind.test == 30);
  CHECK(kind.shape == loaded.row.shape);
  CHECK(&data.get(spec) == &loaded);
  CHECK(data.get({.dataset = "mixture", .train_examples = 40, .test_examples = 30}).row.digest != loaded.row.digest);
  CHECK(data.get({.dataset = "mixture-hard", .train_examples = 40, .test_examples = 30}).row.digest !=
        data.get({.dataset = "mixture", .train_examples = 40, .test_examples = 30}).row.digest);
}

TEST_CASE("data_kinds: real data sets have the sizes that plans are made with", "[study][real]") {
  const char* const folder = std::getenv("LMC_TEST_DATA");
  if (folder == nullptr) return testing::skip("LMC_TEST_DATA is not set");
  DataSets data(folder);
  for (const auto& kind : data_kinds()) {
    if (kind.folder != "tabular" || !data.present({.dataset = std::string(kind.name)})) continue;
    CAPTURE(kind.name);
    const auto& row = data.get({.dataset = std::string(kind.name)}).row;
    CHECK(row.train == kind.train);
    CHECK(row.test == kind.test);
    CHECK(row.classes == kind.classes);
    CHECK(row.shape == kind.shape);
  }
}

}  // namespace study_datasets_test
