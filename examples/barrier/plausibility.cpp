// SPDX-License-Identifier: BSD-3-Clause
#include "barrier/plausibility.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <lmc/connectivity/causes/decomposition.hpp>
#include <lmc/connectivity/outcome_note.hpp>
#include <lmc/connectivity/require_logits.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

using lmc::concat;
using lmc::shortest;

namespace {

bool are_from_0_to_1(const Place& place) {
  return std::ranges::all_of(place.logits, [](double v) { return v >= 0 && v <= 1; });
}

// On losses below 0, which no usual loss has.
std::string note_on_signs(const std::vector<Place>& places) {
  std::size_t below = 0, all = 0;
  double least = 0;
  for (const Place& place : places)
    for (const double loss : place.losses) {
      ++all;
      if (loss < 0) ++below;
      least = std::min(least, loss);
    }
  if (below == 0) return {};
  return concat("losses below 0: is the sign of a log-likelihood turned? (", below, " of ", all, ", the least ",
                shortest(least), ")");
}

// All values at all α, one after another.
template <class Values>
std::vector<double> all_of(const std::vector<Place>& places, Values values) {
  std::vector<double> all;
  for (const Place& place : places) all.insert(all.end(), values(place).begin(), values(place).end());
  return all;
}

// So many that chance does not keep them all on one side.
constexpr std::size_t enough = 100;

// On losses that outcomes or probabilities could be; beside outcomes, these say how they are meant. Networks that fit the examples have
// losses below 1, too, but they are next to 0, where probabilities of the labels are next to 1.
std::string note_on_small_losses(const std::vector<Place>& places) {
  const std::vector<double> losses = all_of(places, [](const Place& p) -> auto& { return p.losses; });
  if (losses.size() < enough || !places.front().wrong.empty() ||
      !std::ranges::all_of(losses, [](double v) { return v >= 0 && v <= 1; }))
    return {};
  if (std::ranges::count(losses, 1.0) > 0 && std::ranges::all_of(losses, [](double v) { return v == 0 || v == 1; }))
    return "all losses are 0 or 1: if they are outcomes, give them as such, true or 1 where the prediction is wrong";
  const auto are_next_to_1 = [](const Place& end) {
    return 3 * std::ranges::count_if(end.losses, [](double v) { return v > 0.9; }) >= std::ssize(end.losses);
  };
  if (!are_next_to_1(places.front()) || !are_next_to_1(places.back())) return {};
  return "no loss is above 1, and many at both ends are next to it: are they probabilities of the labels? A probability p has the loss "
         "-log(p)";
}

// On labels that are rather outcomes, with which hardly a prediction agrees.
std::string note_on_labels(std::span<const std::int32_t> labels, std::size_t classes, const lmc::Curve& curve) {
  const auto is_mostly_wrong = [](const lmc::CurvePoint& end) { return end.metrics.error > 0.5; };
  if (labels.size() < enough || classes < 3 || !is_mostly_wrong(curve.points.front()) ||
      !is_mostly_wrong(curve.points.back()) || std::ranges::any_of(labels, [](std::int32_t label) { return label > 1; }))
    return {};
  return concat("all labels are 0 or 1, the logits are of ", classes,
                " classes, and errors at both ends above ½: are the labels outcomes? Expected the class of each example");
}

// On logits that are something else. Those that a softmax leaves all positive are refused before.
std::string note_on_positive_logits(const std::vector<Place>& places) {
  const std::vector<double> logits = all_of(places, [](const Place& p) -> auto& { return p.logits; });
  if (logits.size() < enough || std::ranges::any_of(logits, [](double v) { return v < 0; })) return {};
  return "no logit is negative: are they probabilities, pixels or exp(logits)?";
}

// On losses that are numbers of classes.
std::string note_on_whole_losses(const std::vector<Place>& places) {
  std::set<double> values;
  for (const Place& place : places)
    for (const double loss : place.losses) {
      if (loss < 0 || loss != std::floor(loss)) return {};
      values.insert(loss);
    }
  if (values.size() < 3) return {};
  return concat("all losses are whole numbers, from ", shortest(*values.begin()), " to ", shortest(*values.rbegin()),
                ", as predicted classes are: if they are such, give outcomes, predictions != labels");
}

}  // namespace

void require_logits(const std::vector<Place>& places, lmc::Index examples) {
  if (places.front().logits.empty()) return;
  std::vector<std::span<const double>> parts;
  for (const Place& place : places) parts.emplace_back(place.logits);
  lmc::require_logits("it holds", parts, examples);
  lmc::require(!std::ranges::all_of(places, are_from_0_to_1),
               "it holds numbers from 0 to 1 alone, as a sigmoid gives them; expected logits, as they are before the sigmoid: "
               "numpy.log(p / (1 - p)). If they are logits, give x - 2, which has the same losses and outcomes");
}

std::string contradiction_in(const ExampleValues& values) {
  if (values.logits.empty()) return {};
  const double own = values.logits[values.label], greatest = *std::ranges::max_element(values.logits);
  const bool tied = own == greatest && std::ranges::count(values.logits, greatest) > 1;
  if (values.wrong && !tied && *values.wrong != (own < greatest))
    return concat("wrong is ", *values.wrong ? 1 : 0, ", but the largest logit, ", shortest(greatest), ", is that of class ",
                  std::ranges::find(values.logits, greatest) - values.logits.begin(), ", and the label is ", values.label,
                  "; expected 1 where wrong, 0 where right");
  if (!values.loss) return {};
  const double entropy = lmc::detail::cross_entropy(values.logits, values.label);
  // The curve refuses an infinite cross-entropy by itself.
  if (!std::isfinite(entropy) || std::abs(*values.loss - entropy) <= 1e-3 * std::max(1.0, entropy)) return {};
  return concat("loss is ", shortest(*values.loss), ", but the cross-entropy of the logits is ", shortest(entropy),
                "; if it is another loss, leave out the logits and the label, and give wrong");
}

std::vector<std::string> notes_on(const std::vector<Place>& places, std::span<const std::int32_t> labels,
                                  const lmc::Curve& curve) {
  const std::size_t classes = labels.empty() ? 0 : places.front().logits.size() / labels.size();
  std::vector<std::string> notes;
  for (const std::string& note :
       {note_on_signs(places), note_on_whole_losses(places), note_on_small_losses(places), note_on_positive_logits(places),
        note_on_labels(labels, classes, curve), lmc::outcome_note(curve)})
    if (!note.empty()) notes.push_back(note);
  return notes;
}
