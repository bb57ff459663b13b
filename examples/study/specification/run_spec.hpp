// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train.hpp>

#include "registry/datasets.hpp"
#include "registry/networks.hpp"
#include "registry/optimizers.hpp"
#include "registry/updates.hpp"

namespace lmc::study {

/// A data set, and what is done to it before training.
struct DataSpec {
  std::string dataset = "mnist";
  Index train_examples = 0;             // a random sample of the training part; 0: all
  Index test_examples = 0;              // the same of the test part
  Index merge_classes = 0;              // the classes, merged at random into so many; 0: as they are
  bool gray = false;                    // color images become gray
  Index downsample = 1;                 // images: each value is the mean of a square with sides of so many pixels
  registry::DatasetOptions table = {};  // how a table is read; only options of for_each_table_option are set
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
  registry::UpdateChoice update = {};
  std::string schedule = "constant";
  double warmup = 0;  // steps, or below 1 a share of all
  // As Restarts; nothing stands for no restarts, and for a growth of 1.
  std::optional<double> restart_first = {}, restart_growth = {};
  Index epochs = 10;
  Index updates = 0;                        // end after so many updates instead, in as many epochs as they take; 0: not
  std::optional<double> stop_at_loss = {};  // end before that where the training loss has come down to this
  Index batch_size = 128;
  Index crop = 0;  // augmentation, as AugmentationOptions
  bool flip = false;
  double translation = 0;
  double input_noise = 0;
  double label_noise = 0;
  NoiseSeeds seeds = {};
  Index prefix = 0;                       // the first so many updates are those of a run with prefix_seeds
  std::optional<Index> noise_until = {};  // from this update on, the noise is that of prefix_seeds again; nothing: never
  NoiseSeeds prefix_seeds = {};           // without meaning where there is neither
  // From update lift_at on, the network is the larger one that it is lifted to: the sizes of the blocks of positions that
  // share a filter (as 4x4; 1 shares none), masked-dense or dense.
  std::string lift = "none";
  Index lift_at = 0;
  // Positions that have filters of their own share this much of their gradients, as SharedGradientOptions; nothing: none.
  std::optional<double> shared_gradient = {};
  bool keep_gradient_norm = false;
  Index until = 0;              // end here: the prefix of others; 0: a run of its own
  bool keep_optimizer = false;  // the checkpoint holds the optimizer's state, too; that of a prefix does anyway
};

// Helps that name what an option takes.
const char* data_help();
const char* optimizer_help();
const char* init_help();
const char* schedule_help();

/// Whether a table by path has that option of the registry.
bool is_table_option(std::string_view name);

/// Whether a data set is a table by its path: FILE.csv or FILE.csv.gz.
inline bool is_table(std::string_view dataset) { return dataset.ends_with(".csv") || dataset.ends_with(".csv.gz"); }

// What describes an option, here and below: visit(name, help, field). In `help` stands what it does and what it takes, and, for one
// that may have no value, in brackets what that means. The parser of grid files, the ids and the reference of all keys
// (`study keys`) come from these.

/// Calls visit for the options of a data set, but those of a table.
template <class Spec, class Visit>
void for_each_data_option(Spec& s, const Visit& visit) {
  visit("dataset", data_help(), s.dataset);
  visit("train-examples", "so many training examples, at random; 0 takes all", s.train_examples);
  visit("test-examples", "the same of the test part", s.test_examples);
  visit("merge-classes", "the classes, merged at random into so many; 0 leaves them", s.merge_classes);
  visit("gray", "color images to gray", s.gray);
  visit("downsample", "images: the mean of squares of so many pixels on each side, at least 1", s.downsample);
}

/// Calls visit for the options of a table: those of the registry's csv.
template <class Spec, class Visit>
void for_each_table_option(Spec& s, const Visit& visit) {
  registry::for_each_dataset_option(s.table, [&](const char* name, const char* help, auto& field) {
    if (is_table_option(name)) visit(name, help, field);
  });
}

/// Calls visit for the options of a network.
template <class Options, class Visit>
void visit_network_options(Options& o, const Visit& visit) {
  registry::for_each_network_option(visit, o);
}

/// Calls visit for the options of an optimizer.
template <class Choice, class Visit>
void visit_optimizer_options(Choice& o, const Visit& visit) {
  visit("optimizer", optimizer_help(), o.name);
  registry::for_each_optimizer_option(o, visit);
}

/// Calls visit for the options of a training, but those of its data, network and optimizer.
template <class Spec, class Visit>
void for_each_training_option(Spec& s, const Visit& visit) {
  visit("init", init_help(), s.init);
  visit("schedule", schedule_help(), s.schedule);
  visit("warmup", "steps of linear warm-up; below 1: their share of all steps", s.warmup);
  visit("restart-first", "the schedule runs anew in cycles, the first of so many steps; below 1: their share [no restarts]",
        s.restart_first);
  visit("restart-growth", "each cycle is so many times as long as the one before it, at least 1 [1]", s.restart_growth);
  registry::for_each_update_option(s.update, visit);
  visit("epochs", "passes over the training part, at least 1; without meaning where `updates` is set", s.epochs);
  visit("updates", "ends after so many updates, in as many epochs as they take; 0 leaves it to `epochs`", s.updates);
  visit("stop-at-loss",
        "ends before that where the loss on 1,000 training examples, measured every 25 updates, has come down to this [no]",
        s.stop_at_loss);
  visit("batch-size", "examples of an update, at least 1", s.batch_size);
  visit("crop", "images: pixels of padding, out of which each is cut at random", s.crop);
  visit("flip", "images: mirrored at random", s.flip);
  visit("translation", "images: moved at random by up to so many pixels", s.translation);
  visit("input-noise", "standard deviation of noise on the inputs", s.input_noise);
  visit("label-noise", "share of the training labels that are wrong", s.label_noise);
  visit("prefix", "so many updates that the two runs of a pair have in common", s.prefix);
  visit("noise-until", "the update from which on the two runs of a pair have their noise in common again [never]",
        s.noise_until);
  visit(
      "lift",
      "cnn, lcn, tied: the larger network to go on in: `none`, `dense`, `masked-dense`, or the block of positions that share a filter, "
      "as in 4x4; 1 shares none",
      s.lift);
  visit("lift-at", "the update from which on it is that one, not before the prefix ends", s.lift_at);
  visit(
      "shared-gradient",
      "lcn, tied, and what is lifted to blocks: the share of its gradient that each filter has from the mean over all positions, in [0, 1] [0]",
      s.shared_gradient);
  visit("keep-gradient-norm", "with `shared-gradient`: each layer's gradient is scaled to the length that it had",
        s.keep_gradient_norm);
  visit("keep-optimizer", "the checkpoint holds the optimizer's state, too; `attribution` then has its second moment",
        s.keep_optimizer);
}

/// Calls visit for every option of a run that a grid may set, but those of a table: all but the seeds of noise, which belong to the
/// replicate. Names are those of pair's command line.
template <class Spec, class Visit>
void for_each_option(Spec& s, const Visit& visit) {
  for_each_data_option(s.data, visit);
  visit_network_options(s.network, visit);
  visit_optimizer_options(s.optimizer, visit);
  for_each_training_option(s, visit);
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
