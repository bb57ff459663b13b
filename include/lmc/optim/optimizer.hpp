// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/names.hpp>
#include <lmc/optim/adam.hpp>
#include <lmc/optim/layerwise_adam.hpp>
#include <lmc/optim/muon.hpp>
#include <lmc/optim/sgd.hpp>
#include <lmc/optim/sign.hpp>
#include <lmc/optim/update_range.hpp>

namespace lmc {

/// Which optimizer, and how it is set: a value that can be compared and printed.
using OptimizerOptions = std::variant<SgdOptions, AdamOptions, AdamWOptions, SignOptions, MuonOptions, LayerwiseAdamOptions>;

/// What parse_optimizer takes, in the order of OptimizerOptions.
inline constexpr std::array<std::string_view, 6> optimizer_names{"sgd", "adam", "adamw", "sign", "muon", "layerwise-adam"};

/// The default options of the optimizer of that name. Throws: Error that lists the names there are.
inline OptimizerOptions parse_optimizer(std::string_view name) {
  const std::array<OptimizerOptions, 6> all{SgdOptions(),  AdamOptions(), AdamWOptions(),
                                            SignOptions(), MuonOptions(), LayerwiseAdamOptions()};
  return all[find_name("optimizer", name, optimizer_names)];
}

/// Prints as the options themselves do: `sgd(learning_rate = 0.1)`.
inline std::ostream& operator<<(std::ostream& out, const OptimizerOptions& options) {
  return std::visit([&](const auto& o) -> std::ostream& { return out << o; }, options);
}

/// Calls visit(name, field) for each option of an optimizer: `learning_rate` and `weight_decay`, which all have, then its own.
template <class Options, class Visit>
void for_each_optimizer_option(Options& o, Visit visit) {
  visit("learning_rate", o.learning_rate);
  visit("weight_decay", o.weight_decay);
  if constexpr (requires { o.momentum; }) visit("momentum", o.momentum);
  if constexpr (requires { o.dampening; }) visit("dampening", o.dampening);
  if constexpr (requires { o.nesterov; }) visit("nesterov", o.nesterov);
  if constexpr (requires { o.iterations; }) visit("iterations", o.iterations);
  if constexpr (requires { o.adam_learning_rate; }) visit("adam_learning_rate", o.adam_learning_rate);
  if constexpr (requires { o.beta1; }) {
    visit("beta1", o.beta1);
    visit("beta2", o.beta2);
    visit("epsilon", o.epsilon);
  }
}

/// Any of the optimizers, over one flat vector. A copy is a snapshot of options and state, independent of the original.
template <std::floating_point Scalar>
class Optimizer {
 public:
  using Method = std::variant<Sgd<Scalar>, Adam<Scalar>, AdamW<Scalar>, SignDescent<Scalar>, Muon<Scalar>,
                              LayerwiseAdam<Scalar>>;  // in the order of OptimizerOptions
  Method method;                                       // public: a checkpoint is options, state and θ

  /// For the parameters of that layout. Throws: Error for an option out of range.
  Optimizer(const OptimizerOptions& options, const ParameterLayout& layout) : method(make(options, layout)) {}

  /// One update at rate_factor times the learning rate of the options, times the factors of the ranges, which update_ranges() makes;
  /// none: all alike. Throws: Error when a length is not that of the layout.
  void step(std::span<const Scalar> gradient, std::span<Scalar> theta, double rate_factor = 1,
            std::span<const UpdateRange> ranges = {}) {
    std::visit(
        [&](auto& m) {
          if constexpr (requires { m.options.adam_learning_rate; })
            m.step(gradient, theta, m.options.learning_rate * rate_factor, m.options.adam_learning_rate * rate_factor, ranges);
          else
            m.step(gradient, theta, m.options.learning_rate * rate_factor, ranges);
        },
        method);
  }

  /// The vectors of its state, each as long as θ, by name: velocity of SGD, sign descent and Muon with momentum, mean and square
  /// of Adam, its kinds and Muon.
  [[nodiscard]] std::vector<std::pair<std::string_view, std::vector<Scalar>*>> state_vectors() { return named_vectors(method); }
  /// The same, to be read.
  [[nodiscard]] std::vector<std::pair<std::string_view, const std::vector<Scalar>*>> state_vectors() const {
    return named_vectors(method);
  }

  /// Those it was made with.
  [[nodiscard]] OptimizerOptions options() const {
    return std::visit([](const auto& m) -> OptimizerOptions { return m.options; }, method);
  }
  /// Updates applied so far.
  [[nodiscard]] std::int64_t steps() const {
    return std::visit([](const auto& m) { return m.steps; }, method);
  }

 private:
  // The method of that position whose options are these.
  template <std::size_t I = 0>
  static Method make(const OptimizerOptions& options, const ParameterLayout& layout) {
    if constexpr (I < std::variant_size_v<Method>) {
      if (options.index() != I) return make<I + 1>(options, layout);
      using Chosen = std::variant_alternative_t<I, Method>;
      if constexpr (std::constructible_from<Chosen, decltype(std::get<I>(options)), const ParameterLayout&>)
        return Chosen(std::get<I>(options), layout);
      else
        return Chosen(std::get<I>(options), static_cast<std::size_t>(layout.parameter_count()));
    }
    throw Error("Optimizer: the options have no value");
  }
  template <class AnyMethod>
  static auto named_vectors(AnyMethod& any) {
    using Vector = std::conditional_t<std::is_const_v<AnyMethod>, const std::vector<Scalar>, std::vector<Scalar>>;
    std::vector<std::pair<std::string_view, Vector*>> named;
    std::visit(
        [&](auto& m) {
          if constexpr (requires { m.velocity; })
            if (m.options.momentum > 0) named.push_back({"velocity", &m.velocity});
          if constexpr (requires { m.mean; }) {
            named.push_back({"mean", &m.mean});
            named.push_back({"square", &m.square});
          }
        },
        any);
    return named;
  }
};

}  // namespace lmc
