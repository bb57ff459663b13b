// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <ostream>
#include <string_view>
#include <variant>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {
namespace detail {

/// A length as an option gives it: in whole steps, or below 1 as a share of all, rounded to the nearest step.
inline Index steps_of(std::string_view option, double length, Index all) {
  require(length >= 0 && (length < 1 || (length == std::floor(length) && length < 0x1p53)), "schedule: ", option, " = ", length,
          "; expected a whole number of steps, or a share of them below 1");
  return static_cast<Index>(length < 1 ? std::round(length * static_cast<double>(all)) : length);
}

/// From `from` at t = 0 to `to` at t = 1 along half a period of a cosine.
inline double cosine_between(double from, double to, double t) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * t)) / 2;
}

}  // namespace detail

// The shapes below say by what the learning rate is multiplied at step s = 0, 1, … of n.

/// factor = 1
struct ConstantRate {
  friend bool operator==(const ConstantRate&, const ConstantRate&) = default;
  /// The factor at any step.
  [[nodiscard]] double factor(Index, Index) const { return 1; }
};
/// Prints `constant`.
inline std::ostream& operator<<(std::ostream& out, const ConstantRate&) { return out << "constant"; }

/// factor = floor + (1 − floor) (1 + cos(π s / n)) / 2: from 1 towards floor, which would be reached at s = n.
/// As torch.optim.lr_scheduler.CosineAnnealingLR with T_max = n.
struct CosineRate {
  double floor = 0;  // what the factor falls towards, in [0, 1]
  friend bool operator==(const CosineRate&, const CosineRate&) = default;
  /// The factor at step s of n. Throws: Error for a number out of range.
  [[nodiscard]] double factor(Index s, Index n) const {
    require(floor >= 0 && floor <= 1, "schedule: cosine's floor = ", floor, "; expected a number in [0, 1]");
    return detail::cosine_between(1, floor, static_cast<double>(s) / static_cast<double>(n));
  }
};
/// Prints `cosine(floor = 0)`.
inline std::ostream& operator<<(std::ostream& out, const CosineRate& c) { return out << "cosine(floor = " << c.floor << ')'; }

/// factor = gamma^⌊s / every⌋. As torch.optim.lr_scheduler.StepLR.
struct StepRate {
  double every = 1.0 / 3;  // steps, or below 1 a share of n; at least one step
  double gamma = 0.1;      // by which every drop multiplies the factor, at least 0
  friend bool operator==(const StepRate&, const StepRate&) = default;
  /// The factor at step s of n. Throws: Error for a number out of range.
  [[nodiscard]] double factor(Index s, Index n) const {
    require(every > 0, "schedule: step's every = ", every, "; expected a positive number of steps, or a share of them below 1");
    require(std::isfinite(gamma) && gamma >= 0, "schedule: step's gamma = ", gamma, "; expected a finite number, at least 0");
    const Index length = std::max<Index>(1, detail::steps_of("step's every", every, n));
    const Index drops = s / length;
    return std::pow(gamma, static_cast<double>(drops));
  }
};
/// Prints `step(every = 0.333333, gamma = 0.1)`.
inline std::ostream& operator<<(std::ostream& out, const StepRate& r) {
  return out << "step(every = " << r.every << ", gamma = " << r.gamma << ')';
}

/// From start up to 1, and from there down to end, which is reached at the last step: with p = peak · n − 1 and b a straight
/// line, or half a cosine wave, from b(0) = 0 to b(1) = 1,
///   factor = start + (1 − start) b(s / p)                     for s ≤ p,
///   factor = 1 + (end − 1) b((s − p) / (n − 1 − p))           after it.
/// As torch.optim.lr_scheduler.OneCycleLR, which counts so, with its defaults; momentum is left alone.
struct OneCycleRate {
  double peak = 0.3;          // where the factor is 1, as a share of all steps, in [0, 1]
  double start = 1.0 / 25;    // first factor, in [0, 1]
  double end = 1.0 / 250000;  // last factor, in [0, 1]
  bool linear = false;        // a triangle instead of two half cosine waves
  friend bool operator==(const OneCycleRate&, const OneCycleRate&) = default;
  /// The factor at step s of n. Throws: Error for a number out of range.
  [[nodiscard]] double factor(Index s, Index n) const {
    const auto is_share = [](double x) { return x >= 0 && x <= 1; };
    require(is_share(peak), "schedule: one-cycle's peak = ", peak, "; expected a share of the steps in [0, 1]");
    require(is_share(start) && is_share(end), "schedule: one-cycle's start = ", start, ", end = ", end,
            "; expected numbers in [0, 1]");
    const double at = static_cast<double>(s), top = peak * static_cast<double>(n) - 1, last = static_cast<double>(n - 1);
    const auto between = [&](double from, double to, double t) {
      return linear ? from + (to - from) * t : detail::cosine_between(from, to, t);
    };
    if (at <= top) return top > 0 ? between(start, 1, at / top) : 1;
    return between(1, end, (at - top) / (last - top));
  }
};
/// Prints `one-cycle(…)`, or `triangle(…)`, with peak, start and end.
inline std::ostream& operator<<(std::ostream& out, const OneCycleRate& r) {
  return out << (r.linear ? "triangle" : "one-cycle") << "(peak = " << r.peak << ", start = " << r.start << ", end = " << r.end
             << ')';
}

/// Any of these shapes.
using RateShape = std::variant<ConstantRate, CosineRate, StepRate, OneCycleRate>;

/// What parse_rate_shape takes.
inline constexpr std::array<std::string_view, 5> rate_shape_names{"constant", "cosine", "step", "one-cycle", "triangle"};

/// The shape of that name with its default numbers; triangle is a one-cycle of straight lines. Throws: Error that lists the
/// names.
inline RateShape parse_rate_shape(std::string_view name) {
  const std::array<RateShape, 5> all{ConstantRate(), CosineRate(), StepRate(), OneCycleRate(), OneCycleRate{.linear = true}};
  return all[find_name("schedule", name, rate_shape_names)];
}

/// How the learning rate changes over a run: a value that can be compared and printed. Step s = 0, 1, … of a run of n steps is
/// taken with factor(s, n) times the learning rate. With w steps of warm-up,
///   factor = (s + 1) / w                        for s < w: a straight line whose last step is at the full rate,
///   factor = then.factor(s − w, n − w)          after it: what follows knows only the steps that are left.
/// As PyTorch's SequentialLR of LinearLR(start_factor = 1/w, total_iters = w − 1) and another, with milestone w.
struct Schedule {
  double warmup = 0;                // steps, or below 1 a share of all steps
  RateShape then = ConstantRate();  // one-cycle has its own rise, and starts low again after a warm-up

  friend bool operator==(const Schedule&, const Schedule&) = default;

  /// For 0 ≤ step < steps. Throws: Error for a number out of range, and for a warm-up that is longer than the run; whatever the
  /// step, so that the first call finds out.
  [[nodiscard]] double factor(Index step, Index steps) const {
    require(step >= 0 && step < steps, "schedule: step ", step, " of ", steps, "; expected 0 to ", steps - 1);
    const Index rise = detail::steps_of("warmup", warmup, steps);
    require(rise <= steps, "schedule: a warm-up of ", rise, " steps in a run of ", steps,
            "; train longer, or give the warm-up as a share of all steps, below 1");
    const Index left = steps - rise;
    const double after = std::visit(
        [&](const auto& shape) { return shape.factor(std::max<Index>(0, step - rise), std::max<Index>(1, left)); }, then);
    return step < rise ? static_cast<double>(step + 1) / static_cast<double>(rise) : after;
  }
};

/// Prints as the shape itself does.
inline std::ostream& operator<<(std::ostream& out, const RateShape& shape) {
  return std::visit([&](const auto& s) -> std::ostream& { return out << s; }, shape);
}

/// Prints `warmup(2000) then cosine(floor = 0)`, or the second part alone.
inline std::ostream& operator<<(std::ostream& out, const Schedule& schedule) {
  if (schedule.warmup > 0) out << "warmup(" << schedule.warmup << ") then ";
  return out << schedule.then;
}

}  // namespace lmc
