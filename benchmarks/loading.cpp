// SPDX-License-Identifier: BSD-3-Clause
// Loading data sets, standardization included, beside reading the same files and no more. MNIST is taken from the folder
// LMC_MNIST, plain and as gzip copies made here; CIFAR-10 from LMC_CIFAR10. What is not set is left out, and said to be. Each
// loader's pixels are first compared with the bytes of the files. Bytes per second count pixels; the files are in the page
// cache.
#include <benchmark/benchmark.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/sources/cifar.hpp>
#include <lmc/data/sources/mnist.hpp>

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;
using Data = lmc::TrainTest<float>;

Bytes content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
const lmc::SharedBytes& pixels(const lmc::Dataset<float>& data) { return std::get<lmc::SharedBytes>(data.features()); }

constexpr std::array mnist_files = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                    "t10k-labels-idx1-ubyte"};

bool is_mnist(const Data& data, const fs::path& plain) {
  const auto equal = [&](const lmc::Dataset<float>& part, const std::string& name) {
    const Bytes images = content(plain / (name + "-images-idx3-ubyte")),
                labels = content(plain / (name + "-labels-idx1-ubyte"));
    return std::equal(images.begin() + 16, images.end(), pixels(part).begin(), pixels(part).end()) &&
           std::equal(labels.begin() + 8, labels.end(), part.labels().begin(), part.labels().end());
  };
  return equal(data.train, "train") && equal(data.test, "t10k");
}

bool is_cifar(const Data& data, const std::vector<fs::path>& train, const fs::path& test) {
  const auto equal = [](const lmc::Dataset<float>& part, const std::vector<fs::path>& files) {
    std::size_t i = 0;
    for (const auto& file : files) {
      const Bytes bytes = content(file);
      for (auto record = bytes.begin(); record != bytes.end(); record += 3073, ++i) {
        if (*record != part.labels()[i]) return false;
        for (std::size_t p = 0; p < 3072; ++p)
          if (record[static_cast<std::ptrdiff_t>(1 + p)] != pixels(part)[i * 3072 + p % 1024 * 3 + p / 1024]) return false;
      }
    }
    return static_cast<lmc::Index>(i) == part.size();
  };
  return equal(data.train, train) && equal(data.test, {test});
}

// Copies of MNIST's files, compressed as `gzip` does it.
class GzipCopies {
 public:
  explicit GzipCopies(const fs::path& plain)
      : folder_(fs::temp_directory_path() / ("lmc-loading-" + std::to_string(::getpid()))) {
    fs::create_directory(folder_);
    for (const char* name : mnist_files) {
      const Bytes bytes = content(plain / name);
      const gzFile file = gzopen((folder_ / (std::string(name) + ".gz")).c_str(), "wb6");
      gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
      gzclose(file);
    }
  }
  GzipCopies(const GzipCopies&) = delete;
  GzipCopies& operator=(const GzipCopies&) = delete;
  ~GzipCopies() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  [[nodiscard]] const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

using Load = std::function<Data()>;
using Verify = std::function<bool(const Data&)>;

void load(benchmark::State& state, const Load& load_data, const Verify& verify) {
  std::int64_t size = 0;
  {
    const Data data = load_data();
    if (!verify(data)) return state.SkipWithError("differs from the files");
    size = static_cast<std::int64_t>(pixels(data.train).size() + pixels(data.test).size());
  }
  for (auto _ : state) {
    Data data = load_data();
    benchmark::DoNotOptimize(data);
  }
  state.SetBytesProcessed(state.iterations() * size);
}

void read(benchmark::State& state, const std::vector<fs::path>& files) {
  std::vector<char> piece(std::size_t{1} << 18);
  std::int64_t size = 0;
  for (auto _ : state)
    for (const auto& path : files) {
      std::ifstream file(path, std::ios::binary);
      while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())), file.gcount() > 0) size += file.gcount();
    }
  state.SetBytesProcessed(size);
}

template <class... Arguments>
void add(const char* name, Arguments... arguments) {
  benchmark::RegisterBenchmark(name, arguments...)->Unit(benchmark::kMillisecond)->UseRealTime();
}

void add_mnist(const fs::path& plain, const fs::path& compressed) {
  std::vector<fs::path> files;
  for (const char* name : mnist_files) files.push_back(plain / name);
  const Verify verify = [=](const Data& data) { return is_mnist(data, plain); };
  add("mnist_read", read, files);
  add(
      "mnist", load, [=] { return lmc::load_mnist<float>(plain); }, verify);
  add(
      "mnist_gzip", load, [=] { return lmc::load_mnist<float>(compressed); }, verify);
}

void add_cifar(const fs::path& folder) {
  const fs::path test = folder / "test_batch.bin";
  std::vector<fs::path> train, files = {test};
  for (int batch = 1; batch <= 5; ++batch) {
    train.push_back(folder / ("data_batch_" + std::to_string(batch) + ".bin"));
    files.push_back(train.back());
  }
  add("cifar10_read", read, files);
  add(
      "cifar10", load, [=] { return lmc::load_cifar10<float>(folder); },
      [=](const Data& d) { return is_cifar(d, train, test); });
}

// The folder that an environment variable names, if it is set and holds the file.
std::optional<fs::path> folder(const char* variable, const char* file) {
  const char* const value = std::getenv(variable);
  if (value != nullptr && fs::exists(fs::path(value) / file)) return value;
  std::cerr << (value == nullptr ? "Left out: " : "Left out, since there is no such file: ") << variable << '/' << file << '\n';
  return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  std::optional<GzipCopies> compressed;
  if (const auto plain = folder("LMC_MNIST", mnist_files[0])) {
    compressed.emplace(*plain);
    add_mnist(*plain, compressed->folder());
  }
  if (const auto cifar = folder("LMC_CIFAR10", "data_batch_1.bin")) add_cifar(*cifar);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
