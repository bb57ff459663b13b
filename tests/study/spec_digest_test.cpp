// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/spec_digest.hpp"
#include <catch2/catch.hpp>

namespace study_spec_digest_test {

using lmc::study::SpecDigest;

TEST_CASE("SpecDigest: is FNV-1a with 128 bits", "[study]") {
  // From RFC 9923 and the FNV test suite.
  CHECK(SpecDigest().text() == "6c62272e07bb014262b821756295c58d");
  CHECK(SpecDigest().add("a").text() == "d228cb696f1a8caf78912b704e4a8964");
  CHECK(SpecDigest().add("foobar").text() == "343e1662793c64bf6f0d3597ba446f18");
}

TEST_CASE("SpecDigest: of pieces is that of the whole", "[study]") {
  CHECK(SpecDigest().add("foo").add("").add("bar").text() == SpecDigest().add("foobar").text());
}

}  // namespace study_spec_digest_test
