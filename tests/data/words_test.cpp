// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/random.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/sources/words.hpp>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <support/skip.hpp>
#include <support/temporary_directory.hpp>

namespace data_words_test {

namespace {

using Catch::Matchers::Contains;
using lmc::Index;

// Words of 4 to 10 letters that are made of the given ones, count of each length, and inflections of each.
std::string word_list(std::string_view letters, int count) {
  std::string text;
  for (std::size_t length = 4; length <= 10; ++length)
    for (int i = 0; i < count; ++i) {
      std::string word;
      for (std::size_t at = 0; at < length; ++at)
        word += letters[lmc::uniform_below({.seed = length}, static_cast<std::uint64_t>(i) * 16 + at, letters.size())];
      text += word + "\n" + word + "s\n";
    }
  return text;
}

const lmc::WordsOptions small_options{
    .languages = {"vowels", "consonants"}, .train_words = 300, .test_words = 100, .train_examples = 200, .test_examples = 80};

testing::TemporaryDirectory& small_lists() {
  static testing::TemporaryDirectory directory;
  directory.write("vowels", word_list("aeiouyln", 200));
  directory.write("consonants", word_list("bcdfghaklmnpr", 200));
  return directory;
}

std::vector<std::string> words_of(const std::vector<std::string>& samples) {
  std::vector<std::string> words;
  for (const auto& sample : samples)
    lmc::detail::for_each_word(sample, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

std::set<std::string> beginnings(const std::vector<std::string>& samples) {
  std::set<std::string> result;
  for (const auto& word : words_of(samples)) result.insert(word.substr(0, 5));
  return result;
}

// 64 words.
lmc::detail::WordsByLength four_letter_words() {
  lmc::detail::WordsByLength words;
  for (char a = 'a'; a < 'i'; ++a)
    for (char b = 'a'; b < 'i'; ++b) words[0].push_back({a, b, 'x', 'x'});
  return words;
}

// The share of test bags that multinomial naive Bayes, with one added to each count, takes for the right class.
double naive_bayes_accuracy(const lmc::TextData<float>& data) {
  const auto dimension = static_cast<std::size_t>(data.train.shape().size()), classes = data.classes.size();
  const auto count = [&](const lmc::Dataset<float>& part, std::size_t i, std::size_t c) {
    return std::get<lmc::SharedBytes>(part.features())[i * dimension + c];
  };
  std::vector<std::vector<double>> log_p(classes, std::vector<double>(dimension, 1.0));
  for (std::size_t i = 0; i < data.train.labels().size(); ++i)
    for (std::size_t c = 0; c < dimension; ++c)
      log_p[static_cast<std::size_t>(data.train.labels()[i])][c] += count(data.train, i, c);
  for (auto& p : log_p) {
    double sum = 0;
    for (const double v : p) sum += v;
    for (double& v : p) v = std::log(v / sum);
  }
  int right = 0;
  for (std::size_t i = 0; i < data.test.labels().size(); ++i) {
    std::vector<double> score(classes);
    for (std::size_t c = 0; c < dimension; ++c)
      if (const int n = count(data.test, i, c))
        for (std::size_t k = 0; k < classes; ++k) score[k] += n * log_p[k][c];
    right += std::max_element(score.begin(), score.end()) - score.begin() == data.test.labels()[i];
  }
  return static_cast<double>(right) / static_cast<double>(data.test.size());
}

}  // namespace

TEST_CASE("load_words: gives as many samples of each language as were asked for, in their order", "[data]") {
  const auto data = lmc::load_words<float>(small_lists().path(), small_options);
  CHECK(data.classes == small_options.languages);
  CHECK(data.train.shape() == lmc::Shape{1024});
  CHECK(data.train.size() == 400);
  CHECK(data.test.size() == 160);
  for (Index i = 0; i < 400; ++i) CHECK(data.train.labels()[static_cast<std::size_t>(i)] == i / 200);
  for (Index i = 0; i < 160; ++i) CHECK(data.test.labels()[static_cast<std::size_t>(i)] == i / 80);
  CHECK(naive_bayes_accuracy(data) > 0.9);  // the words are made of different letters

  auto options = small_options;
  options.features = lmc::SequenceOptions{.length = 20};
  const auto sequence = lmc::load_words<float>(small_lists().path(), options);
  CHECK(sequence.train.shape()[0] == 20);
  CHECK(sequence.train.shape()[2] == static_cast<Index>(sequence.alphabet.size()) + 1);
}

TEST_CASE("load_words: draws on its own for each language and part, by the seed", "[data]") {
  // The same 64 words in both languages and parts, so that only the draws can differ.
  const lmc::detail::WordsByLength words = four_letter_words();
  auto options = small_options, other = options;
  other.seed = 1;
  const lmc::detail::WordsPart train{"train", 20, 30}, test{"test", 20, 30};
  const auto choose = [&](const lmc::detail::WordsPart& part, const lmc::WordsOptions& o) {
    return lmc::detail::choose_words({words, words}, part, o, "", {});
  };
  const auto chosen = choose(train, options);
  CHECK(chosen == choose(train, options));
  CHECK(chosen[0] != chosen[1]);
  CHECK(chosen != choose(test, options));
  CHECK(chosen != choose(train, other));

  const std::vector<std::vector<std::string>> all(2, words[0]);
  const auto sample = [&](const lmc::detail::WordsPart& part, const lmc::WordsOptions& o) {
    return lmc::detail::sample_words(all, part, o);
  };
  const auto samples = sample(train, options);
  CHECK(std::vector(samples.begin(), samples.begin() + 30) != std::vector(samples.begin() + 30, samples.end()));
  CHECK(samples != sample(test, options));
  CHECK(samples != sample(train, other));

  const auto for_test = [&](std::uint64_t seed) {
    std::vector<std::string> result;
    for (const auto& word : words[0])
      if (lmc::detail::is_test_word(word, 0.5, seed)) result.push_back(word);
    return result;
  };
  CHECK(for_test(0) != for_test(1));
}

TEST_CASE("load_words: which numbers choose words, draw samples and decide what is for testing", "[data][determinism]") {
  const lmc::detail::WordsByLength words = four_letter_words();
  const auto stream = [](std::uint32_t epoch, std::uint32_t part) {
    return lmc::Stream{.seed = 7, .purpose = lmc::Purpose::text, .epoch = epoch, .part = part};
  };
  auto options = small_options;
  options.seed = 7;
  const lmc::detail::WordsPart test{"test", 20, 30};
  const auto chosen = lmc::detail::choose_words({words, words}, test, options, "", {});
  const auto samples = lmc::detail::sample_words(std::vector<std::vector<std::string>>(2, words[0]), test, options);
  for (std::uint32_t language = 0; language < 2; ++language) {
    auto order = words[0];
    lmc::shuffle(stream(4, 2 * language + 1), std::span(order));  // words of four letters
    order.resize(20);
    CHECK(chosen[language] == order);
    // The first word of the language's first sample.
    CHECK(samples[30 * language].starts_with(words[0][lmc::uniform_below(stream(1, 2 * language + 1), 0, 64)]));
  }
  for (const std::string& word : words[0]) {
    const double u = lmc::uniform(stream(0, 0), lmc::fnv1a(std::as_bytes(std::span(word))));
    CHECK(lmc::detail::is_test_word(word, 0.5, 7) == (u < 0.5));
  }
}

TEST_CASE("load_words: keeps words of one beginning in one part, and as many of each length in every language", "[data]") {
  auto options = small_options;
  options.train_examples = options.test_examples = 3000;  // so that every word is drawn
  options.words_per_sample = 2;
  options.seed = GENERATE(0u, 1u);
  const auto samples = lmc::detail::read_word_samples(small_lists().path(), options);
  const auto train = beginnings(samples.train), test = beginnings(samples.test);
  std::vector<std::string> both;
  std::set_intersection(train.begin(), train.end(), test.begin(), test.end(), std::back_inserter(both));
  CHECK(both.empty());

  for (const auto* part : {&samples.train, &samples.test}) {
    std::array<std::map<std::size_t, int>, 2> lengths;  // how often each length occurs among the distinct words of a language
    for (std::size_t l = 0; l < 2; ++l) {
      const auto begin = part->begin() + static_cast<std::ptrdiff_t>(3000 * l);
      const auto words = words_of({begin, begin + 3000});
      CHECK(words.size() == 6000);
      for (const auto& word : std::set<std::string>(words.begin(), words.end())) ++lengths[l][word.size()];
    }
    CHECK(lengths[0] == lengths[1]);
    CHECK(lengths[0].begin()->first == 4);
    CHECK(lengths[0].rbegin()->first == 10);
    int total = 0;
    for (const auto& [length, count] : lengths[0]) total += count;
    CHECK(total == (part == &samples.train ? 300 : 100));
  }
}

TEST_CASE("load_words: is decided by the seed", "[data][long]") {
  const auto samples = [&](std::uint64_t seed) {
    auto options = small_options;
    options.seed = seed;
    return lmc::detail::read_word_samples(small_lists().path(), options);
  };
  CHECK(samples(1).train == samples(1).train);
  CHECK(samples(1).test == samples(1).test);
  CHECK(samples(1).train != samples(2).train);
  CHECK(beginnings(samples(1).test) != beginnings(samples(2).test));
}

TEST_CASE("load_words: reads UTF-8 and Latin-1, folds letters, takes a word once, and leaves out what is no word", "[data]") {
  const testing::TemporaryDirectory directory;
  lmc::detail::PassedWords passed;
  directory.write("utf8", "Größe\nGRÖSSE\ngrößte\r\nabc\nan-d\nit's\nlongerthanten\nœuf\nŻółw\n");
  directory.write("latin1",
                  "f\xF6rst\xE5r\n\xD6"
                  "ar\nabcd\n");
  CHECK(lmc::detail::read_words(directory.path(), "utf8", passed) ==
        std::vector<std::string>{"grosse", "grosste", "oeuf", "zolw"});
  directory.write("blanks", " abcd \nefgh\t\r\n");
  CHECK(lmc::detail::read_words(directory.path(), "blanks", passed) == std::vector<std::string>{"abcd", "efgh"});
  CHECK(lmc::detail::read_words(directory.path(), "latin1", passed) == std::vector<std::string>{"abcd", "forstar"});
  directory.write("decomposed", "Gro\u0308\u00dfe\nZ\u0307o\u0301\u0142w\n");  // as Größe and Żółw are in NFD
  CHECK(lmc::detail::read_words(directory.path(), "decomposed", passed) == std::vector<std::string>{"grosse", "zolw"});
  CHECK(passed.letters.count == 2);  // an-d, it's
  CHECK(passed.length == 3);         // abc, longerthanten, Öar
  CHECK(passed.slashes == 0);
  directory.write("neither", "gr\xC3\xB6sse\nf\xF6rst\n");
  CHECK_THROWS_WITH(lmc::detail::read_words(directory.path(), "neither", passed),
                    Contains("neither', line 2: the text is not valid UTF-8"));
}

TEST_CASE("equal_counts: takes as many of each as there are, up to a common level", "[data]") {
  using Counts = std::array<Index, lmc::detail::word_lengths>;
  using lmc::detail::equal_counts;
  CHECK(equal_counts({9, 9, 9, 9, 9, 9, 9}, 14) == Counts{2, 2, 2, 2, 2, 2, 2});
  CHECK(equal_counts({1, 9, 0, 9, 9, 2, 9}, 23) == Counts{1, 5, 0, 5, 5, 2, 5});
  CHECK(equal_counts({1, 2, 3, 4, 5, 6, 7}, 28) == Counts{1, 2, 3, 4, 5, 6, 7});
  for (Index total = 0; total <= 28; ++total) {
    const auto counts = equal_counts({7, 5, 6, 3, 4, 1, 2}, total);
    CHECK(std::accumulate(counts.begin(), counts.end(), Index{0}) == total);
  }
}

TEST_CASE("load_words: refuses two lists of the same words, and notes those that share half of them", "[data]") {
  const testing::TemporaryDirectory directory;
  directory.write("first", "Häuser\nwater\nstone\nroof\n");
  directory.write("same", "roof\nstone\nwater\nwater\nHauser\nit\n");
  const auto samples = [&](const std::string& other) {
    return lmc::detail::read_word_samples(
        directory.path(),
        {.languages = {"first", other}, .train_words = 1, .test_words = 1, .wording = lmc::Wording::command_line});
  };
  CHECK_THROWS_WITH(samples("same"),
                    Contains("--languages: 'first' and 'same' have the same words; expected a list of its own"));
  // Words of the alphabet's first letters, of which each list takes a stretch: there are enough for both parts.
  const auto stretch = [](int begin, int end) {
    std::string text;
    for (int i = begin; i < end; ++i) {
      text += lmc::concat(static_cast<char>('a' + i % 26), static_cast<char>('a' + i / 26), "ter\n");
    }
    return text;
  };
  directory.write("first", stretch(0, 100));
  for (const auto& [begin, shared] : {std::pair(49, 51), std::pair(50, 50), std::pair(200, 0)}) {
    directory.write("other", stretch(begin, begin + 120));
    const auto notes = samples("other").notes;
    REQUIRE(notes.size() == (shared > 50 ? 1 : 0));
    if (shared > 50)
      CHECK(notes[0].what ==
            "words of 'first', more than half of them, are words of 'other', too, and do not tell the two apart");
    if (shared > 50) CHECK(notes[0].count == shared);
  }
}

TEST_CASE("load_words: says what is missing, too short or out of range", "[data][long]") {
  const auto load = [](auto change) {
    auto options = small_options;
    change(options);
    return lmc::load_words<float>(small_lists().path(), options);
  };
  CHECK_THROWS_WITH(lmc::load_words<float>(small_lists().path()),
                    Contains("there is no word list '") && Contains("american-english'; install Debian's package wamerican"));
  CHECK_THROWS_WITH(load([](auto& o) { o.languages[1] = "polish"; }), Contains("Debian's package wpolish"));
  CHECK_THROWS_WITH(load([](auto& o) { o.languages[1] = "martian"; }), Contains("martian'; Debian's packages that provide"));
  CHECK_THROWS_WITH(load([](auto& o) { o.languages[1] = "vowels"; }), Contains("the language 'vowels' is named twice"));
  CHECK_THROWS_WITH(load([](auto& o) { o.languages.pop_back(); }), Contains("there are 1 languages; expected at least 2"));
  CHECK_THROWS_WITH(load([](auto& o) { o.train_words = 100'000; }),
                    Contains("train_words = 100000, but") && Contains("vowels ") && Contains("consonants "));
  CHECK_THROWS_WITH(
      lmc::detail::choose_words({{{{"many", "more"}}}, {{{"viel"}}}}, {"test", 2, 1}, small_options, "advice", {}),
      Contains("test_words = 2, but") && Contains("only up to 1 in all (vowels 2, consonants 1); advice"));
  {
    // The advice works, and it names the options of the program there.
    std::string message;
    try {
      load([](auto& o) {
        o.train_words = 100'000;
        o.wording = lmc::Wording::command_line;
      });
    } catch (const lmc::Error& e) {
      message = e.what();
    }
    CHECK_THAT(message, Contains("--train-words 100000, but"));
    const auto number = [&](const char* option) {
      return std::stol(message.substr(message.find(option, 15) + std::string(option).size()));
    };
    CHECK_NOTHROW(load([&](auto& o) {
      o.train_words = number("--train-words ");
      o.test_words = number("--test-words ");
    }));
  }
  CHECK_THROWS_WITH(load([](auto& o) { o.languages[1] = "consonant"; }),
                    Contains("; the folder has others: languages = {\"consonants\", ") && Contains("\"vowels\""));
  CHECK_THROWS_WITH(load([](auto& o) { o.languages[1] = ""; }), Contains("languages has an empty name"));
  const testing::TemporaryDirectory directory;
  directory.write("first", "aword\nother\n");
  directory.write("second", "слово\nword/ABC\nthe\n");
  CHECK_THROWS_WITH(
      lmc::load_words<float>(directory.path(), {.languages = {"first", "second"}}),
      Contains("1 × second: lines with other characters than a to z, once folded, were passed over, as 'слово'") &&
          Contains("1 × second: lines with a slash") && Contains("1 × second: words of less than 4"));
  directory.write("cyrillic", "слово\nдругое\nпервое\n");
  directory.write("counted", "aword 12\nother 7\nthird 5\n");
  CHECK_THROWS_WITH(
      lmc::load_words<float>(directory.path(), {.languages = {"first", "cyrillic"}}),
      Contains("; most lines of 'cyrillic' were passed over, since words are of the letters a to z:\n  3 × cyrillic: lines "
               "with other characters"));
  CHECK_THROWS_WITH(
      lmc::load_words<float>(directory.path(), {.languages = {"counted", "first"}}),
      Contains("most lines of 'counted' were passed over") &&
          Contains(
              "3 × counted: lines with digits were passed over, as 'aword 12'; expected a word alone in each line, without a number "
              "before or behind it"));
  directory.write("listed", "aword, other\nthird;fourth\n");
  CHECK_THROWS_WITH(
      lmc::load_words<float>(directory.path(), {.languages = {"listed", "first"}}),
      Contains("2 × listed: lines with commas or semicolons were passed over, as 'aword, other'; expected a word alone"));
  directory.write("mac", "aword\rother\r");
  CHECK_THROWS_WITH(lmc::load_words<float>(directory.path(), {.languages = {"mac", "first"}}),
                    Contains("mac', line 1: there is a carriage return without a line feed"));
  directory.write("third", "aother\nthird\n");
  CHECK_THROWS_WITH(lmc::load_words<float>(directory.path(), {.languages = {"first", "third"}}),
                    Contains("lists need more words of 4 to 10 letters"));
  CHECK_THROWS_WITH(load([](auto& o) { o.words_per_sample = 0; }),
                    Contains("words_per_sample = 0; expected a positive number"));
  CHECK_THROWS_WITH(load([](auto& o) { o.train_words = 0; }), Contains("train_words = 0;"));
  CHECK_THROWS_WITH(load([](auto& o) { o.test_words = -1; }), Contains("test_words = -1;"));
  CHECK_THROWS_WITH(load([](auto& o) { o.train_examples = 0; }), Contains("train_examples = 0;"));
  CHECK_THROWS_WITH(load([](auto& o) { o.test_examples = 0; }), Contains("test_examples = 0;"));
}

TEST_CASE("load_words: makes a fair task of Debian's lists", "[data][real]") {
  const std::filesystem::path directory = "/usr/share/dict";
  lmc::WordsOptions options;
  options.languages = {"american-english", "ngerman"};
  for (const auto& language : options.languages)
    if (!std::filesystem::exists(directory / language))
      return testing::skip(lmc::concat("there is no ", language, "; ", lmc::detail::word_list_package(language)));
  options.features = lmc::NgramOptions{.dimension = 4096};
  const auto data = lmc::load_words<float>(directory, options);
  CHECK(data.train.size() == 20'000);
  CHECK(data.test.size() == 4'000);
  // 0.946 as measured; ten thousand words of each language and few buckets for their n-grams leave some to be mistaken.
  const double accuracy = naive_bayes_accuracy(data);
  CHECK(accuracy > 0.93);
  CHECK(accuracy < 0.96);
}

}  // namespace data_words_test
