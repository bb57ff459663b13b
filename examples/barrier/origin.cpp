// SPDX-License-Identifier: BSD-3-Clause
#include "barrier/origin.hpp"

#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>

#include <lmc/core/error.hpp>
#include <lmc/data/dataset_digest.hpp>
#include <lmc/loss/cross_entropy.hpp>

#include "registry/datasets.hpp"

namespace {

// Entries that programs of others could use alike, such as `network`, count where `digest` or `run` shows that pair or study wrote them.
std::optional<std::string> entry(const lmc::Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  if (found == metadata.end() || found->second.empty() || !(metadata.contains("digest") || metadata.contains("run")))
    return std::nullopt;
  return found->second;
}

// The numbers of each channel, which stand without a list where there is one channel; `otherwise` for data taken as they are.
std::vector<double> channels(const std::vector<double>& values, double otherwise) {
  return values.empty() ? std::vector<double>{otherwise} : values;
}
std::vector<double> channels(const std::string& text, const std::string& who) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  std::vector<double> values;
  for (const auto& value : json.is_array() ? json : nlohmann::json::array({json})) {
    lmc::require(value.is_number(), who, ": the metadata have '", text, "'; expected numbers of the channels");
    values.push_back(value.get<double>());
  }
  return values;
}
// Equal but for the rounding of numbers that were typed.
bool agree(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::abs(a[i] - b[i]) > 1e-6 * std::abs(a[i])) return false;
  return true;
}

std::string without_brackets(std::string text) {
  std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
  return text;
}

}  // namespace

void require_dataset(const lmc::Metadata& metadata, const std::string& dataset, const std::string& who) {
  const std::optional<std::string> own = entry(metadata, "dataset");
  lmc::require(!own || own == dataset, who, " was trained on the data set '", own.value_or(""),
               "' by its metadata, and --dataset is '", dataset, "'; give --dataset ", own.value_or(""));
}

void require_network(const lmc::Metadata& metadata, const std::string& network, const lmc::Dataset<float>& train,
                     const std::string& who) {
  const std::optional<std::string> own = entry(metadata, "network");
  lmc::require(
      !own || own == network, who, " is the network '", own.value_or(""),
      "' by its metadata, and --network with its options gives '", network,
      "'; give the options that it was trained with, as --hidden and --slope, and the data that it was trained on, as --classes");
  const std::string other_data =
      ": it was trained on other data, another split, other columns or other classes; give the same --data, --split-seed, "
      "--test-share, --classes and --subset as then";
  const std::optional<std::string> mean = entry(metadata, "input_mean"), deviation = entry(metadata, "input_std");
  if (mean && deviation) {
    const lmc::Standardization& input = train.standardization();
    const std::vector<double> means = channels(input.mean, 0), deviations = channels(input.standard_deviation, 1);
    const bool few = means.size() <= 4;  // a text has a mean for each of its features
    lmc::require(agree(channels(*mean, who), means) && agree(channels(*deviation, who), deviations), who, " was trained on ",
                 few ? lmc::concat("pixels less ", *mean, " over ", *deviation, " by its metadata, and those here are less ",
                                   nlohmann::json(means).dump(), " over ", nlohmann::json(deviations).dump())
                     : std::string("features that were standardized by other numbers, by its metadata"),
                 other_data,
                 few ? lmc::concat(". Only where the data are the same and the numbers were given, give --mean ",
                                   without_brackets(*mean), " --std ", without_brackets(*deviation))
                     : std::string());
  }
  const std::optional<std::string> examples = entry(metadata, "training_examples");
  lmc::require(!examples || examples == lmc::digest(train), who,
               " was trained on other examples than the training part here, by its metadata", other_data,
               ", and likewise the other options of the data set");
}

std::vector<std::string> origin_notes(const lmc::Metadata& metadata, const std::string& who) {
  std::vector<std::string> notes;
  if (const auto step = entry(metadata, "diverged_at"))
    notes.push_back(lmc::concat(who, " is of a training that diverged at update ", *step));
  const auto loss = entry(metadata, "loss");
  if (loss && *loss != lmc::CrossEntropy::kind)
    notes.push_back(lmc::concat(who, " was trained with the loss ", *loss, "; losses here are the cross-entropy"));
  return notes;
}

std::optional<std::string> init_seed(const lmc::Metadata& metadata) { return entry(metadata, "init_seed"); }
