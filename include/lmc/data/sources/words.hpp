// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/hash.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/data/fold_latin.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/number_text.hpp>
#include <lmc/data/sources/detail/shared_words.hpp>
#include <lmc/data/sources/text_dataset.hpp>
#include <lmc/io/text_file.hpp>

namespace lmc {

/// What load_words() makes of word lists.
struct WordsOptions {
  /// Files of the directory, one per class, in the order of the labels.
  std::vector<std::string> languages = {"american-english", "ngerman", "french",  "spanish", "italian",
                                        "portuguese",       "dutch",   "swedish", "danish",  "polish"};
  Index words_per_sample = 3;              // separated by spaces
  Index train_words = 10'000;              // words of each language that samples of the training part are drawn from
  Index test_words = 2'000;                // the same for the test part
  Index train_examples = 10'000;           // samples of each language in the training part
  Index test_examples = 2'000;             // the same for the test part
  TextFeatures features = NgramOptions{};  // what a sample becomes
  std::uint64_t seed = 0;                  // which words are for testing, which are chosen, and which make a sample
  Wording wording = Wording::code;         // how messages write options
};

namespace detail {

constexpr std::size_t shortest_word = 4, longest_word = 10, word_lengths = longest_word - shortest_word + 1;

/// Words of one part, those of each length apart.
using WordsByLength = std::array<std::vector<std::string>, word_lengths>;

/// What Debian calls the package that installs /usr/share/dict/name.
inline std::string word_list_package(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> packages[] = {{"american-english", "wamerican"},
                                                                        {"british-english", "wbritish"},
                                                                        {"ngerman", "wngerman"},
                                                                        {"french", "wfrench"},
                                                                        {"spanish", "wspanish"},
                                                                        {"italian", "witalian"},
                                                                        {"portuguese", "wportuguese"},
                                                                        {"dutch", "wdutch"},
                                                                        {"nederlands", "wdutch"},
                                                                        {"swedish", "wswedish"},
                                                                        {"svenska", "wswedish"},
                                                                        {"danish", "wdanish"},
                                                                        {"dansk", "wdanish"},
                                                                        {"polish", "wpolish"}};
  for (const auto& [file, package] : packages)
    if (file == name) return concat("install Debian's package ", package, ", which puts it into /usr/share/dict");
  return "Debian's packages that provide `wordlist` put such files into /usr/share/dict";
}

/// The first files of a folder, as the end of a message: what the lists may be called instead.
inline std::string other_word_lists(const std::filesystem::path& directory, Wording wording) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(directory, none))
    if (entry.is_regular_file(none) && !entry.path().filename().string().starts_with('.'))
      names.push_back(entry.path().filename().string());
  if (names.empty()) return {};
  std::sort(names.begin(), names.end());
  std::string list;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 10); ++i)
    list += wording == Wording::code ? concat(i == 0 ? "\"" : ", \"", names[i], "\"") : concat(i == 0 ? "" : ",", names[i]);
  return concat("; the folder has others: ",
                wording == Wording::code ? concat("languages = {", list, "}") : concat("--languages ", list));
}

/// What was passed over in a list of words, by cause.
struct PassedWords {
  /// Lines of one cause, and the first of them that is short enough for a message.
  struct Lines {
    Index count = 0;
    std::string first = {};
  };
  Lines letters, digits, commas;
  Index slashes = 0, length = 0;

  /// Counts a line with other characters than letters.
  void add_other(std::string_view line) {
    const auto has = [&](std::string_view characters) { return line.find_first_of(characters) != std::string_view::npos; };
    Lines& lines = has("0123456789") ? digits : has(",;") ? commas : letters;
    if (lines.first.empty() && line.size() <= 40) lines.first = line;
    ++lines.count;
  }
};

/// The folded words of 4 to 10 letters of a file, sorted, each once; counts what is passed over.
inline std::vector<std::string> read_words(const std::filesystem::path& directory, const std::string& language,
                                           PassedWords& passed, Wording wording = Wording::code) {
  const std::filesystem::path path = directory / language;
  if (!std::filesystem::exists(path))
    throw Error(concat("load_words: there is no word list '", path.string(), "'; ", word_list_package(language),
                       other_word_lists(directory, wording)));
  std::vector<std::string> words;
  for_each_line(read_utf8_or_latin1(path), [&](std::string_view whole, std::ptrdiff_t number) {
    require_no_return(path, whole, number);
    const std::string_view line = trim(whole);
    auto word = fold_latin(line);
    if (word && word->size() >= shortest_word && word->size() <= longest_word)
      words.push_back(*std::move(word));
    else if (line.find('/') != std::string_view::npos)
      ++passed.slashes;
    else if (word)
      ++passed.length;
    else
      passed.add_other(line);
  });
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

/// Notes of what was passed over in a list.
inline void note_passed_words(const std::string& language, const PassedWords& passed, std::vector<ReadNote>& notes) {
  const auto note = [&](Index count, const std::string& what) {
    if (count > 0) notes.push_back({concat(language, ": ", what), count, ""});
  };
  const auto note_lines = [&](const PassedWords::Lines& lines, std::string_view what, std::string_view advice) {
    note(lines.count, concat("lines with ", what, " were passed over",
                             lines.first.empty() ? "" : concat(", as '", lines.first, "'"), advice));
  };
  note_lines(passed.letters, "other characters than a to z, once folded,", "");
  note_lines(passed.digits, "digits", "; expected a word alone in each line, without a number before or behind it");
  note_lines(passed.commas, "commas or semicolons", "; expected a word alone in each line");
  note(passed.slashes, "lines with a slash, as in hunspell's word/FLAGS, were passed over; `cut -d/ -f1` leaves the words");
  note(passed.length, "words of less than 4 or more than 10 letters were passed over");
}

/// Whether a word is for testing: decided by its first five letters alone, so that inflections of a word share a part, in
/// whatever language they are.
inline bool is_test_word(std::string_view word, double test_share, std::uint64_t seed) {
  const auto beginning = std::as_bytes(std::span(word.substr(0, 5)));
  return uniform(Stream{.seed = seed, .purpose = Purpose::text, .epoch = 0}, fnv1a(beginning)) < test_share;
}

/// How many words of each length make total words, as equal as what is available allows: every count is available[i] or, up to
/// 1, the same for all. Σ available ≥ total is asserted.
inline std::array<Index, word_lengths> equal_counts(const std::array<Index, word_lengths>& available, Index total) {
  std::array<std::size_t, word_lengths> by_available;
  std::iota(by_available.begin(), by_available.end(), std::size_t{0});
  std::stable_sort(by_available.begin(), by_available.end(),
                   [&](std::size_t a, std::size_t b) { return available[a] < available[b]; });
  std::array<Index, word_lengths> counts{};
  Index left = word_lengths;
  for (const std::size_t i : by_available) {
    counts[i] = std::min(available[i], total / left);
    total -= counts[i];
    --left;
  }
  assert(total == 0);
  return counts;
}

/// The option that says how many words of each language a part has, as in --train-words 10000.
inline std::string words_option(const WordsOptions& o, std::string_view part, Index words) {
  return o.wording == Wording::code ? concat("load_words: ", part, "_words = ", words) : concat("--", part, "-words ", words);
}

/// How many words there are of each length in that list which has fewest of them, in all: from each language as many can be chosen.
inline Index common_words(const std::vector<WordsByLength>& train, const std::vector<WordsByLength>& test) {
  Index common = 0;
  for (std::size_t k = 0; k < word_lengths; ++k) {
    Index fewest = std::numeric_limits<Index>::max();
    for (std::size_t l = 0; l < train.size(); ++l)
      fewest = std::min(fewest, static_cast<Index>(train[l][k].size() + test[l][k].size()));
    common += fewest;
  }
  return common;
}

/// What to ask for where lists have `common` words of each language, with room for what the first five letters of words decide.
/// `passed`: a language, most lines of which were passed over, if there is one.
inline std::string fewer_words(const WordsOptions& o, Index common, const std::string& passed) {
  const Index train = common * 6 / 10, test = common / 10;
  if (test == 0)
    return passed.empty() ? "lists need more words of 4 to 10 letters"
                          : concat("most lines of '", passed, "' were passed over, since words are of the letters a to z:");
  return concat("ask for fewer, such as ",
                o.wording == Wording::code ? concat("train_words = ", train, ", test_words = ", test)
                                           : concat("--train-words ", train, " --test-words ", test),
                ", or leave a language out");
}

/// What differs between training and testing.
struct WordsPart {
  std::string_view name;
  Index words = 0, examples = 0;  // per language
  [[nodiscard]] Stream stream(const WordsOptions& o, std::uint32_t epoch, std::size_t language) const {
    const auto part = static_cast<std::uint32_t>(2 * language + (name == "test" ? 1 : 0));
    return {.seed = o.seed, .purpose = Purpose::text, .epoch = epoch, .part = part};
  }
};

/// The same number of words of each length from every language, part.words from each. Throws: Error when there are fewer.
inline std::vector<std::vector<std::string>> choose_words(std::vector<WordsByLength> lists, const WordsPart& part,
                                                          const WordsOptions& o, std::string_view advice,
                                                          const std::vector<ReadNote>& notes) {
  std::array<Index, word_lengths> available;
  for (std::size_t k = 0; k < word_lengths; ++k) {
    const auto fewer = [k](const WordsByLength& a, const WordsByLength& b) { return a[k].size() < b[k].size(); };
    available[k] = static_cast<Index>((*std::min_element(lists.begin(), lists.end(), fewer))[k].size());
  }
  const Index common = std::accumulate(available.begin(), available.end(), Index{0});
  if (common < part.words) {
    std::string sizes;
    for (std::size_t l = 0; l < lists.size(); ++l) {
      std::size_t size = 0;
      for (const auto& words : lists[l]) size += words.size();
      sizes += concat(l == 0 ? "" : ", ", o.languages[l], " ", size);
    }
    std::string passed;
    for (const ReadNote& note : notes) passed += concat("\n  ", note.count, " × ", note.what);
    throw Error(concat(words_option(o, part.name, part.words),
                       ", but every language has as many words of each length only up to ", common, " in all (", sizes, "); ",
                       advice, passed));
  }
  const auto counts = equal_counts(available, part.words);
  std::vector<std::vector<std::string>> chosen(lists.size());
  for (std::size_t l = 0; l < lists.size(); ++l)
    for (std::size_t k = 0; k < word_lengths; ++k) {
      const std::span words(lists[l][k]);
      shuffle(part.stream(o, static_cast<std::uint32_t>(shortest_word + k), l), words);
      for (std::string& word : words.first(static_cast<std::size_t>(counts[k]))) chosen[l].push_back(std::move(word));
    }
  return chosen;
}

/// part.examples samples of words drawn with replacement from each language, separated by a space: those of the first language,
/// of the second, …
inline std::vector<std::string> sample_words(std::span<const std::vector<std::string>> languages, const WordsPart& part,
                                             const WordsOptions& o) {
  std::vector<std::string> samples;
  for (std::size_t l = 0; l < languages.size(); ++l) {
    const Stream stream = part.stream(o, 1, l);
    std::uint64_t draw = 0;
    for (Index i = 0; i < part.examples; ++i) {
      std::string& sample = samples.emplace_back();
      for (Index w = 0; w < o.words_per_sample; ++w)
        (sample += w == 0 ? "" : " ") += languages[l][uniform_below(stream, draw++, languages[l].size())];
    }
  }
  return samples;
}

/// The samples of both parts.
struct WordSamples {
  std::vector<std::string> train, test;
  std::vector<ReadNote> notes;
};

inline WordSamples read_word_samples(const std::filesystem::path& directory, const WordsOptions& o) {
  const std::string_view option = option_text(o.wording, "load_words: languages", "--languages");
  require(std::find(o.languages.begin(), o.languages.end(), "") == o.languages.end(), option,
          " has an empty name; leave it, or a comma too many, out");
  require(o.languages.size() >= 2, option, ": there are ", o.languages.size(), " languages; expected at least 2");
  for (auto l = o.languages.begin(); l != o.languages.end(); ++l)
    require(std::find(o.languages.begin(), l, *l) == l, "load_words: the language '", *l, "' is named twice");
  const auto require_positive = [](std::string_view name, Index value) {
    require(value > 0, "load_words: ", name, " = ", value, "; expected a positive number");
  };
  require_positive("words_per_sample", o.words_per_sample);
  for (const auto& [part, words] : {std::pair("train", o.train_words), std::pair("test", o.test_words)})
    require(words > 0, words_option(o, part, words), "; expected a positive number");
  require_positive("train_examples", o.train_examples);
  require_positive("test_examples", o.test_examples);

  const double test_share =
      static_cast<double>(o.test_words) / (static_cast<double>(o.train_words) + static_cast<double>(o.test_words));
  std::vector<WordsByLength> train(o.languages.size()), test(o.languages.size());
  std::vector<std::vector<std::string>> words;
  std::vector<ReadNote> notes;
  std::string mostly_passed;
  for (const std::string& language : o.languages) {
    PassedWords passed;
    words.push_back(read_words(directory, language, passed, o.wording));
    note_passed_words(language, passed, notes);
    const Index all = passed.letters.count + passed.digits.count + passed.commas.count + passed.slashes;
    if (mostly_passed.empty() && all > static_cast<Index>(words.back().size())) mostly_passed = language;
  }
  note_shared_words(o.languages, words, option, notes);
  for (std::size_t l = 0; l < words.size(); ++l)
    for (std::string& word : words[l]) {
      auto& part = is_test_word(word, test_share, o.seed) ? test : train;
      part[l][word.size() - shortest_word].push_back(std::move(word));
    }
  const std::string advice = fewer_words(o, common_words(train, test), mostly_passed);
  const auto samples = [&](std::vector<WordsByLength> lists, const WordsPart& part) {
    return sample_words(choose_words(std::move(lists), part, o, advice, notes), part, o);
  };
  std::vector<std::string> train_samples = samples(std::move(train), {"train", o.train_words, o.train_examples});
  std::vector<std::string> test_samples = samples(std::move(test), {"test", o.test_words, o.test_examples});
  return {std::move(train_samples), std::move(test_samples), std::move(notes)};
}

}  // namespace detail

/// Language identification: samples of a few words, and which language's they are, from lists of one word per line, as Debian
/// installs them in /usr/share/dict. Files are UTF-8 or Latin-1, each as read_utf8_or_latin1 finds it, plain or gzip.
///   1. Words are folded to a–z (fold_latin), so that no letter gives a language away; those with anything else, and those not
///   of
///      4 to 10 letters, are left out; the others are taken once.
///   2. A hash of a word's first five letters decides whether it is for testing, with the probability
///      test_words / (train_words + test_words): no beginning of five letters is in both parts.
///   3. From each language as many words of each length are chosen, at random: train_words and test_words in all, in equal
///      numbers of each length or, of lengths of which a language has fewer, all that it has.
///   4. A sample is words_per_sample of them, drawn with replacement, separated by spaces.
/// Examples are in the order of the languages, and are what features says: [dimension] or [length, 1, channels]. The report says
/// what was passed over, and which languages share more than half of the smaller list's words.
/// Throws: Error when a list is missing (with Debian's package for it), too short, or equal to another, a file is neither UTF-8 nor
/// Latin-1 (with the line), or an option is out of range.
template <std::floating_point Scalar>
TextData<Scalar> load_words(const std::filesystem::path& directory, const WordsOptions& options = {}) {
  detail::WordSamples samples = detail::read_word_samples(directory, options);
  const auto labelled = [&](const std::vector<std::string>& texts, Index examples) {
    detail::LabelledTexts result{{texts.begin(), texts.end()}, {}};
    for (std::size_t i = 0; i < texts.size(); ++i)
      result.labels.push_back(static_cast<std::int32_t>(i / static_cast<std::size_t>(examples)));
    return result;
  };
  auto data = detail::text_data<Scalar>(labelled(samples.train, options.train_examples),
                                        labelled(samples.test, options.test_examples), options.languages, options.features);
  data.report.notes = std::move(samples.notes);
  return data;
}

}  // namespace lmc
