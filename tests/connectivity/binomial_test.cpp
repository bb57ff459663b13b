// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/detail/binomial.hpp>

#include <cmath>

#include <lmc/core/shape.hpp>

namespace connectivity_binomial_test {

TEST_CASE("Binomial: inverts the binomial distribution function", "[connectivity]") {
  struct Case {
    lmc::Index n;
    double p;
  };
  for (const auto& [n, p] : {Case{1, 0.5}, {5, 0.3}, {40, 0.01}, {60000, 0.004}, {60000, 0.5}, {1000, 0.999}}) {
    const lmc::detail::Binomial binomial(n, p);
    const auto size = static_cast<double>(n);
    const auto probability = [&, p = p](double k) {
      return std::exp(std::lgamma(size + 1) - std::lgamma(k + 1) - std::lgamma(size - k + 1) + k * std::log(p) +
                      (size - k) * std::log1p(-p));
    };
    // The sampler has to jump from k to k + 1 at u = P(X ≤ k). lgamma(60001) is 6e5, good to 1e-10, and so the reference.
    double below = 0, checked = 0;
    // Whole numbers, exactly. NOLINTNEXTLINE(clang-analyzer-security.FloatLoopCounter)
    for (double k = 0; k <= size; ++k) {
      const double next = below + probability(k);
      if (next - below > 1e-6) {
        CAPTURE(n, p, k);
        CHECK(binomial(below + 1e-9) == static_cast<lmc::Index>(k));
        CHECK(binomial(next - 1e-9) == static_cast<lmc::Index>(k));
        checked += next - below;
      }
      below = next;
    }
    CHECK(checked > 0.999);
  }
}

TEST_CASE("Binomial: certain outcomes and the ends of the unit interval", "[connectivity]") {
  for (const double u : {0.0, 0.5, 1 - 0x1p-53}) {
    CHECK(lmc::detail::Binomial(10, 0)(u) == 0);
    CHECK(lmc::detail::Binomial(10, 1)(u) == 10);
    CHECK(lmc::detail::Binomial(0, 0.5)(u) == 0);
    CHECK(lmc::detail::Binomial(10, 0.5)(u) <= 10);
    CHECK(lmc::detail::Binomial(10, 0.5)(u) >= 0);
  }
}

}  // namespace connectivity_binomial_test
