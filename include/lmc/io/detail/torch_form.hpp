// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cctype>
#include <compare>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc::detail {

/// A name cut at its numbers, which are compared as numbers: `features.10.weight` is behind `features.2.weight`.
struct NumberedName {
  std::vector<std::string> texts;                            // between the numbers; one more than these
  std::vector<std::pair<std::size_t, std::string>> numbers;  // digits without leading zeros, and how many: of any length

  explicit NumberedName(std::string_view name) : texts(1) {
    for (std::size_t i = 0; i < name.size();) {
      if (std::isdigit(static_cast<unsigned char>(name[i])) == 0) {
        texts.back() += name[i++];
        continue;
      }
      std::string digits;
      for (; i < name.size() && std::isdigit(static_cast<unsigned char>(name[i])) != 0; ++i)
        if (!digits.empty() || name[i] != '0') digits += name[i];
      numbers.emplace_back(digits.size(), digits);
      texts.emplace_back();
    }
  }
  friend auto operator<=>(const NumberedName&, const NumberedName&) = default;
};

/// Cuts `fc1.weight` at its last separator: `fc1` and `weight`.
inline std::pair<std::string, std::string> cut_name(const std::string& name, char separator) {
  const std::size_t at = name.rfind(separator);
  if (at == std::string::npos) return {"", name};
  return {name.substr(0, at), name.substr(at + 1)};
}

/// The kind of the layer that a segment belongs to: `conv` of `block1/conv2/weight`.
inline std::string layer_kind(const Segment& s) {
  std::string layer = cut_name(cut_name(s.name, '/').first, '/').second;
  while (!layer.empty() && std::isdigit(static_cast<unsigned char>(layer.back())) != 0) layer.pop_back();
  return layer;
}

/// How PyTorch calls what a segment holds, without its module.
inline std::string torch_leaf(const Segment& s) {
  if (s.role == Role::mean) return "running_mean";
  if (s.role == Role::variance) return "running_var";
  return s.role == Role::bias ? "bias" : "weight";
}

/// A segment as PyTorch has it: values [blocks, channels, positions] there are [blocks, positions, channels] here.
struct TorchForm {
  std::vector<Index> shape = {};
  Index blocks = 1, positions = 1, channels = 1;
};

/// Whether PyTorch has layers of that kind, which compute the same.
inline bool is_torch_kind(std::string_view kind) {
  return kind == "dense" || kind == "conv" || kind == "batch_norm" || kind == "layer_norm";
}

/// input: the shape of an example. A first dense layer reads it flattened, in PyTorch with channels first. What PyTorch has no layer
/// for keeps its shape.
inline TorchForm torch_form(const Segment& s, bool reads_input, const Shape& input) {
  const std::vector<Index>& a = s.shape.axes();
  const std::string kind = layer_kind(s);
  if (!is_torch_kind(kind)) return {.shape = a, .blocks = s.size()};
  if (a.size() == 4 && kind == "dense") return {{a[0], a[1] * a[2] * a[3]}, a[0], a[1] * a[2], a[3]};
  if (a.size() == 4) return {{a[0], a[3], a[1], a[2]}, a[0], a[1] * a[2], a[3]};
  if (a.size() == 3) return {{a[2], a[0], a[1]}, 1, a[0] * a[1], a[2]};
  if (a.size() == 2 && reads_input && kind == "dense" && input.rank() == 3 && a[1] == input.size())
    return {a, a[0], input[0] * input[1], input[2]};
  return {.shape = a, .blocks = s.size()};
}

/// Whether PyTorch's layers do without such a segment by an option (`bias=False`, `affine=False`, `track_running_stats=False`).
inline bool is_optional_in_torch(const Segment& s) {
  return s.role == Role::bias || s.role == Role::scale || s.role == Role::mean || s.role == Role::variance;
}

/// What all its values are then.
inline int value_without(const Segment& s) { return s.role == Role::scale || s.role == Role::variance ? 1 : 0; }

/// The call of PyTorch that replaces arrays from which a module computes another by that one, where `name` is of one of them; else
/// nothing. `names`: all tensors of the file.
inline std::string undone_in_torch(const std::string& name, const std::set<std::string>& names) {
  constexpr std::string_view above = "parametrizations.";
  if (const std::size_t at = name.find(above); at != std::string::npos && (at == 0 || name[at - 1] == '.')) {
    const std::size_t array = at + above.size();
    return concat("torch.nn.utils.parametrize.remove_parametrizations(module, '",
                  name.substr(array, name.find('.', array) - array), "')");
  }
  struct Pair {
    std::string_view one, other, call;
  };
  for (const auto& [one, other, call] : {Pair{"_g", "_v", "torch.nn.utils.remove_weight_norm"},
                                         {"_mask", "_orig", "torch.nn.utils.prune.remove"},
                                         {"_u", "_orig", "torch.nn.utils.remove_spectral_norm"}}) {
    const std::string array = name.ends_with(one) ? name.substr(0, name.size() - one.size()) : "";
    if (names.contains(concat(array, other))) return concat(call, "(module, '", cut_name(array, '.').second, "')");
  }
  return "";
}

}  // namespace lmc::detail
