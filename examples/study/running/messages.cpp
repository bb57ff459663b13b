// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/messages.hpp"

#include <cstdint>
#include <type_traits>
#include <variant>

#include <lmc/core/shape.hpp>

#include "study/specification/run_spec.hpp"
#include "study/store/row_json.hpp"

namespace lmc::study {

namespace {

// Pieces, each behind its length.
std::string joined(const std::vector<std::string>& pieces) {
  std::string bytes;
  for (const std::string& piece : pieces) {
    const std::uint64_t length = piece.size();
    bytes.append(reinterpret_cast<const char*>(&length), sizeof(length));
    bytes += piece;
  }
  return bytes;
}

std::vector<std::string> pieces_of(const std::string& bytes) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint64_t length = 0;
    require(bytes.size() - at >= sizeof(length), "a message between processes is cut");
    std::copy_n(bytes.data() + at, sizeof(length), reinterpret_cast<char*>(&length));
    at += sizeof(length);
    require(length <= bytes.size() - at, "a message between processes is cut");
    pieces.push_back(bytes.substr(at, static_cast<std::size_t>(length)));
    at += static_cast<std::size_t>(length);
  }
  return pieces;
}

}  // namespace

std::string to_bytes(const Task& task, const std::vector<std::string>& inputs) {
  nlohmann::json json{
      {"kind", static_cast<int>(task.kind)}, {"id", task.id}, {"name", task.name}, {"data", to_json(task.data)}};
  if (task.kind == Task::Kind::run) json["run"] = to_json(task.run);
  if (task.kind == Task::Kind::pair || task.kind == Task::Kind::measurement) json["pair"] = to_json(task.pair);
  std::vector<std::string> pieces{json.dump()};
  pieces.insert(pieces.end(), inputs.begin(), inputs.end());
  return joined(pieces);
}

std::pair<Task, std::vector<std::string>> task_from_bytes(const std::string& bytes) {
  std::vector<std::string> pieces = pieces_of(bytes);
  const nlohmann::json json = nlohmann::json::parse(pieces.at(0));
  Task task{.kind = static_cast<Task::Kind>(json.at("kind").get<int>()),
            .id = json.at("id"),
            .name = json.at("name"),
            .data = data_spec_from_json(json.at("data"))};
  if (json.contains("run")) task.run = run_spec_from_json(json.at("run"));
  if (json.contains("pair")) task.pair = pair_spec_from_json(json.at("pair"));
  pieces.erase(pieces.begin());
  return {std::move(task), std::move(pieces)};
}

std::string to_bytes(const Outcome& outcome) {
  const nlohmann::json row = std::visit([](const auto& r) { return row_json(r); }, outcome.row);
  return joined({nlohmann::json(outcome.row.index()).dump(), row.dump(), row_json(outcome.data).dump(), outcome.checkpoint});
}

Outcome outcome_from_bytes(const std::string& bytes) {
  std::vector<std::string> pieces = pieces_of(bytes);
  require(pieces.size() == 4, "a message between processes has ", pieces.size(), " pieces; expected 4");
  Outcome outcome{
      .row = {}, .checkpoint = std::move(pieces[3]), .data = row_from_json<DataRow>(nlohmann::json::parse(pieces[2]))};
  const nlohmann::json row = nlohmann::json::parse(pieces[1]);
  switch (nlohmann::json::parse(pieces[0]).get<int>()) {
    case 0:
      outcome.row = row_from_json<RunRow>(row);
      break;
    case 1:
      outcome.row = row_from_json<PairRow>(row);
      break;
    default:
      outcome.row = row_from_json<MeasurementRow>(row);
  }
  return outcome;
}

}  // namespace lmc::study
