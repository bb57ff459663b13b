// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/words.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  const auto path = fuzz::in_memory_file(bytes, "dict/one");
  fuzz::in_memory_file(bytes, "dict/other");
  fuzz::accepts(fuzz::file_reader_limit(bytes), [&] {
    lmc::detail::PassedWords passed;
    for (const std::string& word : lmc::detail::read_words(path.parent_path(), "one", passed))
      fuzz::check(word.size() >= 4 && word.size() <= 10 && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == word.npos,
                  "words are of 4 to 10 letters from a to z");
  });
  fuzz::accepts(2 * fuzz::file_reader_limit(bytes), [&] {
    const auto words = lmc::load_words<float>(path.parent_path(), {.languages = {"one", "other"},
                                                                   .train_words = 3,
                                                                   .test_words = 2,
                                                                   .train_examples = 4,
                                                                   .test_examples = 2,
                                                                   .features = lmc::NgramOptions{.dimension = 64}});
    fuzz::check(words.train.size() == 8 && words.test.size() == 4, "there are as many examples as were asked for");
  });
  return 0;
}
