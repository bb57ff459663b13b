// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/run_spec.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/names.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/optim/schedule.hpp>

#include "study/specification/spec_digest.hpp"
#include "study/specification/whole_from_json.hpp"

#include "registry/lists.hpp"
#include "registry/registry.hpp"
#include "registry/schedules.hpp"

namespace lmc::study {

namespace {

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

/// One spelling for a list of sizes: "64, 32" and "64,32" name one network.
void normalize_sizes(std::string_view option, std::optional<std::string>& list) {
  if (!list) return;
  std::string text;
  for (const Index size : registry::parse_sizes(option, "units", *list))
    text += (text.empty() ? "" : ",") + std::to_string(size);
  list = text;
}

/// One spelling for a list of extents: "3x3,3x3" and "3" name one network of two layers.
std::string normal_extents(std::string_view option, const std::string& list, Index least, std::size_t layers) {
  std::vector<Extent> extents = registry::parse_extents(option, list, least);
  require(extents.size() == 1 || extents.size() == layers, option, " = ", list, " has ", extents.size(),
          " entries; expected one for all layers, or one for each of the ", layers);
  if (std::all_of(extents.begin(), extents.end(), [&](const Extent& e) { return e == extents[0]; }))
    extents.erase(extents.begin() + 1, extents.end());
  std::string text;
  for (const Extent& e : extents)
    text += (text.empty() ? "" : ",") + std::to_string(e.rows) + (e.rows == e.cols ? "" : "x" + std::to_string(e.cols));
  return text;
}

/// One spelling for the path of a table, and nothing for an option of its that is as it is by default.
void normalize_table(DataSpec& s) {
  if (!is_table(s.dataset)) {
    for_each_table_option(s, [&](const char* name, const char*, const auto& field) {
      require(!registry::is_given(field), name, " is an option of a table, dataset = \"FILE.csv\", not of the data set ",
              s.dataset, "; leave it out");
    });
    return;
  }
  s.dataset = std::filesystem::path(s.dataset).lexically_normal().generic_string();
  registry::DatasetOptions& o = s.table;
  const auto leave_out = [](auto& option, const auto& usual) {
    if (option == usual) option.reset();
  };
  leave_out(o.label, "-1");
  leave_out(o.delimiter, ",");
  leave_out(o.header, 1);
  leave_out(o.categorical, "");
  leave_out(o.drop, "");
  leave_out(o.missing, "error");
  leave_out(o.number_format, "");
  leave_out(o.unknown_category, "error");
  leave_out(o.test_share, 0.2);
  leave_out(o.split_seed, 0U);
  if (o.test_data) o.test_data = std::filesystem::path(*o.test_data).lexically_normal().generic_string();
}

}  // namespace

const char* data_help() {
  return "a name of the list below, or the path of a table, FILE.csv or FILE.csv.gz, in the folder --data";
}

const char* optimizer_help() {
  static const std::string help = registry::one_of(optimizer_names);
  return help.c_str();
}

const char* init_help() {
  static const std::string help = registry::one_of(initialization_names);
  return help.c_str();
}

const char* schedule_help() {
  static const std::string help = registry::one_of(rate_shape_names);
  return help.c_str();
}

bool is_table_option(std::string_view name) {
  static const std::vector<std::string_view> options = [] {
    for (const registry::DatasetKind& kind : registry::built_in_datasets())
      if (kind.name == "csv") return kind.options;
    return std::vector<std::string_view>();
  }();
  return name != "data" && std::find(options.begin(), options.end(), name) != options.end();
}

RunSpec canonical(RunSpec s) {
  normalize_table(s.data);
  s.network = registry::with_defaults(s.network);
  normalize_sizes("hidden", s.network.hidden);
  normalize_sizes("channels", s.network.channels);
  for (const auto& [name, list, least] :
       {std::tuple("kernel", &s.network.kernel, 1), std::tuple("stride", &s.network.stride, 1),
        std::tuple("padding", &s.network.padding, 0), std::tuple("sharing", &s.network.sharing, 1),
        std::tuple("pool", &s.network.pool, 1)})
    if (*list) *list = normal_extents(name, **list, least, registry::split_list(s.network.channels.value_or("")).size());
  (void)parse_initialization(s.init);
  s.optimizer = registry::canonical(s.optimizer);
  s.update = registry::canonical(s.update);
  const Schedule schedule = registry::make_schedule(s, "");
  if (std::holds_alternative<ConstantRate>(schedule.then)) s.restart_first = s.restart_growth = {};  // restarts change nothing
  if (s.restart_growth == 1) s.restart_growth.reset();
  require(s.epochs > 0 || s.updates > 0, "epochs = ", s.epochs, "; expected a positive number");
  require(s.label_noise >= 0 && s.label_noise < 1, "label-noise = ", s.label_noise,
          "; expected a share of the labels in [0, 1)");
  require(s.batch_size > 0, "batch-size = ", s.batch_size, "; expected a positive number");
  for (const auto& [name, number] :
       {std::pair("updates", s.updates), std::pair("prefix", s.prefix), std::pair("lift-at", s.lift_at),
        std::pair("train-examples", s.data.train_examples), std::pair("test-examples", s.data.test_examples),
        std::pair("merge-classes", s.data.merge_classes)})
    require(number >= 0, name, " = ", number, "; expected a number that is not negative");
  require(s.data.downsample > 0, "downsample = ", s.data.downsample, "; expected a positive number");
  if (s.updates > 0) s.epochs = 0;  // follows from the updates and the data
  require(!s.stop_at_loss || (std::isfinite(*s.stop_at_loss) && *s.stop_at_loss > 0),
          "stop-at-loss = ", s.stop_at_loss.value_or(0), "; expected a positive number");
  if (s.until > 0) s.stop_at_loss.reset();  // a prefix has its length
  if (s.lift == "none") {
    require(s.lift_at == 0, "lift-at = ", s.lift_at, ", but nothing is lifted; say to what by lift");
  } else {
    const std::string& network = s.network.network;
    require(network == "cnn" || network == "lcn" || network == "tied", "lift = ", s.lift,
            " is for a network that filters positions: cnn, tied or lcn, not ", network);
    require(s.lift_at >= s.prefix, "lift-at = ", s.lift_at, " is within the prefix of ", s.prefix,
            " updates; a prefix is of the network itself");
    if (s.lift != "dense" && s.lift != "masked-dense")
      s.lift = normal_extents("lift", s.lift, 1, registry::split_list(s.network.channels.value_or("")).size());
  }
  const double shared = s.shared_gradient.value_or(0);
  require(shared >= 0 && shared <= 1, "shared-gradient = ", shared, "; expected a number in [0, 1]");
  require(!s.keep_gradient_norm || s.shared_gradient,
          "keep-gradient-norm is for shared-gradient, which is not given; leave it out");
  if (shared == 0) {
    s.shared_gradient.reset();
    s.keep_gradient_norm = false;
  } else {
    const std::string& network = s.network.network;
    const bool lifted = s.lift != "none" && s.lift != "dense" && s.lift != "masked-dense";
    require(lifted || (s.lift == "none" && (network == "lcn" || network == "tied")), "shared-gradient = ", shared,
            " is for a network whose positions have filters of their own: lcn, tied, or cnn with lift = \"1\", not ", network,
            s.lift == "none" ? "" : " with lift = " + s.lift);
  }
  const auto without_meaning = [&](NoiseSeeds& seeds) {
    if (s.crop == 0 && !s.flip && s.translation == 0 && s.input_noise == 0) seeds.augmentation = 0;
    if (s.label_noise == 0) seeds.label_noise = 0;
    // No network of lmc that can be named has layers which draw noise.
    if (!registry::known().is_own_network(s.network.network)) seeds.dropout = 0;
  };
  without_meaning(s.seeds);
  without_meaning(s.prefix_seeds);
  require(!s.noise_until || *s.noise_until > s.prefix, "noise-until = ", s.noise_until.value_or(0),
          "; expected an update after the prefix of ", s.prefix, ", or the two runs of a pair would be one");
  if (s.prefix == 0 && !s.noise_until) s.prefix_seeds = {};
  return s;
}

namespace {

/// json[name] ← the value, where there is one.
template <class Field>
void put(nlohmann::json& json, const char* name, const Field& value) {
  if constexpr (is_optional<Field>) {
    if (value) json[name] = *value;
  } else {
    json[name] = value;
  }
}

void put_table(nlohmann::json& json, const DataSpec& s) {
  for_each_table_option(s, [&](const char* name, const char*, const auto& value) {
    if (registry::is_given(value)) put(json, name, value);
  });
}

}  // namespace

nlohmann::json to_json(const DataSpec& s) {
  nlohmann::json json = nlohmann::json::object();
  for_each_data_option(s, [&](const char* name, const char*, const auto& value) { put(json, name, value); });
  put_table(json, s);
  return json;
}

nlohmann::json to_json(const RunSpec& s) {
  nlohmann::json json = nlohmann::json::object();
  for_each_option(s, [&](const char* name, const char*, const auto& value) { put(json, name, value); });
  put_table(json, s.data);
  for_each_seed(s, [&](const char* name, const auto& value) { put(json, name, value); });
  return json;
}

namespace {

/// Fills a specification from a JSON object. for_each calls take(name, field) for every field there is.
template <class ForEach>
void read_fields(const nlohmann::json& json, ForEach for_each) {
  std::size_t used = 0;
  try {
    for_each([&](const char* name, const char*, auto& field) {
      using Field = std::remove_cvref_t<decltype(field)>;
      const auto found = json.find(name);
      if (found == json.end()) return;
      ++used;
      if constexpr (is_optional<Field>)
        field = value_from_json<typename Field::value_type>(*found);
      else
        field = value_from_json<Field>(*found);
    });
  } catch (const nlohmann::json::exception& e) {
    throw Error(lmc::concat("a specification cannot be read: ", e.what()));
  }
  require(json.is_object() && used == json.size(), "a specification cannot be read: it has ", json.size(), " entries, ", used,
          " of them known; was it written by a newer version?");
}

}  // namespace

RunSpec run_spec_from_json(const nlohmann::json& json) {
  RunSpec s;
  read_fields(json, [&](const auto& take) {
    for_each_option(s, take);
    for_each_table_option(s.data, take);
    for_each_seed(s, [&](const char* name, auto& field) { take(name, "", field); });
  });
  return s;
}

DataSpec data_spec_from_json(const nlohmann::json& json) {
  DataSpec s;
  read_fields(json, [&](const auto& take) {
    for_each_data_option(s, take);
    for_each_table_option(s, take);
  });
  return s;
}

std::string id_of(const RunSpec& spec) { return SpecDigest().add("run\n").add(to_json(canonical(spec)).dump()).text(); }

std::string id_of(const DataSpec& spec) { return SpecDigest().add("data\n").add(to_json(spec).dump()).text(); }

RunSpec prefix_of(const RunSpec& s, Index at) {
  RunSpec prefix = s;
  prefix.seeds = s.prefix_seeds;
  prefix.prefix = 0;
  prefix.noise_until.reset();
  if (s.lift != "none") {  // it begins in a network that shares its filters
    prefix.shared_gradient.reset();
    prefix.keep_gradient_norm = false;
  }
  prefix.lift = "none";
  prefix.lift_at = 0;
  prefix.stop_at_loss.reset();
  prefix.until = at;
  prefix.keep_optimizer = true;
  return canonical(prefix);
}

}  // namespace lmc::study
