// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/digest.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <span>
#include <vector>

namespace core_digest_test {

TEST_CASE("digest: is FNV-1a, and depends on every bit", "[core]") {
  const std::array<unsigned char, 1> a{'a'};
  CHECK(lmc::digest(std::span<const unsigned char>(a)) == "af63dc4c8601ec8c");  // published test vector
  CHECK(lmc::digest(std::span<const float>()) == "cbf29ce484222325");
  const std::vector<float> zero{0.0f, 1.0f}, minus_zero{-0.0f, 1.0f};
  CHECK(lmc::digest(std::span(zero)) != lmc::digest(std::span(minus_zero)));
}

TEST_CASE("digest: of a state is that of its parameters", "[core]") {
  const std::vector<float> theta{1, 2};
  CHECK(lmc::digest(lmc::ModelState<float>{theta, {3}}) == lmc::digest(std::span<const float>(theta)));
}

}  // namespace core_digest_test
