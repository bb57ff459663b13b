// SPDX-License-Identifier: BSD-3-Clause
// Whether numbers are what they are given for.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <lmc/connectivity/curve.hpp>

/// What was written of the examples at one α; empty where the file does not have it.
struct Place {
  std::vector<bool> wrong = {};
  std::vector<double> losses = {};
  std::vector<double> logits = {};  // [examples, classes]
};

/// Throws: Error where all that is given for logits are probabilities, as shares or in percent, or numbers from 0 to 1.
void require_logits(const std::vector<Place>& places, lmc::Index examples);

/// What a line says of one example.
struct ExampleValues {
  std::optional<bool> wrong = {};
  std::optional<double> loss = {};
  std::span<const double> logits = {};
  std::size_t label = 0;
};

/// In what an outcome or a loss contradicts the logits beside it; "" where it does not, or there are none. Equal logits leave the outcome
/// open. Losses may differ from the cross-entropy by 1e-3 max(1, cross-entropy), since files have rounded numbers.
std::string contradiction_in(const ExampleValues& values);

/// On what can be judged, and is probably a mistake: a line each. labels: of the logits; none without these.
std::vector<std::string> notes_on(const std::vector<Place>& places, std::span<const std::int32_t> labels,
                                  const lmc::Curve& curve);
