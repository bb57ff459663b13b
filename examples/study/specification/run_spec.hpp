// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train.hpp>

#include "registry/networks.hpp"
#include "registry/optimizers.hpp"

namespace lmc::study {

/// A data set, and what is done to it before training.
struct DataSpec {
  std::string dataset = "mnist";
  Index train_examples = 0;  // a random sample of the training part; 0: all
  Index test_examples = 0;   // the same of the test part
  bool gray = false;         // color images become gray
  Index downsample = 1;      // images: each value is the mean of a square with sides of so many pixels
  friend bool operator==(const DataSpec&, const DataSpec&) = default;
};

/// Everything that determines one training, so that two runs of one specification are the same to the bit.
///
/// A run may share its beginning with others (a prefix), and may go on in another network than it began in (untied filters,
/// say).
struct RunSpec {
  DataSpec data = {};
  registry::NetworkOptions network = {};
  std::string init = "torch";
  std::uint64_t init_seed = 0;
  registry::OptimizerChoice optimizer = {};
  std::string schedule = "constant";
  double warmup = 0;  // steps, or below 1 a share of all
  // As Restarts; nothing stands for no restarts, and for a growth of 1.
  std::optional<double> restart_first = {}, restart_growth = {};
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
  // From update lift_at on, the network is the larger one that it is lifted to: the sizes of the blocks of positions that
  // share a filter (as 4x4; 1 shares none), masked-dense or dense.
  std::string lift = "none";
  Index lift_at = 0;
  Index until = 0;              // end here: the prefix of others; 0: a run of its own
  bool keep_optimizer = false;  // the checkpoint holds the optimizer's state, too; that of a prefix does anyway
};

/// Calls visit(name, field) for the options of a data set.
template <class Spec, class Visit>
void for_each_data_option(Spec& s, const Visit& visit) {
  visit("dataset", s.dataset);
  visit("train-examples", s.train_examples);
  visit("test-examples", s.test_examples);
  visit("gray", s.gray);
  visit("downsample", s.downsample);
}

/// Calls visit(name, field) for the options of a network.
template <class Options, class Visit>
void visit_network_options(Options& o, const Visit& visit) {
  registry::for_each_network_option([&](const char* name, const char*, auto& field) { visit(name, field); }, o);
}

/// Calls visit(name, field) for every option that a grid may set: all but the seeds of noise, which belong to the replicate.
/// Names are those of pair's command line.
template <class Spec, class Visit>
void for_each_option(Spec& s, const Visit& visit) {
  for_each_data_option(s.data, visit);
  visit_network_options(s.network, visit);
  visit("init", s.init);
  visit("optimizer", s.optimizer.name);
  registry::for_each_optimizer_option(s.optimizer, [&](const char* name, const char*, auto& field) { visit(name, field); });
  visit("schedule", s.schedule);
  visit("warmup", s.warmup);
  visit("restart-first", s.restart_first);
  visit("restart-growth", s.restart_growth);
  visit("epochs", s.epochs);
  visit("updates", s.updates);
  visit("batch-size", s.batch_size);
  visit("crop", s.crop);
  visit("flip", s.flip);
  visit("translation", s.translation);
  visit("input-noise", s.input_noise);
  visit("label-noise", s.label_noise);
  visit("prefix", s.prefix);
  visit("lift", s.lift);
  visit("lift-at", s.lift_at);
  visit("keep-optimizer", s.keep_optimizer);
}

template <class T>
inline constexpr bool is_optional = false;

template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// The specification with every default written out, one spelling for every value, and nothing said about what has no part in
/// the training (seeds of noise that there is none of, say): equal trainings are equal specifications. Throws: Error for a name
/// that is unknown and for a number that is out of range whatever the data.
RunSpec canonical(RunSpec s);

/// The options of a data set by their names, sorted.
nlohmann::json to_json(const DataSpec& s);

/// Options and seeds of a canonical specification by their names, sorted; what the network does not have is left out.
nlohmann::json to_json(const RunSpec& s);

/// The inverse of to_json. Throws: Error when a key is unknown or a value has the wrong type.
RunSpec run_spec_from_json(const nlohmann::json& json);

DataSpec data_spec_from_json(const nlohmann::json& json);

/// Names a training: 32 hexadecimal digits, a function of the canonical specification alone.
std::string id_of(const RunSpec& spec);

std::string id_of(const DataSpec& spec);

/// The run that leads to update `at` of the prefix of s. Of several prefixes of one kind, the longer goes on from the shorter.
RunSpec prefix_of(const RunSpec& s, Index at);

}  // namespace lmc::study
