// SPDX-License-Identifier: BSD-3-Clause
#include "pair/options.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>

#include "registry/lists.hpp"
#include "registry/named.hpp"

namespace {

// One seed for each run.
std::vector<std::uint64_t> parse_seeds(std::string_view option, const std::string& text, Index runs) {
  std::vector<std::uint64_t> seeds;
  const char *at = text.data(), *const end = at + text.size();
  while (true) {
    const auto [next, failure] = std::from_chars(at, end, seeds.emplace_back());
    const bool more = failure == std::errc() && next != end && *next == ',';
    lmc::require(more || (failure == std::errc() && next == end && std::ssize(seeds) == runs), option, " ", text, "; expected ",
                 runs, " whole numbers with commas between, one for each run, as in 1,2");
    if (!more) return seeds;
    at = next + 1;
  }
}

}  // namespace

std::vector<std::vector<std::uint64_t>> init_seeds(const Options& o) {
  std::vector<std::vector<std::uint64_t>> seeds;
  if (!o.init_seeds) {
    for (Index i = 0; i < o.pairs; ++i)
      seeds.emplace_back(static_cast<std::size_t>(o.runs), o.init_seed + static_cast<std::uint64_t>(i));
    return seeds;
  }
  const auto refuse = [&](bool refused, const auto&... why) { lmc::require(!refused, "--init-seeds ", *o.init_seeds, why...); };
  refuse(
      o.pairs != 1, " with --pairs ", o.pairs,
      ": the seeds are those of one pair's two starts, and the pairs of --pairs share one start each; leave out one of the two");
  refuse(o.runs != 2, " with --runs ", o.runs,
         ": only two runs can have starts of their own, since more would give pairs that are neither from one start nor "
         "independent; leave out --runs");
  refuse(o.explain,
         " with --explain: its account of distances is from the start that both runs share; leave out one of the two");
  seeds.push_back(parse_seeds("--init-seeds", *o.init_seeds, o.runs));
  refuse(seeds[0][0] == seeds[0][1],
         ": the two runs would share their start, which they do without the option; expected two different seeds, or "
         "--init-seed ",
         seeds[0][0], " for the start of both");
  return seeds;
}

std::vector<std::vector<lmc::NoiseSeeds>> noise_seeds(const Options& o) {
  lmc::require(o.pairs >= 1 && o.pairs <= 10'000, "--pairs ", o.pairs, "; expected 1 to 10000 initializations");
  lmc::require(o.runs >= 2 && o.runs <= 26, "--runs ", o.runs, "; expected 2 to 26 runs from each initialization");
  const lmc::PairNoise noise =
      registry::named(registry::typed("--", "noise", o.noise), [&] { return lmc::parse_pair_noise(o.noise); });
  lmc::require(noise == lmc::PairNoise::order || !o.augment.empty(), "--noise ", o.noise,
               ": the runs cannot differ in an augmentation that there is none of; add --augment, as in --augment crop=4,flip");
  std::vector<std::uint64_t> given(static_cast<std::size_t>(o.runs));
  std::iota(given.begin(), given.end(), std::uint64_t{1});
  if (o.noise_seeds) given = parse_seeds("--noise-seeds", *o.noise_seeds, o.runs);
  std::vector<std::uint64_t> of_labels(given.size(), given[0]);
  if (o.label_noise_seeds) {
    lmc::require(o.label_noise > 0, "--label-noise-seeds ", *o.label_noise_seeds,
                 ": there is no label noise; add --label-noise");
    of_labels = parse_seeds("--label-noise-seeds", *o.label_noise_seeds, o.runs);
  }
  std::vector<std::vector<lmc::NoiseSeeds>> seeds(static_cast<std::size_t>(o.pairs));
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    const std::uint64_t shift = i * given.size();  // no two initializations share an order; wrong labels they do
    for (std::size_t run = 0; run < given.size(); ++run) {
      seeds[i].push_back(lmc::pair_seeds(noise, given[0] + shift, given[run] + shift)[1]);
      seeds[i].back().label_noise = of_labels[run];
    }
  }
  return seeds;
}

lmc::AugmentationOptions parse_augmentation(const std::string& text) {
  lmc::AugmentationOptions options;
  constexpr std::array<std::string_view, 4> names{"crop", "flip", "translation", "noise"};
  std::array<bool, names.size()> given{};
  for (const std::string& part : registry::split_list(text)) {
    const std::size_t equals = part.find('=');
    const std::size_t which =
        registry::named("--augment " + text, [&] { return lmc::find_name("augmentation", part.substr(0, equals), names); });
    lmc::require(!std::exchange(given.at(which), true), "--augment ", text, ": ", names.at(which),
                 " is given twice; leave one out");
    lmc::require((which == 1) == (equals == std::string::npos), "--augment ", text, ": '", part, "'; expected ",
                 which == 1 ? "flip, without a number" : lmc::concat(names.at(which), "= and a number"));
    if (which == 1) {
      options.flip = true;
      continue;
    }
    const std::vector<double> numbers =
        registry::named("--augment " + text, [&] { return registry::parse_list(names.at(which), part.substr(equals + 1)); });
    lmc::require(numbers.size() == 1, "--augment ", text, ": '", part, "'; expected a number");
    if (which == 0) {
      lmc::require(numbers[0] == std::floor(numbers[0]) && std::abs(numbers[0]) < 1e6, "--augment ", text, ": '", part,
                   "'; expected a whole number of pixels");
      options.crop_padding = static_cast<Index>(numbers[0]);
    }
    if (which == 2) options.translation = numbers[0];
    if (which == 3) options.noise = numbers[0];
  }
  return options;
}

lmc::AlphaGrid parse_alphas(const std::string& text) {
  const std::vector<double> numbers = registry::parse_list("--alphas", text);
  lmc::require(numbers.size() != 1 || (numbers[0] == std::floor(numbers[0]) && std::abs(numbers[0]) <= 1e6), "--alphas ", text,
               "; expected a number of steps, or a list of α from 0 to 1");
  return registry::named(registry::typed("--", "alphas", text), [&] {
    return numbers.size() == 1 ? lmc::AlphaGrid(static_cast<Index>(numbers[0])) : lmc::AlphaGrid(numbers);
  });
}
