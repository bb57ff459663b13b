// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/core/version.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/dataset_digest.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/train/checkpoint_file.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train_options.hpp>

namespace lmc::detail {

/// The names of what a training depends on begin with this in the metadata of its file.
inline constexpr std::string_view setting_prefix = "training ";

/// The factors of the schedule, at 1,000 updates at most; of options that train() refuses, nothing.
template <std::floating_point Scalar>
std::string rates_digest(const TrainOptions<Scalar>& options, Index examples) {
  std::vector<double> factors;
  if (options.batch_size > 0 && options.batch_size <= examples && options.epochs > 0) {
    const Index per_epoch = examples / options.batch_size + (options.drop_last || examples % options.batch_size == 0 ? 0 : 1);
    if (options.epochs <= std::numeric_limits<Index>::max() / per_epoch)
      for (Index i = 0, steps = options.epochs * per_epoch, n = std::min<Index>(steps, 1000); i < n; ++i)
        factors.push_back(options.schedule.factor(i * (steps / n), steps, per_epoch));
  }
  return digest(std::span<const double>(factors));
}

inline std::string groups_text(const std::vector<ParameterGroup>& groups) {
  std::string text;
  const auto number = [](const auto& value) { return value ? shortest(static_cast<double>(*value)) : std::string("-"); };
  for (const ParameterGroup& g : groups)
    text += concat(text.empty() ? "" : ", ", g.segments, " role ", number(g.role), " rate ", number(g.rate), " decay ",
                   number(g.decay));
  return text;
}

/// What a training depends on, as texts by name: what is the user's own behind them. Of the options, `until` and who watches
/// change no update.
template <std::floating_point Scalar>
Metadata training_setting(const Network<Scalar>& network, const Dataset<Scalar>& data, const ModelState<Scalar>& start,
                          const TrainOptions<Scalar>& options, const NoiseSeeds& seeds, const Metadata& own) {
  const AugmentationOptions& a = options.augmentation;
  const Standardization& s = data.standardization();
  const auto digest_of = [](const std::vector<Scalar>& values) { return digest(std::span<const Scalar>(values)); };
  const auto numbers = [](const std::vector<double>& values) {
    std::string text;
    for (const double value : values) text += concat(text.empty() ? "" : " ", shortest(value));
    return text;
  };
  Metadata setting;
  const auto add = [&](std::string_view name, std::string value) { setting[concat(setting_prefix, name)] = std::move(value); };
  add("version of lmc", std::string(version));
  add("network", concat(network));
  add("start", digest_of(start.parameters) + digest_of(start.buffers));
  add("data", concat(data.size(), " examples, digest ", digest(data)));
  add("mean of the data", numbers(s.mean));
  add("standard deviation of the data", numbers(s.standard_deviation));
  add("epochs", std::to_string(options.epochs));
  add("batch size", std::to_string(options.batch_size));
  add("last short batch", options.drop_last ? "left out" : "taken");
  add("loss", options.loss.name());
  const nlohmann::json optimizer = optimizer_json(options.optimizer);
  for (const auto& [option, value] : optimizer.items())
    add(option == "name" ? "optimizer" : concat("optimizer's ", option),
        value.is_string() ? value.template get<std::string>() : value.dump());
  add("parameter groups", groups_text(options.groups));
  add("clip norm", options.clip_norm ? shortest(*options.clip_norm) : "none");
  add("augmentation", concat("crop ", a.crop_padding, a.flip ? " flip" : "", " translation ", shortest(a.translation),
                             " noise ", shortest(a.noise)));
  add("label noise", shortest(options.label_noise));
  add("schedule", concat(options.schedule, ", factors ", rates_digest(options, data.size())));
  add("seed of the order", std::to_string(seeds.order));
  add("seed of the augmentation", std::to_string(seeds.augmentation));
  add("seed of dropout", std::to_string(seeds.dropout));
  add("seed of label noise", std::to_string(seeds.label_noise));
  for (const auto& [name, value] : own) add(name, value);
  return setting;
}

/// The first line in which two texts differ.
inline std::string differing_line(std::string_view text, std::string_view other) {
  const auto [at, of_other] = std::mismatch(text.begin(), text.end(), other.begin(), other.end());
  const auto begin = text.substr(0, static_cast<std::size_t>(at - text.begin())).rfind('\n') + 1;  // npos + 1 is 0
  return std::string(text.substr(begin, text.find('\n', begin) - begin));
}

/// The place in a training that a file holds. Throws: Error that names the file and what is another's in it.
template <std::floating_point Scalar>
Checkpoint<Scalar> resumed(const std::filesystem::path& file, const ParameterLayout& layout, const Metadata& setting) {
  const std::string who = concat("cannot go on from '", file.string(), "'"), out = "; remove it to train from the start";
  constexpr std::string_view out_of_another = "give what it was begun with, or another place to save in";
  const Safetensors saved = [&] {
    try {
      return load_safetensors(file);
    } catch (const Error& e) {
      throw Error(concat(who, ": ", e.what(), out));
    }
  }();
  for (const auto& [name, value] : setting) {
    const auto found = saved.metadata.find(name);
    require(found != saved.metadata.end(), who, ": it does not say '", name, "' as train_resumable does", out);
    require(found->second == value, who, ": it is of another training, with ", name.substr(setting_prefix.size()), " = '",
            differing_line(found->second, value), "', where this one has '", differing_line(value, found->second), "'; ",
            out_of_another);
  }
  for (const auto& [name, value] : saved.metadata)
    require(!name.starts_with(setting_prefix) || setting.contains(name), who, ": it is of another training: it has '",
            name.substr(std::min(name.size(), setting_prefix.size())), "', which this one lacks; ", out_of_another);
  return checkpoint_of<Scalar>(saved, layout, who);
}

/// Removes what killed processes left of saves that they did not finish.
inline void remove_unfinished(const std::filesystem::path& file) {
  std::error_code none;
  const std::string begin = file.filename().string() + '.';
  std::filesystem::directory_iterator entries(file.has_parent_path() ? file.parent_path() : ".", none), end;
  for (; !none && entries != end; entries.increment(none)) {
    const std::string name = entries->path().filename().string();
    const auto is_number = [](char c) { return (c >= '0' && c <= '9') || c == '-'; };  // as in 1234-0
    if (name.starts_with(begin) && name.ends_with(".tmp") && name.size() > begin.size() + 4 &&
        std::all_of(name.begin() + std::ssize(begin), name.end() - 4, is_number))
      std::filesystem::remove(entries->path(), none);
  }
}

}  // namespace lmc::detail
