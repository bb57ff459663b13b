// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/dataset_chunks.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// The logits of every example of data in evaluation mode, row-major [examples, outputs]: what decompose_loss takes. Buffers
/// are those of state. The bits do not depend on the team. Throws: Error when state or data do not fit the network.
template <std::floating_point Scalar>
std::vector<Scalar> logits(const Network<Scalar>& network, const ModelState<Scalar>& state, const Dataset<Scalar>& data,
                           const ThreadTeam& team = ThreadTeam()) {
  const detail::DatasetChunks<Scalar> chunks(network, data);
  detail::require_state("logits", network, state);
  std::vector<Scalar> buffers = state.buffers;  // not written in evaluation mode
  TeamMemory<Scalar> memories(network, chunks.part(), team);
  const Index outputs = network.output_shape().size();
  std::vector<Scalar> all(static_cast<std::size_t>(data.size() * outputs));
  team.for_each(chunks.count(), [&](Index c, int worker) {
    BatchMemory<Scalar>& memory = memories(worker);
    chunks.for_parts(c, memory, [&](Index first, Index batch) {
      memory.forward(network, state.parameters, buffers, batch, Mode::evaluation);
      std::ranges::copy(span_of(memory.logits(batch)), all.begin() + first * outputs);
    });
  });
  return all;
}

}  // namespace lmc
