// SPDX-License-Identifier: BSD-3-Clause
// An SQLite file whose rows are those of rows.hpp: statements are made from the names of the fields.
#pragma once
#include <SQLiteCpp/SQLiteCpp.h>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>

#include "study/store/row_json.hpp"

namespace lmc::study {

/// A column that no row is read from, but that makes queries by hand easy.
struct ExtraColumn {
  const char* name;
  nlohmann::json value;
};

class Database {
 public:
  /// flags: SQLite's. Throws: Error as all members.
  Database(std::filesystem::path path, int flags);

  /// Calls work(). Throws: Error with SQLite's error in words that say what to do.
  template <class Work>
  std::invoke_result_t<Work> guarded(Work work) const {
    try {
      return work();
    } catch (const SQLite::Exception& e) {
      fail(e);
    } catch (const nlohmann::json::exception& e) {
      throw Error(lmc::concat("the store '", path_.string(), "' is damaged: a row cannot be read: ", e.what()));
    }
  }

  void execute(const std::string& statement) const;
  /// One number.
  [[nodiscard]] std::int64_t number(const std::string& query) const;
  /// One text.
  [[nodiscard]] std::string text(const std::string& query) const;
  [[nodiscard]] bool is_read_only() const;
  /// Calls work() in a transaction, which is undone where it throws.
  template <class Work>
  void transaction(Work work) const {
    guarded([&] {
      SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
      work();
      transaction.commit();
    });
  }

  /// The rows of `SELECT * FROM` and the rest of the query, whose question marks stand for the keys.
  template <class Row>
  [[nodiscard]] std::vector<Row> rows(const std::string& rest, const std::vector<std::string>& keys = {}) const {
    return guarded([&] {
      SQLite::Statement select(*database_, "SELECT * FROM " + rest);
      for (std::size_t i = 0; i < keys.size(); ++i) select.bind(static_cast<int>(i) + 1, keys[i]);
      std::vector<Row> all;
      while (select.executeStep()) {
        Row& row = all.emplace_back();
        try {
          for_each_field(row, [&](const char* name, auto& field) {
            read_field(value(select, name, is_document<std::remove_cvref_t<decltype(field)>>), field);
          });
        } catch (const SQLite::Exception&) {
          throw;
        } catch (const std::exception& e) {  // Error, or nlohmann's
          throw Error(lmc::concat("the store '", path_.string(), "': the row '", select.getColumn(0).getString(),
                                  "' of the table ", rest.substr(0, rest.find(' ')), " cannot be read: ", e.what(),
                                  "; was it changed by hand? Delete it, and `run` computes it anew"));
        }
      }
      return all;
    });
  }

  /// Inserts a row and further columns into a table.
  template <class Row>
  void insert(const char* table, const Row& row, const std::vector<ExtraColumn>& extra) const {
    std::vector<std::pair<std::string, nlohmann::json>> columns;
    for_each_field(row, [&](const char* name, const auto& field) {
      nlohmann::json json = field_json(field);
      if constexpr (is_document<std::remove_cvref_t<decltype(field)>>) json = json.dump();
      columns.emplace_back(name, std::move(json));
    });
    for (const ExtraColumn& column : extra) columns.emplace_back(column.name, column.value);
    insert(table, columns);
  }

 private:
  [[noreturn]] void fail(const SQLite::Exception& e) const;
  static nlohmann::json value(SQLite::Statement& row, const char* column, bool document);
  void insert(const char* table, const std::vector<std::pair<std::string, nlohmann::json>>& columns) const;

  std::filesystem::path path_;
  std::unique_ptr<SQLite::Database> database_;
};

}  // namespace lmc::study
