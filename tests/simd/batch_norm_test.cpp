// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <lmc/simd/batch_norm.hpp>
#include <span>
#include <vector>

#include "simd/arrays.hpp"

namespace simd_batch_norm_test {

using testing::dyadic;
using testing::nearly_matches;
using testing::Placed;

namespace {

// Channels of which a vector holds many, some, one, and less than one; sizes around one period, one block of rows, and two.
const std::vector<std::size_t> channel_counts{1, 2, 3, 5, 8, 15, 16, 17, 31, 64, 100};
const std::vector<std::size_t> row_counts{1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 63, 64, 65, 67, 1031};
template <class Check>
void for_each_size(Check check) {
  for (const std::size_t channels : channel_counts)
    for (const std::size_t rows : row_counts)
      for (const std::size_t offset : {std::size_t{0}, std::size_t{3}}) check(channels, rows, offset);
}

template <class T>
struct Batch {
  std::size_t channels, rows;
  Placed<T> x, dy;
  std::vector<T> mean, inverse_deviation, scale, bias, workspace;

  Batch(std::size_t channels_, std::size_t rows_, std::size_t offset)
      : channels(channels_),
        rows(rows_),
        x(channels * rows, offset, [](std::size_t i) { return dyadic(i) + 0.3; }),
        dy(channels * rows, (offset + 1) % xsimd::batch<T>::size, [](std::size_t i) { return dyadic(3 * i + 100); }),
        workspace(lmc::simd::batch_norm_workspace<T>(channels), std::numeric_limits<T>::quiet_NaN()) {
    for (std::size_t c = 0; c < channels; ++c) {
      mean.push_back(static_cast<T>(dyadic(c)));
      inverse_deviation.push_back(static_cast<T>(1 + 0.5 * std::abs(dyadic(c + 7))));
      scale.push_back(static_cast<T>(dyadic(c + 20)));
      bias.push_back(static_cast<T>(dyadic(c + 40)));
    }
  }
  long double normalized(std::size_t i) const {
    const std::size_t c = i % channels;
    return (static_cast<long double>(x.view()[i]) - mean[c]) * inverse_deviation[c];
  }
  // Σ over the rows of channel c.
  template <class Term>
  long double sum(std::size_t c, Term term) const {
    long double total = 0;
    for (std::size_t i = c; i < rows * channels; i += channels) total += term(i);
    return total;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("channel_moments: are mean and variance of each channel, at every size", "[simd]", float, double) {
  for_each_size([](std::size_t channels, std::size_t rows, std::size_t offset) {
    CAPTURE(channels, rows, offset);
    Batch<TestType> b(channels, rows, offset);
    std::vector<TestType> mean(channels), variance(channels);
    lmc::simd::channel_moments<TestType>(b.x.view(), channels, b.workspace, [&](std::size_t c, double mu, double v) {
      mean[c] = static_cast<TestType>(mu);
      variance[c] = static_cast<TestType>(v);
    });
    const auto count = static_cast<long double>(rows);
    const auto mean_of = [&](std::size_t c) {
      return b.sum(c, [&](std::size_t i) { return static_cast<long double>(b.x.view()[i]); }) / count;
    };
    // Terms of at most 4.3 and 19, of which up to 32 are added in T before their sum goes into a longer one; without fused
    // multiply-adds each square rounds as well.
    CHECK(nearly_matches<TestType>(mean, 8, 4.3L, mean_of));
    CHECK(nearly_matches<TestType>(variance, 34, 19, [&](std::size_t c) {
      const long double center = mean_of(c);
      return b.sum(c, [&](std::size_t i) { return std::pow(b.x.view()[i] - center, 2.0L); }) / count;
    }));
  });
}

TEMPLATE_TEST_CASE("channel_moments: a mean far from 0 costs the variance no digits", "[simd]", float, double) {
  const std::size_t rows = 40000;
  // Spread 0.25 around a mean of 2¹³: Σ x² − (Σ x)² / n in float would have no digit left.
  const Placed<TestType> x(
      2 * rows, 0, [](std::size_t i) { return 8192 + (i / 2 % 2 == 0 ? 0.25 : -0.25) * static_cast<double>(1 + i % 2); });
  std::vector<TestType> workspace(lmc::simd::batch_norm_workspace<TestType>(2));
  lmc::simd::channel_moments<TestType>(x.view(), 2, workspace, [](std::size_t c, double mean, double variance) {
    CHECK(mean == 8192);
    CHECK(variance == (c == 0 ? 0.0625 : 0.25));
  });
  // A channel that does not vary: what rounding leaves is next to 0, and never below it.
  for (int k = 1; k < 200; ++k) {
    const double value = 0.1 * k;
    const Placed<TestType> constant(static_cast<std::size_t>(1000 + 7 * k), 0, [=](std::size_t) { return value; });
    lmc::simd::channel_moments<TestType>(constant.view(), 1, workspace, [&](std::size_t, double mean, double variance) {
      CHECK(std::abs(mean - static_cast<double>(constant.view()[0])) <= 1e-10 * value);
      CHECK((variance >= 0 && variance <= 1e-12 * value * value));
    });
  }
}

TEMPLATE_TEST_CASE("channel_moments: a NaN stays in its channel", "[simd]", float, double) {
  for (const std::size_t at : {std::size_t{1}, std::size_t{4 * 5000 + 1}}) {
    Placed<TestType> x(4 * 5001, 1, dyadic);
    x[at] = std::numeric_limits<TestType>::quiet_NaN();
    std::vector<TestType> workspace(lmc::simd::batch_norm_workspace<TestType>(4));
    lmc::simd::channel_moments<TestType>(x.view(), 4, workspace, [](std::size_t c, double mean, double variance) {
      CHECK(std::isnan(mean) == (c == 1));
      CHECK(std::isnan(variance) == (c == 1));
    });
  }
}

TEMPLATE_TEST_CASE("normalize_channels: is the affine map of each channel, at every size and in place", "[simd]", float,
                   double) {
  for_each_size([](std::size_t channels, std::size_t rows, std::size_t offset) {
    CAPTURE(channels, rows, offset);
    Batch<TestType> b(channels, rows, offset);
    Placed<TestType> y(rows * channels, offset / 2);
    const auto run = [&](std::span<TestType> out) {
      lmc::simd::normalize_channels<TestType>(b.x.view(), b.mean, b.inverse_deviation, b.scale, b.bias, out, b.workspace);
    };
    run(y.span());
    // x − mean is of order 8, the product of order 100 with three roundings.
    CHECK(nearly_matches<TestType>(
        y.view(), 3, 100, [&](std::size_t i) { return b.normalized(i) * b.scale[i % channels] + b.bias[i % channels]; }));
    CHECK(y.surroundings_intact());
    run(b.x.span());
    CHECK(testing::matches(b.x.view(), [&](std::size_t i) { return y[i]; }));
    CHECK(b.x.surroundings_intact());
  });
}

TEMPLATE_TEST_CASE("normalize_channels: the bits of an entry do not depend on its row", "[simd][determinism]", float, double) {
  for (const std::size_t channels : channel_counts) {
    Batch<TestType> b(channels, 37, 1);
    for (std::size_t i = 0; i < 37 * channels; ++i)
      b.x[i] = static_cast<TestType>(0.1) * static_cast<TestType>(i % channels + 1);
    Placed<TestType> y(37 * channels, 0);
    lmc::simd::normalize_channels<TestType>(b.x.view(), b.mean, b.inverse_deviation, b.scale, b.bias, y.span(), b.workspace);
    CHECK(testing::matches(y.view(), [&](std::size_t i) { return y[i % channels]; }));
  }
}

TEMPLATE_TEST_CASE("normalize_channels_backward: is its formula, at every size", "[simd][long]", float, double) {
  for_each_size([](std::size_t channels, std::size_t rows, std::size_t offset) {
    CAPTURE(channels, rows, offset);
    for (const bool of_batch : {true, false}) {
      Batch<TestType> b(channels, rows, offset);
      Placed<TestType> dx(rows * channels, offset / 2);
      std::vector<TestType> dscale(channels, 1), dbias(channels, 2), dscale_alone(channels, 1), dbias_alone(channels, 2);
      const auto run = [&](std::span<TestType> out, std::span<TestType> s, std::span<TestType> o) {
        lmc::simd::normalize_channels_backward<TestType>(b.x.view(), b.dy.view(), b.mean, b.inverse_deviation, b.scale,
                                                         of_batch, out, s, o, b.workspace);
      };
      run(dx.span(), dscale, dbias);
      run({}, dscale_alone, dbias_alone);
      CHECK(dscale_alone == dscale);
      CHECK(dbias_alone == dbias);
      const auto count = static_cast<long double>(rows);
      const auto sum_d = [&](std::size_t c) {
        return b.sum(c, [&](std::size_t i) { return static_cast<long double>(b.dy.view()[i]); });
      };
      const auto sum_dx = [&](std::size_t c) {
        return b.sum(c, [&](std::size_t i) { return b.dy.view()[i] * b.normalized(i); });
      };
      // Terms of at most 4 and 4 · 25; at most 1031 of them.
      CHECK(nearly_matches<TestType>(dbias, 2, 4 * count, [&](std::size_t c) { return 2 + sum_d(c); }));
      CHECK(nearly_matches<TestType>(dscale, 2, 100 * count, [&](std::size_t c) { return 1 + sum_dx(c); }));
      std::vector<long double> d(channels), dn(channels);
      for (std::size_t c = 0; c < channels; ++c) d[c] = of_batch ? sum_d(c) : 0, dn[c] = of_batch ? sum_dx(c) : 0;
      // Up to 12 · (4 + 4 + 25 · 100), with a few roundings.
      CHECK(nearly_matches<TestType>(dx.view(), 4, 12 * 2500, [&](std::size_t i) {
        const std::size_t c = i % channels;
        return static_cast<long double>(b.scale[c]) * b.inverse_deviation[c] *
               (b.dy.view()[i] - (d[c] + b.normalized(i) * dn[c]) / count);
      }));
      CHECK(dx.surroundings_intact());
      run(b.dy.span(), dscale, dbias);  // over its gradient
      CHECK(testing::matches(b.dy.view(), [&](std::size_t i) { return dx[i]; }));
      CHECK(b.dy.surroundings_intact());
    }
  });
}

}  // namespace simd_batch_norm_test
