// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/io/detail/torch_form.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/io/tensor_place.hpp>

namespace lmc::detail {

/// Finds for every segment of a layout the tensor with its numbers.
class TorchMatcher {
 public:
  TorchMatcher(const Safetensors& file, const ParameterLayout& layout, const Shape& input, const std::string& who)
      : file_(file), who_(who) {
    for (const auto* segments : {&layout.parameters, &layout.buffers})
      for (const Segment& s : *segments) {
        const bool first = !layout.parameters.empty() && &s == &layout.parameters.front();
        segments_.push_back({&s, torch_form(s, first, input), {}, false});
      }
    for (std::size_t t = 0; t < file.tensors.size(); ++t) {
      if (cut_name(file.tensors[t].name, '.').second == "num_batches_tracked") continue;
      free_.insert(t);
    }
  }

  void take(const TensorPlace& place) {
    const auto segment = std::ranges::find(segments_, place.segment, [](const Place& p) { return p.segment->name; });
    require(segment != segments_.end(), who_, ": the table names '", place.segment, "', and the network has no such segment",
            hint_at_segment(place.segment), "; ", lists());
    const auto tensor = std::ranges::find_if(free_, [&](std::size_t t) { return file_.tensors[t].name == place.tensor; });
    require(tensor != free_.end(), who_, ": the table names '", place.tensor, "', which the file has not, or which is taken; ",
            lists());
    require(!segment->tensor, who_, ": the table names '", place.segment, "' twice");
    require_array(file_.tensors[*tensor]);
    const Shape& shape = file_.tensors[*tensor].shape;
    require(shape.axes() == segment->form.shape, who_, ": tensor '", place.tensor, "' has the shape ", shape, ", expected ",
            Shape(segment->form.shape), " for '", place.segment, "'");
    segment->tensor = *tensor;
    free_.erase(tensor);
  }
  // The rest of a module goes where the table puts a part of it; then modules and layers of one form are paired in order. Where the
  // table has a tensor for every segment, what else is in the file belongs to no layer.
  void match() {
    require_undone();
    if (std::ranges::all_of(segments_, [](const Place& p) { return p.tensor.has_value(); })) return;
    for (const std::size_t t : free_) require_array(file_.tensors[t]);
    complete_named();
    std::map<Form, std::vector<std::string>> modules;  // the names in front of the leaves
    std::map<Form, std::vector<std::string>> layers;
    for (auto& [name, form] : forms(free_, [&](std::size_t t) { return module_of(t); })) modules[form].push_back(name);
    std::vector<std::size_t> open;
    for (std::size_t s = 0; s < segments_.size(); ++s)
      if (!segments_[s].tensor && !segments_[s].left_out) open.push_back(s);
    for (const std::size_t s : open)
      require(is_torch_kind(layer_kind(*segments_[s].segment)), who_, ": PyTorch has no layer like that of '",
              segments_[s].segment->name, "'; ", lists());
    for (const auto& [name, form] : forms(open, [&](std::size_t s) { return layer_of(s); })) layers[form].push_back(name);
    std::map<std::size_t, std::string> unlike;  // layers without modules, as messages say it, by their place in the network
    for (auto& [form, names] : layers) {
      std::vector<std::string> of_file;
      const auto take = [&](const Form& of_modules) {
        auto found = modules.extract(of_modules);
        if (found) of_file.insert(of_file.end(), found.mapped().begin(), found.mapped().end());
      };
      take(form);
      std::vector<Form> shorter;
      for (const auto& [other, same_form] : modules)
        if (!layers.contains(other) && lacks_options_alone(other, form)) shorter.push_back(other);
      if (of_file.size() < names.size()) std::ranges::for_each(shorter, take);
      if (of_file.size() != names.size()) {
        const auto place = std::ranges::find(open, names.front(), [&](std::size_t s) { return layer_of(s).first; });
        unlike[*place] = concat(counted(names.size(), "layer"), " of the network (", joined(names), ") and ",
                                counted(of_file.size(), "module"), " of the file have the shapes of '", names.front(), "'");
        continue;
      }
      std::ranges::sort(of_file, {}, [](const std::string& n) { return NumberedName(n); });
      for (const std::string& n : of_file)
        require(NumberedName(n).texts == NumberedName(of_file.front()).texts, who_, ": '", of_file.front(), "' and '", n,
                "' have equal shapes, and their names do not say which is first; ", lists());
      for (const std::size_t s : open)
        for (std::size_t k = 0; k < names.size(); ++k)
          if (layer_of(s).first == names[k]) {
            segments_[s].tensor = position_of(of_file[k], layer_of(s).second.first);
            segments_[s].left_out = !segments_[s].tensor;
          }
      if (names.size() > 1) sorted_.insert(of_file.begin(), of_file.end());
    }
    std::vector<std::string> all_unlike;
    for (const auto& [place, text] : unlike) all_unlike.push_back(text);
    require(unlike.empty(), who_, ": ", joined(all_unlike), "; ", lists());
    if (!modules.empty()) {
      const auto& [form, names] = *modules.begin();
      const std::string& module = names.front();
      const auto tensor = std::ranges::find_if(free_, [&](std::size_t t) { return module_of(t).first == module; });
      throw Error(concat(who_, ": the network has no layer like the ",
                         module.empty() ? concat("tensor '", file_.tensors[*tensor].name) : concat("module '", module), "'; ",
                         lists(way_out(form))));
    }
    require_rising();
  }

  [[nodiscard]] std::vector<TensorPlace> places() const {
    std::vector<TensorPlace> all;
    for (const Place& p : segments_)
      if (p.tensor) all.push_back({file_.tensors[*p.tensor].name, p.segment->name});
    return all;
  }

  template <std::floating_point T>
  void copy(std::size_t s, std::span<T> out) const {
    const TorchForm& f = segments_[s].form;
    if (!segments_[s].tensor) {
      std::ranges::fill(out, static_cast<T>(value_without(*segments_[s].segment)));
      return;
    }
    std::visit(
        [&](const auto& values) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(values)>, RawValues>)
            for (Index block = 0; block < f.blocks; ++block)
              for (Index c = 0; c < f.channels; ++c)
                for (Index p = 0; p < f.positions; ++p)
                  out[static_cast<std::size_t>((block * f.positions + p) * f.channels + c)] =
                      static_cast<T>(values[static_cast<std::size_t>((block * f.channels + c) * f.positions + p)]);
        },
        file_.tensors[*segments_[s].tensor].values);
  }
  [[nodiscard]] std::vector<const Segment*> segments() const {
    std::vector<const Segment*> all;
    for (const Place& p : segments_) all.push_back(p.segment);
    return all;
  }

 private:
  struct Place {
    const Segment* segment;
    TorchForm form;
    std::optional<std::size_t> tensor;
    bool left_out;  // the file has no such tensor, and needs none
  };
  using Leaf = std::pair<std::string, std::vector<Index>>;  // `weight` and its shape in PyTorch
  using Form = std::vector<Leaf>;

  // Numbers in names say the order of modules with equal shapes only where they rise along all the network's layers: in `fc4`, `fc2`,
  // `fc3`, `fc1`, where shapes put the first and the last, they count from the end.
  void require_rising() const {
    std::map<std::vector<std::string>, std::string> last;  // module, by the texts between the numbers
    std::set<std::vector<std::string>> uncertain;
    for (const std::string& module : sorted_) uncertain.insert(NumberedName(module).texts);
    for (const Place& p : segments_) {
      if (!p.tensor) continue;
      const std::string module = module_of(*p.tensor).first;
      const NumberedName name(module);
      std::string& before = last[name.texts];
      require(before.empty() || before == module || !uncertain.contains(name.texts) || NumberedName(before) < name, who_, ": '",
              before, "' comes before '", module,
              "' in the network, against the order of their numbers, so that these do not say the order of modules with equal "
              "shapes; ",
              lists());
      before = module;
    }
  }
  // Throws: Error unless a tensor can be an array of one of PyTorch's layers.
  void require_array(const NamedTensor& t) const {
    const std::string type = t.dtype();
    constexpr const char* leave_out =
        ", as parameters are. Where it belongs to no layer, leave it out when you save, or give a table of names that has a tensor "
        "for every segment of the network: the rest is ignored then";
    require(!std::holds_alternative<RawValues>(t.values), who_, ": tensor '", t.name, "' is ", type, "; expected F32 or F64",
            type == "F16" || type == "BF16" ? "; widen_halves converts F16 and BF16" : leave_out);
    require(t.shape.rank() > 0, who_, ": tensor '", t.name, "' is a single number; expected arrays", leave_out);
    const std::string leaf = t.name.substr(t.name.find_last_of("./") + 1);
    require(leaf != "kernel", who_, ": tensor '", t.name,
            "' is a kernel, as Flax and Keras write it, with the outputs behind the inputs; expected PyTorch's order: save ",
            t.shape.rank() == 4 ? "x.transpose(3, 2, 0, 1)" : "its transpose, x.T,", " by the name 'weight'");
  }
  // `dense2/weight` for `dense2.weight`.
  [[nodiscard]] std::string hint_at_segment(std::string name) const {
    std::ranges::replace(name, '.', '/');
    const bool is_one = std::ranges::any_of(segments_, [&](const Place& p) { return p.segment->name == name; });
    return is_one ? concat("; '", name, "' is one") : std::string();
  }
  static std::string counted(std::size_t count, const char* what) { return concat(count, ' ', what, count == 1 ? "" : "s"); }
  void require_undone() const {
    std::set<std::string> names;
    for (const NamedTensor& t : file_.tensors) names.insert(t.name);
    for (const NamedTensor& t : file_.tensors) {
      const std::string undo = undone_in_torch(t.name, names);
      require(undo.empty(), who_, ": tensor '", t.name,
              "' is no array of a layer, but one that PyTorch computes it from; expected the layer's own: in PyTorch call ",
              undo, " for each such module, and save the state dict again");
    }
  }
  // Parts that are left of a named module and its layer could only be confused with those of others.
  void complete_named() {
    std::map<std::string, std::set<std::string>> layers;  // by module, as the table has them
    std::set<std::string> named;
    for (std::size_t s = 0; s < segments_.size(); ++s)
      if (segments_[s].tensor) {
        layers[module_of(*segments_[s].tensor).first].insert(layer_of(s).first);
        named.insert(layer_of(s).first);
      }
    for (std::size_t s = 0; s < segments_.size(); ++s) {
      if (segments_[s].tensor || !is_torch_kind(layer_kind(*segments_[s].segment))) continue;
      const auto follows = [&](std::size_t t) {
        const auto [module, leaf] = module_of(t);
        const auto found = layers.find(module);
        return found != layers.end() && found->second == std::set{layer_of(s).first} && leaf == layer_of(s).second;
      };
      const auto tensor = std::ranges::find_if(free_, follows);
      if (tensor == free_.end()) continue;
      segments_[s].tensor = *tensor;
      free_.erase(tensor);
    }
    for (const std::size_t t : free_)
      require(!layers.contains(module_of(t).first), who_, ": the table names the module '", module_of(t).first,
              "' in part, and where its tensor '", file_.tensors[t].name, "' belongs is open; name it, too: ", lists());
    for (std::size_t s = 0; s < segments_.size(); ++s) {
      if (segments_[s].tensor || !named.contains(layer_of(s).first)) continue;
      segments_[s].left_out = is_optional_in_torch(*segments_[s].segment);
      require(segments_[s].left_out, who_, ": the table names the layer '", layer_of(s).first,
              "' in part, and what belongs to '", segments_[s].segment->name, "' is open; name it, too: ", lists());
    }
  }
  // Whether a module is a layer of that form but for what PyTorch's layers may do without. Both are sorted.
  static bool lacks_options_alone(const Form& module, const Form& layer) {
    if (module.size() >= layer.size() || !std::ranges::includes(layer, module)) return false;
    Form rest;
    std::ranges::set_difference(layer, module, std::back_inserter(rest));
    return std::ranges::none_of(rest, [](const Leaf& leaf) { return leaf.first == "weight" && leaf.second.size() > 1; });
  }
  [[nodiscard]] std::pair<std::string, Leaf> module_of(std::size_t t) const {
    const auto [module, leaf] = cut_name(file_.tensors[t].name, '.');
    return {module, {leaf, file_.tensors[t].shape.axes()}};
  }
  [[nodiscard]] std::pair<std::string, Leaf> layer_of(std::size_t s) const {
    return {cut_name(segments_[s].segment->name, '/').first, {torch_leaf(*segments_[s].segment), segments_[s].form.shape}};
  }
  // Names with their leaves, in the order in which the names come first.
  template <class Positions, class Part>
  static std::vector<std::pair<std::string, Form>> forms(const Positions& positions, Part part_of) {
    std::vector<std::pair<std::string, Form>> all;
    for (const std::size_t i : positions) {
      auto [name, leaf] = part_of(i);
      auto found = std::ranges::find(all, name, &std::pair<std::string, Form>::first);
      if (found == all.end()) found = all.insert(all.end(), {name, {}});
      found->second.push_back(std::move(leaf));
    }
    for (auto& [name, form] : all) std::ranges::sort(form);
    return all;
  }
  [[nodiscard]] std::optional<std::size_t> position_of(const std::string& module, const std::string& leaf) const {
    const auto found = std::ranges::find_if(
        free_, [&](std::size_t t) { return module_of(t).first == module && module_of(t).second.first == leaf; });
    return found == free_.end() ? std::nullopt : std::optional(*found);
  }
  static std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }
  // Which network has layers like a module that this one lacks; empty where that is open.
  static std::string_view way_out(const Form& module) {
    if (std::ranges::find(module, "running_mean", &Leaf::first) != module.end())
      return "running_mean is batch normalization's: give a network that has it, with Normalization::batch or --norm batch.";
    const bool scales = module.size() == 2 && module[1].first == "weight" && module[1].second.size() == 1;
    if (scales && module[0].first == "bias")
      return "a weight for each channel is a normalization's: give a network that has it, with Normalization::layer or --norm layer, "
             "batch where running statistics were not kept.";
    return "";
  }
  // What there is on both sides, after the way out. Where an array of one side has no shape of the other's, no table of names helps.
  [[nodiscard]] std::string lists(std::string_view advice = "") const {
    std::set<std::vector<Index>> of_file, of_network;
    for (const NamedTensor& t : file_.tensors) of_file.insert(t.shape.axes());
    for (const Place& p : segments_) of_network.insert(p.form.shape);
    bool all_have_one = true;
    const auto note = [&](const std::vector<Index>& shape, const std::set<std::vector<Index>>& others, std::string_view where) {
      if (others.contains(shape)) return std::string();
      all_have_one = false;
      const bool transposed = shape.size() == 2 && others.contains({shape[1], shape[0]});
      return concat("   (no such shape in the ", where, transposed ? ", but the transposed one)" : ")");
    };
    std::string text;
    for (const NamedTensor& t : file_.tensors) {
      const bool is_left_out = cut_name(t.name, '.').second == "num_batches_tracked";
      text += concat("\n  ", t.name, ' ', t.shape, is_left_out ? "" : note(t.shape.axes(), of_network, "network"));
    }
    text += "\nIn the network, with the shapes that they have in PyTorch:";
    for (const Place& p : segments_)
      text += concat("\n  ", p.segment->name, ' ', Shape(p.form.shape),
                     is_optional_in_torch(*p.segment) ? "" : note(p.form.shape, of_file, "file"));
    if (advice.empty())
      advice = all_have_one ? "a table of names says what belongs together."
                            : "give the network that was trained, with its widths, normalization and number of classes.";
    return concat(advice, " In the file:", text);
  }

  const Safetensors& file_;
  std::string who_;
  std::vector<Place> segments_;
  std::set<std::size_t> free_;    // tensors that the table does not name
  std::set<std::string> sorted_;  // modules whose order is that of their numbers
};

}  // namespace lmc::detail
