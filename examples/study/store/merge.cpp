// SPDX-License-Identifier: BSD-3-Clause
#include "study/store/merge.hpp"

#include <lmc/io/input_file.hpp>
#include <lmc/io/output_file.hpp>

#include "study/store/rows.hpp"

namespace lmc::study {

void merge(const Store& from, Store& to) {
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
