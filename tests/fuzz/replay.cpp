// SPDX-License-Identifier: BSD-3-Clause
// replay FOLDER...: runs a fuzz target on the files of its corpus and on a fixed number of mutations of each, the same in every
// run: for compilers that have no libFuzzer. An input that ends the process is written to ./finding-<folder's name> before.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/random.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// NOLINTBEGIN(bugprone-reserved-identifier): the sanitizers' names. They too are to end in abort, where the input is kept.
extern "C" const char* __asan_default_options() { return "abort_on_error=1"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }
// NOLINTEND(bugprone-reserved-identifier)

namespace {

using Input = std::vector<std::uint8_t>;

std::string finding;  // where an input is kept
Input current;

[[noreturn]] void keep_input(int /*signal*/) {
  const int file = ::open(finding.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0 && ::write(file, current.data(), current.size()) == static_cast<ssize_t>(current.size())) {
    constexpr char text[] = "\nreplay: the input is kept in ";
    if (::write(2, text, sizeof text - 1) > 0 && ::write(2, finding.data(), finding.size()) > 0) (void)::write(2, "\n", 1);
  }
  ::_exit(1);
}

void run(Input input) {
  current = std::move(input);
  LLVMFuzzerTestOneInput(current.data(), current.size());
}

// Draws of one mutation: a function of the file's and the mutation's number.
class Draws {
 public:
  Draws(std::size_t file, std::uint32_t mutation) : file_(static_cast<std::uint32_t>(file)), mutation_(mutation) {}
  std::size_t below(std::size_t n) { return n == 0 ? 0 : lmc::philox({next_++, mutation_, file_, 0}, {})[0] % n; }

 private:
  std::uint32_t file_, mutation_, next_ = 0;
};

void mutate(Input& input, const std::vector<Input>& corpus, Draws& draws) {
  const auto at = [&](std::size_t i) { return input.begin() + static_cast<std::ptrdiff_t>(i); };
  const std::size_t position = draws.below(input.size());
  const std::size_t length = std::min(draws.below(64) + 1, input.size() - position);
  const Input& other = corpus[draws.below(corpus.size())];
  switch (draws.below(input.empty() ? 1 : 6)) {
    case 0: {  // goes on as another file does
      const std::size_t cut = draws.below(other.size() + 1);
      input.resize(std::min(position, input.size()));
      input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(cut), other.end());
      break;
    }
    case 1:
      input[position] ^= static_cast<std::uint8_t>(1U << draws.below(8));
      break;
    case 2: {
      constexpr std::uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff, '0', '9', '\n', ',', '"'};
      std::fill_n(at(position), std::min<std::size_t>(length, 1 + draws.below(8)), edges[draws.below(std::size(edges))]);
      break;
    }
    case 3:
      input.resize(position);
      break;
    case 4: {
      const Input part(at(position), at(position + length));
      input.insert(at(draws.below(input.size() + 1)), part.begin(), part.end());
      break;
    }
    default:
      input.erase(at(position), at(position + length));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> paths;
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Input> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  fuzz::check(!corpus.empty(), "replay FOLDER: there is a file in the folder");
  finding = "finding-" + paths[0].parent_path().filename().string();
  std::signal(SIGABRT, keep_input);
  std::signal(SIGSEGV, keep_input);

  constexpr std::size_t total = 3000;
  const std::size_t mutations = total / corpus.size();
  for (std::size_t file = 0; file < corpus.size(); ++file) {
    run(corpus[file]);
    for (std::size_t k = 0; k < mutations; ++k) {
      Draws draws(file, static_cast<std::uint32_t>(k));
      Input input = corpus[file];
      for (std::size_t n = draws.below(4) + 1; n > 0; --n) mutate(input, corpus, draws);
      run(std::move(input));
    }
  }
  std::printf("%zu files, %zu mutations of each\n", corpus.size(), mutations);
}
