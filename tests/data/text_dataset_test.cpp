// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/text_dataset.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include <lmc/measure/evaluator.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/train/train.hpp>

namespace data_text_dataset_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Index;

lmc::TextData<double> small_text(const lmc::TextFeatures& features) {
  return lmc::detail::text_data<double>({{"ab", "b", "ba"}, {0, 1, 0}}, {{"aac", "b"}, {1, 0}}, {"x", "y"}, features);
}

std::vector<double> gathered(const lmc::Dataset<double>& data) {
  std::vector<double> x(static_cast<std::size_t>(data.size() * data.shape().size()));
  std::vector<std::int32_t> y(static_cast<std::size_t>(data.size()));
  data.gather_range(0, lmc::matrix_view(std::span(x), data.size(), data.shape().size()), y);
  return x;
}

}  // namespace

TEST_CASE("count_standardization: is a mean for each feature, and one deviation for all", "[data]") {
  // Three examples: the first feature is 0, 3, 3, the second constant, the third 0, 0, 6.
  const std::vector<std::uint8_t> counts{0, 5, 0, 3, 5, 0, 3, 5, 6};
  const auto s = lmc::count_standardization(counts, 3);
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK_THAT(255 * s.mean[c], WithinAbs(std::vector{2., 5., 2.}[c], 1e-14));
    CHECK_THAT(255 * s.standard_deviation[c], WithinAbs(std::sqrt((2.0 + 0 + 8) / 3), 1e-14));
  }
  CHECK(lmc::count_standardization(std::vector<std::uint8_t>{5, 5}, 1).standard_deviation == std::vector{1.0});
}

TEST_CASE("text_data: gives bags of n-grams, standardized by the training part", "[data]") {
  const lmc::NgramOptions options{.dimension = 32};
  const auto data = small_text(options);
  CHECK(data.train.shape() == lmc::Shape{32});
  CHECK(data.alphabet.empty());
  CHECK(data.classes == std::vector<std::string>{"x", "y"});
  CHECK(data.test.labels()[0] == 1);
  CHECK(data.test.standardization() == data.train.standardization());
  std::vector<std::uint8_t> counts(5 * 32);
  const std::string_view texts[] = {"ab", "b", "ba", "aac", "b"};
  for (std::size_t i = 0; i < 5; ++i) lmc::count_ngrams(texts[i], options, std::span(counts).subspan(32 * i, 32));
  CHECK(data.train.standardization() == lmc::count_standardization(std::span(counts).first(3 * 32), 32));
  auto x = gathered(data.train);
  const auto test = gathered(data.test);
  // The training part has the mean 0 in each feature, and over all of them the variance 1.
  double squares = 0;
  for (std::size_t c = 0; c < 32; ++c) CHECK_THAT(x[c] + x[c + 32] + x[c + 64], WithinAbs(0, 1e-13));
  for (const double v : x) squares += v * v;
  CHECK_THAT(squares / (3 * 32), WithinAbs(1, 1e-13));
  x.insert(x.end(), test.begin(), test.end());
  const auto& s = data.train.standardization();
  for (std::size_t i = 0; i < x.size(); ++i)
    CHECK_THAT(x[i], WithinAbs((counts[i] / 255.0 - s.mean[i % 32]) / s.standard_deviation[i % 32], 1e-13));
}

TEST_CASE("text_data: gives sequences of characters as images of one column, 0 or 1, by the training part's alphabet",
          "[data]") {
  const auto data = small_text(lmc::SequenceOptions{.length = 2, .alphabet = 10});
  CHECK(data.alphabet == U"ba");
  CHECK(data.train.shape() == lmc::Shape{2, 1, 3});
  CHECK(gathered(data.train) == std::vector<double>{0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0});
  CHECK(gathered(data.test) == std::vector<double>{0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0});
  CHECK(gathered(small_text(lmc::SequenceOptions{.length = 3, .alphabet = 10}).test)[8] == 1);  // the c of aac is another
}

TEST_CASE("text_data: makes sequences that the attention models can learn", "[data]") {
  // Which letter comes first: a bag of single letters cannot tell.
  lmc::detail::LabelledTexts texts;
  for (int i = 0; i < 64; ++i) {
    texts.texts.push_back(i % 2 == 0 ? "ab" : "ba");
    texts.labels.push_back(i % 2);
  }
  const auto data = lmc::detail::text_data<double>(texts, texts, {"ab", "ba"}, lmc::SequenceOptions{.length = 4});
  const auto net = lmc::attention<double>({.inputs = data.train.shape(), .outputs = 2, .patch = 1, .width = 8, .heads = 2});
  const auto run =
      lmc::train(net, data.train, net.initialize({.seed = 0}),
                 {.epochs = 100, .batch_size = 16, .optimizer = lmc::AdamOptions{.learning_rate = 0.01}}, {.order = 1});
  CHECK(lmc::evaluate(net, run.state, data.test).error == 0);
}

TEST_CASE("text_data: refuses sizes out of range", "[data]") {
  CHECK_THROWS_WITH(small_text(lmc::NgramOptions{.dimension = 0}), Contains("dimension = 0"));
  CHECK_THROWS_WITH(small_text(lmc::SequenceOptions{.length = 0}), Contains("length = 0; expected 1 to 4096"));
  CHECK_THROWS_WITH(small_text(lmc::SequenceOptions{.length = 4097}), Contains("length = 4097"));
  CHECK_THROWS_WITH(small_text(lmc::SequenceOptions{.alphabet = 1}), Contains("alphabet = 1; expected 2 to 4096"));
  CHECK_THROWS_WITH(small_text(lmc::SequenceOptions{.alphabet = 4097}), Contains("alphabet = 4097"));
}

}  // namespace data_text_dataset_test
