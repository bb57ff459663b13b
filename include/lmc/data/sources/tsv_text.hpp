// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/sources/text_dataset.hpp>
#include <lmc/io/text_file.hpp>

namespace lmc {

/// How load_tsv_text() splits and represents the lines.
struct TsvTextOptions {
  std::filesystem::path test = {};         // a file of its own for testing; none: a share of the lines
  double test_share = 0.2;                 // of the lines of each class, in (0, 1); not used where there is a file
  TextFeatures features = NgramOptions{};  // what a text becomes
  std::uint64_t seed = 0;                  // which lines are for testing
};

namespace detail {

/// A file of lines `label<TAB>text`. What it holds points into its own content.
struct LabelledLines {
  std::filesystem::path path;
  std::string content;
  std::vector<std::string_view> labels, texts;  // [i]: those of line i + 1
};

inline LabelledLines read_labelled_lines(const std::filesystem::path& path) {
  LabelledLines lines{path, read_utf8(path), {}, {}};
  for_each_line(lines.content, [&](std::string_view line, std::ptrdiff_t number) {
    const auto require_here = [&](bool ok, const auto&... what) {
      require(ok, "'", path.string(), "', line ", number, ": ", what...);
    };
    const std::size_t tab = line.find('\t');
    require_here(tab != std::string_view::npos, "there is no tab; expected label<TAB>text");
    require_here(tab > 0, "the label before the tab is empty; expected label<TAB>text");
    bool words = false;
    for_each_word(line.substr(tab + 1), [&](std::string_view) { words = true; });
    require_here(words, "the text behind the tab is empty; expected label<TAB>text");
    lines.labels.push_back(line.substr(0, tab));
    lines.texts.push_back(line.substr(tab + 1));
  });
  require(!lines.labels.empty(), "'", path.string(), "' is empty; expected lines of label<TAB>text");
  return lines;
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

/// Labelled texts from lines `label<TAB>text`, in UTF-8, plain or gzip. The label is what stands before the first tab; classes
/// are the distinct labels of the training part, sorted by their bytes. The test part is another file, or a share of each
/// class, chosen at random; a class keeps at least one line for training. Examples are in the order of the lines, and are what
/// features says: [dimension] or [length, 1, channels]. Texts are taken as they are: fold or lower them before, if letters
/// should be. Memory: shape.size() bytes per example, and a small multiple of the text. Throws: Error, with the line, where
/// there is no tab, a label or a text is empty (or white space alone), a byte is not UTF-8, or a label of the test file is not
/// one of training; where a file is empty or cannot be read; where there is one class only, or test_share leaves no line for
/// testing; when an option is out of range.
template <std::floating_point Scalar>
TextData<Scalar> load_tsv_text(const std::filesystem::path& path, const TsvTextOptions& options = {}) {
  const detail::LabelledLines lines = detail::read_labelled_lines(path);
  std::map<std::string_view, std::int32_t> label_of;
  for (const std::string_view label : lines.labels) label_of.emplace(label, 0);
  std::vector<std::string> classes;
  for (auto& [name, label] : label_of) {
    label = static_cast<std::int32_t>(classes.size());
    classes.emplace_back(name);
  }
  require(classes.size() > 1, "'", path.string(), "': all lines have the label '", classes.front(),
          "'; expected at least two classes");
  detail::LabelledTexts all;
  all.texts = lines.texts;
  for (const std::string_view label : lines.labels) all.labels.push_back(label_of.at(label));

  if (!options.test.empty()) {
    const detail::LabelledLines test_lines = detail::read_labelled_lines(options.test);
    detail::LabelledTexts test;
    test.texts = test_lines.texts;
    for (std::size_t i = 0; i < test_lines.labels.size(); ++i) {
      const auto found = label_of.find(test_lines.labels[i]);
      require(found != label_of.end(), "'", options.test.string(), "', line ", i + 1, ": the label '", test_lines.labels[i],
              "' is not one of the ", classes.size(), " of '", path.string(), "'");
      test.labels.push_back(found->second);
    }
    return detail::text_data<Scalar>(std::move(all), std::move(test), std::move(classes), options.features);
  }

  require(options.test_share > 0 && options.test_share < 1, "load_tsv_text: test_share = ", options.test_share,
          "; expected between 0 and 1");
  const std::vector<bool> for_test = detail::choose_test_lines(all.labels, classes.size(), options.test_share, options.seed);
  detail::LabelledTexts train, test;
  for (std::size_t i = 0; i < for_test.size(); ++i) {
    auto& part = for_test[i] ? test : train;
    part.texts.push_back(all.texts[i]);
    part.labels.push_back(all.labels[i]);
  }
  require(!test.texts.empty(), "load_tsv_text: test_share = ", options.test_share, " leaves no line of '", path.string(),
          "' for testing; its ", classes.size(), " classes have ", for_test.size(), " lines; choose a larger share");
  return detail::text_data<Scalar>(std::move(train), std::move(test), std::move(classes), options.features);
}

}  // namespace lmc
