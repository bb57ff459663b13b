// SPDX-License-Identifier: BSD-3-Clause
#include "align/network_pair.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/align/layout_from_table.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/io/safetensors.hpp>

using lmc::concat;
using lmc::NamedTensor;
using lmc::require;
using lmc::Safetensors;

namespace {

const NamedTensor* find(const Safetensors& file, const std::string& name) {
  const auto found = std::ranges::find(file.tensors, name, &NamedTensor::name);
  return found == file.tensors.end() ? nullptr : &*found;
}

bool is_floating(const NamedTensor& tensor) { return !std::holds_alternative<lmc::RawValues>(tensor.values); }

// Throws: lmc::Error that lists in what the two files differ.
void require_same_tensors(const Safetensors& a, const std::string& name_a, const Safetensors& b, const std::string& name_b) {
  std::string differences;
  const auto add = [&](const auto&... parts) { differences += concat("\n  ", parts...); };
  for (const NamedTensor& tensor : a.tensors) {
    const NamedTensor* other = find(b, tensor.name);
    if (other == nullptr) {
      add("'", tensor.name, "' is only in ", name_a);
    } else if (other->shape != tensor.shape || other->dtype() != tensor.dtype()) {
      add("'", tensor.name, "' is ", tensor.dtype(), " ", tensor.shape, " in ", name_a, " and ", other->dtype(), " ",
          other->shape, " in ", name_b);
    }
  }
  for (const NamedTensor& tensor : b.tensors)
    if (find(a, tensor.name) == nullptr) add("'", tensor.name, "' is only in ", name_b);
  require(differences.empty(), "the files are not of one network:", differences);
}

// The values of the layout's segments; a tensor lies in its segment as it lies in the file.
lmc::ModelState<double> state_of(const Safetensors& file, const lmc::ParameterLayout& layout) {
  const auto values_of = [&](const std::vector<lmc::Segment>& segments) {
    std::vector<double> all;
    for (const lmc::Segment& segment : segments)
      std::visit(
          [&](const auto& values) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(values)>, lmc::RawValues>)
              all.insert(all.end(), values.begin(), values.end());
          },
          find(file, segment.name)->values);
    return all;
  };
  return {values_of(layout.parameters), values_of(layout.buffers)};
}

}  // namespace

NetworkPair::NetworkPair(const std::filesystem::path& path_a, const std::filesystem::path& path_b,
                         const std::vector<lmc::TableEntry>& table)
    : file_b_(lmc::load_safetensors(path_b)) {
  const Safetensors file_a = lmc::load_safetensors(path_a);
  require_same_tensors(file_a, "'" + path_a.string() + "'", file_b_, "'" + path_b.string() + "'");
  std::vector<lmc::NamedShape> tensors;
  for (const NamedTensor& tensor : file_b_.tensors) {
    if (is_floating(tensor)) {
      tensors.push_back({tensor.name, tensor.shape});
      continue;
    }
    const bool mentioned = std::ranges::find(table, tensor.name, &lmc::TableEntry::tensor) != table.end();
    require(!mentioned, "the table gives '", tensor.name, "' groups, which is ", tensor.dtype(),
            "; expected F32 or F64: leave it out of the table where it has to stay as it is, or convert both files");
    fixed_.push_back(concat(tensor.name, " (", tensor.dtype(), ")"));
  }
  auto [layout, unmentioned] = lmc::layout_from_table(tensors, table);
  layout_ = std::move(layout);
  unmentioned_ = std::move(unmentioned);
  fixed_.insert(fixed_.begin(), unmentioned_.begin(), unmentioned_.end());
  a_ = state_of(file_a, layout_);
  b_ = state_of(file_b_, layout_);
}

std::vector<std::string> NetworkPair::suspects() const {
  std::vector<std::string> found;
  for (const std::string& name : unmentioned_) {
    const lmc::Shape& shape = find(file_b_, name)->shape;
    for (const lmc::PermutationGroup& group : layout_.groups)
      if (shape == lmc::Shape(group.size)) {
        found.push_back(concat("'", name, "' is not in the table, and has one entry for each of the ", group.size,
                               " units of '", group.name, "'; was it forgotten?"));
        break;
      }
  }
  return found;
}

Safetensors NetworkPair::permuted_b(const lmc::Permutations& permutations) const {
  const lmc::ModelState<double> moved = lmc::permute(layout_, permutations, b_);
  Safetensors file = file_b_;
  const auto put = [&](const std::vector<lmc::Segment>& segments, const std::vector<double>& values) {
    for (const lmc::Segment& segment : segments) {
      NamedTensor& tensor = *std::ranges::find(file.tensors, segment.name, &NamedTensor::name);
      std::visit(
          [&](auto& own) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(own)>, lmc::RawValues>)
              for (std::size_t i = 0; i < own.size(); ++i)
                own[i] = static_cast<std::decay_t<decltype(own[i])>>(values[static_cast<std::size_t>(segment.offset) + i]);
          },
          tensor.values);
    }
  };
  put(layout_.parameters, moved.parameters);
  put(layout_.buffers, moved.buffers);
  return file;
}
