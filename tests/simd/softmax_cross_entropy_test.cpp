// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>
#include <xsimd/xsimd.hpp>

#include <lmc/simd/softmax_cross_entropy.hpp>

namespace simd_softmax_cross_entropy_test {

namespace {

// softmax_cross_entropy() in a workspace of just the size that it asks for.
template <class T>
lmc::simd::CrossEntropySum cross_entropy(std::span<const T> logits, std::span<const std::int32_t> labels,
                                         const lmc::simd::CrossEntropyOutputs<T>& outputs = {}) {
  const std::size_t classes = labels.empty() ? 1 : logits.size() / labels.size();
  std::vector<T> workspace(
      static_cast<std::size_t>(lmc::simd::softmax_cross_entropy_workspace<T>(static_cast<lmc::Index>(classes))) + 1, T(-99));
  const auto sum =
      lmc::simd::softmax_cross_entropy<T>(logits, labels, std::span(workspace).first(workspace.size() - 1), outputs);
  REQUIRE(workspace.back() == -99);
  return sum;
}

// Logits in [−6, 6] and labels, without an order that a wrong index could follow.
template <class T>
struct Batch {
  std::size_t examples, classes;
  std::vector<T> logits;
  std::vector<std::int32_t> labels;

  Batch(std::size_t n, std::size_t c) : examples(n), classes(c), logits(n * c), labels(n) {
    for (std::size_t i = 0; i < n * c; ++i) logits[i] = static_cast<T>(6 * std::sin(static_cast<double>(i * i % 1009)));
    for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<std::int32_t>(i * 7 % c);
  }
};

template <class T>
struct Result {
  lmc::simd::CrossEntropySum sum;
  std::vector<T> dlogits;
  std::vector<std::uint8_t> wrong;
};

template <class T>
Result<T> run(const Batch<T>& b, T scale = 1) {
  Result<T> r{{}, std::vector<T>(b.logits.size(), T(99)), std::vector<std::uint8_t>(b.examples, 99)};
  r.sum = cross_entropy<T>(b.logits, b.labels, {.dlogits = r.dlogits, .scale = scale, .wrong = r.wrong});
  return r;
}

// The scalar reference, in a wider type.
template <class T>
struct Reference {
  long double loss = 0;
  lmc::Index wrong = 0;
  std::vector<long double> dlogits;

  explicit Reference(const Batch<T>& b) {
    for (std::size_t i = 0; i < b.examples; ++i) {
      const T* const z = b.logits.data() + i * b.classes;
      const auto y = static_cast<std::size_t>(b.labels[i]);
      const T* const best = std::max_element(z, z + b.classes);  // the first of several
      long double sum = 0;
      for (std::size_t j = 0; j < b.classes; ++j) sum += std::exp(static_cast<long double>(z[j]) - *best);
      for (std::size_t j = 0; j < b.classes; ++j)
        dlogits.push_back(std::exp(static_cast<long double>(z[j]) - *best) / sum - (j == y ? 1 : 0));
      loss += std::log(sum) + *best - z[y];
      wrong += best == z + y ? 0 : 1;
    }
  }
};

const std::vector<std::size_t> class_counts{1, 2, 3, 10, 26, 100, 200};

}  // namespace

TEMPLATE_TEST_CASE("softmax_cross_entropy: loss, wrong examples and gradient are those of the formula", "[simd]", float,
                   double) {
  constexpr std::size_t lanes = xsimd::batch<TestType>::size;
  // exp and log1p are within 2 ulp each, and up to 200 terms are added one after another: 100 ε is ample, and a wrong term or
  // sign is of order 1/200.
  const double tolerance = 100 * std::numeric_limits<TestType>::epsilon();
  for (const std::size_t classes : class_counts)
    for (std::size_t examples = 0; examples <= 2 * lanes + 3; ++examples) {
      CAPTURE(classes, examples);
      const Batch<TestType> batch(examples, classes);
      const auto scale = static_cast<TestType>(0.25);
      const auto got = run(batch, scale);
      const Reference<TestType> want(batch);
      const auto loss = static_cast<double>(want.loss);
      CHECK_THAT(got.sum.loss, Catch::Matchers::WithinAbs(loss, tolerance * std::max(1.0, loss)));
      CHECK(got.sum.wrong == want.wrong);
      CHECK(std::count(got.wrong.begin(), got.wrong.end(), 1) == want.wrong);
      for (std::size_t i = 0; i < got.dlogits.size(); ++i)
        if (!(std::abs(got.dlogits[i] - static_cast<double>(want.dlogits[i]) * 0.25) <= 0.25 * tolerance))
          FAIL_CHECK("dlogits[" << i << "] is " << got.dlogits[i]);
    }
}

TEMPLATE_TEST_CASE("softmax_cross_entropy: an example's results do not depend on its place", "[simd]", float, double) {
  const Batch<TestType> all(3 * xsimd::batch<TestType>::size + 1, 10);
  const auto together = run(all);
  for (std::size_t i = 0; i < all.examples; ++i) {
    CAPTURE(i);
    Batch<TestType> one(1, 10);
    std::copy_n(all.logits.begin() + static_cast<std::ptrdiff_t>(10 * i), 10, one.logits.begin());
    one.labels[0] = all.labels[i];
    const auto alone = run(one);
    CHECK(alone.wrong[0] == together.wrong[i]);
    CHECK(
        std::equal(alone.dlogits.begin(), alone.dlogits.end(), together.dlogits.begin() + static_cast<std::ptrdiff_t>(10 * i)));
  }
}

TEMPLATE_TEST_CASE("softmax_cross_entropy: outputs are optional, and dlogits may be the logits", "[simd]", float, double) {
  Batch<TestType> batch(37, 10);
  const auto full = run(batch);
  const auto sums = cross_entropy<TestType>(batch.logits, batch.labels);
  CHECK(sums.loss == full.sum.loss);
  CHECK(sums.wrong == full.sum.wrong);
  cross_entropy<TestType>(batch.logits, batch.labels, {.dlogits = batch.logits});
  CHECK(batch.logits == full.dlogits);
}

TEMPLATE_TEST_CASE("softmax_cross_entropy: of several greatest logits the first is the prediction", "[simd]", float, double) {
  Batch<TestType> batch(3, 4);
  batch.logits = {1, 5, 5, 0, 2, 2, 2, 2, -1, -3, -1, -1};
  batch.labels = {2, 0, 0};
  const auto got = run(batch);
  CHECK(got.wrong == std::vector<std::uint8_t>{1, 0, 0});
  CHECK(got.sum.wrong == 1);
}

TEMPLATE_TEST_CASE("softmax_cross_entropy: a NaN logit makes its example's loss NaN and counts as wrong", "[simd]", float,
                   double) {
  constexpr std::size_t examples = xsimd::batch<TestType>::size + 2;
  const auto clean = run(Batch<TestType>(examples, 10));
  for (const std::size_t example : {std::size_t{0}, examples - 1})
    for (std::size_t at = 0; at < 10; ++at)
      for (std::int32_t label = 0; label < 10; ++label) {
        CAPTURE(example, at, label);
        Batch<TestType> batch(examples, 10);
        batch.logits[example * 10 + at] = std::numeric_limits<TestType>::quiet_NaN();
        batch.labels[example] = label;
        const auto got = run(batch);
        CHECK(std::isnan(got.sum.loss));
        CHECK(got.wrong[example] == 1);
        CHECK(got.sum.wrong == clean.sum.wrong + 1 - clean.wrong[example]);
        for (std::size_t i = 0; i < examples * 10; ++i)
          if (i / 10 == example ? !std::isnan(got.dlogits[i]) : got.dlogits[i] != clean.dlogits[i])
            FAIL_CHECK("dlogits at " << i);
      }
}

TEMPLATE_TEST_CASE("softmax_cross_entropy: infinite logits", "[simd]", float, double) {
  const TestType infinity = std::numeric_limits<TestType>::infinity();
  Batch<TestType> batch(1, 3);
  SECTION("minus infinity is a class of probability 0") {
    batch.logits = {0, -infinity, 0};
    batch.labels = {0};
    const auto got = run(batch);
    CHECK_THAT(got.sum.loss, Catch::Matchers::WithinAbs(std::log(2.0), 1e-6));
    CHECK(got.dlogits == std::vector<TestType>{-0.5, 0, 0.5});
    batch.labels = {1};
    CHECK(run(batch).sum.loss == std::numeric_limits<double>::infinity());
  }
  SECTION("plus infinity never gives a finite loss") {
    for (std::int32_t label = 0; label < 3; ++label)
      for (const auto& z : {std::vector<TestType>{0, infinity, 0}, {infinity, infinity, 0}, {-infinity, infinity, -infinity}}) {
        batch.logits = z;
        batch.labels = {label};
        CHECK(!std::isfinite(run(batch).sum.loss));
      }
  }
  SECTION("minus infinity everywhere is no distribution") {
    batch.logits = {-infinity, -infinity, -infinity};
    CHECK(std::isnan(run(batch).sum.loss));
  }
}

TEMPLATE_TEST_CASE("softmax_cross_entropy: is stable for great logits and precise for small losses", "[simd]", float, double) {
  Batch<TestType> batch(1, 2);
  batch.logits = {TestType(1e30), TestType(-1e30)};
  batch.labels = {0};
  CHECK(run(batch).sum.loss == 0);
  CHECK(run(batch).dlogits == std::vector<TestType>{0, 0});
  batch.labels = {1};
  CHECK_THAT(run(batch).sum.loss, Catch::Matchers::WithinRel(2e30, 1e-6));
  CHECK(run(batch).dlogits == std::vector<TestType>{1, -1});
  // log(1 + e⁻⁴⁰) is 4e-18, where log of the rounded sum would be 0. Bound: a few ulp of float.
  batch.logits = {40, 0};
  batch.labels = {0};
  CHECK_THAT(run(batch).sum.loss, Catch::Matchers::WithinRel(std::log1p(std::exp(-40.0)), 5e-7));
}

TEST_CASE("softmax_cross_entropy: sums in double", "[simd]") {
  // Beyond 2²⁵ a float moves in steps of 4. The first example's loss is 2²⁵, the others' 99.
  Batch<float> batch(1001, 2);
  for (std::size_t i = 0; i < batch.examples; ++i) {
    batch.logits[2 * i] = 0;
    batch.logits[2 * i + 1] = i == 0 ? 0x1p25f : 99.0f;
    batch.labels[i] = 0;
  }
  CHECK(cross_entropy<float>(batch.logits, batch.labels).loss == 0x1p25 + 1000 * 99.0);
}

}  // namespace simd_softmax_cross_entropy_test
