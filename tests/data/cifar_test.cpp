// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/cifar.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <string>

#include <support/cifar_files.hpp>
#include <support/idx_files.hpp>
#include <support/skip.hpp>
#include <support/temporary_directory.hpp>

namespace data_cifar_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using testing::Bytes;
using testing::cifar_pixel;
using testing::cifar_records;
using testing::gzip;

template <class Scalar>
std::vector<int> labels(const lmc::Dataset<Scalar>& data) {
  return {data.labels().begin(), data.labels().end()};
}
template <class Scalar>
const lmc::SharedBytes& pixels(const lmc::Dataset<Scalar>& data) {
  return std::get<lmc::SharedBytes>(data.features());
}

}  // namespace

TEST_CASE("load_cifar10: takes the data batches that there are, in order, plain or compressed", "[data]") {
  const testing::TemporaryDirectory directory;
  directory.write("data_batch_2.bin", cifar_records({{3}, {9}}, 10));
  directory.write("data_batch_5.bin.gz", gzip(cifar_records({{0}}, 12)));
  directory.write("test_batch.bin", cifar_records({{9}}, 20));
  const auto data = lmc::load_cifar10<double>(directory.path());
  CHECK(data.train.shape() == lmc::Shape{32, 32, 3});
  CHECK(data.train.classes() == 10);
  CHECK(labels(data.train) == std::vector<int>{3, 9, 0});
  CHECK(labels(data.test) == std::vector<int>{9});
  CHECK(pixels(data.train)[2 * 3072 + 3 * 33 + 1] == cifar_pixel(12, 1, 33));  // row 1, column 1, green

  CHECK(data.train.standardization() == lmc::standardization_of(pixels(data.train), 3));
  CHECK(data.test.standardization() == data.train.standardization());
  CHECK(data.test.standardization() != lmc::standardization_of(pixels(data.test), 3));
  std::vector<double> x(3072);
  std::vector<std::int32_t> y(1);
  data.test.gather_range(0, lmc::matrix_view(std::span(x), 1, 3072), y);
  const auto& s = data.train.standardization();
  CHECK_THAT(x[3 * 40 + 2], WithinAbs((cifar_pixel(20, 2, 40) / 255.0 - s.mean[2]) / s.standard_deviation[2], 1e-14));
}

TEST_CASE("load_cifar10: of a plain file and its gzip copy takes the plain one", "[data]") {
  const testing::TemporaryDirectory directory;
  directory.write("data_batch_1.bin", cifar_records({{3}, {4}}, 0));
  directory.write("data_batch_1.bin.gz", gzip(cifar_records({{5}, {4}}, 0)));
  directory.write("test_batch.bin", cifar_records({{4}}, 1));
  CHECK(labels(lmc::load_cifar10<float>(directory.path()).train) == std::vector<int>{3, 4});
}

TEST_CASE("load_cifar10, load_cifar100: find the folder that the archive makes", "[data]") {
  const testing::TemporaryDirectory directory;
  for (const char* folder : {"cifar-10-batches-bin", "cifar-100-binary"}) std::filesystem::create_directory(directory / folder);
  directory.write("cifar-10-batches-bin/data_batch_1.bin", cifar_records({{3}, {4}}, 0));
  directory.write("cifar-10-batches-bin/test_batch.bin", cifar_records({{4}}, 1));
  directory.write("cifar-100-binary/train.bin", cifar_records({{3, 50}, {4, 60}}, 0));
  directory.write("cifar-100-binary/test.bin", cifar_records({{4, 60}}, 1));
  CHECK(labels(lmc::load_cifar10<float>(directory.path()).train) == std::vector<int>{3, 4});
  CHECK(labels(lmc::load_cifar10<float>(directory / "cifar-10-batches-bin").test) == std::vector<int>{4});
  CHECK(labels(lmc::load_cifar100<float>(directory.path()).train) == std::vector<int>{50, 60});
  CHECK(labels(lmc::load_cifar100<float>(directory / "cifar-100-binary").test) == std::vector<int>{60});
}

TEST_CASE("load_cifar100: gives the fine or the coarse classes", "[data]") {
  const testing::TemporaryDirectory directory;
  directory.write("train.bin.gz", gzip(cifar_records({{19, 99}, {2, 30}}, 0)));
  directory.write("test.bin", cifar_records({{2, 30}}, 2));
  const auto fine = lmc::load_cifar100<float>(directory.path());
  CHECK(fine.train.classes() == 100);
  CHECK(labels(fine.train) == std::vector<int>{99, 30});
  CHECK(labels(fine.test) == std::vector<int>{30});
  const auto coarse = lmc::load_cifar100<float>(directory.path(), lmc::Cifar100Labels::coarse);
  CHECK(coarse.train.classes() == 20);
  CHECK(labels(coarse.train) == std::vector<int>{19, 2});
  CHECK(labels(coarse.test) == std::vector<int>{2});
  CHECK(pixels(coarse.train) == pixels(fine.train));
  CHECK(pixels(fine.train)[3072 + 3 * 1023 + 2] == cifar_pixel(1, 2, 1023));
}

TEST_CASE("load_cifar10, load_cifar100: say what is missing, and how to get it", "[data]") {
  const testing::TemporaryDirectory directory;
  const auto ten = [&] { return lmc::load_cifar10<float>(directory.path()); };
  const auto hundred = [&] { return lmc::load_cifar100<float>(directory.path()); };
  CHECK_THROWS_WITH(lmc::load_cifar10<float>(directory / "absent"),
                    Contains("there is no directory '") && Contains("absent'") && Contains("get-data.sh cifar10"));
  CHECK_THROWS_WITH(ten(), Contains("there is none of 'data_batch_1.bin' to 'data_batch_5.bin', plain or with .gz, in '") &&
                               Contains("bash examples/get-data.sh cifar10"));
  CHECK_THROWS_WITH(hundred(), Contains("neither 'train.bin' nor 'train.bin.gz'") && Contains("cifar-100-binary.tar.gz"));
  directory.write("data_batch_5.bin", cifar_records({{3}}, 0));
  directory.write("train.bin", cifar_records({{3, 50}}, 0));
  CHECK_THROWS_WITH(ten(), Contains("neither 'test_batch.bin' nor 'test_batch.bin.gz'") && Contains("get-data.sh cifar10"));
  CHECK_THROWS_WITH(hundred(), Contains("neither 'test.bin' nor 'test.bin.gz'") && Contains("cifar-100-binary.tar.gz"));
}

TEST_CASE("load_cifar10, load_cifar100: say what is there instead", "[data]") {
  // Loads from a folder that holds one file or, where its name ends in a slash, one folder.
  const auto with = [](const std::string& name, int which) {
    const testing::TemporaryDirectory directory;
    if (name.ends_with('/'))
      std::filesystem::create_directory(directory / name);
    else
      directory.write(name, "");
    return which == 10 ? lmc::load_cifar10<float>(directory.path()) : lmc::load_cifar100<float>(directory.path());
  };
  for (const char* name : {"data_batch_1", "cifar-10-batches-py/"})
    CHECK_THROWS_WITH(with(name, 10),
                      Contains("has CIFAR's Python version, which is pickles; expected the binary version: fetch "
                               "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"));
  for (const char* name : {"train", "cifar-100-python/"})
    CHECK_THROWS_WITH(with(name, 100), Contains("has CIFAR's Python version") && Contains("cifar-100-binary.tar.gz"));
  CHECK_THROWS_WITH(with("data_batch_1.mat", 10), Contains("has CIFAR's MATLAB version"));
  CHECK_THROWS_WITH(with("cifar-10-binary.tar.gz", 10),
                    Contains("is not unpacked; unpack it with `tar -xf ") && Contains(" -C "));
  CHECK_THROWS_WITH(with("cifar-10-python.tar.gz", 10), Contains("is another version than the binary one: fetch "));
  for (const char* name : {"train.bin", "cifar-100-binary/"})
    CHECK_THROWS_WITH(with(name, 10),
                      Contains("has the files of CIFAR-100; read them with load_cifar100, `--dataset cifar100`"));
  for (const char* name : {"data_batch_1.bin.gz", "cifar-10-batches-bin/"})
    CHECK_THROWS_WITH(with(name, 100), Contains("has the files of CIFAR-10; read them with load_cifar10, `--dataset cifar10`"));
  const testing::TemporaryDirectory directory;
  directory.write("cifar-10-binary.tar.gz", "");
  CHECK_THROWS_WITH(lmc::load_cifar10<float>(directory / "cifar-10-batches-bin"),
                    Contains("is not unpacked; unpack it with `tar -xf "));
}

TEST_CASE("load_cifar10: reports classes and batches that are missing, and refuses classes that nothing can be learned of",
          "[data]") {
  const testing::TemporaryDirectory directory;
  directory.write("data_batch_1.bin", cifar_records({{3}, {9}, {9}}, 0));
  directory.write("test_batch.bin", cifar_records({{9}}, 3));
  const auto report = lmc::load_cifar10<float>(directory.path()).report;
  REQUIRE(report.sizes.size() == 1);
  CHECK(report.sizes[0].height == 32);
  CHECK(report.sizes[0].width == 32);
  REQUIRE(report.classes.size() == 10);
  CHECK(report.classes[9].name == "9");
  CHECK(report.classes[9].train == 2);
  CHECK(report.classes[9].test == 1);
  directory.write("batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj \r\n\n");
  CHECK(lmc::load_cifar10<float>(directory.path()).report.classes[9].name == "j");
  directory.write("batches.meta.txt", "a\nb\n");
  CHECK(lmc::load_cifar10<float>(directory.path()).report.classes[9].name == "9");
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].what == "training files of the five are missing");
  CHECK(report.notes[0].count == 4);
  CHECK(report.notes[0].first == "data_batch_2.bin");
  directory.write("test_batch.bin", cifar_records({{8}}, 3));
  CHECK_THROWS_WITH(lmc::load_cifar10<float>(directory.path()),
                    Contains("the class '8' has 1 test examples and none to train on"));
  directory.write("data_batch_1.bin", cifar_records({{8}, {8}}, 0));
  CHECK_THROWS_WITH(lmc::load_cifar10<float>(directory.path()), Contains("all training examples are of the class '8'"));
}

TEST_CASE("load_cifar10: refuses two data batches of the same images, plain or compressed", "[data]") {
  const testing::TemporaryDirectory directory;
  directory.write("data_batch_1.bin", cifar_records({{3}, {9}}, 0));
  directory.write("data_batch_2.bin", cifar_records({{3}, {9}}, 5));
  directory.write("test_batch.bin", cifar_records({{9}}, 9));
  CHECK(lmc::load_cifar10<float>(directory.path()).train.size() == 4);
  directory.write("data_batch_4.bin.gz", gzip(cifar_records({{3}, {9}}, 5)));
  CHECK_THROWS_WITH(lmc::load_cifar10<float>(directory.path()),
                    Contains("data_batch_2.bin' and '") && Contains("data_batch_4.bin.gz' have the same images"));
}

TEST_CASE("load_cifar10, load_cifar100: name the folder below that has the files", "[data]") {
  const testing::TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "archive/binary");
  directory.write("archive/binary/data_batch_1.bin", cifar_records({{3}, {4}}, 0));
  directory.write("archive/binary/test_batch.bin.gz", gzip(cifar_records({{4}}, 1)));
  CHECK_THROWS_WITH(lmc::load_cifar10<float>(directory.path()),
                    Contains("there are no files of CIFAR-10 in '") && Contains("/archive/binary'; give that"));
  CHECK_THROWS_WITH(lmc::load_cifar100<float>(directory.path()), Contains("neither 'train.bin' nor 'train.bin.gz'"));
  directory.write("archive/binary/train.bin", cifar_records({{3, 50}, {4, 60}}, 0));
  directory.write("archive/binary/test.bin", cifar_records({{4, 60}}, 1));
  CHECK_THROWS_WITH(lmc::load_cifar100<float>(directory.path()), Contains("/archive/binary'; give that"));
}

TEST_CASE("load_cifar10: notes test images that are training images, where half of them are", "[data]") {
  const testing::TemporaryDirectory directory;
  directory.write("data_batch_1.bin", cifar_records({{3}, {9}, {9}}, 0));
  directory.write("test_batch.bin", cifar_records({{9}, {3}}, 2));
  const auto notes = lmc::load_cifar10<float>(directory.path()).report.notes;
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].what == "test images that are training images, too, byte for byte: they say nothing of new images");
  CHECK(notes[0].count == 1);
  CHECK_THAT(notes[0].first, Contains("test_batch.bin': example 0"));
  directory.write("test_batch.bin", cifar_records({{9}, {3}, {3}}, 2));
  CHECK(lmc::load_cifar10<float>(directory.path()).report.notes.size() == 1);
}

TEST_CASE("load_cifar10, load_cifar100: pass on what is wrong with a file, of several the training part's", "[data]") {
  const std::map<std::string, Bytes> good = {{"data_batch_1.bin", cifar_records({{3}, {0}}, 0)},
                                             {"test_batch.bin", cifar_records({{3}}, 0)},
                                             {"train.bin", cifar_records({{3, 50}, {4, 60}}, 0)},
                                             {"test.bin", cifar_records({{3, 50}}, 0)}};
  const testing::TemporaryDirectory directory;
  const auto ten = [&] { return lmc::load_cifar10<float>(directory.path()); };
  const auto hundred = [&] { return lmc::load_cifar100<float>(directory.path()); };
  for (const auto& [name, bytes] : good) directory.write(name, bytes);
  CHECK(ten().train.size() == 2);

  directory.write("test_batch.bin", cifar_records({{0}, {10}}, 0));
  CHECK_THROWS_WITH(ten(), Contains("test_batch.bin': record 1 has the label 10"));
  directory.write("test.bin", testing::first(good.at("test.bin"), 3000));
  CHECK_THROWS_WITH(hundred(), Contains("test.bin' is cut"));
  directory.write("data_batch_1.bin", Bytes{});
  CHECK_THROWS_WITH(ten(), Contains("data_batch_1.bin' is empty"));
  directory.write("train.bin", cifar_records({{20, 0}}, 0));
  CHECK_THROWS_WITH(hundred(), Contains("train.bin': record 0 has the coarse label 20"));
  std::filesystem::create_directory(directory / "data_batch_3.bin");
  directory.write("data_batch_1.bin", good.at("data_batch_1.bin"));
  CHECK_THROWS_WITH(ten(), Contains("data_batch_3.bin': it is a directory, expected a file"));
}

TEST_CASE("load_cifar10: reads real files", "[data][real]") {
  const char* const folder = std::getenv("LMC_TEST_DATA");
  if (folder == nullptr) return testing::skip("LMC_TEST_DATA is not set");
  const auto data = lmc::load_cifar10<float>(folder);
  CHECK(data.train.size() == 2500);
  CHECK(data.test.size() == 2000);
  // Computed from the same file byte by byte in Python; both are sums of integers, and differ by a few roundings.
  const double mean[] = {0.493714621629902, 0.48454217677696076, 0.450296178002451};
  const double deviation[] = {0.2439987097596645, 0.24201674634987005, 0.2623381252759492};
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK_THAT(data.train.standardization().mean[c], WithinAbs(mean[c], 1e-12));
    CHECK_THAT(data.train.standardization().standard_deviation[c], WithinAbs(deviation[c], 1e-12));
  }
}

}  // namespace data_cifar_test
