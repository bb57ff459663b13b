// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/outcome_note.hpp>

#include <vector>

#include <lmc/connectivity/curve.hpp>

#include "support/curves.hpp"

namespace connectivity_outcome_note_test {

using Catch::Matchers::Contains;
using Rows = std::vector<std::vector<bool>>;

TEST_CASE("outcome_note: asks where most examples are wrong at both ends", "[connectivity]") {
  lmc::Curve curve = testing::curve(Rows{{true, false, true}, {true, false, true}, {false, false, false}});
  CHECK_THAT(lmc::outcome_note(curve), Contains("1 (true) means wrong"));
  for (lmc::CurvePoint& point : curve.points)
    point.metrics.loss_name = "cross-entropy";  // computed from logits, as the outcomes
  CHECK(lmc::outcome_note(curve).empty());
}

TEST_CASE("outcome_note: asks nothing where an end is right in half of the examples, or there are no outcomes",
          "[connectivity]") {
  CHECK(lmc::outcome_note(testing::curve(Rows{{true, true, true}, {true, true, false}})).empty());
  CHECK(lmc::outcome_note(testing::curve({0.9, 0.9, 0.9})).empty());
  CHECK_THROWS_WITH(lmc::outcome_note({}), Contains("outcome_note: the curve has 0 points"));
}

}  // namespace connectivity_outcome_note_test
