// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// What a segment of θ does in its layer.
enum class Role { weight, bias };

/// Position of a permutation group in ParameterLayout::groups; nothing for an axis whose order is fixed from outside (pixels,
/// classes).
using GroupId = std::optional<std::size_t>;

/// Interchangeable units: applying one permutation of 0 … size − 1 to every axis of the group, all over θ, leaves the network's
/// function unchanged.
struct PermutationGroup {
  std::string name;  // the layer whose outputs are permuted: `dense1`
  Index size = 0;
  friend bool operator==(const PermutationGroup&, const PermutationGroup&) = default;
};

/// A named array inside a flat vector.
struct Segment {
  std::string name;  // path from the outermost network: `block1/dense2/weight`
  Shape shape;       // never flattened: a readout after a convolution is [out, height, width, channels]
  Role role = Role::weight;
  std::vector<GroupId> groups;  // one an axis
  Index offset = 0;             // of the first entry

  [[nodiscard]] Index size() const { return shape.size(); }
  friend bool operator==(const Segment&, const Segment&) = default;
};

/// What lies where in a network's parameters θ and in its buffers. Segments are in order and without holes.
struct ParameterLayout {
  std::vector<Segment> parameters;
  std::vector<Segment> buffers;  // running statistics and the like: part of the model state, not of θ
  std::vector<PermutationGroup> groups;

  [[nodiscard]] Index parameter_count() const { return end(parameters); }
  [[nodiscard]] Index buffer_count() const { return end(buffers); }

  /// The parameter segment of that name. Throws: Error that lists the names there are.
  [[nodiscard]] const Segment& at(std::string_view name) const {
    const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const Segment& s) { return s.name == name; });
    if (found != parameters.end()) return *found;
    std::string names;
    for (const Segment& s : parameters) names += (names.empty() ? "" : ", ") + s.name;
    throw Error(detail::concat("ParameterLayout: no segment '", name, "'; there are: ", names));
  }
  friend bool operator==(const ParameterLayout&, const ParameterLayout&) = default;

 private:
  static Index end(const std::vector<Segment>& segments) {
    return segments.empty() ? 0 : segments.back().offset + segments.back().size();
  }
};

/// Collects the segments of a network, layer by layer in the order of the forward pass.
class LayoutBuilder {
 public:
  /// input: the shape of an example; none of its axes is interchangeable.
  explicit LayoutBuilder(const Shape& input) : activation_groups(static_cast<std::size_t>(input.rank())) {}

  /// Appends a segment of θ; groups name the permutation group of every axis of shape.
  void add_parameter(std::string_view name, Shape shape, Role role, std::vector<GroupId> groups) {
    assert(static_cast<Index>(groups.size()) == shape.rank());
    const Index offset = layout_.parameter_count();
    layout_.parameters.push_back({scope_ + std::string(name), std::move(shape), role, std::move(groups), offset});
  }
  void add_buffer(std::string_view name, Shape shape, Role role, std::vector<GroupId> groups) {
    assert(static_cast<Index>(groups.size()) == shape.rank());
    const Index offset = layout_.buffer_count();
    layout_.buffers.push_back({scope_ + std::string(name), std::move(shape), role, std::move(groups), offset});
  }
  /// A new group of `size` interchangeable units, named after the layer that is being declared.
  GroupId add_group(Index size) {
    layout_.groups.push_back({scope_.substr(0, scope_.empty() ? 0 : scope_.size() - 1), size});
    return layout_.groups.size() - 1;
  }

  /// Lengths of θ and of the buffers as declared so far.
  [[nodiscard]] Index parameter_count() const { return layout_.parameter_count(); }
  [[nodiscard]] Index buffer_count() const { return layout_.buffer_count(); }

  /// Calls declare() with `name/` put before the names that it adds.
  template <class F>
  void inside(std::string_view name, F declare) {
    const std::size_t length = scope_.size();
    (scope_ += name) += '/';
    declare();
    scope_.resize(length);
  }

  /// The finished layout. Groups that reach the network's output become fixed: the order of the logits is the data set's.
  [[nodiscard]] ParameterLayout build() && {
    std::vector<GroupId> renamed;
    std::vector<PermutationGroup> kept;
    for (std::size_t g = 0; g < layout_.groups.size(); ++g) {
      const bool fixed = std::find(activation_groups.begin(), activation_groups.end(), GroupId(g)) != activation_groups.end();
      renamed.push_back(fixed ? GroupId() : GroupId(kept.size()));
      if (!fixed) kept.push_back(layout_.groups[g]);
    }
    for (auto* segments : {&layout_.parameters, &layout_.buffers})
      for (Segment& s : *segments)
        for (GroupId& g : s.groups)
          if (g) g = renamed[*g];
    layout_.groups = std::move(kept);
    return std::move(layout_);
  }

  /// The permutation group of every axis of the activation that the next layer receives; a layer that mixes or makes axes
  /// replaces them.
  std::vector<GroupId> activation_groups;

 private:
  ParameterLayout layout_;
  std::string scope_;
};

/// Everything that training changes in a network.
template <class Scalar>
struct ModelState {
  std::vector<Scalar> parameters;  // θ, as ParameterLayout::parameters names it
  std::vector<Scalar> buffers;     // as ParameterLayout::buffers names it
  friend bool operator==(const ModelState&, const ModelState&) = default;
};

}  // namespace lmc
