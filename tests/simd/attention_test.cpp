// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <lmc/simd/attention.hpp>

#include "simd/arrays.hpp"

namespace simd_attention_test {

using lmc::Index;
using lmc::simd::AttentionShape;
using testing::dyadic;
using testing::nearly_matches;
using testing::Placed;

namespace {

std::size_t size(Index n) { return static_cast<std::size_t>(n); }

// Scalar reference, in a wider type, entry by entry.
struct Reference {
  AttentionShape shape;
  std::vector<long double> weights, y, dqkv;  // weights [heads, key, query]

  template <class T>
  Reference(const AttentionShape& s, std::span<const T> qkv, std::span<const T> dy)
      : shape(s), weights(size(s.weights())), y(dy.size()), dqkv(qkv.size()) {
    const Index n = s.tokens, d = s.head_width, width = s.width();
    const auto at = [&](Index token, Index part, Index h, Index c) {
      return size(token * 3 * width + part * width + h * d + c);
    };
    const auto out = [&](Index token, Index h, Index c) { return size(token * width + h * d + c); };
    const long double factor = 1 / std::sqrt(static_cast<long double>(d));
    for (Index h = 0; h < s.heads; ++h)
      for (Index i = 0; i < n; ++i) {
        std::vector<long double> score(size(n)), da(size(n));
        for (Index j = 0; j < n; ++j)
          for (Index c = 0; c < d; ++c) score[size(j)] += factor * qkv[at(i, 0, h, c)] * qkv[at(j, 1, h, c)];
        const long double best = *std::max_element(score.begin(), score.end());
        long double sum = 0, of_da = 0;
        for (const long double v : score) sum += std::exp(v - best);
        const auto weight = [&](Index j) -> long double& { return weights[size((h * n + j) * n + i)]; };
        for (Index j = 0; j < n; ++j) {
          weight(j) = std::exp(score[size(j)] - best) / sum;
          for (Index c = 0; c < d; ++c) {
            y[out(i, h, c)] += weight(j) * qkv[at(j, 2, h, c)];
            dqkv[at(j, 2, h, c)] += weight(j) * dy[out(i, h, c)];
            da[size(j)] += dy[out(i, h, c)] * qkv[at(j, 2, h, c)];
          }
          of_da += weight(j) * da[size(j)];
        }
        for (Index j = 0; j < n; ++j)
          for (Index c = 0; c < d; ++c) {
            const long double ds = factor * weight(j) * (da[size(j)] - of_da);
            dqkv[at(i, 0, h, c)] += ds * qkv[at(j, 1, h, c)];
            dqkv[at(j, 1, h, c)] += ds * qkv[at(i, 0, h, c)];
          }
      }
  }
};

template <class T>
struct Arrays {
  AttentionShape shape;
  Placed<T> qkv, dy, weights, y, dqkv;
  std::vector<T> scratch;
  Arrays(const AttentionShape& s, std::size_t offset)
      : shape(s),
        qkv(size(3 * s.tokens * s.width()), offset, [](std::size_t i) { return dyadic(i) / 2; }),
        dy(size(s.tokens * s.width()), offset, [](std::size_t i) { return dyadic(i + 50); }),
        weights(size(s.weights()), offset),
        y(dy.view().size(), offset),
        dqkv(qkv.view().size(), offset),
        scratch(size(s.scratch()), std::numeric_limits<T>::quiet_NaN()) {}
  void run() {
    lmc::simd::attention_heads<T>(shape, qkv.view(), weights.span(), y.span(), scratch);
    lmc::simd::attention_heads_backward<T>(shape, qkv.view(), weights.view(), dy.view(), dqkv.span(), scratch);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("attention_heads: mixes the values by the softmax of the scores, for every number of tokens", "[simd]",
                   float, double) {
  using T = TestType;
  constexpr Index lanes = static_cast<Index>(xsimd::batch<T>::size);
  for (Index tokens = 1; tokens <= 2 * lanes + 2; ++tokens)
    for (const Index head_width : {Index{1}, Index{3}, lanes, lanes + 1}) {
      const Index heads = tokens % 3 + 1;
      CAPTURE(tokens, heads, head_width);
      Arrays<T> a({.tokens = tokens, .heads = heads, .head_width = head_width}, static_cast<std::size_t>(tokens % lanes));
      const Reference reference(a.shape, a.qkv.view(), a.dy.view());
      a.run();
      // Scores are up to 4 √head_width, and sums of head_width terms; their error is that of a weight.
      const long double rounding = 40 + 8 * static_cast<long double>(head_width);
      const auto same = [&](Placed<T>& got, const std::vector<long double>& expected, long double magnitude) {
        CHECK(nearly_matches(got.view(), rounding, magnitude, [&](std::size_t i) { return expected[i]; }));
        CHECK(got.surroundings_intact());
      };
      same(a.weights, reference.weights, 0);
      same(a.y, reference.y, 2);
      same(a.dqkv, reference.dqkv, 8 * static_cast<long double>(tokens + head_width));
    }
}

TEMPLATE_TEST_CASE("attention_heads: scores far apart do not overflow, and a NaN stays in its query", "[simd]", float, double) {
  using T = TestType;
  Arrays<T> a({.tokens = 3, .heads = 1, .head_width = 1}, 0);
  const std::vector<T> qkv{1000, 1, 5, 1, 900, 7, std::numeric_limits<T>::quiet_NaN(), -900, 9};
  std::copy(qkv.begin(), qkv.end(), a.qkv.span().begin());
  lmc::simd::attention_heads<T>(a.shape, a.qkv.view(), a.weights.span(), a.y.span(), a.scratch);
  CHECK((a.y[0] == 7 && a.y[1] == 7 && std::isnan(a.y[2])));
}

TEMPLATE_TEST_CASE("attention_heads: an example's bits do not depend on where it lies", "[simd]", float, double) {
  const AttentionShape shape{.tokens = GENERATE(5, 16, 19), .heads = 2, .head_width = 9};
  Arrays<TestType> a(shape, 0), b(shape, 3);
  a.run();
  b.run();
  CHECK(testing::matches(b.y.view(), [&](std::size_t i) { return a.y[i]; }));
  CHECK(testing::matches(b.dqkv.view(), [&](std::size_t i) { return a.dqkv[i]; }));
}

}  // namespace simd_attention_test
