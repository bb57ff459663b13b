// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/label_check.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>
#include <lmc/data/sources/detail/number_text.hpp>
#include <lmc/data/sources/detail/other_file.hpp>
#include <lmc/data/sources/detail/read_notes.hpp>
#include <lmc/data/sources/detail/row_copies.hpp>
#include <lmc/data/sources/text_dataset.hpp>
#include <lmc/io/text_file.hpp>

namespace lmc {

/// How load_tsv_text() splits and represents the lines.
struct TsvTextOptions {
  std::optional<Index> header = {};        // lines to pass over; nothing: none, and a first line of names is refused
  std::filesystem::path test = {};         // a file of its own for testing; none: a share of the lines
  std::optional<double> test_share = {};   // of the lines of each class, in (0, 1), where there is no file; nothing: 0.2
  TextFeatures features = NgramOptions{};  // what a text becomes
  std::optional<std::uint64_t> seed = {};  // which lines are for testing; nothing: 0
  Wording wording = Wording::code;         // how messages write options
};

namespace detail {

/// A file of lines `label<TAB>text`. What it holds points into its own content.
struct LabelledLines {
  std::filesystem::path path;
  std::string content;
  std::vector<std::string_view> labels, texts;
  std::vector<Index> lines;     // [i]: where labels[i] and texts[i] stand, from 1
  std::vector<ReadNote> notes;  // what is odd
  std::string_view names;       // the last line of the header

  [[nodiscard]] std::string where(std::size_t i) const { return concat("'", path.string(), "', line ", lines[i]); }
};

/// A label without the blanks and the quotes around it.
inline std::string_view plain_label(std::string_view label) {
  label = trim(label);
  const bool quoted = label.size() > 1 && label.front() == '"' && label.back() == '"';
  return quoted ? trim(label.substr(1, label.size() - 2)) : label;
}

inline LabelledLines read_labelled_lines(const std::filesystem::path& path, const TsvTextOptions& o) {
  LabelledLines lines{path, read_utf8(path), {}, {}, {}, {}, {}};
  ReadNote quoted{"labels stand in quotes, which were left out", 0, {}}, empty{"empty lines were passed over", 0, {}};
  const auto count = [&](ReadNote& note, std::ptrdiff_t number) {
    if (note.count++ == 0) note.first = concat("'", path.string(), "', line ", number);
  };
  const Index header = o.header.value_or(0);
  require(header >= 0, option_text(o.wording, "load_tsv_text: header = ", "--header "), header, "; expected at least 0");
  for_each_line(lines.content, [&](std::string_view line, std::ptrdiff_t number) {
    if (number <= header) {
      lines.names = trim(line);
      return;
    }
    if (trim(line).empty()) return count(empty, number);
    const auto require_here = [&](bool ok, const auto&... what) {
      require(ok, "'", path.string(), "', line ", number, ": ", what...);
    };
    require_no_return(path, line, number);
    const std::size_t tab = line.find('\t');
    require_here(tab != std::string_view::npos, "there is no tab; expected label<TAB>text");
    const std::string_view label = plain_label(line.substr(0, tab));
    require_here(!label.empty(), "the label before the tab is empty; expected label<TAB>text");
    if (label != trim(line.substr(0, tab))) count(quoted, number);
    bool words = false;
    for_each_word(line.substr(tab + 1), [&](std::string_view) { words = true; });
    require_here(words, "the text behind the tab is empty; expected label<TAB>text");
    lines.labels.push_back(label);
    lines.texts.push_back(line.substr(tab + 1));
    lines.lines.push_back(number);
  });
  require(!lines.labels.empty(), "'", path.string(), "' is empty; expected lines of label<TAB>text");
  for (ReadNote* note : {&quoted, &empty})
    if (note->count > 0) lines.notes.push_back(std::move(*note));
  return lines;
}

/// Throws: Error where the first line holds names of columns, or the labels are texts, identifiers or numbers to predict.
/// Notes what may be meant otherwise.
inline void check_labelled_lines(LabelledLines& lines, const TsvTextOptions& o) {
  std::map<std::string_view, Index> counts;
  for (const std::string_view label : lines.labels) ++counts[label];
  if (!o.header && counts[lines.labels[0]] == 1) {
    const std::string first = lower_case(lines.labels[0]);
    constexpr std::array<std::string_view, 18> names{"gold_label", "v1",    "language", "lang",        "topic",    "stars",
                                                     "score",      "label", "labels",   "class",       "category", "target",
                                                     "sentiment",  "tag",   "y",        "category_id", "polarity", "rating"};
    const std::string advice = concat(option_text(o.wording, "header = 1", "--header 1"), " passes over it, ",
                                      option_text(o.wording, "header = 0", "--header 0"), " takes it for an example");
    require(std::find(names.begin(), names.end(), first) == names.end(), lines.where(0), ": '", lines.labels[0],
            "' looks like the name of a column; ", advice);
    if (counts.size() > 2)
      lines.notes.push_back(
          {concat("the label '", lines.labels[0], "' occurs in the first line alone; if this line holds names, ",
                  option_text(o.wording, "header = 1", "--header 1")),
           1, lines.where(0)});
  }
  const bool tabs =
      std::ranges::all_of(lines.texts, [](std::string_view text) { return text.find('\t') != std::string_view::npos; });
  if (tabs)
    lines.notes.push_back({"lines have three fields or more: all behind the first tab is the text",
                           static_cast<Index>(lines.texts.size()), lines.where(0)});
  std::map<double, std::string_view> numbers;
  for (const auto& [label, count] : counts) {
    const auto number = parse_number(label);
    if (!number || !std::isfinite(*number)) continue;
    if (const auto [same, added] = numbers.emplace(*number, label); !added)
      lines.notes.push_back(
          {concat("the labels '", same->second, "' and '", label, "' are one number, and two classes"), 2, ""});
  }
  const std::set<std::string_view> texts(lines.texts.begin(), lines.texts.end());
  require(tabs || counts.size() <= 10 || 2 * texts.size() > counts.size(), "'", lines.path.string(), "': there are ",
          counts.size(), " labels, '", lines.labels[0], "' among them, and ", texts.size(), " texts, such as '",
          lines.texts[0].substr(0, 40),
          "'; are label and text swapped? Expected label<TAB>text, as `awk -F'\\t' -v OFS='\\t' '{print $2, $1}'` writes it");
  check_labels(concat("'", lines.path.string(), "'"), counts,
               tabs ? "the lines have three fields or more: is the label not the first? `cut -f 2-` leaves the first field out"
                    : "expected label<TAB>text, with several lines of each label; are label and text swapped?",
               lines.notes);
  std::vector<std::uint64_t> hashes;
  for (const std::string_view text : lines.texts) hashes.push_back(hash_field(text));
  note_conflicts(
      hashes, lines.labels, "lines have equal texts and different labels: no network can tell which",
      [&](std::size_t i) { return lines.where(i); }, lines.notes);
}

/// Hashes of lines, of text and label.
inline std::vector<std::uint64_t> line_hashes(const LabelledLines& lines) {
  std::vector<std::uint64_t> hashes;
  for (std::size_t i = 0; i < lines.texts.size(); ++i)
    hashes.push_back(hash_field(lines.texts[i], hash_field(lines.labels[i])));
  return hashes;
}

/// For every line, whether it is for testing: of the n lines of a class, round(share · n) at random, but not all.
inline std::vector<bool> choose_test_lines(std::span<const std::int32_t> labels, std::size_t classes, double share,
                                           std::uint64_t seed) {
  std::vector<std::vector<std::size_t>> lines(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) lines[static_cast<std::size_t>(labels[i])].push_back(i);
  std::vector<bool> test(labels.size());
  for (std::size_t c = 0; c < classes; ++c) {
    shuffle(Stream{.seed = seed, .purpose = Purpose::split, .part = static_cast<std::uint32_t>(c)}, std::span(lines[c]));
    const auto count = static_cast<std::size_t>(std::llround(share * static_cast<double>(lines[c].size())));
    for (const std::size_t i : std::span(lines[c]).first(std::min(count, lines[c].size() - 1))) test[i] = true;
  }
  return test;
}

}  // namespace detail

/// Labelled texts from lines `label<TAB>text`, in UTF-8, plain or gzip. The label is what stands before the first tab, without
/// blanks and quotes around it; classes are the distinct labels of the training part, sorted by their bytes. Empty lines are passed
/// over. The test part is another file, or a share of each class, chosen at random; a class keeps at least one line for training.
/// Examples are in the order of the lines, and are what features says: [dimension] or [length, 1, channels]. Texts are taken as
/// they are: fold or lower them before, if letters should be. Classes and what is odd are in the report. Memory: shape.size() bytes
/// per example, and a small multiple of the text. Throws: Error, with the line, where there is no tab, a label or a text is empty
/// (or white space alone), a byte is not UTF-8, a line ends in a carriage return alone, the first line looks like names of columns,
/// a label of the test file is not one of training, or its line of names is another; where a file is empty or cannot be read; where
/// there is one class only, the labels look like texts, identifiers or a regression target, or test_share leaves no line for testing;
/// when an option is out of range.
template <std::floating_point Scalar>
TextData<Scalar> load_tsv_text(const std::filesystem::path& path, const TsvTextOptions& options = {}) {
  detail::LabelledLines lines = detail::read_labelled_lines(path, options);
  std::map<std::string_view, std::int32_t> label_of;
  for (const std::string_view label : lines.labels) label_of.emplace(label, 0);
  std::vector<std::string> classes;
  for (auto& [name, label] : label_of) {
    label = static_cast<std::int32_t>(classes.size());
    classes.emplace_back(name);
  }
  require(classes.size() > 1, "'", path.string(), "': all lines have the label '", classes.front(),
          "'; expected at least two classes");
  detail::check_labelled_lines(lines, options);
  detail::LabelledTexts all;
  all.texts = lines.texts;
  for (const std::string_view label : lines.labels) all.labels.push_back(label_of.at(label));
  const auto data = [&](detail::LabelledTexts train, detail::LabelledTexts test) {
    auto result = detail::text_data<Scalar>(std::move(train), std::move(test), std::move(classes), options.features);
    detail::note_untested_classes(result.report.classes, lines.notes);
    result.report.notes = std::move(lines.notes);
    return result;
  };

  if (!options.test.empty()) {
    detail::require_other_file(path, options.test, options.wording);
    detail::require_none_aside("load_tsv_text", "lines", options.test_share, options.seed,
                               option_text(options.wording, "test", "--test-data"), options.wording);
    detail::LabelledLines test_lines = detail::read_labelled_lines(options.test, options);
    require(test_lines.names == lines.names, "'", options.test.string(), "', line ", options.header.value_or(0), ": '",
            test_lines.names, "' would be passed over, and in '", path.string(), "' it is '", lines.names,
            "'; expected the same line of names in both files; where one has none, put that of the other on top of it");
    detail::LabelledTexts test;
    test.texts = test_lines.texts;
    for (std::size_t i = 0; i < test_lines.labels.size(); ++i) {
      const auto found = label_of.find(test_lines.labels[i]);
      require(
          found != label_of.end(), test_lines.where(i), ": the label '", test_lines.labels[i], "' is not one of the ",
          classes.size(), " of '", path.string(), "'",
          i == 0 ? "; where the line holds names of columns, remove it: a header is passed over in both files or in none" : "");
      test.labels.push_back(found->second);
    }
    std::ranges::move(test_lines.notes, std::back_inserter(lines.notes));
    detail::note_copies(
        detail::line_hashes(lines), detail::line_hashes(test_lines), "test lines are training lines, too",
        [&](std::size_t i) { return test_lines.where(i); }, lines.notes);
    return data(std::move(all), std::move(test));
  }

  const double share = options.test_share.value_or(detail::default_test_share);
  const std::string given = concat(option_text(options.wording, "load_tsv_text: test_share = ", "--test-share "), share);
  require(share > 0 && share < 1, given, "; expected between 0 and 1");
  const std::vector<bool> for_test = detail::choose_test_lines(all.labels, classes.size(), share, options.seed.value_or(0));
  const std::vector<std::uint64_t> hashes = detail::line_hashes(lines);
  std::vector<std::uint64_t> train_hashes, test_hashes;
  std::vector<std::size_t> test_lines;
  detail::LabelledTexts train, test;
  for (std::size_t i = 0; i < for_test.size(); ++i) {
    (for_test[i] ? test_hashes : train_hashes).push_back(hashes[i]);
    if (for_test[i]) test_lines.push_back(i);
    auto& part = for_test[i] ? test : train;
    part.texts.push_back(all.texts[i]);
    part.labels.push_back(all.labels[i]);
  }
  require(!test.texts.empty(), given, " leaves no line of '", path.string(), "' for testing; its ", classes.size(),
          " classes have ", for_test.size(), " lines",
          for_test.size() == classes.size()
              ? ", one each: none can be put aside; give more lines, or a file of its own to test with"
              : "; choose a larger share");
  detail::note_copies(
      train_hashes, test_hashes, "test lines are training lines, too: the file repeats lines",
      [&](std::size_t i) { return lines.where(test_lines[i]); }, lines.notes);
  return data(std::move(train), std::move(test));
}

}  // namespace lmc
