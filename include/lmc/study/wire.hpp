// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/study/pair_spec.hpp>
#include <lmc/study/run_spec.hpp>
#include <lmc/study/store.hpp>
#include <lmc/study/task.hpp>

// Tasks and outcomes as bytes, to be sent from one process to another of the same program.

namespace lmc::study {

namespace detail {

inline nlohmann::json made_json(const Provenance& made) {
  return {{"seconds", made.seconds}, {"machine", made.machine}, {"version", made.version}};
}
inline Provenance made_from_json(const nlohmann::json& json) {
  return {json.at("seconds"), json.at("machine"), json.at("version")};
}

inline nlohmann::json row_json(const DataRow& r) {
  return {{"spec", to_json(r.spec)}, {"digest", r.digest},   {"train", r.train},
          {"test", r.test},          {"classes", r.classes}, {"shape", r.shape.axes()}};
}
inline nlohmann::json row_json(const RunRow& r) {
  nlohmann::json losses = nlohmann::json::array();
  for (const double loss : r.epoch_losses) losses.push_back(number_json(loss));
  return {{"kind", "run"},
          {"id", r.id},
          {"spec", to_json(r.spec)},
          {"network", r.network},
          {"parameters", r.parameters},
          {"steps", r.steps},
          {"diverged-at", r.diverged_at ? nlohmann::json(*r.diverged_at) : nlohmann::json()},
          {"epoch-losses", losses},
          {"digest", r.digest},
          {"checkpoint", r.checkpoint},
          {"made", made_json(r.made)}};
}
inline nlohmann::json row_json(const PairRow& r) {
  return {{"kind", "pair"},          {"id", r.id},
          {"spec", to_json(r.spec)}, {"train", to_json(r.train)},
          {"test", to_json(r.test)}, {"made", made_json(r.made)}};
}
inline nlohmann::json row_json(const MeasurementRow& r) {
  return {{"kind", "measurement"}, {"subject", r.subject}, {"name", r.name}, {"value", r.value}, {"made", made_json(r.made)}};
}

inline DataRow data_row_from_json(const nlohmann::json& json) {
  return {.spec = data_spec_from_json(json.at("spec")),
          .digest = json.at("digest"),
          .train = json.at("train"),
          .test = json.at("test"),
          .classes = json.at("classes"),
          .shape = Shape(json.at("shape").get<std::vector<Index>>())};
}
inline std::variant<RunRow, PairRow, MeasurementRow> row_from_json(const nlohmann::json& json) {
  const Provenance made = made_from_json(json.at("made"));
  if (json.at("kind") == "run") {
    RunRow r{.id = json.at("id"),
             .spec = run_spec_from_json(json.at("spec")),
             .network = json.at("network"),
             .parameters = json.at("parameters"),
             .steps = json.at("steps"),
             .digest = json.at("digest"),
             .checkpoint = json.at("checkpoint"),
             .made = made};
    if (!json.at("diverged-at").is_null()) r.diverged_at = json.at("diverged-at").get<Index>();
    for (const auto& loss : json.at("epoch-losses")) r.epoch_losses.push_back(number_from_json(loss));
    return r;
  }
  if (json.at("kind") == "pair")
    return PairRow{.id = json.at("id"),
                   .spec = pair_spec_from_json(json.at("spec")),
                   .train = part_result_from_json(json.at("train")),
                   .test = part_result_from_json(json.at("test")),
                   .made = made};
  return MeasurementRow{.subject = json.at("subject"), .name = json.at("name"), .value = json.at("value"), .made = made};
}

/// Pieces, each behind its length.
inline std::string joined(const std::vector<std::string>& pieces) {
  std::string bytes;
  for (const std::string& piece : pieces) {
    const std::uint64_t length = piece.size();
    bytes.append(reinterpret_cast<const char*>(&length), sizeof(length));
    bytes += piece;
  }
  return bytes;
}
inline std::vector<std::string> pieces_of(const std::string& bytes) {
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

}  // namespace detail

/// A task and the checkpoints that it reads.
inline std::string to_bytes(const Task& task, const std::vector<std::string>& inputs) {
  nlohmann::json json{
      {"kind", static_cast<int>(task.kind)}, {"id", task.id}, {"name", task.name}, {"data", to_json(task.data)}};
  if (task.kind == Task::Kind::run) json["run"] = to_json(task.run);
  if (task.kind == Task::Kind::pair || task.kind == Task::Kind::measurement) json["pair"] = to_json(task.pair);
  std::vector<std::string> pieces{json.dump()};
  pieces.insert(pieces.end(), inputs.begin(), inputs.end());
  return detail::joined(pieces);
}
inline std::pair<Task, std::vector<std::string>> task_from_bytes(const std::string& bytes) {
  std::vector<std::string> pieces = detail::pieces_of(bytes);
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

inline std::string to_bytes(const Outcome& outcome) {
  const nlohmann::json row = std::visit([](const auto& r) { return detail::row_json(r); }, outcome.row);
  return detail::joined({row.dump(), detail::row_json(outcome.data).dump(), outcome.checkpoint});
}
inline Outcome outcome_from_bytes(const std::string& bytes) {
  std::vector<std::string> pieces = detail::pieces_of(bytes);
  require(pieces.size() == 3, "a message between processes has ", pieces.size(), " pieces; expected 3");
  return {.row = detail::row_from_json(nlohmann::json::parse(pieces[0])),
          .checkpoint = std::move(pieces[2]),
          .data = detail::data_row_from_json(nlohmann::json::parse(pieces[1]))};
}

}  // namespace lmc::study
