// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <lmc/core/names.hpp>

namespace lmc {

/// One seed for each source of noise in training. The initialization has its own, in Network::initialize.
struct NoiseSeeds {
  std::uint64_t order = 0;         // order of the data
  std::uint64_t augmentation = 0;  // random changes of examples
  std::uint64_t dropout = 0;       // noise that layers draw
  std::uint64_t label_noise = 0;   // which labels are wrong, and how
  friend bool operator==(const NoiseSeeds&, const NoiseSeeds&) = default;
};

/// The names of the sources whose seeds differ, in the order of NoiseSeeds.
inline std::vector<std::string_view> differing_noise(const NoiseSeeds& a, const NoiseSeeds& b) {
  std::vector<std::string_view> names;
  if (a.order != b.order) names.emplace_back("order");
  if (a.augmentation != b.augmentation) names.emplace_back("augmentation");
  if (a.dropout != b.dropout) names.emplace_back("dropout");
  if (a.label_noise != b.label_noise) names.emplace_back("label noise");
  return names;
}

/// What the two runs of a pair differ in.
enum class PairNoise { order, augmentation, both };

/// What parse_pair_noise takes, in the order of PairNoise.
inline constexpr std::array<std::string_view, 3> pair_noise_names{"order", "augmentation", "both"};

/// Throws: Error that lists the names there are.
inline PairNoise parse_pair_noise(std::string_view name) {
  return static_cast<PairNoise>(find_name("noise", name, pair_noise_names));
}

/// The seeds of two runs that differ in the named sources: `first` for every source of the first run, `second` for those
/// sources of the second run, and for nothing else. With equal seeds the runs are identical.
inline std::array<NoiseSeeds, 2> pair_seeds(PairNoise noise, std::uint64_t first, std::uint64_t second) {
  const NoiseSeeds a{.order = first, .augmentation = first, .dropout = first, .label_noise = first};
  NoiseSeeds b = a;
  if (noise != PairNoise::augmentation) b.order = second;
  if (noise != PairNoise::order) b.augmentation = second;
  return {a, b};
}

}  // namespace lmc
