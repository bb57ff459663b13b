// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// What a segment of θ, or of the buffers, does in its layer.
enum class Role { weight, bias, scale, embedding, mean, variance };

/// Position of a permutation group in ParameterLayout::groups; nothing for an axis whose order is fixed from outside (pixels,
/// classes).
using GroupId = std::optional<std::size_t>;

/// The permutation group of an axis of an array: one for the whole array, or one for each index of other axes (a locally
/// connected layer's channels can be permuted at each position on their own).
struct AxisGroups {
  std::vector<Index> over = {};               // the axes whose index selects the group, ascending; none: one group
  std::vector<GroupId> ids = {std::nullopt};  // one for each index over those axes, row-major

  AxisGroups() = default;
  /// One group for the whole array; nothing for an axis whose order is fixed.
  AxisGroups(GroupId id) : ids{id} {}  // NOLINT(google-explicit-constructor): one group is the usual case
  /// No group: the order of the axis is fixed.
  AxisGroups(std::nullopt_t) : AxisGroups() {}  // NOLINT(google-explicit-constructor)
  /// A group for each index over the axes `over_`, row-major. Nothing is checked here.
  AxisGroups(std::vector<Index> over_, std::vector<GroupId> ids_) : over(std::move(over_)), ids(std::move(ids_)) {}

  /// The group at an index of the array, which has that shape.
  [[nodiscard]] GroupId at(const Shape& shape, std::span<const Index> index) const {
    Index entry = 0;
    for (const Index axis : over) entry = entry * shape[axis] + index[static_cast<std::size_t>(axis)];
    return ids[static_cast<std::size_t>(entry)];
  }
  /// The same groups in an array that has `axes` more axes in front.
  [[nodiscard]] AxisGroups shifted(Index axes) const {
    AxisGroups moved = *this;
    for (Index& axis : moved.over) axis += axes;
    return moved;
  }
  friend bool operator==(const AxisGroups&, const AxisGroups&) = default;
};

/// Interchangeable units: applying one permutation of 0 … size − 1 wherever the group occurs in θ and in the buffers leaves the
/// network's function unchanged.
struct PermutationGroup {
  std::string name;  // the layer whose outputs are permuted: `dense1`
  Index size = 0;    // units, the length of the axes that are permuted
  bool scalable =
      false;  // whether a unit's incoming weights and biases can be multiplied by any c > 0, its outgoing ones divided
              // by it, and the function stays: align/scaling.hpp
  friend bool operator==(const PermutationGroup&, const PermutationGroup&) = default;
};

/// How a weight is read as a matrix, or as several: the axes in front number the matrices (the positions of a locally connected
/// layer), the next ones are their rows (the outputs), the rest their columns (what an output sums over).
struct MatrixAxes {
  Index matrices = 0;  // how many axes number matrices
  Index rows = 1;      // how many are rows
  friend bool operator==(const MatrixAxes&, const MatrixAxes&) = default;
};

/// A named array inside a flat vector.
struct Segment {
  std::string name;                // path from the outermost network: `block1/dense2/weight`
  Shape shape;                     // never flattened: a readout after a convolution is [out, height, width, channels]
  Role role = Role::weight;        // what it does in its layer
  std::vector<AxisGroups> groups;  // one per axis
  Index offset = 0;                // position of the first entry
  MatrixAxes matrix = {};          // of a weight

  /// Number of its entries.
  [[nodiscard]] Index size() const { return shape.size(); }
  friend bool operator==(const Segment&, const Segment&) = default;
};

/// What lies where in a network's parameters θ and in its buffers. Segments are in order and without holes.
struct ParameterLayout {
  std::vector<Segment> parameters;       // of θ
  std::vector<Segment> buffers;          // running statistics and the like: part of the model state, not of θ
  std::vector<PermutationGroup> groups;  // that the axes of segments name by their positions here

  /// Length of θ, in scalars.
  [[nodiscard]] Index parameter_count() const { return end(parameters); }
  /// Length of the buffers, in scalars.
  [[nodiscard]] Index buffer_count() const { return end(buffers); }

  /// The parameter segment of that name. Throws: Error that lists the names there are.
  [[nodiscard]] const Segment& at(std::string_view name) const {
    const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const Segment& s) { return s.name == name; });
    if (found != parameters.end()) return *found;
    std::string names;
    for (const Segment& s : parameters) names += (names.empty() ? "" : ", ") + s.name;
    throw Error(concat("ParameterLayout: no segment '", name, "'; there are: ", names));
  }
  friend bool operator==(const ParameterLayout&, const ParameterLayout&) = default;

 private:
  static Index end(const std::vector<Segment>& segments) {
    return segments.empty() ? 0 : segments.back().offset + segments.back().size();
  }
};

/// What one layer hands to the next: the axes of an example, which a Flatten leaves as they were, and their permutation groups.
struct ActivationLayout {
  Shape shape;                     // shape of one example
  std::vector<AxisGroups> groups;  // one per axis
};

/// Collects the segments of a network, layer by layer in the order of the forward pass.
class LayoutBuilder {
 public:
  /// input: the shape of an example; none of its axes is interchangeable.
  explicit LayoutBuilder(const Shape& input)
      : activation{input, std::vector<AxisGroups>(static_cast<std::size_t>(input.rank()))} {}

  /// Appends a segment of θ; groups name the permutation groups of every axis of shape.
  void add_parameter(std::string_view name, Shape shape, Role role, std::vector<AxisGroups> groups, MatrixAxes matrix = {}) {
    require(matrix.matrices >= 0 && matrix.rows >= 1 && matrix.matrices + matrix.rows <= std::max<Index>(1, shape.rank()),
            "LayoutBuilder: '", scope_, name, "' has the shape ", shape, ", but ", matrix.matrices,
            " axes that number matrices and ", matrix.rows,
            " of their rows; expected at least one of rows, and no more than it has");
    add(layout_.parameters, layout_.parameter_count(), name, std::move(shape), role, std::move(groups));
    layout_.parameters.back().matrix = matrix;
  }
  /// The same for a layer that knows nothing of permutations: no axis can be permuted, neither the segment's nor those of what
  /// the layer receives.
  void add_parameter(std::string_view name, const Shape& shape, Role role = Role::weight) {
    fix_activation();
    add_parameter(name, shape, role, std::vector<AxisGroups>(static_cast<std::size_t>(shape.rank())));
  }
  /// As add_parameter(), for a segment of the buffers.
  void add_buffer(std::string_view name, Shape shape, Role role, std::vector<AxisGroups> groups) {
    add(layout_.buffers, layout_.buffer_count(), name, std::move(shape), role, std::move(groups));
  }
  /// The same for a layer that knows nothing of permutations.
  void add_buffer(std::string_view name, const Shape& shape, Role role) {
    fix_activation();
    add_buffer(name, shape, role, std::vector<AxisGroups>(static_cast<std::size_t>(shape.rank())));
  }
  /// A new group of `size` interchangeable units, named after the layer that is being declared.
  GroupId add_group(Index size) {
    layout_.groups.push_back({scope_.substr(0, scope_.empty() ? 0 : scope_.size() - 1), size});
    same_as_.push_back(same_as_.size());
    fixed_.push_back(false);
    scaling_.push_back(Scaling::unknown);
    return layout_.groups.size() - 1;
  }
  /// From now on a and b are one group; one that is joined with a fixed axis is fixed.
  void unify(GroupId a, GroupId b) {
    if (!a || !b) {
      if (a) fixed_[root(*a)] = true;
      if (b) fixed_[root(*b)] = true;
      return;
    }
    const std::size_t x = root(*a), y = root(*b);
    assert(layout_.groups[x].size == layout_.groups[y].size);
    same_as_[std::max(x, y)] = std::min(x, y);
    fixed_[std::min(x, y)] = fixed_[x] || fixed_[y];
  }
  /// Two activations are added to each other: their groups are one, axis by axis and index by index. Where one of them was
  /// flattened, nothing corresponds, and no permutation is allowed.
  void unify(const ActivationLayout& a, const ActivationLayout& b) {
    if (a.shape != b.shape) {
      fix(a);
      fix(b);
      return;
    }
    for_each_index(a.shape, [&](std::span<const Index> index) {
      for (std::size_t axis = 0; axis < a.groups.size(); ++axis)
        unify(a.groups[axis].at(a.shape, index), b.groups[axis].at(b.shape, index));
    });
  }
  /// No unit of the group can be scaled (PermutationGroup::scalable), whatever other layers say.
  void forbid_scaling(GroupId group) {
    if (group) scaling_[*group] = Scaling::forbidden;
  }
  /// No permutation of these units is allowed.
  void fix(GroupId group) { unify(group, std::nullopt); }
  /// No permutation of what the next layer receives is allowed.
  void fix_activation() { fix(activation); }
  /// What the next layer receives has that shape, and no axis of it can be permuted, nor could before.
  void replace_activation(const Shape& shape) {
    fix_activation();
    activation = {shape, std::vector<AxisGroups>(static_cast<std::size_t>(shape.rank()))};
  }

  /// Length of θ as declared so far.
  [[nodiscard]] Index parameter_count() const { return layout_.parameter_count(); }
  /// Length of the buffers as declared so far.
  [[nodiscard]] Index buffer_count() const { return layout_.buffer_count(); }

  /// Calls declare() with `name/` put before the names that it adds.
  template <class F>
  void inside(std::string_view name, F declare) {
    const std::size_t length = scope_.size();
    (scope_ += name) += '/';
    declare();
    scope_.resize(length);
  }

  /// The same for a layer whose output has that shape. What the layer says nothing of is fixed: the groups of its input, where
  /// neither its segments nor its output mention one of them, and its output, where it changes the shape of an example.
  /// scales_units: whether the layer says that (ScalesUnits); if not, no unit that it reads, has or hands on can be scaled.
  template <class F>
  void inside_layer(std::string_view name, const Shape& output, F declare, bool scales_units = false) {
    const ActivationLayout in = activation;
    const std::size_t parameters = layout_.parameters.size(), buffers = layout_.buffers.size(), groups = layout_.groups.size();
    inside(name, declare);
    for (std::size_t g = groups; g < layout_.groups.size(); ++g)
      if (scaling_[g] == Scaling::unknown) scaling_[g] = scales_units ? Scaling::allowed : Scaling::forbidden;
    if (!scales_units) forbid_scaling(in, parameters, buffers);
    // A Flatten leaves the axes as they were; any other shape than that of the output is of a layer that said nothing.
    if (activation.shape.size() != output.size() || (output.rank() > 1 && activation.shape != output))
      replace_activation(output);
    if (!is_used(in, parameters, buffers)) fix(in);
  }

  /// The finished layout. Groups that reach the network's output become fixed: the order of the logits is the data set's.
  [[nodiscard]] ParameterLayout build() && { return std::move(*this).build({}); }
  /// The same; the groups of `activations`, which were taken on the way, then are those of the layout, too.
  [[nodiscard]] ParameterLayout build(std::span<ActivationLayout> activations) && {
    fix_activation();
    std::vector<bool> used(layout_.groups.size());
    for (const auto* segments : {&layout_.parameters, &layout_.buffers})
      for (const Segment& s : *segments)
        for (const AxisGroups& axis : s.groups)
          for (const GroupId& id : axis.ids)
            if (id) used[root(*id)] = true;
    std::vector<GroupId> renamed(layout_.groups.size());
    std::vector<PermutationGroup> kept;
    std::vector<bool> scalable(layout_.groups.size(), true);  // for roots
    for (std::size_t g = 0; g < layout_.groups.size(); ++g)
      if (scaling_[g] != Scaling::allowed) scalable[root(g)] = false;
    for (std::size_t g = 0; g < layout_.groups.size(); ++g) {
      if (!used[g] || fixed_[g] || root(g) != g) continue;
      renamed[g] = kept.size();
      kept.push_back(layout_.groups[g]);
      kept.back().scalable = scalable[g];
    }
    const auto rename = [&](std::vector<AxisGroups>& groups) {
      for (AxisGroups& axis : groups)
        for (GroupId& id : axis.ids)
          if (id) id = renamed[root(*id)];
    };
    for (auto* segments : {&layout_.parameters, &layout_.buffers})
      for (Segment& s : *segments) rename(s.groups);
    for (ActivationLayout& taken : activations) rename(taken.groups);
    layout_.groups = std::move(kept);
    return std::move(layout_);
  }

  /// What the next layer receives; a layer that mixes or makes axes replaces it.
  ActivationLayout activation;

 private:
  enum class Scaling { unknown, allowed, forbidden };

  void add(std::vector<Segment>& segments, Index offset, std::string_view name, Shape shape, Role role,
           std::vector<AxisGroups> groups) {
    require(static_cast<Index>(groups.size()) == shape.rank(), "LayoutBuilder: '", scope_, name, "' has the shape ", shape,
            " and groups for ", groups.size(),
            " axes; expected one entry for each axis: std::nullopt where the order is fixed, "
            "activation.groups[i] where it is that of the activation's axis i");
    const std::string full = scope_ + std::string(name);
    require(std::ranges::none_of(segments, [&](const Segment& s) { return s.name == full; }),
            "LayoutBuilder: there are two segments '", full, "'; expected a name of its own for each");
    for (std::size_t axis = 0; axis < groups.size(); ++axis) require_group(full, shape, axis, groups[axis]);
    segments.push_back({scope_ + std::string(name), std::move(shape), role, std::move(groups), offset, {}});
  }
  void fix(const ActivationLayout& part) {
    for (const AxisGroups& axis : part.groups)
      for (const GroupId& id : axis.ids) fix(id);
  }
  // The groups of what a layer received, of its segments, which begin with these, and of what the next layer receives.
  void forbid_scaling(const ActivationLayout& in, std::size_t first_parameter, std::size_t first_buffer) {
    const auto forbid = [&](const std::vector<AxisGroups>& groups) {
      for (const AxisGroups& axis : groups)
        for (const GroupId& id : axis.ids) forbid_scaling(id);
    };
    forbid(in.groups);
    for (std::size_t i = first_parameter; i < layout_.parameters.size(); ++i) forbid(layout_.parameters[i].groups);
    for (std::size_t i = first_buffer; i < layout_.buffers.size(); ++i) forbid(layout_.buffers[i].groups);
    forbid(activation.groups);
  }
  // Whether the groups of an axis exist, have its length, and are as many as the axes that they differ over have indices.
  void require_group(const std::string& segment, const Shape& shape, std::size_t axis, const AxisGroups& groups) const {
    Index indices = 1;
    for (const Index over : groups.over) {
      require(over >= 0 && over < shape.rank(), "LayoutBuilder: '", segment, "' has the shape ", shape,
              ", and groups over its axis ", over);
      indices *= shape[over];
    }
    require(static_cast<Index>(groups.ids.size()) == indices, "LayoutBuilder: axis ", axis, " of '", segment, "' has ",
            groups.ids.size(), " groups; expected ", indices, ", one for each index over the other axes that they differ over");
    const Index length = shape[static_cast<Index>(axis)];
    for (const GroupId& id : groups.ids)
      require(!id || (*id < layout_.groups.size() && layout_.groups[*id].size == length), "LayoutBuilder: axis ", axis, " of '",
              segment, "' has ", length, " entries, its group ",
              id && *id < layout_.groups.size() ? layout_.groups[*id].size : 0, " units; expected as many");
  }
  // Whether one of the groups is that of an axis of the segments from these on, or of what the next layer receives.
  [[nodiscard]] bool is_used(const ActivationLayout& in, std::size_t first_parameter, std::size_t first_buffer) {
    std::vector<bool> used(layout_.groups.size());
    const auto use = [&](const std::vector<AxisGroups>& groups) {
      for (const AxisGroups& axis : groups)
        for (const GroupId& id : axis.ids)
          if (id) used[root(*id)] = true;
    };
    for (std::size_t i = first_parameter; i < layout_.parameters.size(); ++i) use(layout_.parameters[i].groups);
    for (std::size_t i = first_buffer; i < layout_.buffers.size(); ++i) use(layout_.buffers[i].groups);
    use(activation.groups);
    return std::ranges::any_of(in.groups, [&](const AxisGroups& axis) {
      return std::ranges::any_of(axis.ids, [&](const GroupId& id) { return id && used[root(*id)]; });
    });
  }
  // The group that stands for g and all that were joined with it: the first declared.
  [[nodiscard]] std::size_t root(std::size_t g) {
    while (same_as_[g] != g) g = same_as_[g] = same_as_[same_as_[g]];
    return g;
  }

  ParameterLayout layout_;
  std::string scope_;
  std::vector<std::size_t> same_as_;  // a disjoint-set forest over the groups
  std::vector<bool> fixed_;           // for roots: whether the group is fixed
  std::vector<Scaling> scaling_;      // what layers said of each group
};

/// Everything that training changes in a network.
template <class Scalar>
struct ModelState {
  std::vector<Scalar> parameters;  // θ, as ParameterLayout::parameters names it
  std::vector<Scalar> buffers;     // as ParameterLayout::buffers names it
  friend bool operator==(const ModelState&, const ModelState&) = default;
};

}  // namespace lmc
