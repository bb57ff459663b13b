// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <charconv>
#include <concepts>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/train.hpp>

namespace lmc {

namespace detail {

/// A layout with copies of the parameters behind them, one for each vector: `optimizer/mean/dense1/weight`. No layer's segment
/// can have that name, since layers are numbered.
template <class Vectors>
ParameterLayout with_optimizer_vectors(ParameterLayout layout, const Vectors& vectors) {
  const std::vector<Segment> segments = layout.parameters;
  Index offset = layout.parameter_count();
  for (const auto& [name, vector] : vectors) {
    for (Segment s : segments) {
      s.name = concat("optimizer/", name, "/", s.name);
      s.offset += offset;
      layout.parameters.push_back(std::move(s));
    }
    offset += static_cast<Index>(vector->size());
  }
  return layout;
}

inline nlohmann::json optimizer_json(const OptimizerOptions& options) {
  nlohmann::json json = {{"name", optimizer_names.at(options.index())}};
  const auto write = [&](const char* name, const auto& field) { json[name] = field; };
  std::visit([&](const auto& o) { for_each_optimizer_option(o, write); }, options);
  return json;
}
inline OptimizerOptions optimizer_from_json(const nlohmann::json& json) {
  OptimizerOptions options = parse_optimizer(json.at("name").get<std::string>());
  const auto read = [&]<class Field>(const char* name, Field& field) {
    const nlohmann::json& value = json.at(name);
    if constexpr (std::is_same_v<Field, int>)
      require(value.is_number_integer() && value.get<double>() == value.get<int>(), name, " = ", value.dump(),
              "; expected a whole number");
    value.get_to(field);
  };
  std::visit([&](auto& o) { for_each_optimizer_option(o, read); }, options);
  return options;
}

/// Throws: Error, begun by `who`, when the metadata lack the key.
inline const std::string& metadata_at(const Metadata& metadata, const std::string& key, const std::string& who) {
  const auto found = metadata.find(key);
  require(found != metadata.end(), who, ": the metadata lack '", key,
          "'; is it a network's state without its optimizer? load_state reads that");
  return found->second;
}
inline Index count_at(const Metadata& metadata, const std::string& key, const std::string& who) {
  const std::string& text = metadata_at(metadata, key, who);
  Index count = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  require(read.ec == std::errc() && read.ptr == text.data() + text.size() && count >= 0 && count < Index{1} << 53, who, ": '",
          key, "' is '", text, "' in the metadata; expected a number of updates");
  return count;
}

}  // namespace detail

/// Writes a place in a training in the safetensors format: the tensors of the state, those of the optimizer's vectors as
/// `optimizer/mean/dense1/weight`, and in the metadata, beside yours, `step`, `optimizer_steps` and `optimizer`, its options. A
/// function of the arguments alone. Throws: Error as write_safetensors.
template <std::floating_point T>
void write_checkpoint(std::ostream& out, const ParameterLayout& layout, const Checkpoint<T>& checkpoint,
                      Metadata metadata = {}) {
  const auto vectors = checkpoint.optimizer.state_vectors();
  ModelState<T> all = checkpoint.state;
  require(static_cast<Index>(all.parameters.size()) == layout.parameter_count(), "save_checkpoint: the state has ",
          all.parameters.size(), " parameters; expected the layout's ", layout.parameter_count());
  for (const auto& [name, vector] : vectors) {
    require(static_cast<Index>(vector->size()) == layout.parameter_count(), "save_checkpoint: the optimizer's ", name, " has ",
            vector->size(), " entries; expected one for each of the ", layout.parameter_count(), " parameters");
    all.parameters.insert(all.parameters.end(), vector->begin(), vector->end());
  }
  for (const char* key : {"step", "optimizer_steps", "optimizer"})
    require(!metadata.contains(key), "save_checkpoint: the metadata have an entry '", key,
            "', which the checkpoint needs for itself; use another name");
  metadata["step"] = std::to_string(checkpoint.step);
  metadata["optimizer_steps"] = std::to_string(checkpoint.optimizer.steps());
  metadata["optimizer"] = detail::optimizer_json(checkpoint.optimizer.options()).dump();
  write_safetensors(out, detail::with_optimizer_vectors(layout, vectors), all, metadata);
}

/// The place in a training in a file that write_checkpoint wrote. `who` begins the messages. Throws: Error when it is of
/// another network or another scalar type, or holds no optimizer.
template <std::floating_point T>
Checkpoint<T> checkpoint_of(const Safetensors& file, const ParameterLayout& layout, const std::string& who) {
  const auto parameters = static_cast<std::size_t>(layout.parameter_count());
  const std::string& text = detail::metadata_at(file.metadata, "optimizer", who);
  const auto optimizer = [&] {
    try {
      return Optimizer<T>(detail::optimizer_from_json(detail::parse_json_without_duplicates("it", text)), layout);
    } catch (const std::exception& e) {  // from the JSON library, or an Error about the options
      throw Error(concat(who, ": the optimizer '", text, "' of the metadata cannot be read (", e.what(),
                         "); was the file written by save_checkpoint? load_state reads others"));
    }
  };
  Checkpoint<T> at{{}, optimizer(), detail::count_at(file.metadata, "step", who)};
  const auto vectors = at.optimizer.state_vectors();
  at.state = state_of<T>(file, detail::with_optimizer_vectors(layout, vectors), who);
  auto from = at.state.parameters.begin() + layout.parameter_count();
  for (const auto& [name, vector] : vectors) {
    vector->assign(from, from + layout.parameter_count());
    from += layout.parameter_count();
  }
  at.state.parameters.resize(parameters);
  const Index updates = detail::count_at(file.metadata, "optimizer_steps", who);
  std::visit([&](auto& method) { method.steps = updates; }, at.optimizer.method);
  return at;
}

/// Saves a place in a training, to go on from; the file appears when it is complete:
///   save_checkpoint("half.safetensors", network.layout(), run.checkpoint());
///   const auto half = load_checkpoint<float>("half.safetensors", network.layout());
///   train(network, data, half, options, seeds);   // to the bit as if it had not been interrupted
/// Other programs read it as a safetensors file; write_checkpoint says what is in it. Throws: Error also when the file cannot
/// be written.
template <std::floating_point T>
void save_checkpoint(const std::filesystem::path& path, const ParameterLayout& layout, const Checkpoint<T>& checkpoint,
                     const Metadata& metadata = {}) {
  OutputFile file(path);
  write_checkpoint(file.stream(), layout, checkpoint, metadata);
  file.commit();
}

/// What save_checkpoint saved. Throws: Error that names the file when it cannot be read, is damaged, is of another network or
/// another scalar type, or holds no optimizer.
template <std::floating_point T>
Checkpoint<T> load_checkpoint(const std::filesystem::path& path, const ParameterLayout& layout) {
  return checkpoint_of<T>(load_safetensors(path), layout, "load_checkpoint: '" + path.string() + "'");
}

}  // namespace lmc
