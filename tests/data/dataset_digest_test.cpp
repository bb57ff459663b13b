// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/data/dataset_digest.hpp>

#include <cstdint>
#include <vector>

namespace data_dataset_digest_test {

TEST_CASE("digest: names the examples of a data set, with labels, targets and shape", "[data]") {
  const auto of = [](lmc::Shape shape, std::vector<std::int32_t> labels, std::vector<float> values,
                     std::vector<float> targets = {}) {
    lmc::DatasetParts<float> parts{
        .shape = std::move(shape), .classes = labels.empty() ? 0 : 3, .labels = labels, .features = values};
    parts.targets = std::move(targets);
    return lmc::digest(lmc::Dataset<float>(parts));
  };
  const auto whole = of({2}, {0, 1}, {1, 2, 3, 4});
  CHECK(of({2}, {0, 1}, {1, 2, 3, 4}) == whole);
  CHECK(of({2}, {1, 0}, {1, 2, 3, 4}) != whole);
  CHECK(of({2}, {0, 1}, {1, 2, 3, 5}) != whole);
  CHECK(of({2, 1}, {0, 1}, {1, 2, 3, 4}) != whole);
  CHECK(of({2}, {}, {1, 2, 3, 4}, {1, 2}) != of({2}, {}, {1, 2, 3, 4}, {1, 3}));
}

}  // namespace data_dataset_digest_test
