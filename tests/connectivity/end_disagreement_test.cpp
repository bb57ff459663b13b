// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <lmc/connectivity/causes/end_disagreement.hpp>
#include <vector>

namespace connectivity_end_disagreement_test {

using lmc::end_disagreement;
using lmc::EndDisagreement;
using Labels = std::vector<std::int32_t>;
using Logits = std::vector<double>;

TEST_CASE("end_disagreement: counts who is right where the classes differ", "[connectivity]") {
  // Right alike, wrong alike, only a right, twice only b right, wrong differently; then a tie, whose first class counts.
  const Logits a{1, 0, 0, /**/ 0, 1, 0, /**/ 1, 0, 0, /**/ 0, 1, 0, /**/ 0, 0, 1, /**/ 0, 1, 0, /**/ 2, 2, 0};
  const Logits b{9, 0, 0, /**/ 0, 9, 0, /**/ 0, 9, 0, /**/ 9, 0, 0, /**/ 9, 0, 0, /**/ 0, 0, 9, /**/ 9, 0, 0};
  const Labels labels{0, 0, 0, 0, 0, 0, 1};
  const auto counts = end_disagreement<double>(a, b, labels);
  CHECK(counts == EndDisagreement{.examples = 7, .only_a_right = 1, .only_b_right = 2, .both_wrong_differently = 1});
  CHECK(counts.differ() == 4);
  CHECK(counts.share() == 4.0 / 7);
  // a is wrong five times, b four times.
  CHECK(counts.only_a_right - counts.only_b_right == 4 - 5);
  const auto swapped = end_disagreement<double>(b, a, labels);
  CHECK(swapped == EndDisagreement{.examples = 7, .only_a_right = 2, .only_b_right = 1, .both_wrong_differently = 1});
  CHECK(end_disagreement<double>(a, a, labels) == EndDisagreement{.examples = 7});
  EndDisagreement both = counts;
  both += swapped;
  CHECK(both == EndDisagreement{.examples = 14, .only_a_right = 3, .only_b_right = 3, .both_wrong_differently = 2});
  CHECK(std::isnan(EndDisagreement().share()));
}

TEST_CASE("end_disagreement: takes minus infinity as a class that is not predicted, in float", "[connectivity]") {
  const float none = -std::numeric_limits<float>::infinity();
  const std::vector<float> a{none, -5}, b{-5, none};
  CHECK(end_disagreement<float>(a, b, Labels{1}) == EndDisagreement{.examples = 1, .only_a_right = 1});
}

TEST_CASE("end_disagreement: refuses lengths, labels and logits that do not fit", "[connectivity][errors]") {
  const Logits four{1, 2, 3, 4}, three{1, 2, 3};
  CHECK_THROWS_WITH(end_disagreement<double>(four, four, {}),
                    "end_disagreement: there are no labels; expected one per example");
  CHECK_THROWS_WITH(end_disagreement<double>(four, three, Labels{0, 1}),
                    "end_disagreement: 4 logits of a, 3 of b, and 2 labels; expected [examples, classes] twice");
  CHECK_THROWS_WITH(end_disagreement<double>(three, three, Labels{0, 1}), Catch::Contains("3 logits of a"));
  CHECK_THROWS_WITH(end_disagreement<double>({}, {}, Labels{0}), Catch::Contains("0 logits of a"));
  CHECK_THROWS_WITH(end_disagreement<double>(four, four, Labels{0, 2}),
                    "end_disagreement: example 1 has the label 2; expected 0 to 1");
  CHECK_THROWS_WITH(end_disagreement<double>(four, four, Labels{-1, 1}), Catch::Contains("example 0 has the label -1"));
  CHECK_THROWS_WITH(end_disagreement<double>(four, Logits{1, 2, 3, std::nan("")}, Labels{0, 1}),
                    "end_disagreement: example 1 has a logit that is NaN; expected numbers; did a training diverge?");
}

}  // namespace connectivity_end_disagreement_test
