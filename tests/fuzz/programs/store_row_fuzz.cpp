// SPDX-License-Identifier: BSD-3-Clause
// The rows of a store: the first byte of the input chooses one of the columns that hold a document, and the others are what it holds.
#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <filesystem>
#include <string>
#include <utility>

#include <lmc/connectivity/curve.hpp>

#include "fuzz/fuzz.hpp"
#include "study/store/row_json.hpp"
#include "study/store/store.hpp"
#include "study/tiny_study.hpp"

namespace {

using namespace lmc::study;

// A store with one row of each kind.
class OneOfEach {
 public:
  explicit OneOfEach(const std::filesystem::path& path)
      : changing_(make(path), SQLite::OPEN_READWRITE), store_(path, Access::read) {
    changing_.exec("PRAGMA synchronous = OFF");
    changing_.exec("PRAGMA journal_mode = MEMORY");
  }
  [[nodiscard]] const Store& with(const std::pair<const char*, const char*>& column, const std::string& content) {
    const auto update = [&](const std::pair<const char*, const char*>& of, const std::string& value) {
      SQLite::Statement statement(changing_, lmc::concat("UPDATE ", of.first, " SET ", of.second, " = ?"));
      statement.bind(1, value);
      statement.exec();
    };
    if (changed_ != column) {
      if (changed_.first != nullptr) update(changed_, before_);
      changed_ = column;
      before_ = changing_.execAndGet(lmc::concat("SELECT ", column.second, " FROM ", column.first)).getString();
    }
    update(column, content);
    return store_;
  }

 private:
  static std::string make(const std::filesystem::path& path) {
    Store store(path, Access::write);
    const RunSpec spec = canonical(testing::tiny_run());
    store.put(DataRow{.spec = spec.data, .digest = "d", .train = 200, .test = 100, .classes = 3, .shape = {2}, .report = {}});
    store.put(
        RunRow{.id = id_of(spec), .spec = spec, .network = "2-8-3 relu", .parameters = 51, .steps = 20, .epoch_losses = {1.5}});
    lmc::Curve curve;
    for (const double alpha : {0.0, 0.5, 1.0})
      curve.points.push_back({alpha, 1 - alpha, {.loss = 1, .error = 0.25, .count = 4, .wrong = {}}});
    const PairSpec pair = testing::tiny_pair();
    store.put(PairRow{.id = id_of(pair), .spec = pair, .train = part_result(curve), .test = part_result(curve)});
    store.put(MeasurementRow{.subject = id_of(pair), .name = "robustness", .value = {{"x", 0.5}}});
    return path.string();
  }

  SQLite::Database changing_;
  Store store_;
  std::pair<const char*, const char*> changed_ = {};
  std::string before_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static OneOfEach rows(fuzz::in_memory_file({}, "store/there").parent_path() / "study.db");
  constexpr std::array<std::pair<const char*, const char*>, 9> columns{{{"runs", "spec"},
                                                                        {"runs", "epoch_losses"},
                                                                        {"pairs", "spec"},
                                                                        {"pairs", "train"},
                                                                        {"pairs", "test"},
                                                                        {"measurements", "value"},
                                                                        {"data", "spec"},
                                                                        {"data", "shape"},
                                                                        {"data", "report"}}};
  const auto& column = columns.at(*data % columns.size());
  const Store& store = rows.with(column, std::string(data + 1, data + size));
  const auto read = [&](const auto& all) {
    fuzz::accepts((std::size_t{2} << 20) + 256 * size, [&] {
      for (const auto& row : all()) fuzz::check(!row_json(row).dump().empty(), "a row that was read can be written");
    });
  };
  read([&] { return store.runs(); });
  read([&] { return store.pairs(); });
  read([&] { return store.measurements(); });
  read([&] { return store.all_data(); });
  return 0;
}
