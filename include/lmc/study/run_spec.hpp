// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/network_options.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/optim/schedule.hpp>
#include <lmc/study/spec_digest.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train.hpp>

namespace lmc::study {

/// A data set, and what is done to it before training.
struct DataSpec {
  std::string dataset = "mnist";
  Index train_examples = 0;  // a random sample of the training part; 0: all
  Index test_examples = 0;   // the same of the test part
  bool gray = false;         // of color images
  Index downsample = 1;      // images: each value the mean of a square of so many pixels a side
  friend bool operator==(const DataSpec&, const DataSpec&) = default;
};

/// Everything that determines one training, so that two runs of one specification are the same to the bit.
///
/// A run may share its beginning with others (a prefix), and may go on in another network than it began in (untied filters,
/// say).
struct RunSpec {
  DataSpec data = {};
  NetworkOptions network = {};
  std::string init = "torch";
  std::uint64_t init_seed = 0;
  std::string optimizer = "sgd";
  std::optional<double> learning_rate = {};  // 0.1 for sgd, 0.001 for adam and adamw
  double momentum = 0;                       // of sgd
  double weight_decay = 0;
  std::string schedule = "constant";
  double warmup = 0;  // steps, or below 1 a share of all
  Index epochs = 10;
  Index updates = 0;  // end after so many updates instead, in as many epochs as they take; 0: not
  Index batch_size = 128;
  Index crop = 0;  // augmentation, as AugmentationOptions
  bool flip = false;
  double translation = 0;
  double input_noise = 0;
  double label_noise = 0;
  NoiseSeeds seeds = {};
  Index prefix = 0;              // the first so many updates are those of a run with prefix_seeds
  NoiseSeeds prefix_seeds = {};  // without meaning where prefix is 0
  // From update embed_at on, the network is the larger one that it is embedded in: the sizes of the blocks of positions that
  // share a filter (as 4x4; 1 shares none), masked-dense or dense.
  std::string embed = "none";
  Index embed_at = 0;
  Index until = 0;              // end here: the prefix of others; 0: a run of its own
  bool keep_optimizer = false;  // the checkpoint holds the optimizer's state, too; that of a prefix does anyway
};

namespace detail {

/// Calls visit(name, field) for the options of a data set.
template <class Spec, class Visit>
void for_each_data_option(Spec& s, const Visit& visit) {
  visit("dataset", s.dataset);
  visit("train-examples", s.train_examples);
  visit("test-examples", s.test_examples);
  visit("gray", s.gray);
  visit("downsample", s.downsample);
}

template <class Spec, class Visit>
void for_each_network_option(Spec& o, const Visit& visit) {
  visit("network", o.network);
  visit("hidden", o.hidden);
  visit("channels", o.channels);
  visit("kernel", o.kernel);
  visit("stride", o.stride);
  visit("padding", o.padding);
  visit("sharing", o.sharing);
  visit("pool", o.pool);
  visit("norm", o.norm);
  visit("slope", o.slope);
  visit("sparsity", o.sparsity);
  visit("mask-seed", o.mask_seed);
  visit("width", o.width);
  visit("heads", o.heads);
  visit("patch", o.patch);
  visit("blocks", o.blocks);
}

}  // namespace detail

/// Calls visit(name, field) for every option that a grid may set: all but the seeds of noise, which belong to the replicate.
/// Names are those of minimal_pair's command line.
template <class Spec, class Visit>
void for_each_option(Spec& s, const Visit& visit) {
  detail::for_each_data_option(s.data, visit);
  detail::for_each_network_option(s.network, visit);
  visit("init", s.init);
  visit("optimizer", s.optimizer);
  visit("learning-rate", s.learning_rate);
  visit("momentum", s.momentum);
  visit("weight-decay", s.weight_decay);
  visit("schedule", s.schedule);
  visit("warmup", s.warmup);
  visit("epochs", s.epochs);
  visit("updates", s.updates);
  visit("batch-size", s.batch_size);
  visit("crop", s.crop);
  visit("flip", s.flip);
  visit("translation", s.translation);
  visit("input-noise", s.input_noise);
  visit("label-noise", s.label_noise);
  visit("prefix", s.prefix);
  visit("embed", s.embed);
  visit("embed-at", s.embed_at);
  visit("keep-optimizer", s.keep_optimizer);
}

namespace detail {

template <class Spec, class Visit>
void for_each_seed(Spec& s, const Visit& visit) {
  visit("init-seed", s.init_seed);
  visit("order-seed", s.seeds.order);
  visit("augmentation-seed", s.seeds.augmentation);
  visit("dropout-seed", s.seeds.dropout);
  visit("label-noise-seed", s.seeds.label_noise);
  visit("prefix-order-seed", s.prefix_seeds.order);
  visit("prefix-augmentation-seed", s.prefix_seeds.augmentation);
  visit("prefix-dropout-seed", s.prefix_seeds.dropout);
  visit("prefix-label-noise-seed", s.prefix_seeds.label_noise);
  visit("until", s.until);
}

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// One spelling for a list of sizes: "64, 32" and "64,32" name one network.
inline void normalize_sizes(std::string_view option, std::optional<std::string>& list) {
  if (!list) return;
  std::string text;
  for (const Index size : parse_sizes(option, "units", *list)) text += (text.empty() ? "" : ",") + std::to_string(size);
  list = text;
}

/// One spelling for a list of extents: "3x3,3x3" and "3" name one network.
inline std::string normal_extents(std::string_view option, const std::string& list, Index least) {
  std::vector<Extent> extents = parse_extents(option, list, least);
  if (std::all_of(extents.begin(), extents.end(), [&](const Extent& e) { return e == extents[0]; }))
    extents.erase(extents.begin() + 1, extents.end());
  std::string text;
  for (const Extent& e : extents)
    text += (text.empty() ? "" : ",") + std::to_string(e.rows) + (e.rows == e.cols ? "" : "x" + std::to_string(e.cols));
  return text;
}

}  // namespace detail

/// The optimizer of a run. Throws: Error for an unknown name, and for momentum of an optimizer that has none.
inline OptimizerOptions optimizer_of(const RunSpec& s) {
  OptimizerOptions options = optimizer_named(s.optimizer);
  std::visit(
      [&](auto& chosen) {
        if (s.learning_rate) chosen.learning_rate = *s.learning_rate;
        chosen.weight_decay = s.weight_decay;
      },
      options);
  if (auto* sgd = std::get_if<SgdOptions>(&options))
    sgd->momentum = s.momentum;
  else
    require(s.momentum == 0, "momentum ", s.momentum, " is an option of sgd; ", s.optimizer, " has beta1 in its place");
  return options;
}

/// The specification with every default written out, one spelling for every value, and nothing said about what has no part in
/// the training (seeds of noise that there is none of, say): equal trainings are equal specifications. Throws: Error for a name
/// that is unknown and for a number that is out of range whatever the data.
inline RunSpec canonical(RunSpec s) {
  s.network = with_defaults(s.network);
  detail::normalize_sizes("hidden", s.network.hidden);
  detail::normalize_sizes("channels", s.network.channels);
  for (const auto& [name, list, least] :
       {std::tuple("kernel", &s.network.kernel, 1), std::tuple("stride", &s.network.stride, 1),
        std::tuple("padding", &s.network.padding, 0), std::tuple("sharing", &s.network.sharing, 1),
        std::tuple("pool", &s.network.pool, 1)})
    if (*list) *list = detail::normal_extents(name, **list, least);
  (void)parse_initialization(s.init);
  s.learning_rate = std::visit([](const auto& o) { return o.learning_rate; }, optimizer_of(s));
  (void)rate_shape_named(s.schedule);
  require(s.epochs > 0 || s.updates > 0, "epochs = ", s.epochs, "; expected a positive number");
  require(s.batch_size > 0, "batch-size = ", s.batch_size, "; expected a positive number");
  for (const auto& [name, number] :
       {std::pair("updates", s.updates), std::pair("prefix", s.prefix), std::pair("embed-at", s.embed_at),
        std::pair("train-examples", s.data.train_examples), std::pair("test-examples", s.data.test_examples)})
    require(number >= 0, name, " = ", number, "; expected a number that is not negative");
  require(s.data.downsample > 0, "downsample = ", s.data.downsample, "; expected a positive number");
  if (s.updates > 0) s.epochs = 0;  // follows from the updates and the data
  if (s.embed == "none") {
    require(s.embed_at == 0, "embed-at = ", s.embed_at, ", but nothing is embedded; say in what by embed");
  } else {
    const std::string& network = s.network.network;
    require(network == "cnn" || network == "lcn" || network == "tied", "embed = ", s.embed,
            " is for a network that filters positions: cnn, tied or lcn, not ", network);
    require(s.embed_at >= s.prefix, "embed-at = ", s.embed_at, " is within the prefix of ", s.prefix,
            " updates; a prefix is of the network itself");
    if (s.embed != "dense" && s.embed != "masked-dense") s.embed = detail::normal_extents("embed", s.embed, 1);
  }
  const auto without_meaning = [&](NoiseSeeds& seeds) {
    if (s.crop == 0 && !s.flip && s.translation == 0 && s.input_noise == 0) seeds.augmentation = 0;
    if (s.label_noise == 0) seeds.label_noise = 0;
    seeds.dropout = 0;  // no network that can be named has layers which draw noise
  };
  without_meaning(s.seeds);
  without_meaning(s.prefix_seeds);
  if (s.prefix == 0) s.prefix_seeds = {};
  return s;
}

/// Of a data set: options by their names, sorted.
inline nlohmann::json to_json(const DataSpec& s) {
  nlohmann::json json = nlohmann::json::object();
  detail::for_each_data_option(s, [&](const char* name, const auto& value) { json[name] = value; });
  return json;
}

/// Of a canonical specification: options and seeds by their names, sorted; what the network does not have is left out.
inline nlohmann::json to_json(const RunSpec& s) {
  nlohmann::json json = nlohmann::json::object();
  const auto put = [&](const char* name, const auto& value) {
    if constexpr (detail::is_optional<std::remove_cvref_t<decltype(value)>>) {
      if (value) json[name] = *value;
    } else {
      json[name] = value;
    }
  };
  for_each_option(s, put);
  detail::for_each_seed(s, put);
  return json;
}

namespace detail {

/// Fills a specification from a JSON object. for_each calls take(name, field) for every field there is.
template <class ForEach>
void read_fields(const nlohmann::json& json, ForEach for_each) {
  std::size_t used = 0;
  try {
    for_each([&](const char* name, auto& field) {
      using Field = std::remove_cvref_t<decltype(field)>;
      const auto found = json.find(name);
      if (found == json.end()) return;
      ++used;
      if constexpr (is_optional<Field>)
        field = found->template get<typename Field::value_type>();
      else
        field = found->template get<Field>();
    });
  } catch (const nlohmann::json::exception& e) {
    throw Error(lmc::detail::concat("a specification cannot be read: ", e.what()));
  }
  require(json.is_object() && used == json.size(), "a specification cannot be read: it has ", json.size(), " entries, ", used,
          " of them known; was it written by a newer version?");
}

}  // namespace detail

/// The inverse of to_json. Throws: Error when a key is unknown or a value has the wrong type.
inline RunSpec run_spec_from_json(const nlohmann::json& json) {
  RunSpec s;
  detail::read_fields(json, [&](const auto& take) {
    for_each_option(s, take);
    detail::for_each_seed(s, take);
  });
  return s;
}
inline DataSpec data_spec_from_json(const nlohmann::json& json) {
  DataSpec s;
  detail::read_fields(json, [&](const auto& take) { detail::for_each_data_option(s, take); });
  return s;
}

/// Names a training: 32 hexadecimal digits, a function of the canonical specification alone.
inline std::string id_of(const RunSpec& spec) { return SpecDigest().add("run\n").add(to_json(canonical(spec)).dump()).text(); }
inline std::string id_of(const DataSpec& spec) { return SpecDigest().add("data\n").add(to_json(spec).dump()).text(); }

/// The run that leads to update `at` of the prefix of s. Of several prefixes of one kind, the longer goes on from the shorter.
inline RunSpec prefix_of(const RunSpec& s, Index at) {
  RunSpec prefix = s;
  prefix.seeds = s.prefix_seeds;
  prefix.prefix = 0;
  prefix.embed = "none";
  prefix.embed_at = 0;
  prefix.until = at;
  prefix.keep_optimizer = true;
  return canonical(prefix);
}

}  // namespace lmc::study
