// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/input_file.hpp>
#include <lmc/study/pair_spec.hpp>
#include <lmc/study/rows.hpp>
#include <lmc/study/run_spec.hpp>
#include <lmc/study/spec_digest.hpp>
#include <lmc/study/store_lock.hpp>

namespace lmc::study {

namespace detail {

inline constexpr int store_version = 1;
inline constexpr int store_application = 0x6c6d6373;  // "lmcs"

inline constexpr const char* store_schema = R"(
CREATE TABLE data (
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, digest TEXT NOT NULL, train INTEGER NOT NULL, test INTEGER NOT NULL,
  classes INTEGER NOT NULL, shape TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, dataset TEXT NOT NULL, network TEXT NOT NULL, optimizer TEXT NOT NULL,
  learning_rate REAL NOT NULL, init_seed INTEGER NOT NULL, order_seed INTEGER NOT NULL, parameters INTEGER NOT NULL,
  steps INTEGER NOT NULL, diverged_at INTEGER, epoch_losses TEXT NOT NULL, digest TEXT NOT NULL, checkpoint TEXT NOT NULL,
  seconds REAL NOT NULL, machine TEXT NOT NULL, version TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pairs (
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, run_a TEXT NOT NULL, run_b TEXT NOT NULL, train TEXT NOT NULL, test TEXT NOT NULL,
  train_error_barrier REAL, test_error_barrier REAL, test_low REAL, test_high REAL, test_verdict TEXT NOT NULL,
  seconds REAL NOT NULL, machine TEXT NOT NULL, version TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE measurements (
  subject TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  seconds REAL NOT NULL, machine TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (subject, name)) STRICT, WITHOUT ROWID;
)";

}  // namespace detail

enum class Access { read, write };

namespace detail {

/// The digest of a file's bytes. Throws: Error when it cannot be read.
inline std::string file_digest(const std::filesystem::path& path) {
  InputFile file = open_input_file(path);
  SpecDigest digest;
  std::vector<char> block(1 << 20);
  for (std::uintmax_t left = file.size; left > 0;) {
    const auto n = static_cast<std::size_t>(std::min<std::uintmax_t>(left, block.size()));
    file.stream.read(block.data(), static_cast<std::streamsize>(n));
    require(file.stream.good(), "cannot read all of '", path.string(), "'");
    digest.add(std::string_view(block.data(), n));
    left -= n;
  }
  return digest.text();
}

}  // namespace detail

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
  Store(std::filesystem::path path, Access access) : path_(std::move(path)) {
    std::error_code none;
    const bool exists = std::filesystem::exists(path_, none);
    require(!std::filesystem::is_directory(path_, none), "the store '", path_.string(),
            "' is a directory; expected the name of a file");
    require(exists || access == Access::write, "there is no store '", path_.string(), "'; `run` makes one");
    if (exists) {
      // To read, too: what a killed writer has left half done is rolled back first. A file that cannot be written is opened to
      // be read only.
      open(SQLite::OPEN_READWRITE);
      check(access);
    }
    if (access == Access::read) {
      guarded([&] { database_->exec("PRAGMA query_only = ON"); });
      return;
    }
    require(!exists || sqlite3_db_readonly(database_->getHandle(), "main") == 0, "the store '", path_.string(),
            "' is read-only; copy it to where it can be written, or give another --store");
    const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
    require(std::filesystem::is_directory(folder, none), "cannot make the store '", path_.string(),
            "': there is no directory '", folder.string(), "'; create it first");
    std::error_code failure;
    std::filesystem::create_directory(checkpoints(), failure);
    require(!failure, "cannot make the folder '", checkpoints().string(), "': ", failure.message());
    lock_ = std::make_unique<StoreLock>(checkpoints() / "lock", path_);
    remove_left_over();
    open(SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    guarded([&] {
      SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
      if (!has_schema()) {
        database_->exec(detail::store_schema);
        database_->exec(lmc::detail::concat("PRAGMA application_id = ", detail::store_application));
        database_->exec(lmc::detail::concat("PRAGMA user_version = ", detail::store_version));
      }
      transaction.commit();
    });
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path checkpoints() const {
    std::filesystem::path folder = path_;
    return folder += ".checkpoints";
  }
  [[nodiscard]] std::filesystem::path checkpoint(const std::string& run_id) const {
    return checkpoints() / (run_id + ".safetensors");
  }

  /// Whether the run's checkpoint is there. Throws: Error when it is there and not the one that the row speaks of.
  [[nodiscard]] bool has_checkpoint(const RunRow& row) const {
    std::error_code none;
    const std::filesystem::path file = checkpoint(row.id);
    if (!std::filesystem::exists(file, none)) return false;
    const std::string found = detail::file_digest(file);
    require(found == row.checkpoint, "the checkpoint '", file.string(), "' does not match its row in the store '",
            path_.string(), "': its digest is ", found, ", expected ", row.checkpoint,
            "; was it changed or damaged? Move it away, and the run is trained again");
    return true;
  }

  /// Nothing where there is no such row.
  [[nodiscard]] std::optional<RunRow> run(const std::string& id) const {
    return first(rows<RunRow>("SELECT * FROM runs WHERE id = ?", read_run, id));
  }
  [[nodiscard]] std::optional<PairRow> pair(const std::string& id) const {
    return first(rows<PairRow>("SELECT * FROM pairs WHERE id = ?", read_pair, id));
  }
  [[nodiscard]] std::optional<DataRow> data(const DataSpec& spec) const {
    return first(rows<DataRow>("SELECT * FROM data WHERE id = ?", read_data, id_of(spec)));
  }
  [[nodiscard]] std::optional<MeasurementRow> measurement(const std::string& subject, const std::string& name) const {
    return first(
        rows<MeasurementRow>("SELECT * FROM measurements WHERE subject = ? AND name = ?", read_measurement, subject, name));
  }
  /// A pair with the measurements that there are.
  [[nodiscard]] std::optional<PairResult> result(const std::string& pair_id) const {
    auto row = pair(pair_id);
    if (!row) return std::nullopt;
    PairResult result{.train = std::move(row->train), .test = std::move(row->test)};
    for (MeasurementRow& m : rows<MeasurementRow>("SELECT * FROM measurements WHERE subject = ?", read_measurement, pair_id))
      result.extra[m.name] = std::move(m.value);
    return result;
  }

  /// Everything, in the order of the ids.
  [[nodiscard]] std::vector<RunRow> runs() const { return rows<RunRow>("SELECT * FROM runs ORDER BY id", read_run); }
  [[nodiscard]] std::vector<PairRow> pairs() const { return rows<PairRow>("SELECT * FROM pairs ORDER BY id", read_pair); }
  [[nodiscard]] std::vector<MeasurementRow> measurements() const {
    return rows<MeasurementRow>("SELECT * FROM measurements ORDER BY subject, name", read_measurement);
  }
  [[nodiscard]] std::vector<DataRow> all_data() const { return rows<DataRow>("SELECT * FROM data ORDER BY id", read_data); }

  /// Each is one transaction. A row that is there already must be equal but for its provenance. Throws: Error when it is not,
  /// and when the disk is full.
  void put(const RunRow& r) {
    put(r, run(r.id), "run " + r.id, [&] {
      SQLite::Statement insert(*database_, "INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
      bind(insert, r.id, to_json(r.spec).dump(), r.spec.data.dataset, r.network, r.spec.optimizer,
           r.spec.learning_rate.value_or(0), static_cast<std::int64_t>(r.spec.init_seed),
           static_cast<std::int64_t>(r.spec.seeds.order), r.parameters, r.steps, r.diverged_at, losses_text(r.epoch_losses),
           r.digest, r.checkpoint, r.made.seconds, r.made.machine, r.made.version);
      insert.exec();
    });
  }
  void put(const PairRow& r) {
    put(r, pair(r.id), "pair " + r.id, [&] {
      SQLite::Statement insert(*database_, "INSERT INTO pairs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
      const auto bound = [&](double Interval::*end) -> std::optional<double> {
        if (!r.test.error.interval) return std::nullopt;
        return (*r.test.error.interval).*end;
      };
      bind(insert, r.id, to_json(r.spec).dump(), id_of(r.spec.a), id_of(r.spec.b), to_json(r.train).dump(),
           to_json(r.test).dump(), r.train.error.value, r.test.error.value, bound(&Interval::low), bound(&Interval::high),
           lmc::detail::concat(r.test.error.verdict), r.made.seconds, r.made.machine, r.made.version);
      insert.exec();
    });
  }
  void put(const MeasurementRow& r) {
    put(r, measurement(r.subject, r.name), "measurement " + r.name + " of " + r.subject, [&] {
      SQLite::Statement insert(*database_, "INSERT INTO measurements VALUES (?,?,?,?,?,?)");
      bind(insert, r.subject, r.name, r.value.dump(), r.made.seconds, r.made.machine, r.made.version);
      insert.exec();
    });
  }
  void put(const DataRow& r) {
    const auto there = data(r.spec);
    require(!there || there->digest == r.digest, "the data set ", to_json(r.spec).dump(),
            " is not the one that the runs in the store '", path_.string(), "' were trained on: its digest is ", r.digest,
            ", expected ", there ? there->digest : "", "; give the same --data as before, or another --store");
    put(r, there, "data set " + to_json(r.spec).dump(), [&] {
      SQLite::Statement insert(*database_, "INSERT INTO data VALUES (?,?,?,?,?,?,?)");
      bind(insert, id_of(r.spec), to_json(r.spec).dump(), r.digest, r.train, r.test, r.classes,
           nlohmann::json(r.shape.axes()).dump());
      insert.exec();
    });
  }

 private:
  // What a writer was at when it was killed; while the lock is held there is no other.
  void remove_left_over() const {
    std::error_code ignored;
    std::vector<std::filesystem::path> left_over;
    for (const auto& entry : std::filesystem::directory_iterator(checkpoints(), ignored)) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(".tmp") && name.find(".safetensors.") != std::string::npos) left_over.push_back(entry.path());
    }
    for (const auto& file : left_over) std::filesystem::remove(file, ignored);
  }
  void open(int flags) {
    guarded([&] {
      database_ = std::make_unique<SQLite::Database>(path_.string(), flags, 10'000);
      database_->exec("PRAGMA synchronous = FULL");
    });
  }
  [[nodiscard]] bool has_schema() const { return database_->execAndGet("SELECT count(*) FROM sqlite_master").getInt() > 0; }

  void check(Access access) const {
    guarded([&] {
      const int application = database_->execAndGet("PRAGMA application_id").getInt();
      const int version = database_->execAndGet("PRAGMA user_version").getInt();
      if (!has_schema() && application == 0 && access == Access::write) return;  // an empty file
      require(application == detail::store_application, "'", path_.string(),
              "' is an SQLite database, but no store of a study; give another --store");
      require(version <= detail::store_version, "the store '", path_.string(), "' is of version ", version,
              ", made by a newer lmc; this one knows versions up to ", detail::store_version, "; use the newer one");
      const std::string health = database_->execAndGet("PRAGMA quick_check(1)").getString();
      require(health == "ok", "the store '", path_.string(), "' is damaged: ", health,
              "; take a copy, or recover what is left by sqlite3's .recover");
    });
  }

  // SQLite's errors, in words that say what to do.
  template <class Work>
  std::invoke_result_t<Work> guarded(Work work) const {
    try {
      return work();
    } catch (const SQLite::Exception& e) {
      const auto fail = [&](const char* what) {
        throw Error(lmc::detail::concat("the store '", path_.string(), "' ", what, " (SQLite: ", e.getErrorStr(), ", ",
                                        e.getExtendedErrorCode(), ")"));
      };
      switch (e.getErrorCode()) {
        case SQLITE_FULL:
          fail("cannot grow: the disk is full; what is in it is intact, make room and start again");
          break;
        case SQLITE_READONLY:
          fail("is read-only; copy it to where it can be written, or give another --store");
          break;
        case SQLITE_BUSY:
          fail("is held by another process for more than 10 seconds; wait for it");
          break;
        case SQLITE_NOTADB:
          fail("is no store: it is not an SQLite database; give another --store");
          break;
        case SQLITE_CORRUPT:
          fail("is damaged; take a copy, or recover what is left by sqlite3's .recover");
          break;
        case SQLITE_IOERR:
          fail("cannot be read or written; is the disk full, or gone?");
          break;
        default:
          fail("cannot be used");
      }
      throw;
    } catch (const nlohmann::json::exception& e) {
      throw Error(lmc::detail::concat("the store '", path_.string(), "' is damaged: a row cannot be read: ", e.what()));
    }
  }

  template <class Row>
  static std::optional<Row> first(std::vector<Row> all) {
    if (all.empty()) return std::nullopt;
    return std::move(all.front());
  }
  template <class Row, class Read, class... Keys>
  std::vector<Row> rows(const char* query, Read read, const Keys&... keys) const {
    return guarded([&] {
      SQLite::Statement select(*database_, query);
      bind(select, keys...);
      std::vector<Row> all;
      while (select.executeStep()) all.push_back(read(select));
      return all;
    });
  }

  template <class Row, class Insert>
  void put(const Row& row, const std::optional<Row>& there, const std::string& what, Insert insert) {
    if (there) {
      require(to_json(*there) == to_json(row), "the store '", path_.string(), "' has another result for the ", what,
              ": the same specification gave two. Were they computed by another version, or on another instruction set?");
      return;
    }
    guarded([&] {
      SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
      insert();
      transaction.commit();
    });
  }

  // What two machines must agree on.
  static nlohmann::json to_json(const RunSpec& s) { return study::to_json(s); }
  static nlohmann::json to_json(const PairSpec& s) { return study::to_json(s); }
  static nlohmann::json to_json(const DataSpec& s) { return study::to_json(s); }
  static nlohmann::json to_json(const PartResult& r) { return study::to_json(r); }
  static nlohmann::json to_json(const RunRow& r) {
    return {to_json(r.spec),
            r.network,
            r.parameters,
            r.steps,
            r.diverged_at ? nlohmann::json(*r.diverged_at) : nlohmann::json(),
            losses_text(r.epoch_losses),
            r.digest,
            r.checkpoint};
  }
  static nlohmann::json to_json(const PairRow& r) { return {to_json(r.spec), to_json(r.train), to_json(r.test)}; }
  static nlohmann::json to_json(const MeasurementRow& r) { return r.value; }
  static nlohmann::json to_json(const DataRow& r) { return r.digest; }

  static void bind_one(SQLite::Statement& to, int at, const std::string& value) { to.bind(at, value); }
  static void bind_one(SQLite::Statement& to, int at, double value) { to.bind(at, value); }  // NaN becomes NULL
  static void bind_one(SQLite::Statement& to, int at, std::int64_t value) { to.bind(at, value); }
  template <class T>
  static void bind_one(SQLite::Statement& to, int at, const std::optional<T>& value) {
    if (value)
      bind_one(to, at, *value);
    else
      to.bind(at);
  }
  template <class... Values>
  static void bind(SQLite::Statement& to, const Values&... values) {
    int at = 0;
    (bind_one(to, ++at, values), ...);
  }

  static std::string losses_text(const std::vector<double>& losses) {
    nlohmann::json json = nlohmann::json::array();
    for (const double loss : losses) json.push_back(detail::number_json(loss));
    return json.dump();
  }

  static nlohmann::json parsed(SQLite::Statement& row, const char* column) {
    return nlohmann::json::parse(row.getColumn(column).getString());
  }
  static Provenance read_made(SQLite::Statement& row) {
    return {.seconds = row.getColumn("seconds").getDouble(),
            .machine = row.getColumn("machine").getString(),
            .version = row.getColumn("version").getString()};
  }
  static RunRow read_run(SQLite::Statement& row) {
    RunRow r{.id = row.getColumn("id").getString(),
             .spec = run_spec_from_json(parsed(row, "spec")),
             .network = row.getColumn("network").getString(),
             .parameters = row.getColumn("parameters").getInt64(),
             .steps = row.getColumn("steps").getInt64(),
             .digest = row.getColumn("digest").getString(),
             .checkpoint = row.getColumn("checkpoint").getString(),
             .made = read_made(row)};
    if (const SQLite::Column diverged = row.getColumn("diverged_at"); !diverged.isNull()) r.diverged_at = diverged.getInt64();
    for (const auto& loss : parsed(row, "epoch_losses")) r.epoch_losses.push_back(detail::number_from_json(loss));
    return r;
  }
  static PairRow read_pair(SQLite::Statement& row) {
    return {.id = row.getColumn("id").getString(),
            .spec = pair_spec_from_json(parsed(row, "spec")),
            .train = part_result_from_json(parsed(row, "train")),
            .test = part_result_from_json(parsed(row, "test")),
            .made = read_made(row)};
  }
  static MeasurementRow read_measurement(SQLite::Statement& row) {
    return {.subject = row.getColumn("subject").getString(),
            .name = row.getColumn("name").getString(),
            .value = parsed(row, "value"),
            .made = read_made(row)};
  }
  static DataRow read_data(SQLite::Statement& row) {
    return {.spec = data_spec_from_json(parsed(row, "spec")),
            .digest = row.getColumn("digest").getString(),
            .train = row.getColumn("train").getInt64(),
            .test = row.getColumn("test").getInt64(),
            .classes = row.getColumn("classes").getInt64(),
            .shape = Shape(parsed(row, "shape").get<std::vector<Index>>())};
  }

  std::filesystem::path path_;
  std::unique_ptr<StoreLock> lock_;  // of a writer
  std::unique_ptr<SQLite::Database> database_;
};

}  // namespace lmc::study
