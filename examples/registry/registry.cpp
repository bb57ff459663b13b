// SPDX-License-Identifier: BSD-3-Clause
#include "registry/registry.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include <lmc/core/names.hpp>

#include "registry/lists.hpp"

namespace registry {

namespace {

/// Throws: lmc::Error for a name that cannot be added. `what` is "data set" or "network".
template <class Kind>
void require_new(const char* what, const Kind& kind, const std::vector<Kind>& known, const std::vector<Kind>& built_in) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  lmc::require(!kind.name.empty() && kind.name.find_first_not_of(letters) == std::string::npos, "a ", what,
               " cannot be called '", kind.name, "'; expected letters, digits, - and _");
  const auto has_name = [&](const Kind& other) { return other.name == kind.name; };
  lmc::require(std::ranges::none_of(built_in, has_name), "a ", what, " of lmc is called '", kind.name,
               "'; give yours another name");
  lmc::require(std::ranges::none_of(known, has_name), "two ", what, "s of yours are called '", kind.name,
               "'; give one of them another name, or register it once");
}

template <class Kind>
bool is_own(std::string_view name, const std::vector<Kind>& known, std::size_t built_in) {
  return std::any_of(known.begin() + static_cast<std::ptrdiff_t>(built_in), known.end(),
                     [&](const Kind& kind) { return kind.name == name; });
}

}  // namespace

Registry::Registry() : datasets_(built_in_datasets()), networks_(built_in_networks()) { write_help(); }

void Registry::add_dataset(DatasetKind kind) {
  require_new("data set", kind, datasets_, built_in_datasets());
  lmc::require(kind.load != nullptr, "the data set ", kind.name, " has no `load`, the function that reads it");
  std::vector<std::string_view> names;
  DatasetOptions options;
  for_each_dataset_option(options, [&](const char* name, const char*, const auto&) { names.emplace_back(name); });
  for (const std::string_view option : kind.options) lmc::find_name("option of the data set " + kind.name, option, names);
  if (std::ranges::find(kind.options, "data") == kind.options.end()) kind.options.emplace_back("data");
  datasets_.push_back(std::move(kind));
  write_help();
}

void Registry::add_network(NetworkKind kind) {
  require_new("network", kind, networks_, built_in_networks());
  lmc::require(kind.build != nullptr, "the network ", kind.name, " has no `build`, the function that makes it");
  std::vector<std::string_view> names;
  for_each_network_option(
      [&](const char* name, const char*, const auto& usual) {
        names.emplace_back(name);
        if constexpr (!std::is_same_v<decltype(usual), const std::string&>) {
          const bool taken = std::find(kind.options.begin(), kind.options.end(), name) != kind.options.end();
          lmc::require(!taken || usual || name == std::string_view("patch"), "the network ", kind.name, " takes the option ",
                       name, ", but has no default for it; add one to `defaults`");
        }
      },
      kind.defaults);
  for (const std::string_view option : kind.options) lmc::find_name("option of the network " + kind.name, option, names);
  networks_.push_back(std::move(kind));
  write_help();
}

bool Registry::is_own_dataset(std::string_view name) const { return is_own(name, datasets_, built_in_datasets().size()); }

bool Registry::is_own_network(std::string_view name) const { return is_own(name, networks_, built_in_networks().size()); }

void Registry::write_help() {
  std::vector<std::string> texts;
  for (const DatasetKind& kind : datasets_) texts.push_back(kind.name + (kind.what.empty() ? "" : " (" + kind.what + ")"));
  dataset_help_ = one_of(std::vector<std::string_view>(texts.begin(), texts.end()));
  std::vector<std::string_view> names;
  for (const NetworkKind& kind : networks_) names.emplace_back(kind.name);
  network_help_ = one_of(names);
}

Registry& known() {
  static Registry registry;
  return registry;
}

}  // namespace registry
