// SPDX-License-Identifier: BSD-3-Clause
#include "pair/alignment.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/align/activation_matching.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/measure/activation_moments.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/frank_wolfe.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/measure/weight_matching.hpp>

#include "pair/results.hpp"
#include "registry/lists.hpp"
#include "registry/named.hpp"

namespace {

using State = lmc::ModelState<float>;

// Searches and repairs look at so many training examples, spread over all.
constexpr Index seen = 2000;
lmc::Dataset<float> seen_part(const lmc::Dataset<float>& data) {
  const Index count = std::min(seen, data.size());
  std::vector<Index> examples;
  for (Index i = 0; i < count; ++i) examples.push_back(i * data.size() / count);
  return data.subset(examples);
}

// "repair,bias" as positions in names, each once.
std::vector<std::size_t> parse_names(const char* option, const char* what, const std::optional<std::string>& given,
                                     std::span<const std::string_view> names) {
  std::vector<std::size_t> chosen;
  if (!given) return chosen;
  const std::string& text = *given;
  lmc::require(!text.empty() && !text.ends_with(','), option, " '", text,
               "': ", text.empty() ? "names nothing" : "no name follows the last comma", "; expected ", registry::one_of(names),
               ", or several with commas between; leave the option out for none");
  for (const std::string& name : registry::split_list(text)) {
    chosen.push_back(registry::named(lmc::concat(option, ' ', text), [&] { return lmc::find_name(what, name, names); }));
    lmc::require(std::ranges::count(chosen, chosen.back()) == 1, option, ' ', text, ": ", name,
                 " is there twice; expected each name once");
  }
  return chosen;
}

lmc::Alignment search(Search method, const lmc::Network<float>& net, const State& a, const State& b,
                      const lmc::Dataset<float>& data, const lmc::ThreadTeam& team) {
  if (method == Search::weights) return lmc::weight_matching<float>(net, a, b);
  if (method == Search::frank_wolfe) return lmc::frank_wolfe<float>(net, a, b);
  return lmc::activation_matching(net.layout(), lmc::activation_moments(net, a, b, data, team));
}

// Does what an option asks for. An error gets its name in front, and names other repairs as they are typed.
void of_option(const std::string& option, const std::function<void()>& work) {
  try {
    work();
  } catch (const lmc::Error& e) {
    std::string message = e.what();
    constexpr std::array<std::string_view, 4> members{"moments", "deviations", "buffers", "biases"};  // in the order of Repair
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::string member = lmc::concat("Repair::", members[i]);
      for (std::size_t at = message.find(member); at != std::string::npos; at = message.find(member))
        message.replace(at, member.size(), lmc::concat("--repair ", lmc::repair_names[i]));
    }
    throw lmc::Error(lmc::concat(option, ": ", message));
  }
}
std::string option_of(Search method) { return lmc::concat("--align ", search_names.at(static_cast<std::size_t>(method))); }
std::string name_of(lmc::Repair repair) { return std::string(lmc::repair_names.at(static_cast<std::size_t>(repair))); }

}  // namespace

AlignmentPlan parse_alignment(const Options& o) {
  AlignmentPlan plan;
  for (const std::size_t i : parse_names("--align", "alignment", o.align, search_names))
    plan.searches.push_back(static_cast<Search>(i));
  for (const std::size_t i : parse_names("--repair", "repair", o.repair, lmc::repair_names))
    plan.repairs.push_back(static_cast<lmc::Repair>(i));
  return plan;
}

void require_alignable(const AlignmentPlan& plan, const lmc::Network<float>& net, const lmc::TrainTest<float>& data) {
  if (plan.empty()) return;
  lmc::require(std::min(data.train.size(), data.test.size()) >= 2, plan.searches.empty() ? "--repair" : "--align",
               ": there is only ", std::min(data.train.size(), data.test.size()),
               " training or test example; expected at least 2");
  lmc::require(plan.searches.empty() || !net.layout().groups.empty(),
               "--align: the network has no hidden units that could trade places; leave the option out");
  const State start = net.initialize();
  const auto two = data.train.subset(std::vector<Index>{0, 1});
  for (const Search method : plan.searches)
    of_option(option_of(method), [&] {
      // Both searches on weights cut the layout into the same terms.
      if (method == Search::activations)
        search(method, net, start, start, two, lmc::ThreadTeam());
      else
        lmc::weight_matching<float>(net, start, start, {.max_sweeps = 1});
    });
  for (const lmc::Repair repair : plan.repairs)
    of_option("--repair " + name_of(repair), [&] { lmc::repaired_evaluator(net, two, two, repair); });
}

void align(const lmc::Network<float>& net, const lmc::TrainTest<float>& data, const AlignmentPlan& plan,
           const lmc::ThreadTeam& team, Results& r) {
  if (!r.judged()) {
    std::cerr << "note: there is nothing to align or to repair, since a network diverged\n";
    return;
  }
  const lmc::Dataset<float> some = seen_part(data.train);
  const lmc::PathOptions path{.alphas = parse_alphas(r.options.alphas)};
  std::vector<AlignedPair> pairs;
  for (const PairMeasurement& pair : r.pairs) {
    const State &a = r.runs[pair.initialization][pair.a].state, &b = r.runs[pair.initialization][pair.b].state;
    AlignedPair rows;
    const auto measure = [&](AlignedMeasurement row, const State& end, std::optional<lmc::Repair> repair) {
      const auto part = [&](const lmc::Dataset<float>& of) {
        if (!repair) return measured(lmc::linear_path(a, end, lmc::evaluator(net, of, data.train, team, {}, r.loss), path));
        // Running statistics are estimated as in the plain evaluator.
        const auto& statistics = *repair == lmc::Repair::buffers ? data.train : some;
        return measured(
            lmc::linear_path(a, end, lmc::repaired_evaluator(net, of, statistics, *repair, team, {}, r.loss), path));
      };
      if (repair) row.repair = name_of(*repair);
      row.train = part(data.train);
      row.test = part(data.test);
      rows.push_back(std::move(row));
    };
    for (const lmc::Repair repair : plan.repairs) measure({}, b, repair);
    for (const Search method : plan.searches)
      of_option(option_of(method), [&] {
        const auto begin = std::chrono::steady_clock::now();
        lmc::Alignment alignment = search(method, net, a, b, some, team);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        auto checked = lmc::checked_alignment(net, std::move(alignment), b, some, team);
        const AlignedMeasurement row{.method = std::string(search_names.at(static_cast<std::size_t>(method))),
                                     .found = FoundOrder{checked.alignment, checked.check, took.count(),
                                                         lmc::moved_by_layer(net.layout(), checked.alignment.permutations)},
                                     .train = {},
                                     .test = {}};
        measure(row, checked.state, std::nullopt);
        for (const lmc::Repair repair : plan.repairs) measure(row, checked.state, repair);
      });
    pairs.push_back(std::move(rows));
  }
  r.aligned = std::move(pairs);
}

std::optional<lmc::PermutationShare> share_of(const Results& r, std::size_t row, PartMeasurement PairMeasurement::*before,
                                              PartMeasurement AlignedMeasurement::*after) {
  lmc::PermutationShareOptions options;
  std::vector<double> plain, changed;
  double chance = 0;
  for (std::size_t i = 0; i < r.pairs.size(); ++i) {
    const PartMeasurement &part = r.pairs[i].*before, &aligned = r.aligned[i][row].*after;
    if (!part.cross_fitted || !part.error.floor || !aligned.cross_fitted) return std::nullopt;
    options.initializations.push_back(static_cast<Index>(r.pairs[i].initialization));
    plain.push_back(part.cross_fitted->value);
    changed.push_back(aligned.cross_fitted->value);
    chance = std::max(chance, part.error.floor->quantile);
  }
  // Cross-fitted heights are 0 on average without a barrier; of one initialization nothing else tells one from none.
  if (r.runs.size() == 1) options.floor = chance;
  return lmc::permutation_share(plain, changed, options);
}
