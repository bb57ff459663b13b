// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/hash.hpp>

#include <catch2/catch.hpp>
#include <string_view>

namespace core_hash_test {

namespace {

auto bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("fnv1a: gives the values of RFC 9923, whole and in pieces", "[core]") {
  CHECK(lmc::fnv1a({}) == 0xcbf29ce484222325);
  CHECK(lmc::fnv1a(bytes("a")) == 0xaf63dc4c8601ec8c);
  CHECK(lmc::fnv1a(bytes("foobar")) == 0x85944171f73967e8);
  CHECK(lmc::fnv1a(bytes("bar"), lmc::fnv1a(bytes("foo"))) == 0x85944171f73967e8);
}

TEST_CASE("mix: is SplitMix64's finalizer", "[core]") {
  CHECK(lmc::mix(0) == 0);
  // The first two numbers of SplitMix64 from the state 0, as java.util.SplittableRandom(0) gives them.
  CHECK(lmc::mix(0x9e3779b97f4a7c15) == 0xe220a8397b1dcdaf);
  CHECK(lmc::mix(2 * 0x9e3779b97f4a7c15) == 0x6e789e6aa1b965f4);
}

}  // namespace core_hash_test
