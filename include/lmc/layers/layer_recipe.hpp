// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <functional>
#include <utility>

#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>

namespace lmc {

/// A layer whose input shape is still open: a function from the shape of an example to the layer that takes it. Made from what
/// lmc/layers/recipes.hpp has for every layer, `dense(10)`; from a function of one's own, `[](const Shape& in) { … }`; or from a
/// finished layer.
template <std::floating_point Scalar>
class LayerRecipe {
 public:
  /// From an object with a member template `operator()<Scalar>(in)`, as what lmc/layers/recipes.hpp has.
  template <class Recipe>
    requires requires(const Recipe& recipe, const Shape& in) { recipe.template operator()<Scalar>(in); }
  LayerRecipe(Recipe recipe)  // NOLINT(google-explicit-constructor): a list of recipes reads as one
      : make_([recipe = std::move(recipe)](const Shape& in) -> AnyLayer<Scalar> {
          return recipe.template operator()<Scalar>(in);
        }) {}

  /// From a function of the input shape that gives a layer.
  template <class Recipe>
    requires std::is_invocable_r_v<AnyLayer<Scalar>, const Recipe&, const Shape&>
  LayerRecipe(Recipe recipe)  // NOLINT(google-explicit-constructor)
      : make_([recipe = std::move(recipe)](const Shape& in) -> AnyLayer<Scalar> { return recipe(in); }) {}

  /// From a finished layer, whatever the shape.
  LayerRecipe(AnyLayer<Scalar> layer)  // NOLINT(google-explicit-constructor)
      : make_([layer = std::move(layer)](const Shape&) { return layer; }) {}
  /// From a finished layer, whatever the shape.
  template <class L>
    requires(!std::same_as<L, AnyLayer<Scalar>> && (Layer<L, Scalar> || detail::MeantAsLayer<L>))
  LayerRecipe(L layer) : LayerRecipe(AnyLayer<Scalar>(std::move(layer))) {}  // NOLINT(google-explicit-constructor)

  /// The layer for examples of that shape. Throws: Error as the layer's constructor does.
  [[nodiscard]] AnyLayer<Scalar> operator()(const Shape& in) const { return make_(in); }

 private:
  std::function<AnyLayer<Scalar>(const Shape&)> make_;
};

}  // namespace lmc
