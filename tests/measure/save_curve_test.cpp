// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/measure/save_curve.hpp>

#include "support/curves.hpp"
#include "support/temporary_directory.hpp"

namespace measure_save_curve_test {

TEST_CASE("save_curve_csv: writes one curve or two, or nothing", "[train]") {
  const testing::TemporaryDirectory folder;
  const lmc::Curve curve = testing::curve({0.25, 0.5}, {1, 2});
  lmc::save_curve_csv(folder / "one.csv", curve);
  CHECK(testing::content(folder / "one.csv") == "alpha,loss,error\n0,1,0.25\n1,2,0.5\n");
  lmc::save_curve_csv(folder / "two.csv", curve, curve);
  CHECK(testing::content(folder / "two.csv") ==
        "alpha,train_loss,train_error,test_loss,test_error\n0,1,0.25,1,0.25\n1,2,0.5,2,0.5\n");
  CHECK_THROWS_AS(lmc::save_curve_csv(folder / "one.csv", lmc::Curve()), lmc::Error);
  CHECK(testing::content(folder / "one.csv") == "alpha,loss,error\n0,1,0.25\n1,2,0.5\n");
  CHECK_THROWS_AS(lmc::save_curve_csv(folder / "missing/x.csv", curve), lmc::Error);
}

}  // namespace measure_save_curve_test
