// SPDX-License-Identifier: BSD-3-Clause
// Loading Tiny ImageNet beside libjpeg-turbo alone, which decodes the same files on as many threads into scratch memory: once
// from files in the page cache, once from bytes in memory. Rounds alternate; medians, and what part of libjpeg-turbo's speed
// loading reaches. The data set's pixels are first compared with libjpeg-turbo's.
//   image_decoding [DIRECTORY]: of Tiny ImageNet; without it, LMC_TEST_DATA/tiny-imagenet-200.
// The cache is written to a temporary directory, which links to the tree.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include <jpeglib.h>

#include <lmc/core/thread_team.hpp>
#include <lmc/data/tiny_imagenet.hpp>

namespace {

using lmc::Index;
using Bytes = std::vector<std::uint8_t>;

constexpr int rounds = 9;

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

  std::span<const std::uint8_t> decode(std::span<const std::uint8_t> bytes) {
    jpeg_mem_src(&codec_, bytes.data(), bytes.size());
    jpeg_read_header(&codec_, TRUE);
    codec_.out_color_space = JCS_RGB;
    const std::size_t row_size = std::size_t{3} * codec_.image_width;
    scratch_.resize(row_size * codec_.image_height);
    jpeg_start_decompress(&codec_);
    while (codec_.output_scanline < codec_.output_height) {
      JSAMPROW rows[16];
      for (std::size_t i = 0; i < 16; ++i) rows[i] = scratch_.data() + row_size * (codec_.output_scanline + i);
      jpeg_read_scanlines(&codec_, rows, std::min(16U, codec_.output_height - codec_.output_scanline));
    }
    jpeg_finish_decompress(&codec_);
    return scratch_;
  }

  std::span<const std::uint8_t> decode_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t size = ::read(file, input_.data(), input_.size());
    ::close(file);
    if (size <= 0) std::abort();
    return decode(std::span(input_).first(static_cast<std::size_t>(size)));
  }

 private:
  jpeg_decompress_struct codec_{};
  jpeg_error_mgr errors_{};
  Bytes scratch_, input_ = Bytes(std::size_t{1} << 16);
};

struct Files {
  std::vector<std::string> paths;
  std::vector<Bytes> bytes;
};

Files read_files(const std::string& root) {
  const lmc::ThreadTeam team(1);
  const auto labels = lmc::detail::read_wnids(root + "/wnids.txt");
  Files files;
  const auto add = [&](const std::vector<lmc::detail::ImageFile>& part) {
    lmc::detail::SmallFileReader reader;
    for (const auto& file : part) {
      files.paths.push_back(root + "/" + file.path);
      const auto bytes = reader.read(files.paths.back());
      files.bytes.emplace_back(bytes.begin(), bytes.end());
    }
  };
  add(lmc::detail::list_tiny_imagenet_train(root, labels, team));
  add(lmc::detail::list_tiny_imagenet_val(root, labels));
  return files;
}

template <class Work>
double seconds(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Decoding all files on all threads, a few at a time as the loader does.
template <class Decode>
void decode_all(const lmc::ThreadTeam& team, std::size_t files, const Decode& decode) {
  constexpr std::size_t few = 16;
  std::vector<Libjpeg> decoders(static_cast<std::size_t>(team.size()));
  team.for_each(static_cast<Index>((files + few - 1) / few), [&](Index b, int worker) {
    const std::size_t begin = static_cast<std::size_t>(b) * few;
    for (std::size_t i = begin; i < std::min(files, begin + few); ++i) decode(decoders[static_cast<std::size_t>(worker)], i);
  });
}

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

bool same_pixels(const lmc::TrainTest<float>& data, const Files& files) {
  Libjpeg decoder;
  std::size_t i = 0;
  for (const auto* part : {&data.train, &data.test}) {
    const auto& pixels = std::get<Bytes>(part->features());
    const auto size = static_cast<std::size_t>(part->shape().size());
    for (std::size_t begin = 0; begin < pixels.size(); begin += size, ++i) {
      const auto expected = decoder.decode(files.bytes[i]);
      if (!std::equal(expected.begin(), expected.end(), pixels.begin() + static_cast<std::ptrdiff_t>(begin))) return false;
    }
  }
  return i == files.paths.size();
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void print(const char* what, const std::vector<double>& times, std::size_t files) {
  const auto [fastest, slowest] = std::minmax_element(times.begin(), times.end());
  std::printf("%-44s %8.1f ms (%.1f to %.1f)  %8.0f images/s\n", what, 1e3 * median(times), 1e3 * *fastest, 1e3 * *slowest,
              static_cast<double>(files) / median(times));
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
  const Files files = read_files(root);
  const std::size_t n = files.paths.size();
  if (!same_pixels(lmc::load_tiny_imagenet<float>(root, {.cache = false}), files)) {
    std::cout << "ERROR OCCURRED: the data set's pixels are not those of libjpeg-turbo\n";
    return EXIT_FAILURE;
  }
  const LinkedTree linked(root);
  std::vector<double> alone, from_memory, loading, cached, part_of_alone, part_of_memory;
  const auto time_loading = [](const std::string& directory, bool cache) {
    std::optional<lmc::TrainTest<float>> data;
    return seconds([&] { data.emplace(lmc::load_tiny_imagenet<float>(directory, {.cache = cache})); });
  };
  time_loading(linked.path(), true);  // writes the cache
  for (int round = 0; round < rounds; ++round) {
    alone.push_back(seconds([&] { decode_all(team, n, [&](Libjpeg& d, std::size_t i) { d.decode_file(files.paths[i]); }); }));
    loading.push_back(time_loading(root, false));
    from_memory.push_back(seconds([&] { decode_all(team, n, [&](Libjpeg& d, std::size_t i) { d.decode(files.bytes[i]); }); }));
    cached.push_back(time_loading(linked.path(), true));
    part_of_alone.push_back(alone.back() / loading.back());
    part_of_memory.push_back(from_memory.back() / loading.back());
  }
  std::printf("%zu images, %d threads, medians of %d rounds (fastest to slowest)\n", n, team.size(), rounds);
  print("libjpeg-turbo alone, bytes in memory", from_memory, n);
  print("libjpeg-turbo alone, files in the page cache", alone, n);
  print("load_tiny_imagenet without cache", loading, n);
  print("load_tiny_imagenet from its cache", cached, n);
  std::printf("loading reaches %.1f %% of libjpeg-turbo's speed from files, %.1f %% of that from memory\n",
              100 * median(part_of_alone), 100 * median(part_of_memory));
  std::fflush(stdout);
}
