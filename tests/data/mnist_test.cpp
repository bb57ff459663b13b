// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/mnist.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include <support/idx_files.hpp>
#include <support/skip.hpp>
#include <support/temporary_directory.hpp>

namespace data_mnist_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using testing::Bytes;
using testing::gzip;
using testing::idx_header;
using testing::operator+;

// Three training and two test images of 2×3 pixels.
const std::map<std::string, Bytes> small_files = {
    {"train-images-idx3-ubyte",
     idx_header({3, 2, 3}) + Bytes{0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 51, 102, 153, 204, 255}},
    {"train-labels-idx1-ubyte", idx_header({3}) + Bytes{7, 0, 4}},
    {"t10k-images-idx3-ubyte", idx_header({2, 2, 3}) + Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
    {"t10k-labels-idx1-ubyte", idx_header({2}) + Bytes{7, 7}}};

lmc::TrainTest<double> load_changed(const std::string& name, const Bytes& bytes) {
  const testing::TemporaryDirectory directory;
  for (const auto& [file, content] : small_files) directory.write(file, file == name ? bytes : content);
  return lmc::load_mnist<double>(directory.path());
}

std::vector<int> histogram(const lmc::Dataset<float>& data) {
  std::vector<int> counts(10);
  for (const auto y : data.labels()) ++counts[static_cast<std::size_t>(y)];
  return counts;
}

// Mean and variance of all of a data set's features, as they are gathered.
std::pair<double, double> moments(const lmc::Dataset<float>& data) {
  const lmc::Index cols = data.shape().size();
  std::vector<float> x(static_cast<std::size_t>(cols));
  std::int32_t y = 0;
  double sum = 0, squares = 0;
  for (lmc::Index i = 0; i < data.size(); ++i) {
    data.gather_range(i, lmc::matrix_view(std::span(x), 1, cols), {&y, 1});
    for (const float v : x) {
      sum += v;
      squares += double{v} * v;
    }
  }
  const double n = static_cast<double>(data.size() * cols);
  return {sum / n, squares / n - sum / n * (sum / n)};
}

}  // namespace

TEST_CASE("load_mnist: finds each file plain or compressed, and standardizes both parts by the training part", "[data]") {
  const auto compressed = GENERATE(as<std::string>{}, "", "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "all");
  CAPTURE(compressed);
  const testing::TemporaryDirectory directory;
  for (const auto& [name, bytes] : small_files) {
    const bool gz = compressed == "all" || compressed == name;
    directory.write(name + (gz ? ".gz" : ""), gz ? gzip(bytes) : bytes);
  }
  const auto data = lmc::load_mnist<double>(directory.path());
  CHECK(data.train.size() == 3);
  CHECK(data.train.shape() == lmc::Shape{2, 3, 1});
  CHECK(data.train.classes() == 10);
  CHECK(std::vector(data.train.labels().begin(), data.train.labels().end()) == std::vector<std::int32_t>{7, 0, 4});
  CHECK(data.test.size() == 2);
  CHECK(data.test.labels()[1] == 7);

  // By hand: the 18 pixels are six 0, six 1, and 0, 0.2, …, 1.
  const double mean = 0.5, deviation = std::sqrt((12 * 0.25 + 0.7) / 18);
  CHECK_THAT(data.train.standardization().mean[0], WithinAbs(mean, 1e-15));
  CHECK_THAT(data.train.standardization().standard_deviation[0], WithinAbs(deviation, 1e-15));
  CHECK(data.test.standardization() == data.train.standardization());
  std::vector<double> x(6);
  std::vector<std::int32_t> y(1);
  data.test.gather_range(1, lmc::matrix_view(std::span(x), 1, 6), y);
  for (std::size_t j = 0; j < 6; ++j) CHECK_THAT(x[j], WithinAbs((static_cast<double>(7 + j) / 255 - mean) / deviation, 1e-15));
}

TEST_CASE("load_mnist: says which file is missing, and how to get it", "[data]") {
  for (const auto& [missing, unused] : small_files) {
    CAPTURE(missing);
    const testing::TemporaryDirectory directory;
    for (const auto& [name, bytes] : small_files)
      if (name != missing) directory.write(name, bytes);
    CHECK_THROWS_WITH(lmc::load_mnist<float>(directory.path()),
                      Contains("neither '" + missing + "' nor '" + missing + ".gz' in '") && Contains("get-data.sh mnist"));
    CHECK_THROWS_WITH(lmc::load_fashion_mnist<float>(directory.path()), Contains(missing) && Contains("dataset-fashion-mnist"));
  }
  const testing::TemporaryDirectory directory;
  CHECK_THROWS_WITH(lmc::load_mnist<float>(directory / "absent"),
                    Contains("there is no directory '") && Contains("absent'") && Contains("get-data.sh mnist"));
  CHECK_THROWS_WITH(lmc::load_mnist<float>(directory.write("file", "")),
                    Contains("file' is a file; expected the folder") && Contains("get-data.sh mnist"));
}

TEST_CASE("load_mnist: names the folder below that has the files, two levels down at most", "[data]") {
  for (const std::string folder : {"data", "package/data", "a/package/data"}) {
    const testing::TemporaryDirectory directory;
    std::filesystem::create_directories(directory / folder);
    for (const auto& [name, bytes] : small_files) directory.write(folder + "/" + name, bytes);
    if (folder.starts_with("a/"))
      CHECK_THROWS_WITH(lmc::load_mnist<float>(directory.path()), Contains("there is neither 'train-images-idx3-ubyte'"));
    else
      CHECK_THROWS_WITH(lmc::load_mnist<float>(directory.path()),
                        Contains("there are no files of MNIST's format in '") && Contains("/" + folder + "'; give that"));
  }
}

TEST_CASE("load_mnist: refuses files that do not fit each other", "[data]") {
  CHECK_THROWS_WITH(load_changed("train-labels-idx1-ubyte", idx_header({2}) + Bytes{1, 2}),
                    Contains("train-images-idx3-ubyte' has 3 images and '") && Contains("train-labels-idx1-ubyte' 2 labels"));
  CHECK_THROWS_WITH(load_changed("t10k-labels-idx1-ubyte", idx_header({2}) + Bytes{1, 10}),
                    Contains("t10k-labels-idx1-ubyte': example 1 has the label 10; expected 0 to 9"));
  CHECK_THROWS_WITH(load_changed("t10k-images-idx3-ubyte", idx_header({2, 3, 2}) + Bytes(12)),
                    Contains("[3, 2, 3]") && Contains("[2, 3, 2]") && Contains("expected images of one size"));
  CHECK_THROWS_WITH(load_changed("train-images-idx3-ubyte", idx_header({3, 6}) + Bytes(18)),
                    Contains("train-images-idx3-ubyte' has the shape [3, 6]; expected [images, rows, columns]"));
  CHECK_THROWS_WITH(load_changed("train-images-idx3-ubyte", idx_header({0, 2, 3})), Contains("has the shape [0, 2, 3]"));
  CHECK_THROWS_WITH(load_changed("train-labels-idx1-ubyte", idx_header({3, 1}) + Bytes(3)),
                    Contains("train-labels-idx1-ubyte' has the shape [3, 1]; expected [labels]"));
}

TEST_CASE("load_mnist: understands the names of archives, libraries and EMNIST", "[data]") {
  // Where each of the four files lies, by a function of its name in MNIST.
  const auto load = [](auto rename, const std::string& below = "") {
    const testing::TemporaryDirectory directory;
    for (const auto& [name, bytes] : small_files) {
      const std::string path = rename(name);
      std::filesystem::create_directories((directory / path).parent_path());
      directory.write(path, bytes);
    }
    const auto data = lmc::load_mnist<double>(directory / below);
    CHECK(data.train.size() == 3);
    CHECK(data.test.labels()[1] == 7);
    return data;
  };
  const auto replaced = [](std::string name, const std::string& from, const std::string& to) {
    const std::size_t at = name.find(from);
    return at == std::string::npos ? name : name.replace(at, from.size(), to);
  };
  const auto dotted = [&](const std::string& name) { return replaced(name, "-idx", ".idx"); };
  const auto emnist = [&](const std::string& name) { return "emnist-digits-" + replaced(name, "t10k", "test"); };
  load(dotted);
  load([](const std::string& name) { return name + "/" + name; });
  load([&](const std::string& name) { return name + "/" + dotted(name); });
  load([](const std::string& name) { return "MNIST/raw/" + name; });
  load([](const std::string& name) { return "raw/" + name; });
  load(emnist);
  load([&](const std::string& name) { return "gzip/" + emnist(name); });
  load(emnist, "emnist-digits");
}

TEST_CASE("load_mnist: takes MNIST's own of several names of a file", "[data]") {
  const testing::TemporaryDirectory directory;
  for (const auto& [name, bytes] : small_files) {
    directory.write(name, bytes);
    std::string other = name;
    directory.write(other.replace(other.find("-idx"), 1, "."), "not read");
    directory.write(name + ".gz", "not read");
  }
  CHECK(lmc::load_mnist<float>(directory.path()).train.size() == 3);
}

TEST_CASE("load_mnist: of several data sets in a folder wants one by its name", "[data]") {
  const testing::TemporaryDirectory directory;
  for (const std::string split : {"digits", "mnist"})
    for (const auto& [name, bytes] : small_files) {
      const std::string part = name.starts_with("train") ? "train" : "test";
      directory.write("emnist-" + split + "-" + part + name.substr(name.find('-')), bytes);
    }
  CHECK_THROWS_WITH(lmc::load_mnist<float>(directory.path()), Contains("there are 2 data sets in '") &&
                                                                  Contains("expected one: give '") &&
                                                                  Contains("/emnist-digits', '") && Contains("/emnist-mnist'"));
  CHECK(lmc::load_mnist<float>(directory / "emnist-mnist").train.size() == 3);
  CHECK_THROWS_WITH(lmc::load_mnist<float>(directory / "emnist-letters"), Contains("there is no directory '"));
  std::filesystem::remove(directory / "emnist-mnist-test-labels-idx1-ubyte");
  CHECK_THROWS_WITH(
      lmc::load_mnist<float>(directory / "emnist-mnist"),
      Contains("neither 'emnist-mnist-t10k-labels-idx1-ubyte' nor ") && Contains("there are: 'emnist-digits-test-images"));
}

TEST_CASE("load_mnist: counts EMNIST's classes, and letters from 1", "[data]") {
  // `count` images of one pixel, whose labels are those from `first` on.
  const auto load = [](const std::string& prefix, int first, int count) {
    const testing::TemporaryDirectory directory;
    const auto n = static_cast<std::uint32_t>(count);
    Bytes labels, pixels;
    for (int i = 0; i < count; ++i) {
      labels.push_back(static_cast<std::uint8_t>(first + i));
      pixels.push_back(static_cast<std::uint8_t>(i));
    }
    for (const std::string part : {"train", "test"}) {
      for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(pixel + 100);  // no test image is a training image
      directory.write(prefix + part + "-images-idx3-ubyte", idx_header({n, 1, 1}) + pixels);
      directory.write(prefix + part + "-labels-idx1-ubyte", idx_header({n}) + labels);
    }
    return lmc::load_mnist<double>(directory.path());
  };
  for (const char* prefix : {"emnist-letters-", ""}) {
    const auto letters = load(prefix, 1, 26);
    CHECK(letters.train.classes() == 26);
    CHECK(letters.train.labels()[0] == 0);
    CHECK(letters.test.labels()[25] == 25);
    CHECK(letters.report.classes[0].name == "1");
    CHECK(letters.report.notes.size() == 1);
  }
  CHECK(load("", 0, 47).train.classes() == 47);
  CHECK(load("", 0, 62).train.classes() == 62);
  CHECK(load("emnist-balanced-", 0, 5).train.classes() == 47);
  CHECK_THROWS_WITH(load("emnist-digits-", 1, 26), Contains("has the label 10; expected 0 to 9"));
  CHECK_THROWS_WITH(load("emnist-mnist-", 0, 47), Contains("has the label 10; expected 0 to 9"));
  CHECK_THROWS_WITH(load("", 1, 10), Contains("example 9 has the label 10; expected 0 to 9"));
  CHECK_THROWS_WITH(load("", 0, 26), Contains("example 10 has the label 10; expected 0 to 9"));
  CHECK_THROWS_WITH(load("emnist-letters-", 0, 26), Contains("example 0 has the label 0; expected 1 to 26"));
}

TEST_CASE("load_mnist: reports classes and sizes, and refuses classes that nothing can be learned of", "[data]") {
  const auto report = load_changed("", {}).report;
  REQUIRE(report.classes.size() == 10);
  CHECK(report.classes[7].name == "7");
  CHECK(report.classes[7].train == 1);
  CHECK(report.classes[7].test == 2);
  CHECK(report.classes[1].train == 0);
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].what == "classes have no examples");
  CHECK(report.notes[0].count == 7);
  CHECK(report.notes[0].first == "1");
  REQUIRE(report.sizes.size() == 1);
  CHECK(report.sizes[0].height == 2);
  CHECK(report.sizes[0].width == 3);
  CHECK(report.sizes[0].count == 5);
  CHECK_THROWS_WITH(load_changed("train-labels-idx1-ubyte", idx_header({3}) + Bytes{7, 7, 7}),
                    Contains("all training examples are of the class '7'; expected two classes or more"));
  CHECK_THROWS_WITH(load_changed("train-labels-idx1-ubyte", idx_header({3}) + Bytes{3, 0, 4}),
                    Contains("the class '7' has 2 test examples and none to train on"));
  for (const std::uint8_t damaged : Bytes{46, 61})
    CHECK_THROWS_WITH(load_changed("train-labels-idx1-ubyte", idx_header({3}) + Bytes{7, 0, damaged}),
                      Contains("has the label " + std::to_string(damaged) + "; expected 0 to 9"));
}

TEST_CASE("load_mnist: notes test images that are training images, where half of them are", "[data]") {
  const auto notes = [](const Bytes& second) {
    return load_changed("t10k-images-idx3-ubyte", idx_header({2, 2, 3}) + Bytes{1, 2, 3, 4, 5, 6} + second).report.notes;
  };
  const auto copied = notes({0, 51, 102, 153, 204, 255});
  REQUIRE(copied.size() == 2);
  CHECK(copied[1].what == "test images that are training images, too, byte for byte: they say nothing of new images");
  CHECK(copied[1].count == 1);
  CHECK_THAT(copied[1].first, Contains("t10k-images-idx3-ubyte': example 1"));
  CHECK(notes({0, 51, 102, 153, 204, 254}).size() == 1);
  // One of three is not half of them.
  const testing::TemporaryDirectory directory;
  for (const auto& [file, content] : small_files) directory.write(file, content);
  directory.write("t10k-images-idx3-ubyte", idx_header({3, 2, 3}) + Bytes(6, 1) + Bytes(6, 2) + Bytes(6, 255));
  directory.write("t10k-labels-idx1-ubyte", idx_header({3}) + Bytes{7, 7, 7});
  CHECK(lmc::load_mnist<double>(directory.path()).report.notes.size() == 1);
}

TEST_CASE("load_mnist: passes on what is wrong with a file", "[data]") {
  CHECK_THROWS_WITH(load_changed("t10k-images-idx3-ubyte", idx_header({2, 2, 3}) + Bytes(11)),
                    Contains("t10k-images-idx3-ubyte' is cut: its shape [2, 2, 3] takes 12 bytes, and there are 11"));
  CHECK_THROWS_WITH(load_changed("t10k-images-idx3-ubyte", {}), Contains("is cut inside its header"));
}

TEST_CASE("load_fashion_mnist: reads the real data set", "[data][real]") {
  const std::filesystem::path directory = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(directory)) return testing::skip("Debian's package dataset-fashion-mnist is not installed");
  const auto data = lmc::load_fashion_mnist<float>(directory);
  CHECK(data.train.shape() == lmc::Shape{28, 28, 1});
  CHECK(histogram(data.train) == std::vector<int>(10, 6000));
  CHECK(histogram(data.test) == std::vector<int>(10, 1000));
  // As everybody who trains on it knows them, to four places.
  CHECK_THAT(data.train.standardization().mean[0], WithinAbs(0.2860, 5e-5));
  CHECK_THAT(data.train.standardization().standard_deviation[0], WithinAbs(0.3530, 5e-5));
  const auto [mean, variance] = moments(data.train);
  CHECK_THAT(mean, WithinAbs(0, 1e-6));  // 47 million values, each off by less than 2e-7
  CHECK_THAT(variance, WithinAbs(1, 1e-6));
  CHECK(data.train.labels()[0] == 9);  // an ankle boot
}

}  // namespace data_mnist_test
