// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// A tensor of another trainer's network.
struct NamedShape {
  std::string name = {};  // as in the trainer's files
  Shape shape = {};       // outermost axis first
};

/// The permutation group of one axis of a tensor; an empty name where the order of the axis is fixed.
struct TableAxis {
  std::vector<Index> split = {};           // the axis is several in one, of these lengths, row-major; none: it is one
  std::vector<std::string> groups = {{}};  // one for each part of the split, or for the axis itself
};

/// What a table says of one tensor.
struct TableEntry {
  std::string tensor = {};           // its name
  std::vector<TableAxis> axes = {};  // one for each axis, in order
  bool buffer = false;               // running statistics and the like: permuted with their units, without a say in the search
};

/// What layout_from_table() makes.
struct TableLayout {
  ParameterLayout layout = {};  // its segments have the tensors' names, in the tensors' order, and split axes are several
  std::vector<std::string> unmentioned = {};  // tensors that the table does not mention: all their axes are fixed
};

namespace detail {

/// One table read against the tensors.
class TableReader {
 public:
  TableReader(std::span<const NamedShape> tensors, std::span<const TableEntry> table) : tensors_(tensors), builder_(Shape{1}) {
    std::vector<std::string_view> names;
    for (const NamedShape& tensor : tensors_) {
      require(std::ranges::find(names, tensor.name) == names.end(), "layout_from_table: there are two tensors '", tensor.name,
              "'; expected a name of its own for each");
      names.emplace_back(tensor.name);
    }
    entries_.resize(tensors_.size());
    for (const TableEntry& entry : table) {
      require(!names.empty(), "layout_from_table: the table names '", entry.tensor, "', and there are no tensors");
      const TableEntry*& place = entries_[find_name("tensor in the table of groups", entry.tensor, names)];
      require(place == nullptr, "layout_from_table: the table has two entries for '", entry.tensor,
              "'; expected one, with a group or nothing for each of its axes");
      place = &entry;
    }
  }

  TableLayout read() {
    for (std::size_t i = 0; i < tensors_.size(); ++i)
      if (entries_[i] != nullptr) note_groups(tensors_[i], *entries_[i]);
    require_connected();
    TableLayout result;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (entries_[i] == nullptr) result.unmentioned.push_back(tensors_[i].name);
      add(tensors_[i], entries_[i]);
    }
    result.layout = std::move(builder_).build();
    return result;
  }

 private:
  // Where a group was first named, and how often.
  struct Use {
    GroupId id;
    Index size = 0;
    std::string first;     // the axis, as messages call it
    std::string tensor;    // that it belongs to
    bool several = false;  // whether another tensor has it, too
  };

  static std::string place_of(const NamedShape& tensor, std::size_t axis, const TableAxis& groups, std::size_t part) {
    return concat("axis ", axis,
                  groups.split.empty() ? std::string() : concat(", part ", part, " of the split ", Shape(groups.split), ","),
                  " of '", tensor.name, "'");
  }

  // Throws: Error where an entry does not fit its tensor, or a group another axis of it.
  void note_groups(const NamedShape& tensor, const TableEntry& entry) {
    const auto rank = static_cast<std::size_t>(tensor.shape.rank());
    require(entry.axes.size() == rank, "layout_from_table: '", tensor.name, "' has the shape ", tensor.shape,
            ", and its entry groups for ", entry.axes.size(), " axes; expected one for each axis, from 0 to ",
            tensor.shape.rank() - 1, ", nothing where the order is fixed");
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const TableAxis& here = entry.axes[axis];
      const Index length = tensor.shape.axes()[axis];
      Index product = 1;
      for (const Index part : here.split)
        if (product > 0) product = part > 0 && part <= length / product ? product * part : 0;
      require(here.split.empty() || product == length, "layout_from_table: axis ", axis, " of '", tensor.name, "' has ", length,
              " entries, and is split into ", Shape(here.split), "; expected lengths whose product is ", length);
      const std::size_t parts = here.split.empty() ? 1 : here.split.size();
      require(here.groups.size() == parts, "layout_from_table: axis ", axis, " of '", tensor.name, "' has ", here.groups.size(),
              " groups for ", parts, parts == 1 ? " axis" : " parts of its split",
              "; expected one for each, or nothing in its place");
      for (std::size_t part = 0; part < parts; ++part)
        if (!here.groups[part].empty())
          note_group(here.groups[part], here.split.empty() ? length : here.split[part], tensor.name,
                     place_of(tensor, axis, here, part));
    }
  }
  void note_group(const std::string& name, Index size, const std::string& tensor, const std::string& place) {
    require(size > 0, "layout_from_table: group '", name, "' has no units at ", place);
    auto& use = uses_[name];
    if (use.first.empty()) {
      builder_.inside(name, [&] { use.id = builder_.add_group(size); });
      use.size = size;
      use.first = place;
      use.tensor = tensor;
      return;
    }
    require(use.size == size, "layout_from_table: group '", name, "' has ", use.size, " units at ", use.first, " and ", size,
            " at ", place, "; expected one length for a group");
    use.several = use.several || use.tensor != tensor;
  }
  // Units that are in one tensor alone have nothing that reads them: permuting them would change the network's function.
  void require_connected() const {
    for (const auto& [name, use] : uses_)
      require(use.several, "layout_from_table: group '", name, "' occurs only in '", use.tensor,
              "'; expected it wherever its units are made and read, also in the weights of the next layer");
  }

  void add(const NamedShape& tensor, const TableEntry* entry) {
    std::vector<Index> shape;
    std::vector<AxisGroups> groups;
    for (std::size_t axis = 0; axis < tensor.shape.axes().size(); ++axis) {
      static const TableAxis fixed;
      const TableAxis& here = entry == nullptr ? fixed : entry->axes[axis];
      if (here.split.empty()) {
        shape.push_back(tensor.shape.axes()[axis]);
      } else {
        shape.insert(shape.end(), here.split.begin(), here.split.end());
      }
      for (const std::string& group : here.groups)
        groups.push_back(group.empty() ? AxisGroups() : AxisGroups(uses_.at(group).id));
    }
    if (entry != nullptr && entry->buffer) {
      builder_.add_buffer(tensor.name, Shape(shape), Role::mean, std::move(groups));
    } else {
      builder_.add_parameter(tensor.name, Shape(shape), shape.size() == 1 ? Role::bias : Role::weight, std::move(groups));
    }
  }

  std::span<const NamedShape> tensors_;
  std::vector<const TableEntry*> entries_;  // of each tensor; none where the table does not mention it
  std::map<std::string, Use, std::less<>> uses_;
  LayoutBuilder builder_;
};

}  // namespace detail

/// The layout of another trainer's network, from the shapes of its tensors and a table that says for each axis which group of
/// interchangeable units lies along it. For linear(weight [16, 8], bias [16]) behind a convolution of 2 channels on 2 × 2 positions:
///   {"linear.weight", {{.groups = {"hidden"}}, {.split = {2, 2, 2}, .groups = {"channels", "", ""}}}},  {"linear.bias", {{.groups = {"hidden"}}}}
/// An axis that a flattening made is split into what it was made of, in its order: {channels, height, width} in PyTorch,
/// {height, width, channels} where channels come last; permuting channels then moves whole blocks, or single entries of every
/// position. Segments lie in the layout in the order of the tensors, buffers apart; what the table does not mention stays as it is.
///
/// The table is checked against itself and the tensors before any search: Throws: Error, with the tensor and the axis, when it
/// names a tensor that there is not (with the nearest name), one twice, or more or fewer axes than a tensor has; when a split does not
/// have the length of its axis; when a group has two lengths, or occurs in one tensor alone, so that permuting it would change the
/// network. Whether a group is left out where its units are read cannot be seen from shapes: compare the outputs of the
/// permuted network with those before.
inline TableLayout layout_from_table(std::span<const NamedShape> tensors, std::span<const TableEntry> table) {
  return detail::TableReader(tensors, table).read();
}

}  // namespace lmc
