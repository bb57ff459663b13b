// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/curve_csv.hpp>

#include <limits>
#include <sstream>

#include "support/curves.hpp"

namespace connectivity_curve_csv_test {

TEST_CASE("write_curve_csv: numbers read back exactly", "[connectivity]") {
  const auto values = testing::random_values(12, 3);
  const lmc::Curve train = testing::curve({values.begin(), values.begin() + 3}, {values.begin() + 3, values.begin() + 6});
  const lmc::Curve test = testing::curve({values.begin() + 6, values.begin() + 9}, {values.begin() + 9, values.end()});
  std::stringstream csv;
  lmc::write_curve_csv(csv, train, test);
  std::string header;
  std::getline(csv, header);
  CHECK(header == "alpha,train_loss,train_error,test_loss,test_error");
  for (std::size_t i = 0; i < 3; ++i) {
    const auto &a = train.points[i].metrics, &b = test.points[i].metrics;
    for (const double expected : {train.points[i].alpha, a.loss, a.error.value(), b.loss, b.error.value()}) {
      double read = -1;
      csv >> read;
      csv.ignore();  // the comma, or the end of the line
      CHECK(read == expected);
    }
  }
  CHECK(csv.peek() == std::char_traits<char>::eof());
}

TEST_CASE("write_curve_csv: a plain number stays short, a diverged one has a name", "[connectivity]") {
  std::ostringstream csv;
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  lmc::write_curve_csv(csv, testing::curve({0.1, 0.25}), testing::curve({nan, nan}, {nan, infinity}));
  CHECK(csv.str() == "alpha,train_loss,train_error,test_loss,test_error\n0,0.1,0.1,nan,nan\n1,0.25,0.25,inf,nan\n");
}

TEST_CASE("write_curve_csv: curves on different grids are an error", "[connectivity]") {
  std::ostringstream csv;
  CHECK_THROWS_AS(lmc::write_curve_csv(csv, testing::curve({0, 0}), testing::curve({0, 0, 0})), lmc::Error);
  lmc::Curve other = testing::curve({0, 0, 0});
  other.points[1].alpha = 0.4, other.points[1].alpha_bar = 0.6;
  CHECK_THROWS_AS(lmc::write_curve_csv(csv, testing::curve({0, 0, 0}), other), lmc::Error);
}

TEST_CASE("write_curve_csv: one curve has its loss, and its error where that was measured", "[connectivity]") {
  std::ostringstream both, loss;
  lmc::write_curve_csv(both, testing::curve({0.1, 0.4, 0.25}, {1, 3, 2}));
  CHECK(both.str() == "alpha,loss,error\n0,1,0.1\n0.5,3,0.4\n1,2,0.25\n");
  lmc::write_curve_csv(loss, testing::loss_curve({1, 3, 2}));
  CHECK(loss.str() == "alpha,loss\n0,1\n0.5,3\n1,2\n");
  CHECK_THROWS_WITH(lmc::write_curve_csv(loss, lmc::Curve()),
                    Catch::Matchers::Contains("write_curve_csv: the curve has 0 points"));
  std::ostringstream losses;
  lmc::write_curve_csv(losses, testing::loss_curve({1, 3}), testing::loss_curve({2, 4}));
  CHECK(losses.str() == "alpha,train_loss,test_loss\n0,1,2\n1,3,4\n");
  CHECK_THROWS_WITH(lmc::write_curve_csv(loss, testing::loss_curve({1, 2}), testing::curve({0, 0})),
                    Catch::Matchers::Contains("write_curve_csv: train has no error, but test has"));
}

}  // namespace connectivity_curve_csv_test
