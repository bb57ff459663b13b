// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <lmc/connectivity/exact/detail/bernstein.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// Places of a path that are no farther apart are one place.
inline constexpr double narrowest_piece = 1e-14;

/// Units in stretches of this length are worked on together, in loops of a constant length, which compilers vectorize.
inline constexpr std::size_t lane_block = 16;

/// An affine layer at both ends of a path, as PathTracer reads it. Behind it, on a piece of the path, every unit is a polynomial
/// Σ_m c_m ᾱ^(d−m) α^m whose degree d is the number of layers up to it; polynomials of many units lie as planes [d + 1, lanes],
/// plane m holding their c_m.
struct TracedLayer {
  std::size_t in = 0, out = 0;      // units
  std::size_t lanes = 0;            // out, rounded up to a multiple of lane_block
  std::size_t degree = 0;           // d
  double slope = 1;                 // of the leaky ReLU behind it; 1 for none
  std::vector<double> a = {};       // weights at the path's beginning, [in, lanes], 0 in the padding
  std::vector<double> b = {};       // the same at its end
  std::vector<double> biases = {};  // the biases' polynomials, (ᾱ bias_a + α bias_b)(ᾱ + α)^(d−1): planes
};

/// What tracing finds of one example.
struct ExampleTrace {
  bool wrong = false;                   // just behind the beginning of the path
  std::vector<PathWeights> flips = {};  // where that changes, from the beginning on
  Index events = 0;                     // changes of sign of hidden units
};

/// Walks examples along a path, layer by layer: what a layer computes on a stretch of the path is handed to the next in order, so
/// that each layer's walk needs no more than the signs that it has seen last. Its memory does not depend on the examples.
class PathTracer {
 public:
  /// layers is not empty, its neighbors fit, and it outlives this.
  explicit PathTracer(const std::vector<TracedLayer>& layers) : layers_(&layers), stages_(layers.size()) {}

  /// Follows one example. Throws: Error where a number overflows.
  template <std::floating_point T>
  ExampleTrace trace(std::span<const T> x, std::size_t label) {
    example_ = {};
    label_ = label;
    for (std::size_t l = 0; l < stages_.size(); ++l) {
      stages_[l].queued = 0;
      stages_[l].begun = false;
      stages_[l].positive.assign(layer(l).out, 0);
    }
    Stretch& whole = open_stretch(0, {.alpha = 0, .alpha_bar = 1});
    whole.z.assign(x.begin(), x.end());
    whole.positive.assign(x.size(), 1);
    close_stretch(0, {.alpha = 1, .alpha_bar = 0});
    for (std::size_t l = 0; l < stages_.size(); ++l) walk_queue(l);
    merge_flips();
    return std::move(example_);
  }

 private:
  // So many stretches are multiplied with the weights together: these are then read from memory once for all.
  static constexpr std::size_t batch = 8;
  // A stretch ends after so many switches, so that roundings of the updates do not add up.
  static constexpr std::size_t max_switches = 64;

  // A unit changes its sign.
  struct Switch {
    PathWeights at;
    std::size_t unit;
  };
  // The same on a piece, at t in [0, 1].
  struct Change {
    double t;
    std::size_t unit;
  };
  // A part of the path on which each of a layer's inputs, before its ReLU, is one polynomial.
  struct Stretch {
    PathWeights from, to;
    std::vector<double> z;               // these polynomials: planes
    std::vector<std::uint8_t> positive;  // their signs, at first at `from`
    std::vector<Switch> switches;        // where the signs change, in order
  };
  // A layer's part of the walk.
  struct Stage {
    std::array<Stretch, batch> queue;
    std::size_t queued = 0;
    std::vector<std::size_t> rows;       // the inputs that are not 0 on all of queue
    std::vector<double> x;               // what they are, [rows, queue, degree + 2] with a 0 on either side
    std::vector<double> z;               // the layer's polynomials on each of queue: planes
    bool begun = false;                  // whether `positive` is known
    std::vector<std::uint8_t> positive;  // signs of the layer's units as far as it has come
    std::vector<Change> changes;         // of them on the present piece
    std::vector<double> places;
  };

  [[nodiscard]] const TracedLayer& layer(std::size_t l) const { return (*layers_)[l]; }
  [[nodiscard]] bool is_last(std::size_t l) const { return l + 1 == stages_.size(); }

  Stretch& open_stretch(std::size_t l, const PathWeights& from) {
    Stretch& stretch = stages_[l].queue[stages_[l].queued];
    stretch.from = from;
    stretch.switches.clear();
    return stretch;
  }
  void close_stretch(std::size_t l, const PathWeights& to) {
    Stage& stage = stages_[l];
    stage.queue[stage.queued].to = to;
    if (++stage.queued == batch) walk_queue(l);
  }

  void walk_queue(std::size_t l) {
    Stage& stage = stages_[l];
    if (stage.queued == 0) return;
    gather_inputs(l);
    multiply(l);
    const std::size_t size = (layer(l).degree + 1) * layer(l).lanes;
    for (std::size_t s = 0; s < stage.queued; ++s) walk(l, stage.queue[s], std::span(stage.z).subspan(s * size, size));
    stage.queued = 0;
  }

  // What the layer's inputs are behind their ReLU at the beginning of each stretch.
  void gather_inputs(std::size_t l) {
    Stage& stage = stages_[l];
    const std::size_t d = layer(l).degree, in = layer(l).in, stride = l == 0 ? in : layer(l - 1).lanes;
    const double slope = l == 0 ? 1 : layer(l - 1).slope;
    stage.rows.clear();
    stage.x.clear();
    for (std::size_t i = 0; i < in; ++i) {
      bool any = slope != 0;
      for (std::size_t s = 0; s < stage.queued; ++s) any = any || stage.queue[s].positive[i] != 0;
      if (!any) continue;
      stage.rows.push_back(i);
      for (std::size_t s = 0; s < stage.queued; ++s) {
        const Stretch& stretch = stage.queue[s];
        const double factor = stretch.positive[i] != 0 ? 1 : slope;
        stage.x.push_back(0);
        for (std::size_t m = 0; m < d; ++m) stage.x.push_back(factor * stretch.z[m * stride + i]);
        stage.x.push_back(0);
      }
    }
    for (; stage.rows.size() % 4 != 0; stage.rows.push_back(0)) stage.x.resize(stage.x.size() + stage.queued * (d + 2));
  }

  // The layer's polynomials at the beginning of each stretch: (ᾱ A + α B) x, whose c_m is A x_m + B x_(m−1), and the biases.
  void multiply(std::size_t l) {
    Stage& stage = stages_[l];
    const TracedLayer& w = layer(l);
    const std::size_t d = w.degree, width = stage.queued * (d + 2);
    stage.z.resize(stage.queued * w.biases.size());
    for (std::size_t s = 0; s < stage.queued; ++s)
      std::ranges::copy(w.biases, stage.z.begin() + static_cast<std::ptrdiff_t>(s * w.biases.size()));
    constexpr std::size_t stretch_of_lanes = 8 * lane_block;  // whose polynomials stay in the first cache
    for (std::size_t first = 0; first < w.lanes; first += stretch_of_lanes) {
      const std::size_t lanes = std::min(stretch_of_lanes, w.lanes - first);
      for (std::size_t r = 0; r < stage.rows.size(); r += 4) {
        std::array<const double*, 4> a, b;
        for (std::size_t j = 0; j < 4; ++j) {
          a[j] = &w.a[stage.rows[r + j] * w.lanes + first];
          b[j] = &w.b[stage.rows[r + j] * w.lanes + first];
        }
        for (std::size_t s = 0; s < stage.queued; ++s)
          for (std::size_t m = 0; m <= d; ++m) {
            const double* x = &stage.x[r * width + s * (d + 2) + m];  // x_(m−1), then x_m
            add_four(a, b, x, width, lanes, &stage.z[(s * (d + 1) + m) * w.lanes + first]);
          }
      }
    }
  }
  // z += Σ_j x[1] a_j + x[0] b_j, x of the next j being `width` behind.
  static void add_four(const std::array<const double*, 4>& a, const std::array<const double*, 4>& b, const double* x,
                       std::size_t width, std::size_t lanes, double* __restrict z) {
    const double *a0 = a[0], *a1 = a[1], *a2 = a[2], *a3 = a[3], *b0 = b[0], *b1 = b[1], *b2 = b[2], *b3 = b[3];
    const double u0 = x[1], u1 = x[width + 1], u2 = x[2 * width + 1], u3 = x[3 * width + 1];
    const double v0 = x[0], v1 = x[width], v2 = x[2 * width], v3 = x[3 * width];
    for (std::size_t o = 0; o < lanes; o += lane_block)
      for (std::size_t i = o; i < o + lane_block; ++i)
        z[i] += (u0 * a0[i] + v0 * b0[i] + u1 * a1[i] + v1 * b1[i]) + (u2 * a2[i] + v2 * b2[i] + u3 * a3[i] + v3 * b3[i]);
  }

  // From switch to switch of the inputs.
  void walk(std::size_t l, Stretch& inputs, std::span<double> z) {
    PathWeights from = inputs.from;
    const auto go_to = [&](const PathWeights& to) {
      if (to.alpha - from.alpha > narrowest_piece) walk_piece(l, from, to, z);
      from = to;
    };
    for (const Switch& s : inputs.switches) {
      go_to(s.at);
      switch_input(l, inputs, s.unit, z);
    }
    go_to(inputs.to);
  }

  // The input's polynomial now goes through the other side of its ReLU.
  void switch_input(std::size_t l, Stretch& inputs, std::size_t unit, std::span<double> z) const {
    const TracedLayer& w = layer(l);
    const TracedLayer& before = layer(l - 1);
    inputs.positive[unit] ^= 1;
    if (before.slope == 0 && std::ranges::find(inputs.positive, 1) == inputs.positive.end()) {
      std::ranges::copy(w.biases, z.begin());  // exactly: classes can tie there
      return;
    }
    const double factor = inputs.positive[unit] != 0 ? 1 - before.slope : before.slope - 1;
    const double *a = &w.a[unit * w.lanes], *b = &w.b[unit * w.lanes];
    for (std::size_t m = 0; m <= w.degree; ++m) {
      const double u = m < w.degree ? factor * inputs.z[m * before.lanes + unit] : 0;
      const double v = m > 0 ? factor * inputs.z[(m - 1) * before.lanes + unit] : 0;
      double* __restrict plane = &z[m * w.lanes];
      for (std::size_t o = 0; o < w.lanes; o += lane_block)
        for (std::size_t i = o; i < o + lane_block; ++i) plane[i] += u * a[i] + v * b[i];
    }
  }

  // A piece on which every unit of the layer is one polynomial.
  void walk_piece(std::size_t l, const PathWeights& from, const PathWeights& to, std::span<const double> z) {
    Stage& stage = stages_[l];
    stage.changes.clear();
    if (is_last(l)) {
      margins_.assign(z.begin(), z.end());
      for (std::size_t first = 0; first < margins_.size(); first += layer(l).lanes)
        for (std::size_t k = 0; k < layer(l).lanes; ++k) margins_[first + k] -= z[first + label_];
      find_changes(l, from, to, margins_);
      record_flips(from, to);
    } else {
      if (layer(l).slope != 1) find_changes(l, from, to, z);
      hand_on(l, from, to, z);
    }
    stage.begun = true;
  }

  // The changes of sign on a piece; those at its very beginning go into `positive` at once.
  void find_changes(std::size_t l, const PathWeights& from, const PathWeights& to, std::span<const double> z) {
    Stage& stage = stages_[l];
    const std::size_t lanes = layer(l).lanes, d = layer(l).degree;
    const PieceBasis basis(from, to, d);
    for (std::size_t first = 0; first < lanes; first += lane_block) {
      std::array<double, lane_block> low, high, b;
      for (std::size_t k = 0; k <= d; ++k) {
        b.fill(0);
        for (std::size_t m = 0; m <= d; ++m) {
          const double* plane = &z[m * lanes + first];
          const double weight = basis(k, m);
          for (std::size_t i = 0; i < lane_block; ++i) b[i] += weight * plane[i];
        }
        for (std::size_t i = 0; i < lane_block; ++i) {
          low[i] = k == 0 || b[i] < low[i] ? b[i] : low[i];
          high[i] = k == 0 || b[i] > high[i] ? b[i] : high[i];
        }
      }
      constexpr double infinity = std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < lane_block && first + i < layer(l).out; ++i) {
        const bool positive = stage.positive[first + i] != 0;
        const bool settled = positive ? low[i] >= 0 && high[i] > 0 && high[i] < infinity
                                      : high[i] <= 0 && low[i] < 0 && low[i] > -infinity;  // a NaN is not
        if (!settled) find_changes_of(l, first + i, basis, to.alpha - from.alpha, z);
      }
    }
    std::ranges::sort(stage.changes, {}, [](const Change& c) { return std::tuple(c.t, c.unit); });
  }
  void find_changes_of(std::size_t l, std::size_t unit, const PieceBasis& basis, double width, std::span<const double> z) {
    Stage& stage = stages_[l];
    std::uint8_t& positive = stage.positive[unit];
    Coefficients values{};
    const std::span<double> b(values.data(), basis.degree() + 1);
    for (std::size_t k = 0; k < b.size(); ++k)
      for (std::size_t m = 0; m < b.size(); ++m) b[k] += basis(k, m) * z[m * layer(l).lanes + unit];
    require(std::ranges::all_of(b, [](double x) { return std::isfinite(x); }), "traced_error_curve: unit ", unit, " of layer ",
            l + 1, " overflows; expected parameters and inputs of ordinary size");
    // Units are continuous: one that begins with another sign than it had is 0 there, but for a rounding.
    if (stage.begun && (b[0] > 0) != (positive != 0)) b[0] = 0;
    const int sign = first_sign(b);
    // The first of equal logits is the prediction; a hidden unit that is 0 stays what it was.
    const std::uint8_t behind = sign != 0 ? sign > 0 : is_last(l) ? unit < label_ : positive;
    if (behind != positive && stage.begun && !is_last(l)) ++example_.events;
    positive = behind;
    stage.places.clear();
    append_sign_changes(b, narrowest_piece / width, stage.places);
    for (const double t : stage.places) {
      if ((1 - t) * width <= narrowest_piece) continue;  // if the sign stays, the next piece begins with another
      if (!stage.begun && t * width <= narrowest_piece)
        positive ^= 1;
      else
        stage.changes.push_back({t, unit});
    }
  }

  static PathWeights on_piece(const PathWeights& from, const PathWeights& to, double t) {
    return {.alpha = from.alpha + t * (to.alpha - from.alpha),
            .alpha_bar = from.alpha_bar + t * (to.alpha_bar - from.alpha_bar)};
  }

  // Gives the next layer the stretch that this piece is for it.
  void hand_on(std::size_t l, const PathWeights& from, const PathWeights& to, std::span<const double> z) {
    Stage& stage = stages_[l];
    const auto open = [&](const PathWeights& at) {
      Stretch& stretch = open_stretch(l + 1, at);
      stretch.z.assign(z.begin(), z.end());
      stretch.positive = stage.positive;
      return &stretch;
    };
    Stretch* stretch = open(from);
    for (const Change& change : stage.changes) {
      const PathWeights at = on_piece(from, to, change.t);
      if (stretch->switches.size() == max_switches) {
        close_stretch(l + 1, at);
        stretch = open(at);
      }
      stretch->switches.push_back({at, change.unit});
      stage.positive[change.unit] ^= 1;
      ++example_.events;
    }
    close_stretch(l + 1, to);
  }

  // The last layer's units are logits less that of the label: where one is positive, the prediction is wrong.
  void record_flips(const PathWeights& from, const PathWeights& to) {
    Stage& stage = stages_.back();
    auto beating = std::ranges::count(stage.positive, 1);
    bool wrong = beating > 0;
    if (!stage.begun) {
      example_.wrong = wrong;
    } else if (wrong != wrong_) {
      example_.flips.push_back(from);
    }
    for (const Change& change : stage.changes) {
      stage.positive[change.unit] ^= 1;
      beating += stage.positive[change.unit] != 0 ? 1 : -1;
      if ((beating > 0) == wrong) continue;
      wrong = beating > 0;
      example_.flips.push_back(on_piece(from, to, change.t));
    }
    wrong_ = wrong;
  }

  // Leaves out pieces that are too narrow to be told from a place.
  void merge_flips() {
    std::vector<PathWeights> apart;
    for (const PathWeights& at : example_.flips) {
      if (!apart.empty() && at.alpha - apart.back().alpha <= narrowest_piece)
        apart.pop_back();
      else
        apart.push_back(at);
    }
    example_.flips = std::move(apart);
  }

  const std::vector<TracedLayer>* layers_;
  std::vector<Stage> stages_;
  std::vector<double> margins_;  // the last layer's polynomials less the label's
  // The present example.
  std::size_t label_ = 0;
  bool wrong_ = false;
  ExampleTrace example_;
};

}  // namespace lmc::detail
