// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/file_lock.hpp"
#include "study/specification/pair_spec.hpp"
#include "study/specification/run_spec.hpp"
#include "study/store/rows.hpp"

namespace lmc::study {

class Database;  // the SQLite file

enum class Access { read, write };

/// All that a study has computed: an SQLite file, and beside it in `<file>.checkpoints` the trained endpoints, ID.safetensors.
/// It knows nothing of experiments: rows are found by the ids of their specifications. A row appears as a whole or not at all,
/// and is never changed.
///
/// One process at a time may write, any number may read meanwhile. The journal is SQLite's rollback journal: its write-ahead
/// log needs shared memory, which network file systems do not have.
class Store {
 public:
  /// Access::write makes the file where it is missing. Throws: Error when the file is missing (read), is no store, is damaged,
  /// is of a newer version, or, to write, when it is read-only or another process writes to it.
  Store(std::filesystem::path path, Access access);
  Store(Store&&) noexcept;
  ~Store();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path checkpoints() const;
  [[nodiscard]] std::filesystem::path checkpoint(const std::string& run_id) const;

  /// Whether the run's checkpoint is there. Throws: Error when it is there and not the one that the row speaks of.
  [[nodiscard]] bool has_checkpoint(const RunRow& row) const;

  /// Nothing where there is no such row.
  [[nodiscard]] std::optional<RunRow> run(const std::string& id) const;
  [[nodiscard]] std::optional<PairRow> pair(const std::string& id) const;
  [[nodiscard]] std::optional<DataRow> data(const DataSpec& spec) const;
  [[nodiscard]] std::optional<MeasurementRow> measurement(const std::string& subject, const std::string& name) const;
  /// A pair with the measurements that there are.
  [[nodiscard]] std::optional<PairResult> result(const std::string& pair_id) const;

  /// Everything, in the order of the ids.
  [[nodiscard]] std::vector<RunRow> runs() const;
  [[nodiscard]] std::vector<PairRow> pairs() const;
  [[nodiscard]] std::vector<MeasurementRow> measurements() const;
  [[nodiscard]] std::vector<DataRow> all_data() const;

  /// Throws: Error when the store has runs on another data set of that specification.
  void require_same(const DataRow& r) const;

  /// Each is one transaction. A row that is there already must be equal but for its provenance. Throws: Error when it is not,
  /// and when the disk is full.
  void put(const RunRow& r);
  void put(const PairRow& r);
  void put(const MeasurementRow& r);
  void put(const DataRow& r);

 private:
  // Removes the temporary files of a killed writer; there is no other writer while the lock is held.
  void remove_left_over() const;
  void check(Access access) const;
  template <class Row>
  void insert(const Row& row, const std::optional<Row>& there, const std::string& what);

  std::filesystem::path path_;
  std::unique_ptr<registry::FileLock> lock_;  // held by a writer
  std::unique_ptr<Database> database_;
};

}  // namespace lmc::study
