// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>

namespace lmc::detail {

/// Who watches the layers with parameters of a tapped network, by their numbers in the order of θ.
template <std::floating_point Scalar>
struct TapObserver {
  std::function<void(std::size_t, const ActivationLayout& in, const ActivationLayout& out)> declared;
  std::function<void(std::size_t, const ForwardArgs<Scalar>&)> forwarded;  // behind the layer's forward pass
};

/// A layer that tells an observer, which must outlive it, what goes in and out.
template <std::floating_point Scalar>
class Tap {
 public:
  Tap(AnyLayer<Scalar> layer, std::size_t number, const TapObserver<Scalar>& observer)
      : layer_(std::move(layer)), number_(number), observer_(&observer) {}

  [[nodiscard]] std::string_view kind() const { return layer_.kind(); }
  [[nodiscard]] std::string describe() const { return layer_.describe(); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return layer_.input_shape(); }
  [[nodiscard]] Shape output_shape(const Shape& in) const { return layer_.output_shape(in); }
  void declare(LayoutBuilder& layout) const {
    const ActivationLayout in = layout.activation;
    layer_.declare(layout);
    if (observer_->declared) observer_->declared(number_, in, layout.activation);
  }
  void initialize(const InitializeArgs<Scalar>& a) const { layer_.initialize(a); }
  [[nodiscard]] Index cache_size(Index batch) const { return layer_.cache_size(batch); }
  [[nodiscard]] Index workspace_size(Index batch) const { return layer_.workspace_size(batch); }
  void forward(ForwardArgs<Scalar> a) const {
    layer_.forward(a);
    if (observer_->forwarded) observer_->forwarded(number_, a);
  }
  void backward(BackwardArgs<Scalar> a) const { layer_.backward(a); }

 private:
  AnyLayer<Scalar> layer_;
  std::size_t number_;
  const TapObserver<Scalar>* observer_;
};

/// A layer with parameters that is not made of others.
template <std::floating_point Scalar>
struct TappedLayer {
  std::string name;        // path from the outermost network, what its segments begin with: `block1/dense2`
  AnyLayer<Scalar> layer;  // the layer itself
  Shape input;             // shape of one example before it
  Shape output;            // shape of one example behind it
  Index first = 0;         // position of its first parameter in θ
  Index parameters = 0;    // number of its parameters
};

/// The layers of a network that have parameters and are not made of others, in the order of θ.
template <std::floating_point Scalar>
std::vector<TappedLayer<Scalar>> tapped_layers(const std::vector<ChildLayer<Scalar>>& children, const std::string& path = {},
                                               Index first = 0) {
  std::vector<TappedLayer<Scalar>> found;
  for (const ChildLayer<Scalar>& child : children) {
    const std::vector<ChildLayer<Scalar>> inside = child.layer.children();
    if (!inside.empty()) {
      for (TappedLayer<Scalar>& layer : tapped_layers(inside, path + child.name + '/', first + child.first))
        found.push_back(std::move(layer));
    } else if (child.parameters > 0) {
      found.push_back({path + child.name, child.layer, child.input, child.output, first + child.first, child.parameters});
    }
  }
  return found;
}

/// The same layers, each layer of tapped_layers() behind a Tap. `number` is that of the first, and is moved on.
template <std::floating_point Scalar>
std::vector<AnyLayer<Scalar>> with_taps(const std::vector<ChildLayer<Scalar>>& children, const TapObserver<Scalar>& observer,
                                        std::size_t& number) {
  std::vector<AnyLayer<Scalar>> layers;
  for (const ChildLayer<Scalar>& child : children) {
    const std::vector<ChildLayer<Scalar>> inside = child.layer.children();
    if (!inside.empty())
      layers.push_back(child.layer.with_children(with_taps(inside, observer, number)));
    else if (child.parameters > 0)
      layers.push_back(Tap<Scalar>(child.layer, number++, observer));
    else
      layers.push_back(child.layer);
  }
  return layers;
}
/// A network of the same function and layout whose layers with parameters are watched.
template <std::floating_point Scalar>
Network<Scalar> tapped(const Network<Scalar>& network, const TapObserver<Scalar>& observer) {
  std::size_t number = 0;
  return Network<Scalar>(with_taps(network.children(), observer, number), *network.input_shape());
}

}  // namespace lmc::detail
