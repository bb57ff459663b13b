// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/split_vector.hpp>

#include <span>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>

namespace connectivity_split_vector_test {

using Catch::Matchers::Contains;
using lmc::SplitVector;

TEST_CASE("SplitVector: is the tensors one after another, in the order given, empty ones among them", "[connectivity]") {
  std::vector<double> memory = {1, 2, 3, 4, 5, 6};
  const std::span<double> all(memory);
  const SplitVector<double> split({all.subspan(4, 2), all.first(0), all.first(3)});
  CHECK(split.size() == 5);
  CHECK(split.parts().size() == 3);
  CHECK(split.gather() == std::vector<double>{5, 6, 1, 2, 3});
  split.scatter(std::vector<double>{10, 20, 30, 40, 50});
  CHECK(memory == std::vector<double>{30, 40, 50, 4, 10, 20});  // what is in no tensor stays
  std::vector<double> theta(5);
  split.gather(theta);
  CHECK(theta == std::vector<double>{10, 20, 30, 40, 50});
}

TEST_CASE("SplitVector: a path through a model of two tensors is that of one", "[connectivity]") {
  std::vector<float> weight(2), bias(1);
  const SplitVector<float> split({weight, bias});
  const std::vector<float> a = {1, 2, 3}, b = {3, -2, 7};
  const auto value = [](float w, float v, float c) { return static_cast<double>(w) * w + static_cast<double>(v) * c; };
  const auto of_tensors = lmc::linear_path(a, b, [&](std::span<const float> theta) {
    split.scatter(theta);
    return lmc::Metrics{.loss = value(weight[0], weight[1], bias[0]), .error = {}, .count = 1};
  });
  const auto of_theta = lmc::linear_path(a, b, [&](std::span<const float> theta) {
    return lmc::Metrics{.loss = value(theta[0], theta[1], theta[2]), .error = {}, .count = 1};
  });
  CHECK(of_tensors == of_theta);
}

TEST_CASE("SplitVector: refuses wrong lengths, nothing, and shared memory", "[connectivity][errors]") {
  std::vector<double> first = {1, 2}, second = {3};
  const SplitVector<double> split({first, second});
  CHECK_THROWS_WITH(split.scatter(std::vector<double>{1, 2, 3, 4}),
                    "SplitVector: scatter of a θ of 4 entries, and the 2 tensors have 3; expected a θ of this model");
  CHECK(first == std::vector<double>{1, 2});
  std::vector<double> small(2);
  CHECK_THROWS_WITH(split.gather(small), Contains("gather of a θ of 2 entries, and the 2 tensors have 3"));
  CHECK_THROWS_WITH(SplitVector<double>({}), Contains("there are 0 tensors without an entry"));
  const std::span<double> all(first);
  CHECK_THROWS_WITH(SplitVector<double>({second, all.last(1), all}), Contains("tensors 1 and 2 share memory"));
  CHECK_NOTHROW(SplitVector<double>({all.last(1), all.first(1), all.first(0)}));
}

}  // namespace connectivity_split_vector_test
