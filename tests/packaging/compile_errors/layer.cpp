// SPDX-License-Identifier: BSD-3-Clause
// A layer of one's own, put into a Network although a member that it needs is missing, or one is not const.
#include <optional>
#include <string>
#include <string_view>

#include <lmc/layers/dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/sequential.hpp>

enum Member { kind, describe, input_shape, output_shape, declare, initialize, cache_size, workspace_size, forward, backward };

// The members, each in a base of its own: there, not const, or missing.
template <bool there, bool is_const, Member member>
struct With {};
template <>
struct With<true, true, kind> {
  std::string_view kind() const { return "mine"; }
};
template <>
struct With<true, false, kind> {
  std::string_view kind() { return "mine"; }
};
template <>
struct With<true, true, describe> {
  std::string describe() const { return {}; }
};
template <>
struct With<true, false, describe> {
  std::string describe() { return {}; }
};
template <>
struct With<true, true, input_shape> {
  std::optional<lmc::Shape> input_shape() const { return {}; }
};
template <>
struct With<true, false, input_shape> {
  std::optional<lmc::Shape> input_shape() { return {}; }
};
template <>
struct With<true, true, output_shape> {
  lmc::Shape output_shape(const lmc::Shape& in) const { return in; }
};
template <>
struct With<true, false, output_shape> {
  lmc::Shape output_shape(const lmc::Shape& in) { return in; }
};
template <>
struct With<true, true, declare> {
  void declare(lmc::LayoutBuilder&) const {}
};
template <>
struct With<true, false, declare> {
  void declare(lmc::LayoutBuilder&) {}
};
template <>
struct With<true, true, initialize> {
  void initialize(const lmc::InitializeArgs<float>&) const {}
};
template <>
struct With<true, false, initialize> {
  void initialize(const lmc::InitializeArgs<float>&) {}
};
template <>
struct With<true, true, cache_size> {
  lmc::Index cache_size(lmc::Index) const { return 0; }
};
template <>
struct With<true, false, cache_size> {
  lmc::Index cache_size(lmc::Index) { return 0; }
};
template <>
struct With<true, true, workspace_size> {
  lmc::Index workspace_size(lmc::Index) const { return 0; }
};
template <>
struct With<true, false, workspace_size> {
  lmc::Index workspace_size(lmc::Index) { return 0; }
};
template <>
struct With<true, true, forward> {
  void forward(lmc::ForwardArgs<float>) const {}
};
template <>
struct With<true, false, forward> {
  void forward(lmc::ForwardArgs<float>) {}
};
template <>
struct With<true, true, backward> {
  void backward(lmc::BackwardArgs<float>) const {}
};
template <>
struct With<true, false, backward> {
  void backward(lmc::BackwardArgs<float>) {}
};

template <Member bad, bool there>
struct Mine : With<bad != kind || there, bad != kind, kind>,
              With<bad != describe || there, bad != describe, describe>,
              With<bad != input_shape || there, bad != input_shape, input_shape>,
              With<bad != output_shape || there, bad != output_shape, output_shape>,
              With<bad != declare || there, bad != declare, declare>,
              With<bad != initialize || there, bad != initialize, initialize>,
              With<bad != cache_size || there, bad != cache_size, cache_size>,
              With<bad != workspace_size || there, bad != workspace_size, workspace_size>,
              With<bad != forward || there, bad != forward, forward>,
              With<bad != backward || there, bad != backward, backward> {};

template <Member bad, bool there>
void put_into_network() {
  lmc::Network<float> network({lmc::Dense<float>({.inputs = 2, .outputs = 2}), Mine<bad, there>()});
}

struct Final final : Mine<kind, true> {
  std::string_view kind() const { return "mine"; }
};
struct Forgetful : With<true, true, kind>, With<true, true, forward> {};
struct Dangling : Mine<kind, false> {
  std::string kind() const { return "mine"; }
};

int main() {
  // error: a layer must not be final
  lmc::AnyLayer<float> final_layer{Final()};
  // error: a layer needs `std::string_view kind() const`: it is missing, private, not const
  lmc::AnyLayer<float> dangling{Dangling()};
  // error: a layer needs `void backward(BackwardArgs<Scalar>) const`: it is missing, private, not const
  lmc::sequential<float>(2, {Forgetful()});
  // error: a layer needs `std::string_view kind() const`: it is missing, private, not const
  put_into_network<kind, false>();
  // error: a layer needs `std::string_view kind() const`: it is missing, private, not const
  put_into_network<kind, true>();
  // error: a layer's description is `std::string describe() const`: it is private, not const
  put_into_network<describe, true>();
  // error: the shape that a layer takes is `std::optional<Shape> input_shape() const`: it is private, not const
  put_into_network<input_shape, true>();
  // error: the shape that a layer gives is `Shape output_shape(const Shape&) const`: it is private, not const
  put_into_network<output_shape, true>();
  // error: a layer declares by `void declare(LayoutBuilder&) const`: it is private, not const
  put_into_network<declare, true>();
  // error: a layer initializes by `void initialize(InitializeArgs<Scalar>) const`: it is private, not const
  put_into_network<initialize, true>();
  // error: the size of a layer's cache is `Index cache_size(Index) const`: it is private, not const
  put_into_network<cache_size, true>();
  // error: the size of a layer's workspace is `Index workspace_size(Index) const`: it is private, not const
  put_into_network<workspace_size, true>();
  // error: a layer needs `void forward(ForwardArgs<Scalar>) const`: it is missing, private, not const
  put_into_network<forward, false>();
  // error: a layer needs `void forward(ForwardArgs<Scalar>) const`: it is missing, private, not const
  put_into_network<forward, true>();
  // error: a layer needs `void backward(BackwardArgs<Scalar>) const`: it is missing, private, not const
  put_into_network<backward, false>();
  // error: a layer needs `void backward(BackwardArgs<Scalar>) const`: it is missing, private, not const
  put_into_network<backward, true>();
}
