// SPDX-License-Identifier: BSD-3-Clause
// Loading Tiny ImageNet beside libjpeg-turbo alone, which decodes the same files from the page cache on as many threads: once
// into memory for all pixels, as a data set needs it, which the system clears page by page when it is first written to, and
// once into scratch memory, image over image. Rounds alternate; medians, and what part of libjpeg-turbo's speed loading
// reaches, of the time that passes and of the processors' time, which other programs on the machine disturb less. The data
// set's pixels are first compared with libjpeg-turbo's.
//   image_decoding [DIRECTORY]: of Tiny ImageNet; without it, LMC_TEST_DATA/tiny-imagenet-200.
// The cache is written to a temporary directory, which links to the tree.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <jpeglib.h>

#include <lmc/data/sources/tiny_imagenet.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace {

using lmc::Index;
using Bytes = std::vector<std::uint8_t>;

constexpr int rounds = 7;

// libjpeg-turbo as its manual says, with its own error handler, which ends the program.
class Libjpeg {
 public:
  Libjpeg() {
    codec_.err = jpeg_std_error(&errors_);
    jpeg_create_decompress(&codec_);
  }
  Libjpeg(const Libjpeg&) = delete;
  Libjpeg& operator=(const Libjpeg&) = delete;
  ~Libjpeg() { jpeg_destroy_decompress(&codec_); }

  // Row after row, from `to` on.
  void decode(std::span<const std::uint8_t> bytes, std::uint8_t* to) {
    jpeg_mem_src(&codec_, bytes.data(), bytes.size());
    jpeg_read_header(&codec_, TRUE);
    codec_.out_color_space = JCS_RGB;
    const std::size_t row_size = std::size_t{3} * codec_.image_width;
    jpeg_start_decompress(&codec_);
    while (codec_.output_scanline < codec_.output_height) {
      JSAMPROW rows[16];
      for (std::size_t i = 0; i < 16; ++i) rows[i] = to + row_size * (codec_.output_scanline + i);
      jpeg_read_scanlines(&codec_, rows, std::min(16U, codec_.output_height - codec_.output_scanline));
    }
    jpeg_finish_decompress(&codec_);
  }

  void decode_file(const std::string& path, std::uint8_t* to) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t size = ::read(file, input_.data(), input_.size());
    ::close(file);
    if (size <= 0) std::abort();
    decode(std::span(input_).first(static_cast<std::size_t>(size)), to);
  }

 private:
  jpeg_decompress_struct codec_{};
  jpeg_error_mgr errors_{};
  Bytes input_ = Bytes(std::size_t{1} << 16);
};

std::vector<std::string> list_files(const std::string& root) {
  const lmc::ThreadTeam team(1);
  const auto wnids = lmc::detail::read_wnids(root + "/wnids.txt");
  std::vector<lmc::ReadNote> notes;
  std::vector<std::string> paths;
  for (const auto& part : {lmc::detail::list_tiny_imagenet_classes(root, "train", wnids, team, notes),
                           lmc::detail::list_tiny_imagenet_val(root, wnids, team, notes)})
    for (const auto& file : part) paths.push_back(root + "/" + file.path);
  return paths;
}

struct Seconds {
  double passed, processors;
};

template <class Work>
Seconds seconds(const Work& work) {
  const auto processors = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  };
  const double used = processors();
  const auto begin = std::chrono::steady_clock::now();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), processors() - used};
}

// Decodes all files on all threads, a few at a time as the loader does. to(image, worker) is where an image goes.
template <class To>
void decode_all(const lmc::ThreadTeam& team, const std::vector<std::string>& files, const To& to) {
  constexpr std::size_t few = 16;
  std::vector<Libjpeg> decoders(static_cast<std::size_t>(team.size()));
  team.for_each(static_cast<Index>((files.size() + few - 1) / few), [&](Index b, int worker) {
    const std::size_t begin = static_cast<std::size_t>(b) * few, w = static_cast<std::size_t>(worker);
    for (std::size_t i = begin; i < std::min(files.size(), begin + few); ++i) decoders[w].decode_file(files[i], to(i, w));
  });
}

// Memory straight from the system, in huge pages where it has them.
class FreshMemory {
 public:
  explicit FreshMemory(std::size_t size)
      : size_(size), memory_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) std::abort();
    ::madvise(memory_, size, MADV_HUGEPAGE);
  }
  FreshMemory(const FreshMemory&) = delete;
  FreshMemory& operator=(const FreshMemory&) = delete;
  ~FreshMemory() { ::munmap(memory_, size_); }
  [[nodiscard]] std::uint8_t* data() const { return static_cast<std::uint8_t*>(memory_); }

 private:
  std::size_t size_;
  void* memory_;
};

// A directory of its own that links to the parts of a data set.
class LinkedTree {
 public:
  explicit LinkedTree(const std::filesystem::path& root)
      : path_(std::filesystem::temp_directory_path() / ("lmc-image-decoding-" + std::to_string(::getpid()))) {
    std::filesystem::create_directory(path_);
    for (const char* name : {"train", "val", "wnids.txt"})
      std::filesystem::create_symlink(std::filesystem::absolute(root / name), path_ / name);
  }
  LinkedTree(const LinkedTree&) = delete;
  LinkedTree& operator=(const LinkedTree&) = delete;
  ~LinkedTree() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

bool same_pixels(const lmc::TrainTest<float>& data, const std::vector<std::string>& files) {
  Libjpeg decoder;
  Bytes expected(static_cast<std::size_t>(data.train.shape().size()));
  std::size_t i = 0;
  for (const auto* part : {&data.train, &data.test}) {
    const auto& pixels = std::get<lmc::SharedBytes>(part->features());
    for (auto at = pixels.begin(); at != pixels.end(); at += std::ssize(expected), ++i) {
      decoder.decode_file(files[i], expected.data());
      if (!std::equal(expected.begin(), expected.end(), at)) return false;
    }
  }
  return i == files.size();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Times of one of the rivals, one for each round.
struct Times {
  std::vector<double> passed, processors;
  void add(Seconds s) {
    passed.push_back(s.passed);
    processors.push_back(s.processors);
  }
  void print(const char* what, std::size_t files) const {
    const auto [fastest, slowest] = std::minmax_element(passed.begin(), passed.end());
    std::printf("%-46s %8.1f ms (%.1f to %.1f)  %8.0f images/s  %8.1f ms of processors\n", what, 1e3 * median(passed),
                1e3 * *fastest, 1e3 * *slowest, static_cast<double>(files) / median(passed), 1e3 * median(processors));
  }
};

// The median over rounds of a / b.
double ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
  return median(ratios);
}

}  // namespace

int main(int argc, char** argv) {
  std::string root;
  if (argc > 1 && argv[1][0] != '-') root = argv[1];
  const char* data_directory = std::getenv("LMC_TEST_DATA");
  if (root.empty() && data_directory != nullptr) root = std::string(data_directory) + "/tiny-imagenet-200";
  if (root.empty()) {
    std::cout << "no data: give Tiny ImageNet's directory, or set LMC_TEST_DATA\n";
    return EXIT_SUCCESS;
  }
  const lmc::ThreadTeam team;
  const std::vector<std::string> files = list_files(root);
  const std::size_t n = files.size();
  std::size_t image_size = 0;
  {
    const auto data = lmc::load_tiny_imagenet<float>(root, {.cache = false});
    image_size = static_cast<std::size_t>(data.train.shape().size());
    if (!same_pixels(data, files)) {
      std::cout << "ERROR OCCURRED: the data set's pixels are not those of libjpeg-turbo\n";
      return EXIT_FAILURE;
    }
  }
  const LinkedTree linked(root);
  const auto time_loading = [](const std::string& directory, bool cache) {
    std::optional<lmc::TrainTest<float>> data;
    return seconds([&] { data.emplace(lmc::load_tiny_imagenet<float>(directory, {.cache = cache})); });
  };
  std::vector<Bytes> scratch(static_cast<std::size_t>(team.size()), Bytes(image_size));
  Times into_scratch, into_memory, loading, cached;
  time_loading(linked.path(), true);  // writes the cache
  for (int round = 0; round < rounds; ++round) {
    into_scratch.add(
        seconds([&] { decode_all(team, files, [&](std::size_t, std::size_t worker) { return scratch[worker].data(); }); }));
    {
      std::optional<FreshMemory> all;
      into_memory.add(seconds([&] {
        all.emplace(n * image_size);
        decode_all(team, files, [&](std::size_t i, std::size_t) { return all->data() + i * image_size; });
      }));
    }
    loading.add(time_loading(root, false));
    cached.add(time_loading(linked.path(), true));
  }
  std::printf("%zu images, %d threads, medians of %d rounds (fastest to slowest)\n", n, team.size(), rounds);
  into_scratch.print("libjpeg-turbo alone, into scratch memory", n);
  into_memory.print("libjpeg-turbo alone, into memory for all pixels", n);
  loading.print("load_tiny_imagenet without cache", n);
  cached.print("load_tiny_imagenet from its cache", n);
  for (const auto& [what, alone] :
       {std::pair{"memory for all pixels", &into_memory}, std::pair{"scratch memory", &into_scratch}})
    std::printf("loading reaches %.1f %% of libjpeg-turbo's speed into %s, %.1f %% by processor time\n",
                100 * ratio(alone->passed, loading.passed), what, 100 * ratio(alone->processors, loading.processors));
  std::fflush(stdout);
}
