// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/train.hpp>

namespace lmc::study {

namespace detail {

/// The state vectors of an optimizer, in a fixed order.
template <class AnyOptimizer>
auto state_vectors(AnyOptimizer& optimizer) {
  using Vector = std::conditional_t<std::is_const_v<AnyOptimizer>, const std::vector<float>, std::vector<float>>;
  std::vector<Vector*> all;
  std::visit(
      [&](auto& method) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(method)>, Sgd<float>>) {
          if (!method.velocity.empty()) all.push_back(&method.velocity);
        } else {
          all = {&method.mean, &method.square};
        }
      },
      optimizer.method);
  return all;
}

/// A layout with `vectors` more copies of the parameters behind them, named `optimizer1/…`, `optimizer2/…`.
inline ParameterLayout with_copies(ParameterLayout layout, std::size_t vectors) {
  const std::vector<Segment> segments = layout.parameters;
  const Index parameters = layout.parameter_count();
  for (std::size_t v = 1; v <= vectors; ++v)
    for (Segment s : segments) {
      s.name = "optimizer" + std::to_string(v) + "/" + s.name;
      s.offset += static_cast<Index>(v) * parameters;
      layout.parameters.push_back(std::move(s));
    }
  return layout;
}

}  // namespace detail

/// The bytes of a safetensors file with the state of a training, and the optimizer's vectors where they are asked for: a
/// function of the arguments alone.
inline std::string checkpoint_bytes(const ParameterLayout& layout, const Checkpoint<float>& at, bool with_optimizer,
                                    Metadata metadata) {
  ModelState<float> all = at.state;
  std::size_t vectors = 0;
  if (with_optimizer)
    for (const std::vector<float>* v : detail::state_vectors(at.optimizer)) {
      all.parameters.insert(all.parameters.end(), v->begin(), v->end());
      ++vectors;
    }
  metadata["step"] = std::to_string(at.step);
  metadata["optimizer_steps"] = std::to_string(at.optimizer.steps());
  std::ostringstream out;
  write_safetensors(out, detail::with_copies(layout, vectors), all, metadata);
  return std::move(out).str();
}

/// The state in checkpoint_bytes. `who` begins the messages. Throws: Error as state_of.
inline ModelState<float> state_from_bytes(const std::string& bytes, const ParameterLayout& layout, const std::string& who) {
  std::istringstream in(bytes);
  Safetensors file = lmc::detail::read_safetensors(in, bytes.size());
  std::erase_if(file.tensors, [](const NamedTensor& t) { return t.name.starts_with("optimizer"); });
  return state_of<float>(file, layout, who);
}

/// The whole place of the training in checkpoint_bytes, which must hold the optimizer. Throws: Error as state_of.
inline Checkpoint<float> checkpoint_from_bytes(const std::string& bytes, const ParameterLayout& layout,
                                               const OptimizerOptions& options, const std::string& who) {
  Checkpoint<float> at{{}, Optimizer<float>(options, static_cast<std::size_t>(layout.parameter_count())), 0};
  const auto vectors = detail::state_vectors(at.optimizer);
  std::istringstream in(bytes);
  const Safetensors file = lmc::detail::read_safetensors(in, bytes.size());
  ModelState<float> all = state_of<float>(file, detail::with_copies(layout, vectors.size()), who);
  const auto parameters = static_cast<std::ptrdiff_t>(layout.parameter_count());
  auto from = all.parameters.begin() + parameters;
  for (std::vector<float>* v : vectors) {
    v->assign(from, from + parameters);
    from += parameters;
  }
  all.parameters.resize(static_cast<std::size_t>(parameters));
  at.state = std::move(all);
  const auto number = [&](const char* key) {
    const auto found = file.metadata.find(key);
    require(found != file.metadata.end(), who, ": the metadata lack ", key, "; is it a checkpoint of a study?");
    return std::stoll(found->second);
  };
  at.step = number("step");
  std::visit([&](auto& method) { method.steps = number("optimizer_steps"); }, at.optimizer.method);
  return at;
}

}  // namespace lmc::study
