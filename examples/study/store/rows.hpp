// SPDX-License-Identifier: BSD-3-Clause
// What a store holds, row by row.
#pragma once
#include <concepts>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <lmc/core/shape.hpp>

#include "study/specification/pair_spec.hpp"
#include "study/specification/run_spec.hpp"

namespace lmc::study {

/// Where and by what something was computed: the part of a row in which the rows of two machines may differ.
struct Provenance {
  double seconds = 0;
  std::string machine = {};  // processor, instruction set, compiler
  std::string version = {};  // version of lmc and its commit
};

/// One training.
struct RunRow {
  std::string id = {};
  RunSpec spec = {};         // canonical
  std::string network = {};  // description in a few words
  Index parameters = 0;
  Index steps = 0;  // updates that led to the end
  std::optional<Index> diverged_at = {};
  std::optional<Index> reached_at = {};   // updates after which it had come down to the loss at which it stops
  std::vector<double> epoch_losses = {};  // mean training loss of each epoch's updates
  std::string digest = {};                // digest of the final parameters (Run::digest)
  std::string checkpoint = {};            // digest of the checkpoint file's bytes
  Provenance made = {};
};

/// One pair, its curves and barriers; further measurements are rows of their own.
struct PairRow {
  std::string id = {};
  PairSpec spec = {};  // canonical
  PartResult train = {}, test = {};
  Provenance made = {};
};

/// One further measurement of a pair, named by Cell::measure, or of a data set: its `complexity`.
struct MeasurementRow {
  std::string subject = {};  // id of the pair or the data set
  std::string name = {};
  nlohmann::json value = {};
  Provenance made = {};
};

/// A data set that runs were trained on: the specification names it, and the digest is that of all its bytes. A run is never
/// mixed with runs on another data set of that name.
struct DataRow {
  DataSpec spec = {};
  std::string digest = {};
  Index train = 0, test = 0, classes = 0;  // examples, examples, classes
  Shape shape = {};                        // shape of an example
  nlohmann::json report = {};              // what was read: registry::read_report_json; null in a store of version 1
};

/// Calls visit(name, field) for the fields of a row, in the order in which a store and a message have them; the last three are
/// those of the provenance.
template <class Row, class Visit>
void for_each_field(Row& row, const Visit& visit) {
  using Plain = std::remove_const_t<Row>;
  if constexpr (std::same_as<Plain, RunRow>) {
    visit("id", row.id);
    visit("spec", row.spec);
    visit("network", row.network);
    visit("parameters", row.parameters);
    visit("steps", row.steps);
    visit("diverged_at", row.diverged_at);
    visit("reached_at", row.reached_at);
    visit("epoch_losses", row.epoch_losses);
    visit("digest", row.digest);
    visit("checkpoint", row.checkpoint);
  } else if constexpr (std::same_as<Plain, PairRow>) {
    visit("id", row.id);
    visit("spec", row.spec);
    visit("train", row.train);
    visit("test", row.test);
  } else if constexpr (std::same_as<Plain, MeasurementRow>) {
    visit("subject", row.subject);
    visit("name", row.name);
    visit("value", row.value);
  } else {
    static_assert(std::same_as<Plain, DataRow>, "for_each_field: not a row of a store");
    visit("spec", row.spec);
    visit("digest", row.digest);
    visit("train", row.train);
    visit("test", row.test);
    visit("classes", row.classes);
    visit("shape", row.shape);
    visit("report", row.report);
  }
  if constexpr (!std::same_as<Plain, DataRow>) {
    visit("seconds", row.made.seconds);
    visit("machine", row.made.machine);
    visit("version", row.made.version);
  }
}

}  // namespace lmc::study
