// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <lmc/connectivity/exact/certified_loss.hpp>
#include <lmc/connectivity/exact/detail/loss_bounds.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/text.hpp>
#include <span>
#include <string>
#include <vector>

namespace connectivity_certified_loss_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::certified_loss_barrier;
using lmc::CertifiedLossBarrier;
using lmc::ReadoutPair;
using real = long double;

namespace {

// Two networks and what they make of some examples.
struct Case {
  std::size_t examples, hidden, classes;
  double slope = 0;
  std::vector<double> weight_a = {}, weight_b = {}, bias_a = {}, bias_b = {}, hidden_a = {}, hidden_b = {};
  std::vector<std::int32_t> labels = {};

  [[nodiscard]] ReadoutPair<double> readouts() const {
    return {.hidden = static_cast<lmc::Index>(hidden),
            .classes = static_cast<lmc::Index>(classes),
            .slope = slope,
            .weight_a = weight_a,
            .weight_b = weight_b,
            .bias_a = bias_a,
            .bias_b = bias_b};
  }
  [[nodiscard]] CertifiedLossBarrier barrier(const lmc::CertifiedLossOptions& options = {}, double hidden_error = 0) const {
    return certified_loss_barrier<double>(readouts(), hidden_a, hidden_b, hidden_error, labels, options);
  }
  // The loss of one example, by plain loops in long double.
  [[nodiscard]] real loss(std::size_t n, real alpha) const {
    const auto between = [&](double a, double b) { return (1 - alpha) * real(a) + alpha * real(b); };
    std::vector<real> z(classes);
    for (std::size_t c = 0; c < classes; ++c) {
      z[c] = bias_a.empty() ? 0 : between(bias_a[c], bias_b[c]);
      for (std::size_t j = 0; j < hidden; ++j) {
        const real h = between(hidden_a[n * hidden + j], hidden_b[n * hidden + j]);
        z[c] += between(weight_a[c * hidden + j], weight_b[c * hidden + j]) * (h > 0 ? h : real(slope) * h);
      }
    }
    const real greatest = *std::max_element(z.begin(), z.end());
    real sum = 0;
    for (const real v : z) sum += std::exp(v - greatest);
    return std::log(sum) + greatest - z[static_cast<std::size_t>(labels[n])];
  }
  [[nodiscard]] real loss(real alpha) const {
    real sum = 0;
    for (std::size_t n = 0; n < examples; ++n) sum += loss(n, alpha);
    return sum / real(examples);
  }
  [[nodiscard]] real height(real alpha) const { return loss(alpha) - (1 - alpha) * loss(0) - alpha * loss(1); }
};

std::vector<double> normals(std::size_t n, double scale, std::uint64_t seed, std::uint32_t part) {
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(scale * lmc::normal({.seed = seed, .part = part}, i));
  return values;
}
// Ends that differ from each other by `distance` of what they are.
std::vector<double> near(const std::vector<double>& a, double distance, std::uint64_t seed, std::uint32_t part) {
  std::vector<double> b = normals(a.size(), 1, seed, part);
  for (std::size_t i = 0; i < a.size(); ++i) b[i] = distance >= 1 ? b[i] : a[i] + distance * b[i];
  return b;
}
Case random_case(std::size_t examples, std::size_t hidden, std::size_t classes, double slope, double distance,
                 std::uint64_t seed) {
  Case c{.examples = examples, .hidden = hidden, .classes = classes, .slope = slope};
  c.weight_a = normals(classes * hidden, 1, seed, 1);
  c.weight_b = near(c.weight_a, distance, seed, 2);
  c.bias_a = normals(classes, 1, seed, 3);
  c.bias_b = near(c.bias_a, distance, seed, 4);
  c.hidden_a = normals(examples * hidden, 2, seed, 5);
  c.hidden_b = near(c.hidden_a, distance, seed, 6);
  for (std::size_t n = 0; n < examples; ++n)
    c.labels.push_back(static_cast<std::int32_t>(lmc::uniform_below({.seed = seed, .part = 7}, n, classes)));
  return c;
}
// The same with the labels whose loss is highest above its chord in the middle, so that there is a barrier.
Case with_barrier(Case c) {
  const auto last = static_cast<std::int32_t>(c.classes) - 1;
  for (std::size_t n = 0; n < c.examples; ++n) {
    real highest = -std::numeric_limits<real>::infinity();
    std::int32_t best = 0;
    for (std::int32_t y = 0; y <= last; ++y) {
      c.labels[n] = y;
      const real height = c.loss(n, 0.5L) - (c.loss(n, 0) + c.loss(n, 1)) / 2;
      if (height > highest) best = y;
      highest = std::max(highest, height);
    }
    c.labels[n] = best;
  }
  return c;
}

// That the enclosure is one, as far as a grid of 100,001 points can say, and as narrow as was asked for.
double checked_low(const Case& c) {
  const CertifiedLossBarrier barrier = c.barrier();
  INFO(barrier << ", " << barrier.passes << " passes, " << barrier.evaluations << " places");
  CHECK(barrier.converged);
  CHECK(barrier.high - barrier.low <= 1e-6);
  CHECK(barrier.low >= 0);
  CHECK(c.height(real(barrier.alpha)) >= real(barrier.low));
  constexpr int points = 100'000;
  const real a = c.loss(0), b = c.loss(1);
  real highest = 0;
  for (int i = 0; i <= points; ++i) {
    const real alpha = real(i) / points;
    highest = std::max(highest, c.loss(alpha) - (1 - alpha) * a - alpha * b);
  }
  CHECK(highest <= real(barrier.high));
  return barrier.low;
}

}  // namespace

TEST_CASE("certified_loss_barrier: encloses the highest of 100,001 points in long double", "[connectivity][long]") {
  SECTION("independent ends, with random labels") { CHECK(checked_low(random_case(4, 6, 3, 0, 1, GENERATE(1U, 2U))) >= 0); }
  SECTION("independent ends with a barrier") {
    CHECK(checked_low(with_barrier(random_case(6, 8, 4, 0, 1, GENERATE(4U, 5U)))) > 0.001);
  }
  SECTION("ends from one start") { CHECK(checked_low(with_barrier(random_case(6, 8, 3, 0, 0.2, GENERATE(10U, 21U)))) > 0.001); }
  SECTION("ends next to each other") { CHECK(checked_low(with_barrier(random_case(4, 6, 3, 0, 0.001, 8))) > 0); }
  SECTION("leaky ReLU") { CHECK(checked_low(with_barrier(random_case(4, 6, 3, GENERATE(0.01, 0.3), 1, 10))) > 0.001); }
  SECTION("no rectifier, but a readout with parameters") {
    CHECK(checked_low(with_barrier(random_case(4, 6, 3, 1, 1, 5))) > 0.001);
  }
  SECTION("more than a block of classes") { CHECK(checked_low(with_barrier(random_case(4, 6, 11, 0, 1, 11))) > 0.001); }
  SECTION("one example") { CHECK(checked_low(with_barrier(random_case(1, 4, 2, 0, 1, 12))) > 0.001); }
  SECTION("logits in the hundreds") {
    Case c = with_barrier(random_case(3, 6, 3, 0, 1, 13));
    for (double& h : c.hidden_a) h *= 50;
    for (double& h : c.hidden_b) h *= 50;
    CHECK(checked_low(c) > 0.001);
  }
  SECTION("no biases") {
    Case c = with_barrier(random_case(4, 6, 3, 0, 1, 14));
    c.bias_a.clear();
    c.bias_b.clear();
    CHECK(checked_low(c) > 0.001);
  }
  SECTION("dead units, and units that are 0 at an end") {
    Case c = with_barrier(random_case(4, 6, 3, 0, 1, 4));
    for (std::size_t n = 0; n < 4; ++n) {
      c.hidden_a[6 * n] = -std::abs(c.hidden_a[6 * n]);
      c.hidden_b[6 * n] = -std::abs(c.hidden_b[6 * n]);
      c.hidden_a[6 * n + 1] = 0;
      c.hidden_b[6 * n + 2] = 0;
      c.hidden_a[6 * n + 3] = c.hidden_b[6 * n + 3] = 0;
    }
    CHECK(checked_low(with_barrier(c)) > 0.001);
  }
  SECTION("units that switch at the same place, some of it a place where the loss is taken") {
    Case c = with_barrier(random_case(4, 6, 3, 0, 1, 16));
    for (std::size_t i = 0; i < c.hidden_a.size(); ++i) c.hidden_b[i] = -c.hidden_a[i] * (i % 3 == 0 ? 2 : 1);
    CHECK(checked_low(c) > 0.001);
  }
}

TEST_CASE("certified_loss_barrier: agrees with barriers worked out by hand", "[connectivity]") {
  // One unit, two classes, the second of which has the logit 0.
  const auto one = [](double p, double q, double u, double v, double slope, std::int32_t label) {
    return Case{.examples = 1,
                .hidden = 1,
                .classes = 2,
                .slope = slope,
                .weight_a = {u, 0},
                .weight_b = {v, 0},
                .bias_a = {},
                .bias_b = {},
                .hidden_a = {p},
                .hidden_b = {q},
                .labels = {label}};
  };
  const auto encloses = [](const CertifiedLossBarrier& barrier, double value) {
    INFO(barrier << " and " << value);
    CHECK(barrier.low <= value);
    CHECK(value <= barrier.high);
    CHECK(barrier.high - barrier.low <= 1e-6);
  };
  const double e = std::exp(1.0);
  // h = 2 ᾱ, w = 2 α, z = 4 α ᾱ: the loss log(1 + exp z) is highest at ½, log(1 + 1 ÷ exp z) is lowest there.
  const auto smooth = one(2, 0, 0, 2, 0, 1).barrier();
  encloses(smooth, std::log((1 + e) / 2));
  CHECK(smooth.alpha == 0.5);
  encloses(one(2, 0, 0, 2, 0, 0).barrier(), 0);
  CHECK(one(2, 0, 0, 2, 0, 0).barrier().alpha == 0);
  // h = 3 α − 1, w = 1: the loss of the first class is log 2 up to ⅓, and highest above its chord there, at a kink.
  const auto kink = one(-1, 2, 1, 1, 0, 0).barrier();
  encloses(kink, (std::log(2.0) - std::log(1 + std::exp(-2.0))) / 3);
  CHECK_THAT(kink.alpha, WithinAbs(1.0 / 3, 1e-5));
  // With a slope for negative h the loss at a is log(1 + exp ¼).
  encloses(one(-1, 2, 1, 1, 0.25, 0).barrier(),
           std::log(2.0) - 2 * std::log(1 + std::exp(0.25)) / 3 - std::log(1 + std::exp(-2.0)) / 3);
  // Two examples with barriers at different places: the mean has the one of the mean.
  Case two = one(-1, 2, 1, 1, 0, 0);
  two.examples = 2;
  two.hidden_a.push_back(-1);
  two.hidden_b.push_back(2);
  two.labels.push_back(1);  // a loss of log(1 + exp(3 α − 1)), convex
  // Their sum: 2 log 2 up to ⅓, then log(1 + e^h) + log(1 + e^-h), which is convex: no barrier but for rounding.
  encloses(two.barrier(), 0);
}

TEST_CASE("certified_loss_barrier: is 0 between equal ends", "[connectivity]") {
  Case c = random_case(5, 8, 3, 0, 1, 21);
  c.weight_b = c.weight_a;
  c.bias_b = c.bias_a;
  c.hidden_b = c.hidden_a;
  const CertifiedLossBarrier barrier = c.barrier();
  CHECK(barrier.low == 0);
  CHECK(barrier.alpha == 0);
  CHECK(barrier.high <= 1e-11);
  CHECK(barrier.passes == 1);
  // Logits of 0 are exact; their exp and log are not.
  Case zero = c;
  for (auto* values : {&zero.weight_a, &zero.weight_b, &zero.bias_a, &zero.bias_b, &zero.hidden_a, &zero.hidden_b})
    std::ranges::fill(*values, 0.0);
  CHECK(zero.barrier().high > 1e-15);
  CHECK(zero.barrier().high < 1e-13);
}

TEST_CASE("certified_loss_barrier: is the same for swapped ends, to the bit, at the mirror image", "[connectivity]") {
  Case c = with_barrier(random_case(5, 8, 3, 0.1, 1, GENERATE(4U, 5U, 30U)));
  const CertifiedLossBarrier forth = c.barrier();
  std::swap(c.weight_a, c.weight_b);
  std::swap(c.bias_a, c.bias_b);
  std::swap(c.hidden_a, c.hidden_b);
  const CertifiedLossBarrier back = c.barrier();
  CHECK(forth.low > 0);
  CHECK(back.low == forth.low);
  CHECK(back.high == forth.high);
  CHECK(back.alpha == 1 - forth.alpha);
  CHECK(back.evaluations == forth.evaluations);
}

TEST_CASE("certified_loss_barrier: takes numbers of single precision for what they are", "[connectivity]") {
  Case c = random_case(3, 5, 3, 0, 1, 41);
  const auto round = [](std::vector<double>& values) {
    std::vector<float> floats(values.begin(), values.end());
    values.assign(floats.begin(), floats.end());
    return floats;
  };
  const auto wa = round(c.weight_a), wb = round(c.weight_b), ba = round(c.bias_a), bb = round(c.bias_b), ha = round(c.hidden_a),
             hb = round(c.hidden_b);
  const ReadoutPair<float> readouts{
      .hidden = 5, .classes = 3, .slope = 0, .weight_a = wa, .weight_b = wb, .bias_a = ba, .bias_b = bb};
  CHECK(certified_loss_barrier<float>(readouts, ha, hb, 0, c.labels) == c.barrier());
}

TEST_CASE("certified_loss_barrier: is as wide as errors of the pre-activations make it", "[connectivity]") {
  const Case real_ones = with_barrier(random_case(4, 6, 3, 0, 1, 5));
  const CertifiedLossBarrier exact = real_ones.barrier();
  Case given = real_ones;
  double error = 0;
  for (auto* values : {&given.hidden_a, &given.hidden_b})
    for (double& h : *values) {
      const double rounded = std::round(h * 1024) / 1024;
      error = std::max(error, std::abs(rounded - h));
      h = rounded;
    }
  const CertifiedLossBarrier barrier = given.barrier({}, error);
  CHECK(barrier.low <= exact.low);
  CHECK(barrier.high >= exact.high);
  CHECK(barrier.high - barrier.low > error);
  CHECK_FALSE(barrier.converged);
  CHECK(barrier.passes <= exact.passes);  // more would not help
  CHECK_THAT(lmc::concat(barrier), Contains("wider than asked for"));
  // Without the bound it is narrow, but about other numbers.
  CHECK(given.barrier().converged);
}

TEST_CASE("certified_loss_barrier: says that it has not converged where it has not", "[connectivity]") {
  const Case c = with_barrier(random_case(4, 6, 3, 0, 1, 4));
  const CertifiedLossBarrier best = c.barrier(), coarse = c.barrier({.max_passes = 1});
  CHECK(best.passes > 1);
  CHECK(coarse.passes == 1);
  CHECK(coarse.evaluations == 65);
  CHECK_FALSE(coarse.converged);
  CHECK(coarse.low <= best.high);
  CHECK(coarse.high >= best.low);
  CHECK(coarse.high - coarse.low > 1e-6);
  // A width below what rounding allows ends with the narrowest enclosure, not with endless passes.
  const CertifiedLossBarrier narrow = c.barrier({.width = 1e-18, .max_passes = 1000});
  CHECK_FALSE(narrow.converged);
  CHECK(narrow.passes < 10);
  CHECK(narrow.high - narrow.low < 1e-10);
  CHECK(narrow.high - narrow.low > 0);
  // A wider one needs no more passes.
  const CertifiedLossBarrier wide = c.barrier({.width = 0.01});
  CHECK(wide.converged);
  CHECK(wide.evaluations <= best.evaluations);
  CHECK(wide.high >= best.low);
  CHECK(wide.low <= best.high);
}

TEST_CASE("LossBounds: the excess is at least the height above the line between neighboring places", "[connectivity][long]") {
  std::vector<double> places;
  const std::size_t gaps = GENERATE(1U, 8U, 64U);
  for (std::size_t i = 0; i <= gaps; ++i) places.push_back(static_cast<double>(i) / static_cast<double>(gaps));
  double bound = 0, highest = 0;
  for (std::uint64_t seed = 70; seed < 100; ++seed) {
    // Where the ends are nearly equal, the curvature is rounding.
    const double distance = seed % 3 == 0 ? 1 : seed % 3 == 1 ? 0.1 : 1e-7;
    Case c = random_case(1, 12, 2 + seed % 9, seed % 4 == 0 ? 0.1 : 0, distance, seed);
    if (seed % 4 < 2) c = with_barrier(c);
    lmc::detail::LossBounds bounds(c.readouts());
    std::vector<double> sums(lmc::detail::LossBounds::sums_for(places.size()));
    bounds.add<double>(c.hidden_a, c.hidden_b, 0, c.labels[0], places, sums);
    for (std::size_t i = 0; i < gaps; ++i) {
      const real from = c.loss(real(places[i])), to = c.loss(real(places[i + 1]));
      real above = 0;
      for (int k = 1; k < 64; ++k) {
        const real s = real(k) / 64, alpha = real(places[i]) + s / real(gaps);
        above = std::max(above, c.loss(alpha) - (1 - s) * from - s * to);
      }
      const double excess = sums[places.size() + i];
      CAPTURE(seed, i, excess);
      CHECK(above <= real(excess));
      bound += excess;
      highest += static_cast<double>(above);
    }
  }
  if (gaps > 1) CHECK(bound < (gaps == 8 ? 12 : 5) * highest);  // and not much more, all in all
}

TEST_CASE("LossBounds: the bound of rounding is above what is rounded", "[connectivity]") {
  const std::vector<double> places{0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1};
  for (std::uint64_t seed = 100; seed < 110; ++seed) {
    const Case c = random_case(1, 300, 5, 0, 1, seed);
    lmc::detail::LossBounds bounds(c.readouts());
    std::vector<double> sums(lmc::detail::LossBounds::sums_for(places.size()));
    bounds.add<double>(c.hidden_a, c.hidden_b, 0, c.labels[0], places, sums);
    real largest = 0;
    for (std::size_t i = 0; i < places.size(); ++i)
      largest = std::max(largest, std::abs(real(sums[i]) - c.loss(real(places[i]))));
    CHECK(largest > 0);
    CHECK(largest <= 2 * real(sums.back()));
    CHECK(sums.back() < 1e-8);
  }
}

TEST_CASE("certified_loss_barrier: bad input is an error that says what to do", "[connectivity]") {
  const Case good = random_case(3, 4, 3, 0, 1, 1);
  Case c = good;
  CHECK_THROWS_WITH(c.barrier({.width = 0}), Contains("certified_loss_barrier: width = 0") && Contains("positive"));
  CHECK_THROWS_WITH(c.barrier({.width = std::nan("")}), Contains("width = nan"));
  CHECK_THROWS_WITH(c.barrier({.max_passes = 0}), Contains("max_passes = 0"));
  CHECK_THROWS_WITH(c.barrier({}, -1), Contains("hidden_error = -1") && Contains("0 where all are exact"));
  CHECK_THROWS_WITH(c.barrier({}, std::nan("")), Contains("hidden_error = nan"));
  c.labels[1] = 3;
  CHECK_THROWS_WITH(c.barrier(), Contains("example 1 has the label 3; expected 0 to 2"));
  c = good;
  c.labels.clear();
  CHECK_THROWS_WITH(c.barrier(), Contains("no labels"));
  c = good;
  c.hidden_a.pop_back();
  CHECK_THROWS_WITH(c.barrier(), Contains("11 pre-activations at a and 12 at b"));
  c = good;
  c.hidden_b[0] = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(c.barrier(), Contains(" of the pre-activations at ") && Contains(" is inf"));
  c = good;
  c.weight_b[0] = std::nan("");
  CHECK_THROWS_WITH(c.barrier(), Contains(" is nan; expected finite"));
  c = good;
  c.weight_a.pop_back();
  CHECK_THROWS_WITH(c.barrier(), Contains("weight_a has 11 entries"));
  c = good;
  c.slope = 2;
  CHECK_THROWS_WITH(c.barrier(), Contains("slope = 2"));
  c = good;
  for (double& h : c.hidden_a) h *= 1e150;
  CHECK_THROWS_WITH(c.barrier(), Contains("logits may be as large as") && Contains("diverge"));
}

TEST_CASE("certified_loss_barrier: is printed", "[connectivity]") {
  CHECK(lmc::concat(CertifiedLossBarrier{.low = 0.21803121, .high = 0.2180318, .alpha = 0.4612}) ==
        "in [0.2180312, 0.2180318] at α 0.4612");
  CHECK(lmc::concat(CertifiedLossBarrier{.diverged = true}) == "in [0.0000000, 0.0000000] at α 0.0000, a network diverged");
}

}  // namespace connectivity_certified_loss_test
