// SPDX-License-Identifier: BSD-3-Clause
// What a layer says of itself in a way that nobody would see, and members that are private.
#include <lmc/layers/dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>

struct Function : lmc::Relu<float> {
  bool works_in_place() const { return true; }
};
struct NotConstant : lmc::Relu<float> {
  static bool overwrites_gradient;
};
struct Private : lmc::Relu<float> {
 private:
  static constexpr bool affine_in_parameters = true;
};
class Forgotten : lmc::Relu<float> {};

int main() {
  // error: a layer says it by `static constexpr bool works_in_place = true`
  lmc::AnyLayer<float> function{Function()};
  // error: a layer says it by `static constexpr bool overwrites_gradient = true`
  lmc::AnyLayer<float> not_constant{NotConstant()};
  // error: a layer says it by `static constexpr bool affine_in_parameters = true`
  lmc::AnyLayer<float> private_flag{Private()};
  // error: a layer says it by `static constexpr bool works_in_place = true`
  // error: a layer says it by `static constexpr bool scales_units = true`
  // error: a layer says it by `static constexpr bool linear = true`
  // error: a layer has its tangents by `void forward_tangent(ForwardTangentArgs<Scalar>) const`
  // error: a layer needs `std::string_view kind() const`: it is missing, private
  // error: a layer declares by `void declare(LayoutBuilder&) const`: it is private
  // error: a layer needs `void forward(ForwardArgs<Scalar>) const`: it is missing, private
  // error: a layer needs `void backward(BackwardArgs<Scalar>) const`: it is missing, private
  lmc::AnyLayer<float> forgotten{Forgotten()};
}
