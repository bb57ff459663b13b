// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/detail/torch_matcher.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/io/tensor_place.hpp>

namespace lmc {

/// The state of a network of ours with the numbers of a PyTorch state dict. A module and a layer belong together where their arrays
/// have equal roles and shapes; several of one kind in the order of the numbers in their names (`features.0`, `features.10`) and of
/// the network's layers. `places` says otherwise, tensor by tensor; the rest of a module goes to the layer that one of its tensors is
/// put into. Where `places` has a tensor for every segment, other tensors are ignored. Axes are those of PyTorch there, and ours here:
///   convolution             [out, in, rows, cols]  → [out, rows, cols, in]
///   dense behind an image   [out, in · rows · cols] → [out, rows, cols, in], also where it reads the examples themselves
///   LayerNorm of images     [channels, rows, cols] → [rows, cols, channels]
/// Layers of other kinds need `places`, and keep their axes. `num_batches_tracked` is left out. Where the file lacks what PyTorch's
/// layers may do without, the values are those that change nothing: bias and mean 0, scale and variance 1. input: the shape of an
/// example; who begins the messages.
/// Throws: Error, with the names and shapes of both sides, when a tensor or a segment is left over; when names leave open which module
/// is first, as where their numbers do not rise along the network's layers; when `places` has a module or a layer in part and the rest
/// does not follow; when a tensor is not F32 or F64, or a `kernel`, which is transposed; and when one is of a weight norm, a spectral
/// norm, a parametrization or pruning, with the call of PyTorch that undoes it.
template <std::floating_point T>
ModelState<T> state_of_torch(const Safetensors& file, const ParameterLayout& layout, const Shape& input,
                             const std::vector<TensorPlace>& places, const std::string& who) {
  detail::TorchMatcher matcher(file, layout, input, who);
  for (const TensorPlace& place : places) matcher.take(place);
  matcher.match();
  ModelState<T> state{std::vector<T>(static_cast<std::size_t>(layout.parameter_count())),
                      std::vector<T>(static_cast<std::size_t>(layout.buffer_count()))};
  const auto segments = matcher.segments();
  for (std::size_t s = 0; s < segments.size(); ++s) {
    std::vector<T>& values = s < layout.parameters.size() ? state.parameters : state.buffers;
    matcher.copy<T>(s, std::span(values).subspan(static_cast<std::size_t>(segments[s]->offset),
                                                 static_cast<std::size_t>(segments[s]->size())));
  }
  return state;
}

/// Which tensor state_of_torch takes for each segment, parameters first, from the same arguments; nothing for a segment that the file
/// lacks. Throws: Error as it does.
inline std::vector<TensorPlace> places_of_torch(const Safetensors& file, const ParameterLayout& layout, const Shape& input,
                                                const std::vector<TensorPlace>& places, const std::string& who) {
  detail::TorchMatcher matcher(file, layout, input, who);
  for (const TensorPlace& place : places) matcher.take(place);
  matcher.match();
  return matcher.places();
}

}  // namespace lmc
