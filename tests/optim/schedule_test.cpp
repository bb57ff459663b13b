// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/optim/schedule.hpp>

namespace optim_schedule_test {

using Catch::Matchers::Contains;
using lmc::CallableRate;
using lmc::Index;
using lmc::ListRate;
using lmc::RatePer;
using lmc::Schedule;

namespace {

struct Reference {
  Schedule schedule;
  std::optional<Index> per_epoch = {};
  std::vector<double> factors;
};

std::string text(const Schedule& schedule) {
  std::ostringstream out;
  out << schedule;
  return out.str();
}

std::vector<double> factors(const Schedule& schedule, Index steps, std::optional<Index> per_epoch = {}) {
  std::vector<double> all;
  for (Index s = 0; s < steps; ++s) all.push_back(schedule.factor(s, steps, per_epoch));
  return all;
}

std::vector<double> concatenated(const std::vector<std::vector<double>>& parts) {
  std::vector<double> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// s + n / 1000, so that a factor tells what its function was asked for.
double told(Index s, Index n) { return static_cast<double>(s) + static_cast<double>(n) / 1000; }

}  // namespace

TEST_CASE("Schedule: multiplies as PyTorch's schedulers do", "[optim]") {
  const std::vector<Reference> reference{
#include "schedule_reference.inc"
  };
  REQUIRE(reference.size() == 17);
  for (const auto& [schedule, per_epoch, want] : reference) {
    CAPTURE(text(schedule));
    const auto got = factors(schedule, static_cast<Index>(want.size()), per_epoch.value_or(1));
    // PyTorch reaches most of its factors by multiplying the one before, rounding each time.
    for (std::size_t s = 0; s < want.size(); ++s) CHECK_THAT(got[s], Catch::Matchers::WithinAbs(want[s], 1e-14));
  }
}

TEST_CASE("Schedule: constant without options", "[optim]") { CHECK(factors({}, 3) == std::vector<double>{1, 1, 1}); }

TEST_CASE("Schedule: a warm-up below 1 is a share of all steps", "[optim]") {
  CHECK(factors({.warmup = 0.25}, 16) == factors({.warmup = 4}, 16));
  CHECK(factors({.warmup = 0.07}, 100) == factors({.warmup = 7}, 100));
  CHECK(factors({.warmup = 0.29}, 100) == factors({.warmup = 29}, 100));  // 28.999999999999996, rounded
  CHECK(factors({.warmup = 0.01}, 10) == factors({}, 10));                // rounded to no step
  CHECK(factors({.warmup = 1}, 4) == factors({}, 4));                     // one step, at the full rate
  CHECK(factors({.warmup = 4}, 4) == std::vector<double>{0.25, 0.5, 0.75, 1});
}

TEST_CASE("Schedule: what follows a warm-up starts where it ends", "[optim]") {
  for (const auto& name : lmc::rate_shape_names) {
    CAPTURE(name);
    const auto alone = factors({.then = lmc::parse_rate_shape(name)}, 30);
    const auto composed = factors({.warmup = 5, .then = lmc::parse_rate_shape(name)}, 35);
    CHECK(composed[4] == 1);
    CHECK(std::vector<double>(composed.begin() + 5, composed.end()) == alone);
  }
}

TEST_CASE("Schedule: step counts in steps or in shares", "[optim]") {
  CHECK(factors({.then = lmc::StepRate{.every = 0.5, .gamma = 0.25}}, 4) == std::vector<double>{1, 1, 0.25, 0.25});
  CHECK(factors({.then = lmc::StepRate{.every = 1, .gamma = 0.5}}, 3) == std::vector<double>{1, 0.5, 0.25});
  // Thirds of 40 updates end at 13.3, 26.7 and 40.
  const std::vector<double> thirds = factors({.then = lmc::StepRate{.gamma = 0.5}}, 40);
  for (std::size_t s = 0; s < 40; ++s) CHECK(thirds[s] == (s < 13 ? 1 : s < 27 ? 0.5 : 0.25));
  CHECK(factors({.then = lmc::StepRate{.every = 0.1, .gamma = 0.5}}, 2) == std::vector<double>{1, 0.5});  // at least one step
}

TEST_CASE("Schedule: a triangle rises to 1 and falls to its end", "[optim]") {
  const Schedule triangle{.then = lmc::OneCycleRate{.peak = 0.6, .start = 0.25, .end = 0, .linear = true}};
  CHECK(factors(triangle, 5) == std::vector<double>{0.25, 0.625, 1, 0.5, 0});
}

TEST_CASE("Schedule: shortest runs and extreme peaks stay within [0, 1]", "[optim]") {
  for (const double peak : {0.0, 0.3, 1.0})
    for (const bool linear : {false, true})
      for (Index steps = 1; steps < 6; ++steps)
        for (const double f : factors({.then = lmc::OneCycleRate{.peak = peak, .linear = linear}}, steps)) {
          CAPTURE(peak, linear, steps, f);
          CHECK((f >= 0 && f <= 1));
        }
  for (const auto& name : lmc::rate_shape_names)
    CHECK(factors({.warmup = 1, .then = lmc::parse_rate_shape(name)}, 1) == std::vector<double>{1});
}

TEST_CASE("ListRate: has a factor for each update, or for each epoch", "[optim]") {
  CHECK(factors({.then = ListRate{.factors = {1, 0.5, 0, 2}, .per = RatePer::update}}, 4) == std::vector<double>{1, 0.5, 0, 2});
  const Schedule per_epoch{.then = ListRate{.factors = {1, 0.5, 0.25}}};
  CHECK(factors(per_epoch, 6, 2) == std::vector<double>{1, 1, 0.5, 0.5, 0.25, 0.25});
  CHECK(factors(per_epoch, 5, 2) == std::vector<double>{1, 1, 0.5, 0.5, 0.25});  // part of an epoch has a factor, too
  CHECK(factors(per_epoch, 3, 1) == std::vector<double>{1, 0.5, 0.25});
}

TEST_CASE("ListRate: counts from the end of a warm-up", "[optim]") {
  CHECK(factors({.warmup = 2, .then = ListRate{.factors = {3, 4, 5}, .per = RatePer::update}}, 5) ==
        std::vector<double>{0.5, 1, 3, 4, 5});
  // 6 of 8 steps are left, which are two epochs, begun at step 2.
  CHECK(factors({.warmup = 2, .then = ListRate{.factors = {3, 4}}}, 8, 3) == std::vector<double>{0.5, 1, 3, 3, 3, 4, 4, 4});
  CHECK(factors({.warmup = 1, .then = ListRate{.factors = {3, 4, 5}}}, 8, 3) == std::vector<double>{1, 3, 3, 3, 4, 4, 4, 5});
  for (const RatePer per : {RatePer::update, RatePer::epoch})  // nothing is left
    CHECK(factors({.warmup = 2, .then = ListRate{.factors = {}, .per = per}}, 2, 2) == std::vector<double>{0.5, 1});
}

TEST_CASE("ListRate: refuses another length and what is no factor, at the first step", "[optim]") {
  const auto first = [](const Schedule& s) { return s.factor(0, 10, 5); };
  CHECK_THROWS_WITH(first({.then = ListRate{.factors = {1, 1, 1}}}),
                    "schedule: a list of 3 factors; expected 2, one for each epoch after the warm-up, if there is one");
  CHECK_THROWS_WITH(first({.then = ListRate{.factors = {1}}}), Contains("a list of 1 factors; expected 2"));
  CHECK_THROWS_WITH(first({.then = ListRate{.factors = {}}}), Contains("a list of 0 factors; expected 2"));
  CHECK_THROWS_WITH(first({.then = ListRate{.factors = {1, 1}, .per = RatePer::update}}),
                    Contains("a list of 2 factors; expected 10, one for each update"));
  // The warm-up has no part in the list; what is wrong with it is found during the warm-up.
  CHECK_THROWS_WITH(first({.warmup = 4, .then = ListRate{.factors = {1}}}), Contains("expected 2"));
  CHECK_THROWS_WITH(first({.warmup = 5, .then = ListRate{.factors = {1, 1}}}), Contains("expected 1"));
  CHECK_THROWS_WITH(first({.warmup = 10, .then = ListRate{.factors = {1}}}), Contains("expected 0"));
  for (const double bad : {-0.5, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    CAPTURE(bad);
    CHECK_THROWS_WITH(first({.then = ListRate{.factors = {1, bad}}}),
                      Contains(lmc::concat("the list's factors[1] = ", bad, "; expected a finite number, at least 0")));
    const Schedule later{.then = ListRate{.factors = {1, bad}}};
    CHECK_THROWS_WITH(later.factor(5, 10, 5), Contains("factors[1]"));
  }
}

TEST_CASE("CallableRate: is asked for update or epoch s of n", "[optim]") {
  CHECK(factors({.then = CallableRate(told, RatePer::update)}, 3) == std::vector<double>{0.003, 1.003, 2.003});
  CHECK(factors({.then = CallableRate(told, RatePer::epoch)}, 5, 2) == std::vector<double>{0.003, 0.003, 1.003, 1.003, 2.003});
  CHECK(factors({.then = CallableRate(told)}, 4, 2) == std::vector<double>{0.002, 0.002, 1.002, 1.002});  // epochs by default
  CHECK(factors({.warmup = 2, .then = CallableRate(told, RatePer::update)}, 4) == std::vector<double>{0.5, 1, 0.002, 1.002});
  CHECK(factors({.warmup = 2, .then = CallableRate(told)}, 5, 2) == std::vector<double>{0.5, 1, 0.002, 0.002, 1.002});
}

TEST_CASE("CallableRate: takes any callable that returns a floating-point number", "[optim]") {
  const double base = 0.5;
  const auto capturing = [base](Index s, Index) { return std::pow(base, static_cast<double>(s)); };
  CHECK(factors({.then = CallableRate(capturing)}, 3, 1) == std::vector<double>{1, 0.5, 0.25});
  CHECK(factors({.then = CallableRate(std::function<double(Index, Index)>(capturing))}, 3, 1) ==
        std::vector<double>{1, 0.5, 0.25});
  CHECK(factors({.then = CallableRate([](auto, auto) { return 2.0f; })}, 1, 1) == std::vector<double>{2});
  // s / n of whole numbers, and a function that changes itself when it is called.
  const auto whole = [](Index s, Index n) { return s / n; };
  const auto changing = [calls = 0](Index, Index) mutable { return 1.0 / ++calls; };
  static_assert(!std::constructible_from<CallableRate, decltype(whole)>);
  static_assert(!std::constructible_from<CallableRate, decltype(changing)>);
}

TEST_CASE("CallableRate: refuses what is no factor, by step and value", "[optim]") {
  const auto bad_at_2 = [](double bad) { return [bad](Index s, Index) { return s == 2 ? bad : 1.0; }; };
  const Schedule per_update{.warmup = 1, .then = CallableRate(bad_at_2(-0.5), RatePer::update)};
  CHECK(per_update.factor(2, 5) == 1);
  CHECK_THROWS_WITH(per_update.factor(3, 5),
                    "schedule: callable returned -0.5 for update 2 of 4 (from 0); expected a finite number, at least 0");
  const Schedule per_epoch{.then = CallableRate(bad_at_2(std::numeric_limits<double>::infinity()), RatePer::epoch, "mine")};
  CHECK(per_epoch.factor(7, 12, 4) == 1);
  CHECK_THROWS_WITH(per_epoch.factor(8, 12, 4), Contains("mine returned inf for epoch 2 of 3"));
  const Schedule nan{.then = CallableRate([](Index, Index) { return std::nan(""); })};
  CHECK_THROWS_WITH(nan.factor(0, 4, 2), Contains("nan for epoch 0 of 2"));
  const Schedule during_warmup{.warmup = 3, .then = CallableRate([](Index, Index) { return -1.0; })};
  CHECK_THROWS_WITH(during_warmup.factor(0, 4, 2), Contains("returned -1 for epoch 0 of 1"));
  for (const CallableRate& empty :
       {CallableRate(std::function<double(Index, Index)>()), CallableRate(static_cast<double (*)(Index, Index)>(nullptr))})
    CHECK_THROWS_WITH(Schedule{.then = empty}.factor(0, 4, 2), Contains("callable is an empty function"));
}

TEST_CASE("Schedule: what counts epochs needs their length, and nothing else does", "[optim]") {
  CHECK_THROWS_WITH(factors({.then = ListRate{.factors = {1, 0.5}}}, 2),
                    "schedule: list(per epoch: 1, 0.5) counts epochs; give factor() the updates per epoch, too");
  CHECK_THROWS_WITH(factors({.then = CallableRate(told)}, 2), Contains("callable(per epoch) counts epochs"));
  CHECK_THROWS_WITH(factors({}, 2, 0), Contains("0 updates per epoch; expected a positive number"));
  CHECK_THROWS_WITH(factors({}, 2, -3), Contains("-3 updates per epoch"));
  for (const auto& name : lmc::rate_shape_names) {
    const Schedule schedule{.warmup = 3, .then = lmc::parse_rate_shape(name)};
    CHECK(factors(schedule, 20) == factors(schedule, 20, 6));
  }
}

TEST_CASE("Restarts: run every shape anew in each cycle, behind a warm-up, too", "[optim]") {
  std::vector<lmc::RateShape> shapes{CallableRate(told, RatePer::update), lmc::StepRate{.every = 2, .gamma = 0.5}};
  for (const auto& name : lmc::rate_shape_names) shapes.push_back(lmc::parse_rate_shape(name));
  for (const auto& shape : shapes) {
    CAPTURE(lmc::concat(shape));
    const auto cycle = [&](Index steps) { return factors({.then = shape}, steps); };
    std::vector<double> cut = cycle(24);
    cut.resize(2);
    CHECK(factors({.then = shape, .restarts = lmc::Restarts{.first = 6, .growth = 2}}, 20) ==
          concatenated({cycle(6), cycle(12), cut}));
    CHECK(factors({.then = shape, .restarts = lmc::Restarts{.first = 7}}, 21) == concatenated({cycle(7), cycle(7), cycle(7)}));
    CHECK(factors({.warmup = 4, .then = shape, .restarts = lmc::Restarts{.first = 6, .growth = 2}}, 22) ==
          concatenated({{0.25, 0.5, 0.75, 1}, cycle(6), cycle(12)}));
  }
}

TEST_CASE("Restarts: the first cycle counts in steps or in shares of what the warm-up leaves", "[optim]") {
  const auto cosine = [](double warmup, const lmc::Restarts& restarts) {
    return factors({.warmup = warmup, .then = lmc::CosineRate{}, .restarts = restarts}, 20);
  };
  CHECK(cosine(0, {.first = 0.25}) == cosine(0, {.first = 5}));
  CHECK(cosine(4, {.first = 0.25}) == cosine(4, {.first = 4}));
  CHECK(cosine(0, {.first = 0.1, .growth = 2}) == cosine(0, {.first = 2, .growth = 2}));
  CHECK(cosine(0, {.first = 0.01}) == cosine(0, {.first = 1}));  // at least one step
  CHECK(cosine(0, {.first = 20}) == factors({.then = lmc::CosineRate{}}, 20));
  // One cycle, cut off: the cosine of a longer run.
  auto longer = factors({.then = lmc::CosineRate{}}, 50);
  longer.resize(20);
  CHECK(cosine(0, {.first = 50, .growth = 3}) == longer);
  CHECK(cosine(20, {.first = 3}) == factors({.warmup = 20}, 20));
}

TEST_CASE("Restarts: a cycle begins at the step that is nearest to where it would begin", "[optim]") {
  const auto begins = [](const lmc::Restarts& restarts, Index steps) {
    const auto all = factors(
        {.then = CallableRate([](Index s, Index) { return s == 0 ? 1.0 : 0.0; }, RatePer::update), .restarts = restarts},
        steps);
    std::set<Index> found;
    for (std::size_t s = 0; s < all.size(); ++s)
      if (all[s] == 1) found.insert(static_cast<Index>(s));
    return found;
  };
  CHECK(begins({.first = 4, .growth = 1.5}, 60) == std::set<Index>{0, 4, 10, 19, 33, 53});  // 4, 10, 19, 32.5, 52.75
  CHECK(begins({.first = 1, .growth = 1.2}, 12) == std::set<Index>{0, 1, 2, 4, 5, 7, 10});  // 1, 2.2, 3.64, 5.37, 7.44, 9.93
  CHECK(begins({.first = 2, .growth = 1e300}, 50) == std::set<Index>{0, 2});                // the second is longer than any run
  // A third of a run makes three cycles, whatever its length.
  CHECK(begins({.first = 1.0 / 3}, 40) == std::set<Index>{0, 13, 27});
  CHECK(begins({.first = 0.1}, 18) == std::set<Index>{0, 2, 4, 5, 7, 9, 11, 13, 14, 16});  // multiples of 1.8
  for (Index steps = 3; steps < 400; ++steps) {
    CAPTURE(steps);
    CHECK(begins({.first = 1.0 / 3}, steps).size() == 3);
  }
  for (Index steps = 20; steps < 400; ++steps) {  // many begins between two steps
    CAPTURE(steps);
    std::set<Index> nearest;
    const double length = 0.105 * static_cast<double>(steps);
    for (int k = 0; std::round(k * length) < static_cast<double>(steps); ++k)
      nearest.insert(static_cast<Index>(std::round(k * length)));
    CHECK(begins({.first = 0.105}, steps) == nearest);
  }
  CHECK(begins({.first = 0.105}, 1000) == std::set<Index>{0, 105, 210, 315, 420, 525, 630, 735, 840, 945});
}

TEST_CASE("Restarts: what counts epochs counts them in each cycle", "[optim]") {
  // Cycles of 4 and 8 updates, in epochs of 3.
  CHECK(factors({.then = CallableRate(told), .restarts = lmc::Restarts{.first = 4, .growth = 2}}, 12, 3) ==
        std::vector<double>{0.002, 0.002, 0.002, 1.002, 0.003, 0.003, 0.003, 1.003, 1.003, 1.003, 2.003, 2.003});
}

TEST_CASE("Restarts: refuses what cannot be meant, at the first step", "[optim]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  const auto first = [](const lmc::Restarts& restarts, const lmc::RateShape& shape = lmc::CosineRate{}) {
    return Schedule{.warmup = 2, .then = shape, .restarts = restarts}.factor(0, 10, 4);
  };
  for (const double bad : {0.0, -1.0, nan}) CHECK_THROWS_WITH(first({.first = bad}), Contains("restarts' first = "));
  CHECK_THROWS_WITH(first({.first = 2.5}), Contains("restarts' first = 2.5; expected a whole number of steps, or a share"));
  CHECK_THROWS_WITH(first({}),
                    Contains("restarts' first = 0; expected a positive number of steps, or a share of them below 1"));
  for (const double bad : {0.5, -1.0, nan, infinite})
    CHECK_THROWS_WITH(first({.first = 3, .growth = bad}), Contains("restarts' growth = "));
  CHECK_THROWS_WITH(first({.first = 3, .growth = 0.5}), Contains("growth = 0.5; expected a finite number, at least 1"));
  CHECK_THROWS_WITH(
      first({.first = 4}, ListRate{.factors = {1, 1}}),
      "schedule: a list does not restart, since it has a factor for every part of the run; repeat them in the list");
}

TEST_CASE("Schedule: refuses what cannot be meant, at the first step", "[optim]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto first = [](const Schedule& s) { return s.factor(0, 10); };
  CHECK_THROWS_WITH(first({.warmup = 11}), Contains("a warm-up of 11 steps in a run of 10"));
  for (const double bad : {-1.0, 2.5, nan, 1e300}) CHECK_THROWS_WITH(first({.warmup = bad}), Contains("warmup = "));
  // A fault in what follows is found during the warm-up.
  CHECK_THROWS_WITH(first({.warmup = 5, .then = lmc::CosineRate{.floor = 2}}), Contains("floor = 2"));
  CHECK_THROWS_WITH(first({.then = lmc::StepRate{.every = 0}}), Contains("every = 0"));
  CHECK_THROWS_WITH(first({.then = lmc::StepRate{.every = 1.5}}), Contains("every = 1.5"));
  CHECK_THROWS_WITH(first({.then = lmc::StepRate{.gamma = -1}}), Contains("gamma = -1"));
  CHECK_THROWS_WITH(first({.then = lmc::OneCycleRate{.peak = 1.5}}), Contains("peak = 1.5"));
  CHECK_THROWS_WITH(first({.then = lmc::OneCycleRate{.start = nan}}), Contains("start = "));
  CHECK_THROWS_AS(Schedule().factor(10, 10), lmc::Error);
  CHECK_THROWS_AS(Schedule().factor(-1, 10), lmc::Error);
}

TEST_CASE("Schedule: is a value that is named, compared and printed", "[optim]") {
  for (const std::string_view name : lmc::rate_shape_names)
    CHECK(text({.then = lmc::parse_rate_shape(name)}).substr(0, name.size()) == name);
  CHECK_THROWS_WITH(lmc::parse_rate_shape("cosin"), Catch::Matchers::Contains("did you mean 'cosine'"));
  CHECK(text({}) == "constant");
  CHECK(text({.warmup = 0.05, .then = lmc::CosineRate{}}) == "warmup(0.05) then cosine(floor = 0)");
  CHECK(Schedule{.warmup = 5} != Schedule{.warmup = 6});
  CHECK(Schedule{.then = lmc::CosineRate{}} != Schedule{});
  CHECK(Schedule{.then = lmc::CosineRate{}} == Schedule{.then = lmc::CosineRate{.floor = 0}});

  const Schedule restarting{.warmup = 5, .then = lmc::CosineRate{}, .restarts = lmc::Restarts{.first = 100, .growth = 1.5}};
  CHECK(text(restarting) == "warmup(5) then cosine(floor = 0) with restarts(first = 100, growth = 1.5)");
  CHECK(restarting != Schedule{.warmup = 5, .then = lmc::CosineRate{}});
  CHECK(restarting != Schedule{.warmup = 5, .then = lmc::CosineRate{}, .restarts = lmc::Restarts{.first = 100}});

  const ListRate list{.factors = {1, 0.5, 0.1}};
  CHECK(text({.then = list}) == "list(per epoch: 1, 0.5, 0.1)");
  CHECK(text({.then = ListRate{.factors = std::vector<double>(8, 0.5), .per = RatePer::update}}) ==
        "list(per update: 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)");
  CHECK(text({.then = ListRate{.factors = {1, 2, 3, 4, 5, 6, 7, 8, 9}}}) == "list(per epoch: 1, 2, 3, ..., 9; 9 factors)");
  CHECK(text({.then = ListRate{}}) == "list(per epoch:)");
  CHECK(list == ListRate{.factors = {1, 0.5, 0.1}});
  CHECK(list != ListRate{.factors = {1, 0.5, 0.2}});
  CHECK(list != ListRate{.factors = {1, 0.5, 0.1}, .per = RatePer::update});
}

TEST_CASE("CallableRate: is equal to copies of itself alone, and printed by its name", "[optim]") {
  const CallableRate one(told), other(told);
  CHECK(one == CallableRate(one));
  CHECK(one != other);
  CHECK(Schedule{.then = one} == Schedule{.then = one});
  CHECK(Schedule{.then = one} != Schedule{.then = other});
  CHECK(text({.then = one}) == "callable(per epoch)");
  CHECK(text({.warmup = 3, .then = CallableRate(told, RatePer::update, "root")}) == "warmup(3) then root(per update)");
}

}  // namespace optim_schedule_test
