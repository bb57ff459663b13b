// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstddef>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/optim/schedule.hpp>

namespace optim_schedule_test {

using lmc::Schedule;

namespace {

struct Reference {
  Schedule schedule;
  std::vector<double> factors;
};

std::string text(const Schedule& schedule) {
  std::ostringstream out;
  out << schedule;
  return out.str();
}

std::vector<double> factors(const Schedule& schedule, lmc::Index steps) {
  std::vector<double> all;
  for (lmc::Index s = 0; s < steps; ++s) all.push_back(schedule.factor(s, steps));
  return all;
}

}  // namespace

TEST_CASE("Schedule: multiplies as PyTorch's schedulers do", "[optim]") {
  const std::vector<Reference> reference{
#include "schedule_reference.inc"
  };
  REQUIRE(reference.size() == 8);
  for (const auto& [schedule, want] : reference) {
    CAPTURE(text(schedule));
    const auto got = factors(schedule, static_cast<lmc::Index>(want.size()));
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
  CHECK(factors({.then = lmc::StepRate{.every = 0.1, .gamma = 0.5}}, 2) == std::vector<double>{1, 0.5});  // at least one step
}

TEST_CASE("Schedule: a triangle rises to 1 and falls to its end", "[optim]") {
  const Schedule triangle{.then = lmc::OneCycleRate{.peak = 0.6, .start = 0.25, .end = 0, .linear = true}};
  CHECK(factors(triangle, 5) == std::vector<double>{0.25, 0.625, 1, 0.5, 0});
}

TEST_CASE("Schedule: shortest runs and extreme peaks stay within [0, 1]", "[optim]") {
  for (const double peak : {0.0, 0.3, 1.0})
    for (const bool linear : {false, true})
      for (lmc::Index steps = 1; steps < 6; ++steps)
        for (const double f : factors({.then = lmc::OneCycleRate{.peak = peak, .linear = linear}}, steps)) {
          CAPTURE(peak, linear, steps, f);
          CHECK((f >= 0 && f <= 1));
        }
  for (const auto& name : lmc::rate_shape_names)
    CHECK(factors({.warmup = 1, .then = lmc::parse_rate_shape(name)}, 1) == std::vector<double>{1});
}

TEST_CASE("Schedule: refuses what cannot be meant, at the first step", "[optim]") {
  using Catch::Matchers::Contains;
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
}

}  // namespace optim_schedule_test
