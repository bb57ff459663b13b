// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <numbers>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

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
  double every = 1.0 / 3;  // steps, or below 1 a share of n, whose multiples are rounded to whole steps; at least one step
  double gamma = 0.1;      // by which every drop multiplies the factor, at least 0
  friend bool operator==(const StepRate&, const StepRate&) = default;
  /// The factor at step s of n. Throws: Error for a number out of range.
  [[nodiscard]] double factor(Index s, Index n) const {
    require(every > 0, "schedule: step's every = ", every, "; expected a positive number of steps, or a share of them below 1");
    require(std::isfinite(gamma) && gamma >= 0, "schedule: step's gamma = ", gamma, "; expected a finite number, at least 0");
    const auto steps = static_cast<double>(detail::steps_of("step's every", every, n));
    // A share is rounded at each drop, not once: three thirds of 40 steps are 40, not 39.
    const double length = std::max(1.0, every < 1 ? every * static_cast<double>(n) : steps);
    return std::pow(gamma, std::floor((static_cast<double>(s) + 0.5) / length));
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

// The two shapes below count s and n in updates or in epochs, as their `per` says.

/// What a shape of one's own has a factor for.
enum class RatePer { update, epoch };
/// Prints `update` or `epoch`.
inline std::ostream& operator<<(std::ostream& out, RatePer per) { return out << (per == RatePer::update ? "update" : "epoch"); }

/// factor = factors[s]. The list is as long as the run: n factors.
struct ListRate {
  std::vector<double> factors;   // finite, at least 0
  RatePer per = RatePer::epoch;  // what each is for
  friend bool operator==(const ListRate&, const ListRate&) = default;
  /// The factor at s of n, and 1 at 0 of 0, which is what a warm-up as long as the run leaves. Throws: Error when the list does
  /// not have n factors, and for a factor out of range: at s = 0 for any of them, so that the first call finds out.
  [[nodiscard]] double factor(Index s, Index n) const {
    require(std::cmp_equal(factors.size(), n), "schedule: a list of ", factors.size(), " factors; expected ", n,
            ", one for each ", per, " after the warm-up, if there is one");
    const std::size_t at = static_cast<std::size_t>(s);
    for (std::size_t i = at; i < (s == 0 ? factors.size() : at + 1); ++i)
      require(std::isfinite(factors[i]) && factors[i] >= 0, "schedule: the list's factors[", i, "] = ", factors[i],
              "; expected a finite number, at least 0");
    return n == 0 ? 1 : factors[at];
  }
};
/// Prints `list(per epoch: 1, 0.5, 0.1)`; of more than eight factors the first three, the last and how many there are.
inline std::ostream& operator<<(std::ostream& out, const ListRate& r) {
  const std::size_t size = r.factors.size(), shown = size > 8 ? 3 : size;
  out << "list(per " << r.per << ':';
  for (std::size_t i = 0; i < shown; ++i) out << (i > 0 ? ", " : " ") << r.factors[i];
  if (shown < size) out << ", ..., " << r.factors.back() << "; " << size << " factors";
  return out << ')';
}

/// factor = f(s, n) for a function of one's own, as in
///   CallableRate([](Index s, Index n) { return std::sqrt(1 - double(s) / double(n)); }, RatePer::update, "root")
/// It has to return the same for the same numbers: which steps it is asked for, and how often, is not specified, and runs that are
/// trained together ask at the same time. As torch.optim.lr_scheduler.LambdaLR.
struct CallableRate {
  std::shared_ptr<const std::function<double(Index, Index)>> function;  // what is called, with s and n
  RatePer per;                                                          // what s and n count
  std::string name;                                                     // for printing and in messages

  /// f(s, n) is a floating-point number: a whole one is what s / n gives by mistake, and does not compile.
  template <class F>
    requires std::floating_point<std::invoke_result_t<const F&, Index, Index>>
  explicit CallableRate(F f, RatePer rate_per = RatePer::epoch, std::string printed_name = "callable")
      : function(std::make_shared<const std::function<double(Index, Index)>>(std::move(f))),
        per(rate_per),
        name(std::move(printed_name)) {}

  /// Equal are copies of one object: what two functions compute cannot be compared.
  friend bool operator==(const CallableRate&, const CallableRate&) = default;
  /// The factor at s of n. Throws: Error when that is negative or not finite, and when there is no function; what it throws.
  [[nodiscard]] double factor(Index s, Index n) const {
    require(function && *function, "schedule: ", name, " is an empty function; give it one that can be called");
    const double value = (*function)(s, n);
    require(std::isfinite(value) && value >= 0, "schedule: ", name, " returned ", value, " for ", per, ' ', s, " of ", n,
            " (from 0); expected a finite number, at least 0");
    return value;
  }
};
/// Prints `callable(per epoch)`, or another name.
inline std::ostream& operator<<(std::ostream& out, const CallableRate& r) { return out << r.name << "(per " << r.per << ')'; }

/// Any of these shapes.
using RateShape = std::variant<ConstantRate, CosineRate, StepRate, OneCycleRate, ListRate, CallableRate>;
/// Prints as the shape itself does.
inline std::ostream& operator<<(std::ostream& out, const RateShape& shape) {
  return std::visit([&](const auto& s) -> std::ostream& { return out << s; }, shape);
}

/// What parse_rate_shape takes: the shapes that have default numbers.
inline constexpr std::array<std::string_view, 5> rate_shape_names{"constant", "cosine", "step", "one-cycle", "triangle"};

/// The shape of that name with its default numbers; triangle is a one-cycle of straight lines. Throws: Error that lists the
/// names.
inline RateShape parse_rate_shape(std::string_view name) {
  const std::array<RateShape, 5> all{ConstantRate(), CosineRate(), StepRate(), OneCycleRate(), OneCycleRate{.linear = true}};
  return all[find_name("schedule", name, rate_shape_names)];
}

/// Runs a shape anew in cycles. With F = first in steps, cycle k = 0, 1, … begins at step
///   round(F + F · growth + … + F · growth^(k−1)),
/// and the end of the run cuts off the last one. In a cycle the shape is asked for step s of n, s being the steps since the cycle's
/// begin and n its length, uncut: shares of n are shares of the cycle. A cosine that restarts is
/// torch.optim.lr_scheduler.CosineAnnealingWarmRestarts with T_0 = F and T_mult = growth. Source: arXiv:1608.03983.
struct Restarts {
  double first = 0;   // length of the first cycle: steps, or below 1 a share of those after the warm-up; at least one step
  double growth = 1;  // by which a cycle is longer than the one before it, at least 1
  friend bool operator==(const Restarts&, const Restarts&) = default;
};
/// Prints `restarts(first = 100, growth = 2)`.
inline std::ostream& operator<<(std::ostream& out, const Restarts& r) {
  return out << "restarts(first = " << r.first << ", growth = " << r.growth << ')';
}

namespace detail {

/// Step s of n, as a shape is asked for it.
struct RateStep {
  Index s, n;
};

/// The step of its cycle that `at` is. Throws: Error for a number out of range.
inline RateStep in_cycle(const Restarts& restarts, RateStep at) {
  const double growth = restarts.growth;
  require(restarts.first > 0, "schedule: restarts' first = ", restarts.first,
          "; expected a positive number of steps, or a share of them below 1");
  require(std::isfinite(growth) && growth >= 1, "schedule: restarts' growth = ", growth,
          "; expected a finite number, at least 1: cycles do not get shorter");
  (void)steps_of("restarts' first", restarts.first, at.n);  // whether it is a length
  double length = std::max(1.0, restarts.first < 1 ? restarts.first * static_cast<double>(at.n) : restarts.first);
  const auto nearest = [](double step) { return static_cast<Index>(std::min(std::round(step), 0x1p53)); };
  const auto cycle = [&](double begin, double end) {
    return RateStep{.s = at.s - nearest(begin), .n = nearest(end) - nearest(begin)};
  };
  if (growth == 1) {  // number k begins at k · length, whichever step asks; the one before s / length, since begins are rounded
    double k = std::max(0.0, std::floor(static_cast<double>(at.s) / length) - 1);
    while (nearest((k + 1) * length) <= at.s) ++k;
    return cycle(k * length, (k + 1) * length);
  }
  double begin = 0;
  while (nearest(begin + length) <= at.s) {
    begin += length;
    length *= growth;
  }
  return cycle(begin, begin + length);
}

}  // namespace detail

/// How the learning rate changes over a run: a value that can be compared and printed. Step s = 0, 1, … of a run of n steps is
/// taken with factor(s, n) times the learning rate. With w steps of warm-up,
///   factor = (s + 1) / w                        for s < w: a straight line whose last step is at the full rate,
///   factor = then.factor(s − w, n − w)          after it: what follows knows only the steps that are left.
/// Restarts divide the steps that are left into cycles. A shape per epoch counts epochs of e updates from the end of the warm-up,
/// or the begin of the cycle: it is asked for ⌊s / e⌋ of ⌈n / e⌉ where another is asked for s of n.
/// As PyTorch's SequentialLR of LinearLR(start_factor = 1/w, total_iters = w − 1) and another, with milestone w.
struct Schedule {
  double warmup = 0;                      // steps, or below 1 a share of all steps
  RateShape then = ConstantRate();        // one-cycle has its own rise, and starts low again after a warm-up
  std::optional<Restarts> restarts = {};  // of what follows the warm-up; a list has none

  friend bool operator==(const Schedule&, const Schedule&) = default;

  /// For 0 ≤ step < steps; per_epoch, the updates of an epoch, is needed by shapes per epoch alone. Throws: Error for a number out
  /// of range, for a warm-up that is longer than the run, for a list that does not fit or restarts, and for a shape per epoch
  /// without per_epoch. The call for step 0 finds all of these; what a function returns is known only where it is called.
  [[nodiscard]] double factor(Index step, Index steps, std::optional<Index> per_epoch = {}) const {
    require(step >= 0 && step < steps, "schedule: step ", step, " of ", steps, "; expected 0 to ", steps - 1);
    require(!per_epoch || *per_epoch > 0, "schedule: ", per_epoch.value_or(0),
            " updates per epoch; expected a positive number");
    const Index rise = detail::steps_of("warmup", warmup, steps);
    require(rise <= steps, "schedule: a warm-up of ", rise, " steps in a run of ", steps,
            "; train longer, or give the warm-up as a share of all steps, below 1");
    detail::RateStep at{.s = std::max<Index>(0, step - rise), .n = steps - rise};
    if (restarts) {
      require(!std::holds_alternative<ListRate>(then),
              "schedule: a list does not restart, since it has a factor for every part of the run; repeat them in the list");
      at = detail::in_cycle(*restarts, at);
    }
    const double after = std::visit([&](const auto& shape) { return factor_of(shape, at, per_epoch); }, then);
    return step < rise ? static_cast<double>(step + 1) / static_cast<double>(rise) : after;
  }

 private:
  template <class Shape>
  static double factor_of(const Shape& shape, detail::RateStep at, std::optional<Index> per_epoch) {
    if constexpr (requires { shape.per; })
      if (shape.per == RatePer::epoch) {
        require(per_epoch.has_value(), "schedule: ", shape, " counts epochs; give factor() the updates per epoch, too");
        at = {.s = at.s / *per_epoch, .n = at.n / *per_epoch + (at.n % *per_epoch > 0 ? 1 : 0)};
      }
    // Behind a warm-up as long as the run, where nothing is left, a shape is asked for what is wrong with it.
    if constexpr (!std::same_as<Shape, ListRate>) at.n = std::max<Index>(1, at.n);
    return shape.factor(at.s, at.n);
  }
};

/// Prints `warmup(2000) then cosine(floor = 0) with restarts(first = 100, growth = 2)`, or those parts of it that there are.
inline std::ostream& operator<<(std::ostream& out, const Schedule& schedule) {
  if (schedule.warmup > 0) out << "warmup(" << schedule.warmup << ") then ";
  out << schedule.then;
  if (schedule.restarts) out << " with " << *schedule.restarts;
  return out;
}

}  // namespace lmc
