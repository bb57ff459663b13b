// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/train/noise_seeds.hpp>

#include "study/specification/experiment.hpp"
#include "study/specification/pair_spec.hpp"
#include "study/specification/run_spec.hpp"

namespace lmc::study {

/// What `noise` takes.
const char* noise_help();

/// What determines a cell, beside its seeds.
struct CellOptions {
  RunSpec run;
  double rate = 1;              // times the learning rate: what a sweep varies
  std::string noise = "order";  // what the two runs of a pair differ in, as parse_pair_noise
  Index alphas = 25;
  Index curve_train_examples = 0;
};

/// Calls visit(name, help, field) for the options that only a pair has.
template <class Options, class Visit>
void for_each_pair_option(Options& o, const Visit& visit) {
  visit("rate", "times the learning rate: what a sweep varies", o.rate);
  visit("noise", noise_help(), o.noise);
  visit("alphas", "even steps from 0 to 1 on the line between the two networks, at least 2", o.alphas);
  visit("curve-train-examples", "the training curve is measured on so many examples, at random; 0 takes all",
        o.curve_train_examples);
}

const std::vector<std::string_view>& cell_option_names();

/// Calls work, and puts `where` before the message of an Error.
template <class Work>
auto located(const std::string& where, Work work) {
  try {
    return work();
  } catch (const Error& e) {
    throw Error(where + ": " + e.what());
  }
}

/// What a grid file says for a field: "expected a whole number".
template <class Field>
const char* value_text() {
  if constexpr (is_optional<Field>)
    return value_text<typename Field::value_type>();
  else if constexpr (std::is_same_v<Field, bool>)
    return "true or false";
  else if constexpr (std::is_same_v<Field, double>)
    return "a number";
  else if constexpr (std::is_integral_v<Field>)
    return "a whole number";
  else
    return "a text";
}

/// field ← value. Throws: Error when the value is not of the field's type, or beyond what it holds, and for NaN and infinities.
template <class Field>
void assign(Field& field, const Setting& s) {
  const auto fail = [&] { throw Error(lmc::concat(s.where, ": ", s.option, ": expected ", value_text<Field>())); };
  if constexpr (is_optional<Field>) {
    typename Field::value_type value{};
    assign(value, s);
    field = std::move(value);
  } else if constexpr (std::is_same_v<Field, bool>) {
    if (const auto* value = std::get_if<bool>(&s.value))
      field = *value;
    else
      fail();
  } else if constexpr (std::is_same_v<Field, double>) {
    if (const auto* value = std::get_if<double>(&s.value))
      field = *value;
    else if (const auto* whole = std::get_if<std::int64_t>(&s.value))
      field = static_cast<double>(*whole);
    else
      fail();
    require(std::isfinite(field), s.where, ": ", s.option, " = ", field, "; expected a finite number");
  } else if constexpr (std::is_integral_v<Field>) {
    const auto* value = std::get_if<std::int64_t>(&s.value);
    if (value == nullptr) fail();
    require(std::in_range<Field>(*value), s.where, ": ", s.option, " = ", *value, "; expected ",
            std::numeric_limits<Field>::min(), " to ", std::numeric_limits<Field>::max());
    field = static_cast<Field>(*value);
  } else {
    if (const auto* value = std::get_if<std::string>(&s.value))
      field = *value;
    else if (const auto* whole = std::get_if<std::int64_t>(&s.value))  // hidden = 512 is a list of one
      field = std::to_string(*whole);
    else
      fail();
  }
}

void apply(CellOptions& options, const Setting& s);

}  // namespace lmc::study
