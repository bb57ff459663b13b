// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <lmc/connectivity/exact/traced_curve.hpp>
#include <lmc/core/random.hpp>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace connectivity_traced_curve_test {

using Catch::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Index;

namespace {

// The parameters of a network's layers at both ends.
struct Ends {
  struct Layer {
    Index in = 0, out = 0;
    std::vector<double> weights_a = {}, weights_b = {}, biases_a = {}, biases_b = {};
    double slope = 0;
  };
  std::vector<Layer> layers;

  [[nodiscard]] std::vector<lmc::ReluLayer<double>> views() const {
    std::vector<lmc::ReluLayer<double>> views;
    for (const Layer& l : layers) views.push_back({l.in, l.out, l.weights_a, l.weights_b, l.biases_a, l.biases_b, l.slope});
    return views;
  }
  [[nodiscard]] Ends swapped() const {
    Ends other = *this;
    for (Layer& l : other.layers) {
      std::swap(l.weights_a, l.weights_b);
      std::swap(l.biases_a, l.biases_b);
    }
    return other;
  }
};

std::vector<double> normal_values(std::size_t count, std::uint64_t seed, double scale) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = -6;
    for (std::size_t j = 0; j < 12; ++j) sum += lmc::uniform({.seed = seed}, 12 * i + j);
    values.push_back(scale * sum);
  }
  return values;
}

// sizes: inputs, hidden units, classes. The end b is `apart` of the way from a to a network that has nothing to do with it.
Ends random_ends(const std::vector<Index>& sizes, double slope, double apart, std::uint64_t seed) {
  Ends ends;
  for (std::size_t l = 1; l < sizes.size(); ++l) {
    Ends::Layer layer{.in = sizes[l - 1], .out = sizes[l], .slope = l + 1 == sizes.size() ? 1 : slope};
    const auto count = static_cast<std::size_t>(layer.in * layer.out), units = static_cast<std::size_t>(layer.out);
    const double scale = std::sqrt(2.0 / static_cast<double>(layer.in));
    const auto pair = [&](std::size_t n, double s, std::uint64_t stream) {
      const auto a = normal_values(n, 100 * seed + 4 * l + stream, s);
      auto b = normal_values(n, 100 * seed + 4 * l + stream + 1, s);
      for (std::size_t i = 0; i < n; ++i) b[i] = a[i] + apart * (b[i] - a[i]);
      return std::pair(a, b);
    };
    std::tie(layer.weights_a, layer.weights_b) = pair(count, scale, 0);
    std::tie(layer.biases_a, layer.biases_b) = pair(units, 0.1, 2);
    ends.layers.push_back(layer);
  }
  return ends;
}

// Whether the network at α gives x another class than its label: plain loops.
bool is_wrong(const Ends& ends, std::span<const double> x, std::int32_t label, double alpha) {
  std::vector<double> h(x.begin(), x.end());
  for (const Ends::Layer& l : ends.layers) {
    std::vector<double> z(static_cast<std::size_t>(l.out));
    for (std::size_t o = 0; o < z.size(); ++o) {
      if (!l.biases_a.empty()) z[o] = (1 - alpha) * l.biases_a[o] + alpha * l.biases_b[o];
      for (std::size_t i = 0; i < h.size(); ++i)
        z[o] += ((1 - alpha) * l.weights_a[o * h.size() + i] + alpha * l.weights_b[o * h.size() + i]) * h[i];
    }
    for (double& value : z) value = value > 0 ? value : l.slope * value;
    h = z;
  }
  return std::ranges::max_element(h) - h.begin() != label;
}

struct Examples {
  std::vector<double> inputs;
  std::vector<std::int32_t> labels;
  [[nodiscard]] std::span<const double> input(std::size_t i) const {
    const std::size_t width = inputs.size() / labels.size();
    return std::span(inputs).subspan(i * width, width);
  }
};
Examples random_examples(std::size_t count, Index width, Index classes, std::uint64_t seed) {
  Examples examples{.inputs = normal_values(count * static_cast<std::size_t>(width), seed, 1), .labels = {}};
  for (std::size_t i = 0; i < count; ++i)
    examples.labels.push_back(static_cast<std::int32_t>(i % static_cast<std::size_t>(classes)));
  return examples;
}

lmc::TracedErrorCurve trace(const Ends& ends, const Examples& examples) {
  const auto views = ends.views();
  return lmc::traced_error_curve<double>(views, examples.inputs, examples.labels);
}

// How many of the points of a grid (those nearer to a flip than 1e-10 aside) the curve has wrong.
int disagreements(const lmc::ExactErrorCurve& curve, const Ends& ends, const Examples& examples, std::size_t example,
                  int points) {
  const auto stretches = lmc::wrong_stretches(curve, static_cast<Index>(example));
  int count = 0;
  for (int k = 0; k < points; ++k) {
    const double alpha = (k + 0.5) / points;
    bool wrong = false, near = false;
    for (const lmc::PathStretch& s : stretches) {
      wrong = wrong || (s.from.alpha < alpha && alpha < s.to.alpha);
      near = near || std::abs(s.from.alpha - alpha) < 1e-10 || std::abs(s.to.alpha - alpha) < 1e-10;
    }
    if (!near && wrong != is_wrong(ends, examples.input(example), examples.labels[example], alpha)) ++count;
  }
  return count;
}

// A walk in long double with a method of its own: polynomials in α by its powers, from scratch behind every place; their roots
// between those of their derivatives.
using Polynomial = std::vector<long double>;  // by rising power

long double value(const Polynomial& p, long double alpha) {
  long double sum = 0;
  for (std::size_t k = p.size(); k-- > 0;) sum = sum * alpha + p[k];
  return sum;
}
std::vector<long double> roots(const Polynomial& p, long double from, long double to) {
  if (p.size() < 2) return {};
  Polynomial derivative;
  for (std::size_t k = 1; k < p.size(); ++k) derivative.push_back(static_cast<long double>(k) * p[k]);
  std::vector<long double> ends = roots(derivative, from, to), found;
  ends.insert(ends.begin(), from);
  ends.push_back(to);
  for (std::size_t i = 1; i < ends.size(); ++i) {
    long double low = ends[i - 1], high = ends[i];
    const bool rises = value(p, low) < 0;
    if (rises == (value(p, high) < 0)) continue;
    for (int step = 0; step < 100; ++step) {
      const long double middle = (low + high) / 2;
      ((value(p, middle) < 0) == rises ? low : high) = middle;
    }
    found.push_back((low + high) / 2);
  }
  return found;
}

// The polynomials of all units, layer by layer, that hold around α.
std::vector<std::vector<Polynomial>> polynomials(const Ends& ends, std::span<const double> x, long double alpha) {
  std::vector<std::vector<Polynomial>> all;
  std::vector<Polynomial> h;
  for (const double value_of_input : x) h.push_back({value_of_input});
  for (const Ends::Layer& l : ends.layers) {
    std::vector<Polynomial> z;
    for (std::size_t o = 0; o < static_cast<std::size_t>(l.out); ++o) {
      Polynomial sum(h[0].size() + 1);
      const auto add = [&](double a, double b, const Polynomial& p) {
        const auto at_a = static_cast<long double>(a), step = static_cast<long double>(b) - at_a;
        for (std::size_t k = 0; k < p.size(); ++k) {
          sum[k] += at_a * p[k];
          sum[k + 1] += step * p[k];
        }
      };
      for (std::size_t i = 0; i < h.size(); ++i) add(l.weights_a[o * h.size() + i], l.weights_b[o * h.size() + i], h[i]);
      if (!l.biases_a.empty()) add(l.biases_a[o], l.biases_b[o], {1});
      z.push_back(sum);
    }
    all.push_back(z);
    for (Polynomial& p : z)
      if (value(p, alpha) < 0)
        for (long double& c : p) c *= static_cast<long double>(l.slope);
    h = z;
  }
  return all;
}

struct ReferenceTrace {
  bool wrong = false;
  std::vector<long double> flips = {};
  Index events = 0;
};
ReferenceTrace reference_trace(const Ends& ends, std::span<const double> x, std::size_t label) {
  ReferenceTrace trace;
  std::vector<bool> signs;
  bool wrong = false;
  for (long double from = 0; from < 1;) {
    const long double inside = from + 1e-13L;
    const auto all = polynomials(ends, x, inside);
    // Up to where the first of the hidden units changes sign.
    long double to = 1;
    std::vector<bool> now;
    for (std::size_t l = 0; l + 1 < all.size(); ++l) {
      if (ends.layers[l].slope == 1) continue;
      for (const Polynomial& p : all[l]) {
        now.push_back(value(p, inside) > 0);
        for (const long double root : roots(p, inside, to)) to = std::min(to, root);
      }
    }
    for (std::size_t i = 0; i < signs.size(); ++i) trace.events += now[i] != signs[i];
    signs = now;
    // Where another logit meets the label's, one has to look.
    std::vector<long double> places{inside, to};
    const std::vector<Polynomial>& logits = all.back();
    for (const Polynomial& p : logits) {
      Polynomial margin = p;
      for (std::size_t k = 0; k < p.size(); ++k) margin[k] -= logits[label][k];
      for (const long double root : roots(margin, inside, to)) places.push_back(root);
    }
    std::sort(places.begin(), places.end());
    for (std::size_t i = 1; i < places.size(); ++i) {
      const long double middle = (places[i - 1] + places[i]) / 2;
      std::size_t best = 0;
      for (std::size_t k = 1; k < logits.size(); ++k)
        if (value(logits[k], middle) > value(logits[best], middle)) best = k;
      const bool is = best != label;
      if (from == 0 && i == 1)
        trace.wrong = is;
      else if (is != wrong)
        trace.flips.push_back(places[i - 1]);
      wrong = is;
    }
    from = to;
  }
  return trace;
}

std::vector<double> flips_of(const lmc::ExactErrorCurve& curve, Index example) {
  std::vector<double> places;
  for (const lmc::ErrorFlip& flip : curve.flips)
    if (flip.example == example) places.push_back(flip.at.alpha);
  return places;
}

}  // namespace

TEST_CASE("traced_error_curve: has what a fine grid has, whatever the depth, the slope and how far the ends are apart",
          "[connectivity][long]") {
  const auto [hidden, slope, apart] = GENERATE(table<std::vector<Index>, double, double>({{{}, 0, 1},
                                                                                          {{20}, 0, 1},
                                                                                          {{20}, 0.3, 1},
                                                                                          {{17, 23}, 0, 1},
                                                                                          {{17, 23}, 0, 0.2},
                                                                                          {{17, 23}, 0.1, 1},
                                                                                          {{16, 16, 16}, 0, 1},
                                                                                          {{16, 16, 16}, 0.2, 1},
                                                                                          {{16, 1, 16}, 0.01, 1},
                                                                                          {{12, 12, 12, 12, 12}, 0, 1},
                                                                                          {{12, 12, 12}, 1, 1}}));
  CAPTURE(hidden, slope, apart);
  std::vector<Index> sizes{6};
  sizes.insert(sizes.end(), hidden.begin(), hidden.end());
  sizes.push_back(4);
  const Ends ends = random_ends(sizes, slope, apart, 1);
  const Examples examples = random_examples(16, 6, 4, 7);
  const auto traced = trace(ends, examples);
  REQUIRE(traced.curve.examples() == 16);
  CHECK(!traced.curve.flips.empty());
  for (std::size_t i = 0; i < 16; ++i) {
    CAPTURE(i);
    CHECK(disagreements(traced.curve, ends, examples, i, i == 0 ? 100'001 : 501) == 0);
  }
}

TEST_CASE("traced_error_curve: has the flips and events of a walk in long double", "[connectivity][long]") {
  const auto [sizes, slope, apart] = GENERATE(table<std::vector<Index>, double, double>(
      {{{2, 3}, 0, 1},
       {{3, 5, 3}, 0, 1},
       {{3, 4, 4, 2}, 0, 1},
       {{3, 4, 4, 2}, 0.25, 1},
       {{3, 6, 5, 4, 3}, 0, 1},
       {{3, 6, 5, 4, 3}, 0.01, 0.3},
       {{2, 3, 3, 3, 3, 3, 3, 3}, 0.5, 1},
       {{3, 200, 2, 3}, 0, 1},  // more switches of the first layer than one stretch has
       {{3, 4, 100, 3, 3}, 0, 1}}));
  CAPTURE(sizes, slope, apart);
  Index events = 0;
  const bool wide = *std::ranges::max_element(sizes) >= 100;
  for (std::uint64_t seed = 1; seed <= (wide ? 1 : 5); ++seed) {
    const Ends ends = random_ends(sizes, slope, apart, seed);
    const Examples examples = random_examples(6, sizes.front(), sizes.back(), seed);
    const auto traced = trace(ends, examples);
    for (std::size_t i = 0; i < 6; ++i) {
      CAPTURE(seed, i);
      const auto expected = reference_trace(ends, examples.input(i), static_cast<std::size_t>(examples.labels[i]));
      CHECK(traced.curve.wrong[i] == expected.wrong);
      CHECK(traced.events[i] == expected.events);
      const auto flips = flips_of(traced.curve, static_cast<Index>(i));
      REQUIRE(flips.size() == expected.flips.size());
      for (std::size_t k = 0; k < flips.size(); ++k)
        CHECK_THAT(flips[k], WithinAbs(static_cast<double>(expected.flips[k]), 1e-12));
      events += traced.events[i];
    }
    CHECK_THAT(traced.mean_events() * 6, WithinAbs(std::accumulate(traced.events.begin(), traced.events.end(), 0.0), 1e-9));
    CHECK(traced.max_events() == *std::ranges::max_element(traced.events));
  }
  if (sizes.size() > 2) CHECK(events > 0);
  if (sizes[1] == 200) CHECK(events > 6 * 64);
}

TEST_CASE("traced_error_curve: a flip of linear logits is where they meet", "[connectivity]") {
  // z_0 = 1 − 2α, z_1 = 0.
  const Ends ends{{{.in = 1, .out = 2, .weights_a = {1, 0}, .weights_b = {-1, 0}, .slope = 1}}};
  const auto traced = trace(ends, {{1, 1, -1}, {0, 1, 0}});
  CHECK(traced.curve.wrong == std::vector<bool>{false, true, true});
  const lmc::PathWeights half{0.5, 0.5};
  CHECK(traced.curve.flips == std::vector<lmc::ErrorFlip>{{half, 0, true}, {half, 1, false}, {half, 2, false}});
  CHECK(traced.events == std::vector<Index>{0, 0, 0});
  CHECK(traced.mean_events() == 0);
  CHECK(traced.max_events() == 0);
}

TEST_CASE("traced_error_curve: two layers worked out by hand", "[connectivity]") {
  // z¹ = 1 + α, z² = (1 − 2α)(1 + α), which changes its sign at ½; logits z² where positive, and ¼.
  const Ends ends{{{.in = 1, .out = 1, .weights_a = {1}, .weights_b = {2}},
                   {.in = 1, .out = 1, .weights_a = {1}, .weights_b = {-1}},
                   {.in = 1,
                    .out = 2,
                    .weights_a = {1, 0},
                    .weights_b = {1, 0},
                    .biases_a = {0, 0.25},
                    .biases_b = {0, 0.25},
                    .slope = 1}}};
  const auto traced = trace(ends, {{1}, {0}});
  CHECK(traced.curve.wrong == std::vector<bool>{false});
  REQUIRE(traced.curve.flips.size() == 1);
  CHECK_THAT(traced.curve.flips[0].at.alpha, WithinAbs((std::sqrt(7.0) - 1) / 4, 1e-15));  // 2α² + α − ¾ = 0
  CHECK(traced.events == std::vector<Index>{1});
}

TEST_CASE("traced_error_curve: a root that is only touched is no flip, two beside it are exact", "[connectivity]") {
  // h = max(±(1 − 2α), 0): both units switch at ½. z_1 = h_0 (1 − 2α) + h_1 (2α − 1) = (1 − 2α)², z_0 = height.
  const auto bowl = [](double height) {
    return Ends{{{.in = 1, .out = 2, .weights_a = {1, -1}, .weights_b = {-1, 1}},
                 {.in = 2,
                  .out = 2,
                  .weights_a = {0, 0, 1, -1},
                  .weights_b = {0, 0, -1, 1},
                  .biases_a = {height, 0},
                  .biases_b = {height, 0},
                  .slope = 1}}};
  };
  const Examples one{{1}, {1}};
  const auto touched = trace(bowl(0), one);
  CHECK(touched.curve.flips.empty());  // wrong at ½ alone, where class 0 is the first of two equal ones
  CHECK(touched.curve.wrong == std::vector<bool>{false});
  CHECK(touched.events == std::vector<Index>{2});
  const auto crossed = trace(bowl(1.0 / 64), one);
  CHECK(crossed.curve.flips == std::vector<lmc::ErrorFlip>{{{7.0 / 16, 9.0 / 16}, 0, true}, {{9.0 / 16, 7.0 / 16}, 0, false}});

  // The same in a network without ReLUs, where no switch marks the place.
  const Ends linear{{{.in = 1, .out = 1, .weights_a = {1}, .weights_b = {-1}, .slope = 1},
                     {.in = 1, .out = 2, .weights_a = {0, 1}, .weights_b = {0, -1}, .slope = 1}}};
  CHECK(trace(linear, one).curve.flips.empty());
}

TEST_CASE("traced_error_curve: among equal logits the first is the prediction, also where a whole layer is off",
          "[connectivity]") {
  const Ends always{{{.in = 1, .out = 3, .weights_a = {0.1, 0.3, 0.3}, .weights_b = {0.2, 0.7, 0.7}, .slope = 1}}};
  const auto tied = trace(always, {{1, 1, 1}, {0, 1, 2}});
  CHECK(tied.curve.wrong == std::vector<bool>{true, false, true});
  CHECK(tied.curve.flips.empty());

  // Some units are positive up to 0.3, some from 0.7 on; between them both logits are 0.1.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Ends gap{
        {{.in = 1, .out = 6, .weights_a = {0.3, 0.3, 0.3, -0.7, -0.7, -0.7}, .weights_b = {-0.7, -0.7, -0.7, 0.3, 0.3, 0.3}},
         {.in = 6, .out = 2, .biases_a = {0.1, 0.1}, .biases_b = {0.1, 0.1}, .slope = 1}}};
    for (std::vector<double>* weights : {&gap.layers[1].weights_a, &gap.layers[1].weights_b})
      for (std::size_t i = 0; i < 12; ++i) weights->push_back((i < 6 ? 0 : 1) + lmc::uniform({.seed = seed}, i));
    const auto off = trace(gap, {{1, 1}, {1, 0}});
    CHECK(off.curve.wrong == std::vector<bool>{false, true});
    REQUIRE(off.curve.flips.size() == 4);
    for (const Index example : {0, 1}) {
      const auto flips = flips_of(off.curve, example);
      CHECK_THAT(flips[0], WithinAbs(0.3, 1e-15));
      CHECK_THAT(flips[1], WithinAbs(0.7, 1e-15));
    }
  }
}

TEST_CASE("traced_error_curve: a unit that is 0 where others switch does not switch with them", "[connectivity]") {
  // h = max(±p, 0) for a p that changes its sign; a sum of both with positive weights is 0 there and positive elsewhere.
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto u = [&](std::uint64_t i) { return 0.1 + lmc::uniform({.seed = seed}, i); };
    const double p_a = u(0), p_b = -u(1);
    const Ends ends{{{.in = 1, .out = 2, .weights_a = {p_a, -p_a}, .weights_b = {p_b, -p_b}},
                     {.in = 2, .out = 1, .weights_a = {u(2), u(3)}, .weights_b = {u(4), u(5)}},
                     {.in = 1, .out = 2, .weights_a = {u(6), 0}, .weights_b = {u(7), 0}, .slope = 1}}};
    CAPTURE(seed);
    const auto traced = trace(ends, {{1, 1}, {0, 1}});
    CHECK(traced.events == std::vector<Index>{2, 2});
    CHECK(traced.curve.flips.empty());
    CHECK(traced.curve.wrong == std::vector<bool>{false, true});
  }
}

TEST_CASE("traced_error_curve: a place at which several classes meet is no piece", "[connectivity]") {
  // The label's logit is 0, the others' ±p: right at one place alone.
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const double p_a = 0.1 + lmc::uniform({.seed = seed}, 0), p_b = -0.1 - lmc::uniform({.seed = seed}, 1);
    const double factor = 1 + lmc::uniform({.seed = seed}, 2);
    const Ends ends{
        {{.in = 1, .out = 3, .weights_a = {0, p_a, -factor * p_a}, .weights_b = {0, p_b, -factor * p_b}, .slope = 1}}};
    const auto traced = trace(ends, {{1}, {0}});
    CHECK(traced.curve.flips.empty());
    CHECK(traced.curve.wrong == std::vector<bool>{true});
  }
}

TEST_CASE("traced_error_curve: classes that tie at an end, but for rounding, flip nowhere near it", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<double> row = normal_values(7, seed, 1);
    std::vector<double> tied = row, apart = row;
    tied.insert(tied.end(), row.rbegin(), row.rend());  // the same sum in another order
    apart.insert(apart.end(), row.rbegin(), row.rend());
    apart.back() += 1;
    const Ends ends{{{.in = 7, .out = 2, .weights_a = tied, .weights_b = apart, .slope = 1}}};
    for (const Ends& direction : {ends, ends.swapped()}) {
      const auto traced = trace(direction, {std::vector<double>(14, 1), {0, 1}});
      CHECK(traced.curve.flips.empty());
      CHECK(traced.curve.wrong == std::vector<bool>{true, false});
    }
  }
}

TEST_CASE("traced_error_curve: what large units leave behind by rounding does not stay", "[connectivity]") {
  // The first unit, of some 10⁸, goes at 0.1; 79 small ones come one after the other; the logits meet at 0.8.
  Ends ends{{{.in = 1, .out = 81, .weights_a = {1.1}, .weights_b = {-9.9}},
             {.in = 81,
              .out = 2,
              .weights_a = {3.3e8},
              .weights_b = {2.7e8},
              .biases_a = {0.8, 0},
              .biases_b = {-0.2, 0},
              .slope = 1}}};
  for (std::size_t i = 0; i < 80; ++i) {
    const double place = i == 0 ? -1 : 0.2 + 0.005 * static_cast<double>(i);  // one is always on
    ends.layers[0].weights_a.push_back(-place);
    ends.layers[0].weights_b.push_back(1 - place);
  }
  for (std::vector<double>* weights : {&ends.layers[1].weights_a, &ends.layers[1].weights_b}) weights->resize(162);
  const auto traced = trace(ends, {{1}, {0}});
  CHECK(traced.events == std::vector<Index>{80});
  REQUIRE(traced.curve.flips.size() == 1);
  CHECK_THAT(traced.curve.flips[0].at.alpha, WithinAbs(0.8, 1e-14));
}

TEST_CASE("traced_error_curve: units that switch at one place are as one unit with the sum of their weights",
          "[connectivity]") {
  const Ends ends = random_ends({4, 10, 9, 3}, 0.1, 1, 3);
  Ends doubled = ends;  // every unit of the first layer twice, read with half the weights
  Ends::Layer& first = doubled.layers[0];
  for (std::vector<double>* part : {&first.weights_a, &first.weights_b, &first.biases_a, &first.biases_b}) {
    const std::vector<double> once = *part;
    part->insert(part->end(), once.begin(), once.end());
  }
  first.out *= 2;
  Ends::Layer& second = doubled.layers[1];
  for (std::vector<double>* part : {&second.weights_a, &second.weights_b}) {
    std::vector<double> halves;
    for (std::size_t o = 0; o < 9; ++o)
      for (std::size_t i = 0; i < 20; ++i) halves.push_back((*part)[o * 10 + i % 10] / 2);
    *part = halves;
  }
  second.in *= 2;
  const Examples examples = random_examples(30, 4, 3, 5);
  const auto once = trace(ends, examples), twice = trace(doubled, examples);
  CHECK(once.curve.wrong == twice.curve.wrong);
  REQUIRE(once.curve.flips.size() == twice.curve.flips.size());
  for (std::size_t i = 0; i < once.curve.flips.size(); ++i) {
    CHECK(once.curve.flips[i].example == twice.curve.flips[i].example);
    CHECK_THAT(once.curve.flips[i].at.alpha, WithinAbs(twice.curve.flips[i].at.alpha, 1e-13));
  }
  for (std::size_t i = 0; i < 30; ++i) {
    Index switches = 0;  // of the first layer
    for (std::size_t o = 0; o < 10; ++o) {
      const auto positive = [&](const std::vector<double>& weights, const std::vector<double>& biases) {
        const auto x = examples.input(i);
        return std::inner_product(x.begin(), x.end(), weights.begin() + static_cast<Index>(4 * o), biases[o]) > 0;
      };
      const Ends::Layer& l = ends.layers[0];
      switches += positive(l.weights_a, l.biases_a) != positive(l.weights_b, l.biases_b);
    }
    CHECK(twice.events[i] == once.events[i] + switches);
  }
}

TEST_CASE("traced_error_curve: a unit that is off throughout changes nothing", "[connectivity]") {
  Ends ends = random_ends({4, 10, 9, 3}, 0, 1, 4);
  const Examples examples = random_examples(20, 4, 3, 5);
  Ends::Layer &first = ends.layers[0], &second = ends.layers[1];
  for (std::vector<double>* part : {&first.weights_a, &first.weights_b}) std::fill_n(part->begin(), 8, 0.0);  // units 0 and 1
  first.biases_a[0] = first.biases_b[0] = -1;
  first.biases_a[1] = first.biases_b[1] = 0;  // 0 throughout
  const auto before = trace(ends, examples);
  for (std::vector<double>* part : {&second.weights_a, &second.weights_b})
    for (std::size_t o = 0; o < 9; ++o) (*part)[o * 10] = (*part)[o * 10 + 1] = 1e6;
  CHECK(trace(ends, examples) == before);
}

TEST_CASE("traced_error_curve: equal ends have no flip, and keep what is wrong", "[connectivity]") {
  Ends ends = random_ends({5, 12, 11, 10, 3}, 0, 1, 6);
  for (Ends::Layer& l : ends.layers) {
    l.weights_b = l.weights_a;
    l.biases_b = l.biases_a;
  }
  const Examples examples = random_examples(40, 5, 3, 8);
  const auto traced = trace(ends, examples);
  CHECK(traced.curve.flips.empty());
  CHECK(traced.max_events() == 0);
  for (std::size_t i = 0; i < 40; ++i)
    CHECK(traced.curve.wrong[i] == is_wrong(ends, examples.input(i), examples.labels[i], 0.37));
}

TEST_CASE("traced_error_curve: small integers, with all their ties, are as on a grid that is exact", "[connectivity]") {
  // At multiples of 1/512 no forward pass rounds. Many units are 0 or equal on whole stretches, and many places coincide.
  Index flips = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    const auto integers = [&](std::vector<double>& values, std::uint64_t stream) {
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<double>(lmc::uniform_below({.seed = 1000 * seed + stream}, i, 5)) - 2;
    };
    Ends ends = random_ends({2, 4, 4, 3, 3}, seed % 3 == 0 ? 0.5 : 0, 1, 1);
    std::uint64_t stream = 0;
    for (Ends::Layer& l : ends.layers)
      for (std::vector<double>* part : {&l.weights_a, &l.weights_b, &l.biases_a, &l.biases_b}) integers(*part, ++stream);
    Examples examples = random_examples(6, 2, 3, 1);
    integers(examples.inputs, ++stream);
    const auto traced = trace(ends, examples);
    for (std::size_t i = 0; i < 6; ++i) CHECK(disagreements(traced.curve, ends, examples, i, 256) == 0);
    flips += static_cast<Index>(traced.curve.flips.size());
  }
  CHECK(flips > 100);
}

TEST_CASE("traced_error_curve: swapped ends give the mirror to the bit", "[connectivity][determinism]") {
  const Ends ends = random_ends({5, 12, 11, 10, 3}, 0.1, 1, 9);
  const Examples examples = random_examples(40, 5, 3, 8);
  const auto there = trace(ends, examples), back = trace(ends.swapped(), examples);
  CHECK(!there.curve.flips.empty());
  CHECK(back.curve == lmc::mirrored(there.curve));
  CHECK(back.events == there.events);
}

TEST_CASE("traced_error_curve: an example's flips do not depend on the others", "[connectivity][determinism]") {
  const Ends ends = random_ends({5, 12, 11, 10, 3}, 0, 1, 9);
  const Examples examples = random_examples(12, 5, 3, 8);
  const auto all = trace(ends, examples);
  for (std::size_t i = 12; i-- > 0;) {
    const auto x = examples.input(i);
    const auto alone = trace(ends, {{x.begin(), x.end()}, {examples.labels[i]}});
    CHECK(alone.curve.wrong[0] == all.curve.wrong[i]);
    CHECK(alone.events[0] == all.events[i]);
    CHECK(flips_of(alone.curve, 0) == flips_of(all.curve, static_cast<Index>(i)));
  }
}

TEST_CASE("traced_error_curve: takes float, and means its values", "[connectivity]") {
  Ends ends = random_ends({5, 12, 11, 3}, 0.25, 1, 9);
  Examples examples = random_examples(12, 5, 3, 8);
  const auto narrow = [](std::vector<double>& values) {
    std::vector<float> floats;
    for (double& x : values) {
      floats.push_back(static_cast<float>(x));
      x = static_cast<double>(floats.back());
    }
    return floats;
  };
  struct Floats {
    std::vector<float> weights_a, weights_b, biases_a, biases_b;
  };
  std::vector<Floats> floats;
  for (Ends::Layer& l : ends.layers)
    floats.push_back({narrow(l.weights_a), narrow(l.weights_b), narrow(l.biases_a), narrow(l.biases_b)});
  std::vector<lmc::ReluLayer<float>> views;
  for (std::size_t l = 0; l < floats.size(); ++l)
    views.push_back({ends.layers[l].in, ends.layers[l].out, floats[l].weights_a, floats[l].weights_b, floats[l].biases_a,
                     floats[l].biases_b, ends.layers[l].slope});
  const std::vector<float> inputs = narrow(examples.inputs);
  CHECK(lmc::traced_error_curve<float>(views, inputs, examples.labels) == trace(ends, examples));
}

TEST_CASE("traced_error_curve: says what does not fit", "[connectivity]") {
  const Ends ends = random_ends({2, 3, 4, 2}, 0, 1, 1);
  const Examples examples = random_examples(3, 2, 2, 1);
  const auto refuses = [&](const auto& change, const char* text) {
    Ends changed_ends = ends;
    Examples changed_examples = examples;
    change(changed_ends.layers, changed_examples);
    CHECK_THROWS_WITH(trace(changed_ends, changed_examples), Contains(text));
  };
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  refuses([](auto& l, auto&) { l.clear(); }, "there is no layer; expected at least the readout");
  refuses([](auto& l, auto&) { l[0].out = 0; }, "layer 1 has in = 2, out = 0; both must be positive");
  refuses([](auto& l, auto&) { l.erase(l.begin() + 1); }, "layer 2 takes 4 inputs, but the one before it has 3 units");
  refuses([](auto& l, auto&) { l[1].weights_b.pop_back(); },
          "layer 2 has 12 weights at one end and 11 at the other; expected 4 x 3");
  refuses([](auto& l, auto&) { l[1].biases_b.clear(); },
          "layer 2 has 4 biases at one end and 0 at the other; expected 4, or none");
  refuses([&](auto& l, auto&) { l[0].slope = nan; }, "layer 1 has the slope nan; expected 0 (ReLU) to 1 (none)");
  refuses([](auto& l, auto&) { l[2].slope = 0; }, "the last layer has the slope 0; expected 1, since its units are the logits");
  refuses([&](auto& l, auto&) { l[1].weights_a[5] = nan; }, "layer 2: position 5 of weights_a is nan; expected finite numbers");
  refuses([&](auto& l, auto&) { l[2].biases_b[1] = -infinity; }, "layer 3: position 1 of biases_b is -inf");
  refuses([](auto&, auto& e) { e = {}; }, "there is no example");
  refuses([](auto&, auto& e) { e.inputs.pop_back(); }, "there are 5 inputs; expected 3 examples x 2");
  refuses([](auto&, auto& e) { e.labels[1] = 2; }, "example 1 has the label 2; expected 0 to 1");
  refuses([](auto&, auto& e) { e.labels[2] = -1; }, "example 2 has the label -1; expected 0 to 1");
  refuses([&](auto&, auto& e) { e.inputs[3] = infinity; }, "example 1 has an input that is not finite");
  refuses([](auto& l, auto&) { std::ranges::fill(l[0].weights_a, 1e200), std::ranges::fill(l[1].weights_a, 1e200); },
          "overflows; expected parameters and inputs of ordinary size");
  refuses([](auto& l, auto&) { l.resize(20, l[1]); }, "20 layers; expected at most 16");
}

}  // namespace connectivity_traced_curve_test
