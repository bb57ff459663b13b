// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <lmc/connectivity/causes/feature_statistics.hpp>
#include <lmc/core/random.hpp>
#include <span>
#include <utility>
#include <vector>

namespace connectivity_feature_statistics_test {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::FeatureStatistics;
using lmc::Index;
using lmc::LayerFeatures;
using lmc::PathWeights;
using Values = std::vector<double>;

namespace {

Values normal_values(std::size_t n, std::uint64_t seed, double mean = 0) {
  Values values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(mean + lmc::normal({.seed = seed}, i));
  return values;
}

LayerFeatures features(Index width, const PathWeights& at, const Values& a, const Values& h, const Values& b) {
  FeatureStatistics statistics(width, at);
  statistics.add<double>(a, h, b);
  return statistics.finish();
}

Values part(const Values& v, std::size_t first, std::size_t last) {
  return {v.begin() + static_cast<std::ptrdiff_t>(first), v.begin() + static_cast<std::ptrdiff_t>(last)};
}

void check_same(const LayerFeatures& x, const LayerFeatures& y) {
  CHECK(x.width == y.width);
  CHECK(x.examples == y.examples);
  CHECK(x.directionless == y.directionless);
  CHECK(x.deviation == y.deviation);
  CHECK(x.cosine == y.cosine);
  CHECK(x.mean_cosine == y.mean_cosine);
  CHECK(x.scale == y.scale);
  CHECK(x.variance_ratio == y.variance_ratio);
  CHECK(x.cka == y.cka);
}

const PathWeights middle{0.5, 0.5};
constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("FeatureStatistics: are those worked out by hand", "[connectivity]") {
  // Two units, two examples. The chord is (3, 0) and (1, 4); h is (1, 0) and (1, −4).
  const Values a{2, 0, 0, 2}, b{4, 0, 2, 6}, h{1, 0, 1, -4};
  const auto f = features(2, middle, a, h, b);
  CHECK(f.width == 2);
  CHECK(f.examples == 2);
  CHECK(f.directionless == 0);
  CHECK_THAT(f.deviation, WithinRel(std::sqrt((4.0 + 64) / (9 + 1 + 16)), 1e-15));
  const double hc = 3 + 1 - 16, hh = 1 + 1 + 16, cc = 9 + 1 + 16;
  CHECK_THAT(f.cosine, WithinRel(hc / std::sqrt(hh * cc), 1e-15));  // signed: below 0 here
  CHECK_THAT(f.mean_cosine, WithinAbs((1.0 + (1 - 16) / 17.0) / 2, 1e-15));
  CHECK_THAT(f.scale, WithinRel(hc / cc, 1e-15));
  // Variances over the two examples: 0 and 4 at h; 1 and 1 in a; 1 and 9 in b.
  CHECK_THAT(f.variance_ratio, WithinRel(4 / (0.5 * 2 + 0.5 * 10), 1e-15));
  CHECK(std::isnan(f.cka));  // two examples
}

TEST_CASE("FeatureStatistics: agree with plain loops over all examples", "[connectivity]") {
  const std::size_t n = 60, width = 7;
  const PathWeights at = GENERATE(PathWeights{0.3, 0.7}, middle, PathWeights{0.9, 0.1});
  const Values a = normal_values(n * width, 1, 0.5), b = normal_values(n * width, 2, 0.25),
               h = normal_values(n * width, 3, 0.4);
  double dd = 0, hh = 0, hc = 0, cc = 0, cosines = 0, var_h = 0, var_ends = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double x = 0, y = 0, z = 0;
    for (std::size_t k = i * width; k < (i + 1) * width; ++k) {
      const double c = at.alpha_bar * a[k] + at.alpha * b[k];
      dd += (h[k] - c) * (h[k] - c);
      x += h[k] * h[k], y += h[k] * c, z += c * c;
    }
    hh += x, hc += y, cc += z;
    cosines += y / std::sqrt(x * z);
  }
  const auto variance = [&](const Values& v, std::size_t u) {
    double mean = 0, sum = 0;
    for (std::size_t i = 0; i < n; ++i) mean += v[i * width + u] / n;
    for (std::size_t i = 0; i < n; ++i) sum += std::pow(v[i * width + u] - mean, 2) / n;
    return sum;
  };
  for (std::size_t u = 0; u < width; ++u) {
    var_h += variance(h, u);
    var_ends += at.alpha_bar * variance(a, u) + at.alpha * variance(b, u);
  }
  const auto f = features(width, at, a, h, b);
  CHECK_THAT(f.deviation, WithinRel(std::sqrt(dd / cc), 1e-13));
  CHECK_THAT(f.cosine, WithinRel(hc / std::sqrt(hh * cc), 1e-13));
  CHECK_THAT(f.mean_cosine, WithinRel(cosines / n, 1e-13));
  CHECK_THAT(f.scale, WithinRel(hc / cc, 1e-13));
  CHECK_THAT(f.variance_ratio, WithinRel(var_h / var_ends, 1e-13));
  lmc::LinearCka cka;
  cka.add<double>(a, b, n);
  CHECK(f.cka == cka.value());
  // What features lost or gained in length, and what they turned away, is all of the deviation.
  CHECK_THAT(f.deviation * f.deviation,
             WithinRel(std::pow(f.scale - 1, 2) + f.scale * f.scale * (1 / (f.cosine * f.cosine) - 1), 1e-12));
}

TEST_CASE("FeatureStatistics: pieces, sums of sums and the order do not matter but for rounding", "[connectivity]") {
  const std::size_t n = 40, width = 5;
  const PathWeights at{0.25, 0.75};
  // Far from 0, so that the different first examples of the parts matter.
  const Values a = normal_values(n * width, 1, 100), b = normal_values(n * width, 2, 50);
  Values h = normal_values(n * width, 3, 80);
  for (const std::size_t dead : {3U, 17U, 35U}) std::fill_n(h.begin() + static_cast<std::ptrdiff_t>(dead * width), width, 0.0);
  const auto whole = features(width, at, a, h, b);
  FeatureStatistics first(width, at), second(width, at), third(width, at);
  const auto add = [&](FeatureStatistics& to, std::size_t from, std::size_t until) {
    to.add<double>(part(a, from * width, until * width), part(h, from * width, until * width),
                   part(b, from * width, until * width));
  };
  add(first, 30, 40);
  add(second, 0, 1);
  add(second, 1, 1);
  add(second, 1, 30);
  third += first;  // to an empty one, and back
  third += second;
  third += FeatureStatistics(width, at);
  const auto f = third.finish();
  CHECK(f.examples == 40);
  CHECK(whole.directionless == 3);
  CHECK(f.directionless == 3);
  CHECK_THAT(f.deviation, WithinRel(whole.deviation, 1e-13));
  CHECK_THAT(f.cosine, WithinRel(whole.cosine, 1e-13));
  CHECK_THAT(f.mean_cosine, WithinRel(whole.mean_cosine, 1e-13));
  CHECK_THAT(f.scale, WithinRel(whole.scale, 1e-13));
  CHECK_THAT(f.variance_ratio, WithinRel(whole.variance_ratio, 1e-10));
  // But for the CKA, which is averaged over the pieces.
  lmc::LinearCka cka;
  for (const auto& [from, until] : std::vector<std::pair<std::size_t, std::size_t>>{{30, 40}, {1, 30}})
    cka.add<double>(part(a, from * width, until * width), part(b, from * width, until * width),
                    static_cast<Index>(until - from));
  CHECK_THAT(f.cka, WithinAbs(cka.value(), 1e-12));
}

TEST_CASE("FeatureStatistics: the ends, and equal networks, are on the chord exactly", "[connectivity]") {
  const Values a = normal_values(30 * 3, 1, 0.1), b = normal_values(30 * 3, 2, 0.1);
  const auto at_a = features(3, {0, 1}, a, a, b), at_b = features(3, {1, 0}, a, b, b);
  const auto equal = features(3, {0.3, 0.7}, a, a, a);
  for (const LayerFeatures& f : {at_a, at_b, equal}) {
    CHECK(f.deviation == 0);
    CHECK(f.cosine == 1);
    CHECK(f.mean_cosine == 1);
    CHECK(f.scale == 1);
    CHECK(f.variance_ratio == 1);
  }
  CHECK(equal.cka == 1);
  CHECK(at_a.cka < 0.5);
}

TEST_CASE("FeatureStatistics: swapping the ends changes no bit", "[connectivity]") {
  const Values a = normal_values(100 * 4, 1), b = normal_values(100 * 4, 2), h = normal_values(100 * 4, 3);
  for (const PathWeights at : {PathWeights{0.25, 0.75}, PathWeights{0.3, 0.7}, middle})
    check_same(features(4, at, a, h, b), features(4, {at.alpha_bar, at.alpha}, b, h, a));
}

TEST_CASE("FeatureStatistics: features that shrink keep their cosine and lose scale and variance", "[connectivity]") {
  const Values a = normal_values(50 * 4, 1);
  Values h = a, turned = a;
  for (double& x : h) x *= 0.25;
  for (double& x : turned) x *= -1;
  const auto f = features(4, middle, a, h, a);
  CHECK_THAT(f.deviation, WithinAbs(0.75, 1e-15));
  CHECK(f.scale == 0.25);
  CHECK_THAT(f.cosine, WithinAbs(1, 1e-15));
  CHECK_THAT(f.variance_ratio, WithinAbs(1.0 / 16, 1e-15));
  const auto opposite = features(4, middle, a, turned, a);
  CHECK_THAT(opposite.deviation, WithinAbs(2, 1e-15));
  CHECK(opposite.cosine == -1);
  CHECK(opposite.mean_cosine == -1);
  CHECK(opposite.variance_ratio == 1);
}

TEST_CASE("FeatureStatistics: say what a dead layer and directionless examples are", "[connectivity]") {
  const Values zero(8 * 2, 0.0), one(8 * 2, 1.0);
  const auto dead = features(2, middle, zero, zero, zero);
  CHECK(dead.deviation == 0);
  CHECK(dead.directionless == 8);
  for (const double x : {dead.cosine, dead.mean_cosine, dead.scale, dead.variance_ratio, dead.cka}) CHECK(std::isnan(x));
  // Dead in both networks, alive between them.
  const auto alive = features(2, middle, zero, normal_values(16, 1), zero);
  CHECK(alive.deviation == infinite);
  CHECK(std::isnan(alive.cosine));
  CHECK(alive.variance_ratio == infinite);
  // Alive in both, dead between.
  const auto died = features(2, middle, normal_values(16, 1), zero, normal_values(16, 2));
  CHECK(died.deviation == 1);
  CHECK(std::isnan(died.cosine));
  CHECK(died.scale == 0);
  CHECK(died.variance_ratio == 0);
  // Constant features that no sum represents exactly: no variance, not a rounding's.
  const Values tenth(100 * 2, 0.1);
  const auto constant = features(2, middle, tenth, tenth, tenth);
  CHECK(constant.cosine == 1);
  CHECK(std::isnan(constant.variance_ratio));
  CHECK(std::isnan(constant.cka));
  // Some examples alone are dead: half of these, at h or on the chord.
  Values some = one, cancels = one;
  std::fill_n(some.begin(), 4, 0.0);
  for (std::size_t i = 4; i < 8; ++i) cancels[i] = -1;
  const auto half = features(2, middle, one, some, cancels);
  CHECK(half.directionless == 4);
  CHECK_THAT(half.mean_cosine, WithinAbs(1, 1e-15));
}

TEST_CASE("FeatureStatistics: take float, and sum in double", "[connectivity]") {
  FeatureStatistics statistics(1, middle);
  const std::vector<float> a{1, 16777216, 3, 5}, h{2, 16777216, 4, 4}, b{3, 16777216, 5, 3};  // 2²⁴ + 1 is no float
  statistics.add<float>(a, h, b);
  CHECK(statistics.finish().deviation == 0);
  statistics.add<float>(a, a, b);
  CHECK_THAT(statistics.finish().deviation, WithinRel(std::sqrt((1 + 0 + 1 + 1) / (2 * (4 + 0x1p48 + 16 + 16))), 1e-12));
}

TEST_CASE("FeatureStatistics: refuse what does not fit, and numbers that are not finite", "[connectivity][errors]") {
  CHECK_THROWS_WITH(FeatureStatistics(0, middle), "FeatureStatistics: width = 0; expected a positive number of units");
  CHECK_THROWS_WITH(FeatureStatistics(3, PathWeights{0.3, 0.6}),
                    "FeatureStatistics: alpha = 0.3, alpha_bar = 0.6; expected α and 1 − α, in [0, 1]");
  CHECK_THROWS_WITH(FeatureStatistics(3, PathWeights{1.5, -0.5}), Catch::Contains("alpha = 1.5"));
  CHECK_THROWS_WITH(FeatureStatistics(3, PathWeights{std::nan(""), 0.5}), Catch::Contains("alpha = nan"));
  FeatureStatistics statistics(2, middle);
  CHECK_THROWS_WITH(statistics.finish(), "FeatureStatistics: no examples were added; expected at least one");
  const Values four(4, 1.0), three(3, 1.0), two(2, 1.0);
  CHECK_THROWS_WITH(statistics.add<double>(three, three, three),
                    "FeatureStatistics: 3 features in a, 3 between and 3 in b; expected as many of each, for examples of 2");
  CHECK_THROWS_WITH(statistics.add<double>(four, two, four), Catch::Contains("2 between"));
  CHECK_THROWS_WITH(statistics.add<double>(four, four, two), Catch::Contains("2 in b"));
  CHECK_THROWS_WITH(statistics += FeatureStatistics(3, middle),
                    "FeatureStatistics: width 3 at α = 0.5 is added to width 2 at α = 0.5; expected the same");
  CHECK_THROWS_WITH(statistics += FeatureStatistics(2, {0, 1}), Catch::Contains("width 2 at α = 0 is added"));
  for (const double wrong : {std::nan(""), infinite, 1e200}) {
    Values bad = four;
    bad[3] = wrong;
    // At an end the other network is not on the chord, and is looked at all the same.
    FeatureStatistics at_a(2, {0, 1}), at_b(2, {1, 0});
    CHECK_THROWS_WITH(at_a.add<double>(four, four, bad), Catch::Contains("a feature is NaN"));
    CHECK_THROWS_WITH(at_b.add<double>(bad, four, four), Catch::Contains("a feature is NaN"));
    for (int which = 0; which < 3; ++which) {
      FeatureStatistics fresh(2, middle);
      CHECK_THROWS_WITH(
          fresh.add<double>(which == 0 ? bad : four, which == 1 ? bad : four, which == 2 ? bad : four),
          "FeatureStatistics: a feature is NaN, infinite, or too large to be squared; expected finite features; did a "
          "training diverge?");
    }
  }
}

}  // namespace connectivity_feature_statistics_test
