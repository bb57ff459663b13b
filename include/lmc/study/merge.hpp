// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <lmc/io/input_file.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/study/rows.hpp>
#include <lmc/study/store.hpp>

namespace lmc::study {

/// Everything of `from`, rows and checkpoints, that `to` lacks. What both have must be equal but for its provenance. `from` may
/// be written to meanwhile. Throws: Error when two rows disagree, and when a checkpoint does not match its row; what `to` had
/// is as it was.
inline void merge(const Store& from, Store& to) {
  // Read in the reverse of the order in which rows come to be: what a row rests on is then read, too.
  const auto measurements = from.measurements();
  const auto pairs = from.pairs();
  const auto runs = from.runs();
  for (const DataRow& row : from.all_data()) to.put(row);
  for (const RunRow& row : runs) {
    if (to.run(row.id)) to.put(row);  // it must be equal before a checkpoint is written
    if (from.has_checkpoint(row) && !to.has_checkpoint(row)) {
      InputFile file = open_input_file(from.checkpoint(row.id));
      OutputFile copy(to.checkpoint(row.id));
      copy.stream() << file.stream.rdbuf();
      copy.commit();
    }
    to.put(row);
  }
  for (const PairRow& row : pairs) to.put(row);
  for (const MeasurementRow& row : measurements) to.put(row);
}

}  // namespace lmc::study
