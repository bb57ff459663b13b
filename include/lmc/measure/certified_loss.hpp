// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/exact/certified_loss.hpp>
#include <lmc/connectivity/exact/detail/loss_bounds.hpp>
#include <lmc/connectivity/exact/readout_pair.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/dataset_chunks.hpp>
#include <lmc/measure/detail/finite_outputs.hpp>
#include <lmc/measure/detail/in_double.hpp>
#include <lmc/measure/detail/one_hidden_layer.hpp>
#include <lmc/measure/detail/sum_in_groups.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/run.hpp>

namespace lmc {

namespace detail {

/// At least as many roundings as come one behind the other in what affine layers and averages make of a number, forward or
/// backward: an entry of a layer's output is a sum over its inputs, and one of a gradient a sum over its outputs.
inline double roundings(const Network<double>& network) {
  double count = 8;
  Index inputs = network.input_shape()->size();
  for (const auto& part : network.parts()) {
    const Index outputs = part.output.size();
    count += static_cast<double>(inputs + outputs) + 2;
    inputs = outputs;
  }
  return count;
}

/// The head of a network with one hidden layer in double at both ends, and how far its outputs are from real arithmetic. Each
/// is a sum of products w x and a bias, where averages before the layer are such sums, too, so that it is right to
///   γ(roundings) (Σ |w x| + |b|) ≤ γ(roundings) · (Σ |w| + |b|) · max(1, max |x|)
/// of which the second factor is the output of the head with |θ| for an example of ones.
class PreciseHead {
 public:
  PreciseHead(const Network<double>& head, std::span<const double> a, std::span<const double> b)
      : head_(&head), a_(a.begin(), a.end()), b_(b.begin(), b.end()) {
    double sum = 0;
    BatchMemory<double> memory(head, 1);
    for (const std::vector<double>* theta : {&a_, &b_}) {
      std::vector<double> sizes = *theta;
      for (double& v : sizes) v = std::abs(v);
      std::ranges::fill(span_of(memory.x(1)), 1.0);
      memory.forward(head, sizes, {}, 1, Mode::evaluation);
      for (const double v : span_of(memory.logits(1))) sum = std::max(sum, v);
    }
    error_ = 1.01 * rounding(roundings(head)) * sum;
  }

  [[nodiscard]] const Network<double>& network() const { return *head_; }
  [[nodiscard]] std::span<const double> at_a() const { return a_; }
  [[nodiscard]] std::span<const double> at_b() const { return b_; }
  /// How far an output for the example may be off.
  [[nodiscard]] double error(std::span<const double> x) const {
    double largest = 1;
    for (const double v : x) largest = std::max(largest, std::abs(v));
    return error_ * largest;
  }

 private:
  const Network<double>* head_;
  std::vector<double> a_, b_;
  double error_ = 0;  // for an example within [−1, 1]
};

/// Visits the examples of a chunk: memory of one thread.
template <std::floating_point Scalar>
class PreciseChunks {
 public:
  PreciseChunks(const DatasetChunks<Scalar>& chunks, const PreciseHead& head)
      : chunks_(&chunks),
        head_(&head),
        part_(cached_part(head.network(), std::min(DatasetChunks<Scalar>::size, chunks.examples()))),
        memory_(head.network(), part_),
        x_(static_cast<std::size_t>(part_ * inputs())),
        labels_(static_cast<std::size_t>(part_)) {}

  /// Calls visit(pre-activations at a, at b, bound on their errors, label) for the examples of chunk c in order.
  template <class Visit>
  void for_each(Index c, Visit visit) {
    constexpr Index size = DatasetChunks<Scalar>::size;
    const Index last = std::min((c + 1) * size, chunks_->examples()), width = head_->network().output_shape().size();
    for (Index first = c * size; first < last; first += part_) {
      const Index batch = std::min(part_, last - first);
      const std::span<Scalar> x = slice(std::span(x_), 0, batch * inputs());
      const std::span<std::int32_t> labels = slice(std::span(labels_), 0, batch);
      chunks_->data().gather_range(first, matrix_view(x, batch, inputs()), labels);
      std::ranges::copy(x, memory_.x(batch).data());
      memory_.forward(head_->network(), head_->at_a(), {}, batch, Mode::evaluation);
      const auto outputs = span_of(memory_.logits(batch));
      at_a_.assign(outputs.begin(), outputs.end());
      memory_.forward(head_->network(), head_->at_b(), {}, batch, Mode::evaluation);
      require_finite_outputs("certified_loss_barrier", std::span<const double>(at_a_), std::span<const double>(outputs), first,
                             batch);
      for (Index i = 0; i < batch; ++i)
        visit(slice(std::span<const double>(at_a_), i * width, width),
              slice(std::span<const double>(outputs), i * width, width),
              head_->error(slice(std::span<const double>(span_of(memory_.x(batch))), i * inputs(), inputs())),
              labels[static_cast<std::size_t>(i)]);
    }
  }

 private:
  [[nodiscard]] Index inputs() const { return head_->network().input_shape()->size(); }

  const DatasetChunks<Scalar>* chunks_;
  const PreciseHead* head_;
  Index part_;  // examples at once
  BatchMemory<double> memory_;
  std::vector<Scalar> x_;
  std::vector<std::int32_t> labels_;
  std::vector<double> at_a_;
};

/// The readout of θ in double; raises `errors` to how far an entry may be from real arithmetic: γ(roundings) of what it is for
/// |θ|, which is the sum of the absolute values of all that is added up to it.
inline Readout<double> precise_readout(const Network<double>& network, const OneHiddenLayer<double>& split,
                                       std::vector<double> theta, ReadoutErrors& errors) {
  Readout<double> readout = split.readout(theta);
  for (double& v : theta) v = std::abs(v);
  const Readout<double> sizes = split.readout(theta);
  const double share = 1.01 * rounding(roundings(network));
  errors.weight = std::max(errors.weight, share * *std::ranges::max_element(sizes.weight));
  errors.bias = std::max(errors.bias, share * *std::ranges::max_element(sizes.bias));
  return readout;
}

}  // namespace detail

/// Encloses the loss barrier of a network on a data set over all α of the line from a to b, for the networks that
/// exact_error_curve takes: one affine layer, ReLU or leaky ReLU, average pooling and an affine readout. It is that of the
/// function in real arithmetic, parameters and inputs being the numbers that are given, and not that of the network in its own
/// precision; the products of the ends are computed in double. For networks that are linear in their parameters, as
/// logistic regression, L is convex along the line, so that the barrier is exactly 0, and said to be after a pass that checks
/// the outputs.
///
/// The bits do not depend on the team. Cost: for each pass two products of the first layer in double, and what
/// certified_loss_barrier of a ReadoutPair says. Memory for each thread does not depend on the number of examples.
/// Throws: Error when the network is another one (it names the layer), the data set does not fit or has no classes, a length is
/// not that of θ, a parameter or an output is infinite or NaN, an option is out of range, or logits may exceed 1e100.
template <std::floating_point Scalar>
CertifiedLossBarrier certified_loss_barrier(const Network<Scalar>& network, std::span<const Scalar> a,
                                            std::span<const Scalar> b, const Dataset<Scalar>& data,
                                            const CertifiedLossOptions& options = {}, const ThreadTeam& team = ThreadTeam()) {
  constexpr std::string_view who = "certified_loss_barrier";
  detail::require_options(options);
  const detail::DatasetChunks<Scalar> chunks(network, data);
  const detail::OneHiddenLayer<Scalar> covered(who, network);
  require(data.classes() >= 2, who, ": the data set has ", data.classes(),
          " classes; expected labels of at least two, since the loss is cross-entropy");
  const auto parameters = static_cast<std::size_t>(network.layout().parameter_count());
  require(a.size() == parameters && b.size() == parameters, who, ": a has ", a.size(), " parameters and b ", b.size(),
          "; the network has ", parameters);
  detail::require_finite_values(who, "a", a);
  detail::require_finite_values(who, "b", b);
  const bool swapped = detail::starts_from_b<Scalar>({a}, {b});
  if (swapped) std::swap(a, b);

  const Network<double> precise = detail::in_double(who, network);
  const detail::OneHiddenLayer<double> split(who, precise);
  const std::vector<double> theta_a(a.begin(), a.end()), theta_b(b.begin(), b.end());
  const detail::PreciseHead head(split.head(), split.head_parameters(theta_a), split.head_parameters(theta_b));
  // Sums over the examples: add(state, ...) of each, with a state for each worker.
  const auto sum = [&](std::size_t length, auto& states, auto add) {
    std::vector<std::optional<detail::PreciseChunks<Scalar>>> readers(static_cast<std::size_t>(team.size()));
    return detail::sum_in_groups<double>(chunks.count(), static_cast<Index>(length), team,
                                         [&](Index c, int worker, std::span<double> sums) {
                                           auto& reader = readers[static_cast<std::size_t>(worker)];
                                           if (!reader) reader.emplace(chunks, head);
                                           reader->for_each(c, [&](auto at_a, auto at_b, double error, std::int32_t label) {
                                             add(states[static_cast<std::size_t>(worker)], at_a, at_b, error, label, sums);
                                           });
                                         });
  };
  if (split.is_linear()) {
    std::vector<int> none(static_cast<std::size_t>(team.size()));
    sum(0, none, [](auto&&...) {});
    return {.passes = 1};
  }
  detail::ReadoutErrors errors;
  const detail::Readout<double> at_a = detail::precise_readout(precise, split, theta_a, errors);
  const detail::Readout<double> at_b = detail::precise_readout(precise, split, theta_b, errors);
  std::vector<detail::LossBounds> bounds(static_cast<std::size_t>(team.size()),
                                         detail::LossBounds(ReadoutPair<double>{.hidden = split.hidden(),
                                                                                .classes = split.classes(),
                                                                                .slope = split.slope(),
                                                                                .weight_a = at_a.weight,
                                                                                .weight_b = at_b.weight,
                                                                                .bias_a = at_a.bias,
                                                                                .bias_b = at_b.bias},
                                                            errors));
  return detail::certify_loss(chunks.examples(), split.classes(), options, swapped, [&](std::span<const double> places) {
    return sum(detail::LossBounds::sums_for(places.size()), bounds,
               [&](detail::LossBounds& own, auto x, auto y, double error, std::int32_t label, std::span<double> sums) {
                 own.add(x, y, error, label, places, sums);
               });
  });
}

/// The same between two states, such as load_state and Checkpoint::state give.
template <std::floating_point Scalar>
CertifiedLossBarrier certified_loss_barrier(const Network<Scalar>& network, const ModelState<Scalar>& a,
                                            const ModelState<Scalar>& b, const Dataset<Scalar>& data,
                                            const CertifiedLossOptions& options = {}, const ThreadTeam& team = ThreadTeam()) {
  return certified_loss_barrier<Scalar>(network, std::span<const Scalar>(a.parameters), std::span<const Scalar>(b.parameters),
                                        data, options, team);
}
/// The same between the ends of two runs; CertifiedLossBarrier::diverged where one of them diverged, so that nothing is judged.
template <std::floating_point Scalar>
CertifiedLossBarrier certified_loss_barrier(const Network<Scalar>& network, const Run<Scalar>& a, const Run<Scalar>& b,
                                            const Dataset<Scalar>& data, const CertifiedLossOptions& options = {},
                                            const ThreadTeam& team = ThreadTeam()) {
  CertifiedLossBarrier barrier = certified_loss_barrier(network, a.state, b.state, data, options, team);
  barrier.diverged = a.diverged_at || b.diverged_at;
  return barrier;
}

}  // namespace lmc
