// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/character_ngrams.hpp>
#include <lmc/data/character_sequence.hpp>
#include <lmc/data/class_counts.hpp>
#include <lmc/data/dataset.hpp>

namespace lmc {

/// How a text becomes numbers: as a bag of n-grams, or as a sequence of characters.
using TextFeatures = std::variant<NgramOptions, SequenceOptions>;

/// Texts in the two parts, and what their labels and channels mean.
template <std::floating_point Scalar>
struct TextData : TrainTest<Scalar> {
  std::vector<std::string> classes;  // label i is class i
  std::u32string alphabet;           // for a sequence, channel i is code point i, and one more is all others; empty for a bag
};

namespace detail {

struct LabelledTexts {
  std::vector<std::string_view> texts;  // UTF-8
  std::vector<std::int32_t> labels;
};

/// encode(text, bytes) of every text, one after the other, size bytes each; bytes are 0 before.
template <class Encode>
std::vector<std::uint8_t> encode_texts(std::span<const std::string_view> texts, Index size, Encode encode) {
  std::vector<std::uint8_t> bytes(texts.size() * static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < texts.size(); ++i)
    encode(texts[i], std::span(bytes).subspan(i * static_cast<std::size_t>(size), static_cast<std::size_t>(size)));
  return bytes;
}

/// Both parts as examples of a shape, encoded by encode; standardization(training bytes) is that of both.
template <std::floating_point Scalar, class Encode, class Standardize>
TextData<Scalar> encoded_text(LabelledTexts train, LabelledTexts test, std::vector<std::string> classes, const Shape& shape,
                              Encode encode, Standardize standardization, std::u32string alphabet) {
  std::vector<std::uint8_t> bytes = encode_texts(train.texts, shape.size(), encode);
  const Standardization common = standardization(bytes);
  const auto dataset = [&](LabelledTexts& part, std::vector<std::uint8_t>&& features) {
    return Dataset<Scalar>({.shape = shape,
                            .classes = static_cast<Index>(classes.size()),
                            .labels = std::move(part.labels),
                            .features = std::move(features),
                            .standardization = common});
  };
  Dataset<Scalar> train_set = dataset(train, std::move(bytes));
  Dataset<Scalar> test_set = dataset(test, encode_texts(test.texts, shape.size(), encode));
  std::vector<ReadClass> read = read_classes(train_set, test_set, classes);
  return {{std::move(train_set),
           std::move(test_set),
           {.classes = std::move(read), .columns = {}, .missing = {}, .sizes = {}, .notes = {}}},
          std::move(classes),
          std::move(alphabet)};
}

}  // namespace detail

/// The standardization of counts [examples, dimension] by which a Dataset gives
///   x_c = (count_c − mean_c) / σ,   σ² = Σ_c variance_c / dimension,
/// one σ for all features: by a deviation of its own, a rare n-gram would be worth as much as a frequent one, and tens of
/// deviations where it occurs. σ = 1 where all counts are constant. Throws: Error as standardization_of.
inline Standardization count_standardization(std::span<const std::uint8_t> counts, Index dimension) {
  Standardization result = standardization_of(counts, dimension);
  double variance = 0;
  // 1 stands for a constant channel there; the others, of values in [0, 1], are at most 1/2.
  for (const double d : result.standard_deviation) variance += d < 1 ? d * d : 0;
  const double common = variance > 0 ? std::sqrt(variance / static_cast<double>(dimension)) : 1;
  std::fill(result.standard_deviation.begin(), result.standard_deviation.end(), common);
  return result;
}

namespace detail {

/// Memory: texts · shape.size() bytes in each part.
template <std::floating_point Scalar>
TextData<Scalar> text_data(LabelledTexts train, LabelledTexts test, std::vector<std::string> classes,
                           const TextFeatures& features) {
  if (const auto* bag = std::get_if<NgramOptions>(&features)) {
    require_valid(*bag);
    return encoded_text<Scalar>(
        std::move(train), std::move(test), std::move(classes), bag->dimension,
        [&](std::string_view text, std::span<std::uint8_t> counts) { count_ngrams(text, *bag, counts); },
        [&](std::span<const std::uint8_t> counts) { return count_standardization(counts, bag->dimension); }, {});
  }
  const auto& sequence = std::get<SequenceOptions>(features);
  require_valid(sequence);
  const Alphabet alphabet(train.texts, sequence.alphabet);
  const Shape shape{sequence.length, 1, alphabet.channels()};
  return encoded_text<Scalar>(
      std::move(train), std::move(test), std::move(classes), shape,
      [&](std::string_view text, std::span<std::uint8_t> y) { one_hot_characters(text, alphabet, y); },
      [&](std::span<const std::uint8_t>) {
        const auto channels = static_cast<std::size_t>(alphabet.channels());
        return Standardization{std::vector<double>(channels, 0.0), std::vector<double>(channels, 1.0 / 255)};
      },
      alphabet.code_points());
}

}  // namespace detail

}  // namespace lmc
