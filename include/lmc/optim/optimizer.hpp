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

#include <lmc/core/names.hpp>
#include <lmc/optim/adam.hpp>
#include <lmc/optim/sgd.hpp>

namespace lmc {

/// Which optimizer, and how it is set: a value that can be compared and printed.
using OptimizerOptions = std::variant<SgdOptions, AdamOptions, AdamWOptions>;

/// What parse_optimizer takes, in the order of OptimizerOptions.
inline constexpr std::array<std::string_view, 3> optimizer_names{"sgd", "adam", "adamw"};

/// The default options of the optimizer of that name. Throws: Error that lists the names there are.
inline OptimizerOptions parse_optimizer(std::string_view name) {
  const std::array<OptimizerOptions, 3> all{SgdOptions(), AdamOptions(), AdamWOptions()};
  return all[find_name("optimizer", name, optimizer_names)];
}

/// Prints as the options themselves do: `sgd(learning_rate = 0.1)`.
inline std::ostream& operator<<(std::ostream& out, const OptimizerOptions& options) {
  return std::visit([&](const auto& o) -> std::ostream& { return out << o; }, options);
}

/// Any of the optimizers, over one flat vector. A copy is a snapshot of options and state, independent of the original.
template <std::floating_point Scalar>
class Optimizer {
 public:
  using Method = std::variant<Sgd<Scalar>, Adam<Scalar>, AdamW<Scalar>>;  // in the order of OptimizerOptions
  Method method;                                                          // public: a checkpoint is options, state and θ

  /// For a θ of `size` entries. Throws: Error for an option out of range.
  Optimizer(const OptimizerOptions& options, std::size_t size)
      : method(std::visit(
            [&]<class Options>(const Options& o) -> Method {
              if constexpr (std::same_as<Options, SgdOptions>)
                return Sgd<Scalar>(o, size);
              else
                return AdamMethod<Scalar, Options>(o, size);
            },
            options)) {}

  /// One update at rate_factor times the learning rate of the options. Throws: Error when a length is not that of construction.
  void step(std::span<const Scalar> gradient, std::span<Scalar> theta, double rate_factor = 1) {
    std::visit([&](auto& m) { m.step(gradient, theta, m.options.learning_rate * rate_factor); }, method);
  }

  /// The vectors of its state, each as long as θ, by name: velocity of SGD with momentum, mean and square of Adam.
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
  template <class AnyMethod>
  static auto named_vectors(AnyMethod& any) {
    using Vector = std::conditional_t<std::is_const_v<AnyMethod>, const std::vector<Scalar>, std::vector<Scalar>>;
    using Named = std::vector<std::pair<std::string_view, Vector*>>;
    return std::visit(
        [](auto& m) -> Named {
          if constexpr (requires { m.velocity; })
            return m.options.momentum > 0 ? Named{{"velocity", &m.velocity}} : Named{};
          else
            return {{"mean", &m.mean}, {"square", &m.square}};
        },
        any);
  }
};

}  // namespace lmc
