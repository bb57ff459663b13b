// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// 0, 1, 2, 4, 8, … below `updates`: candidates for the update from which connectivity is decided.
inline std::vector<Index> doubling_updates(Index updates) {
  std::vector<Index> all{0};
  for (Index k = 1; k < updates; k *= 2) all.push_back(k);
  return all;
}

/// Between which candidates one initialization's connectivity was decided.
struct OnsetBracket {
  std::optional<Index> broken = {};     // the last update that the search took for too early; nothing: none was
  std::optional<Index> connected = {};  // the first that it took for late enough; nothing: none was
};

/// Bisection for one initialization: which candidate is to be measured next. Whether children are connected does not have to change
/// once alone as k grows; what is found is one place where it does.
class OnsetSearch {
 public:
  /// candidates rise.
  explicit OnsetSearch(std::vector<Index> candidates) : open_(std::move(candidates)) {}

  /// The middle of the candidates that are left; nothing when there are none.
  [[nodiscard]] std::optional<Index> next() const {
    if (open_.empty()) return std::nullopt;
    return open_[open_.size() / 2];
  }
  /// Tells the outcome of next(). One that cannot be judged rules out that candidate alone.
  void tell(Verdict verdict) {
    const auto middle = open_.begin() + static_cast<std::ptrdiff_t>(open_.size() / 2);
    if (verdict == Verdict::broken) {
      bracket_.broken = *middle;
      open_.erase(open_.begin(), middle + 1);
    } else if (verdict == Verdict::connected) {
      bracket_.connected = *middle;
      open_.erase(middle, open_.end());
    } else {
      open_.erase(middle);
    }
  }
  /// What is known so far.
  [[nodiscard]] const OnsetBracket& bracket() const { return bracket_; }

 private:
  std::vector<Index> open_;
  OnsetBracket bracket_;
};

/// What is trained to find an onset.
struct OnsetCost {
  Index trainings = 0;       // prefixes and children
  Index prefix_updates = 0;  // of all prefixes together
  Index child_updates = 0;   // of all children together

  /// Updates of prefixes and children.
  [[nodiscard]] Index updates() const { return prefix_updates + child_updates; }
  friend bool operator==(const OnsetCost&, const OnsetCost&) = default;
};

/// How far the bisections go, and what they cost: from the least to the most, since what is trained depends on what is found.
struct OnsetPlan {
  Index rounds = 0;      // pairs of children for each initialization, at most
  Index all_rounds = 0;  // that it takes until each bracket has neighbors among the candidates
  OnsetCost least = {};  // where each bisection goes to the latest candidates that it can
  OnsetCost most = {};   // an upper bound, reached where each goes to the earliest; also where pairs cannot be judged
};

namespace detail {

/// Updates of the children of one initialization, when each outcome is the one for which they are `better` than for others.
template <class Better>
Index child_updates(const OnsetSearch& search, Index rounds, Index end, Better better) {
  const std::optional<Index> k = search.next();
  if (rounds == 0 || !k) return 0;
  std::optional<Index> chosen;
  for (const Verdict verdict : {Verdict::broken, Verdict::connected, Verdict::none}) {
    OnsetSearch after = search;
    after.tell(verdict);
    const Index updates = child_updates(after, rounds - 1, end, better);
    if (!chosen || better(updates, *chosen)) chosen = updates;
  }
  return 2 * (end - *k) + *chosen;
}

}  // namespace detail

/// What it costs to bisect `candidates` for each of `initializations` trainings of `end` updates. Of each, the prefix is trained once,
/// to the last candidate (none where that is 0), and two children of end − k updates at each k that is measured:
///   trainings = initializations × (1 + 2 rounds),   rounds = ⌊log₂ candidates⌋ + 1,
/// fewer rounds where max_trainings allows no more; all initializations have the same number. Fewer are made where a bisection ends
/// early. Without with_prefixes, where a trainer of another's makes children from k by itself, these alone are counted.
/// Throws: Error, begun by `who`, when there are no candidates or more than 1000, they do not rise from at least 0 to at most end,
/// initializations is not positive, or max_trainings does not suffice for one round.
inline OnsetPlan onset_plan(std::string_view who, std::span<const Index> candidates, Index end, Index initializations,
                            std::optional<Index> max_trainings = {}, bool with_prefixes = true) {
  require(!candidates.empty() && candidates.size() <= 1000, who, ": ", candidates.size(),
          " candidates; expected 1 to 1000 numbers of updates after which children part");
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    require(candidates[i] >= 0 && candidates[i] <= end, who, ": candidate ", candidates[i], ", but the training ends after ",
            end, " updates; expected numbers from 0 to that");
    require(i == 0 || candidates[i] > candidates[i - 1], who, ": candidate ", candidates[i], " stands behind ",
            candidates[i == 0 ? 0 : i - 1], "; expected rising numbers");
  }
  require(initializations >= 1, who, ": ", initializations, " initializations; expected at least 1");
  OnsetPlan plan{.all_rounds = static_cast<Index>(std::bit_width(candidates.size()))};
  plan.rounds = plan.all_rounds;
  const Index prefixes = with_prefixes && candidates.back() > 0 ? initializations : 0;
  if (max_trainings) {
    require(*max_trainings >= prefixes + 2 * initializations, who, ": at most ", *max_trainings, " trainings, but ",
            initializations, " initializations take ", prefixes + 2 * initializations,
            " at least: ", prefixes > 0 ? "one prefix and " : "", "two children each; allow more, or fewer initializations");
    plan.rounds = std::min(plan.rounds, (*max_trainings - prefixes) / (2 * initializations));
  }
  const OnsetSearch search(std::vector<Index>(candidates.begin(), candidates.end()));
  const auto count = [&](Index left, Index& rounds, auto fewer) {  // rounds of a bisection that ends as early or late as it can
    rounds = 0;
    for (; left > 0 && rounds < plan.rounds; ++rounds) left = fewer ? left - left / 2 - 1 : left / 2;
  };
  Index least_rounds = 0;
  count(std::ssize(candidates), least_rounds, true);
  plan.least = {.trainings = prefixes + 2 * initializations * least_rounds,
                .prefix_updates = prefixes * candidates.back(),
                .child_updates = initializations * detail::child_updates(search, plan.rounds, end, std::less<>())};
  plan.most = {.trainings = prefixes + 2 * initializations * plan.rounds,
               .prefix_updates = prefixes * candidates.back(),
               .child_updates = initializations * detail::child_updates(search, plan.rounds, end, std::greater<>())};
  return plan;
}

}  // namespace lmc
