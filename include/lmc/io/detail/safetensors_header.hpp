// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/detail/array_size.hpp>

namespace lmc {

/// Free text beside the tensors: options, seeds, digest.
using Metadata = std::map<std::string, std::string>;

namespace detail {

inline constexpr const char* metadata_key = "__metadata__";

/// Bytes of a value of a dtype; nothing where the format has none of that name.
inline std::optional<std::uint64_t> safetensors_item(std::string_view dtype) {
  using Names = std::initializer_list<std::string_view>;
  const auto among = [&](Names names) { return std::ranges::find(names, dtype) != names.end(); };
  if (among({"BOOL", "I8", "U8", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"})) return 1;
  if (among({"I16", "U16", "F16", "BF16"})) return 2;
  if (among({"I32", "U32", "F32"})) return 4;
  if (among({"I64", "U64", "F64", "C64"})) return 8;
  return std::nullopt;
}

/// A tensor as the header declares it.
struct SafetensorsEntry {
  std::string name, dtype;
  Shape shape;
  std::uint64_t begin = 0, end = 0;  // bytes, from the first after the header
};

/// Parses JSON in which no object has a key twice, of which nlohmann's parser alone would take the last, and nothing lies deeper
/// than our formats have it, which would take memory and time that grow faster than the text. `what` is being read, as messages call it.
inline nlohmann::json parse_json_without_duplicates(std::string_view what, const std::string& text) {
  std::vector<std::set<std::string>> keys;  // keys of the objects that are open
  constexpr int deepest = 16;               // a safetensors header has 3
  const auto check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    require(depth <= deepest, what, " has arrays or objects inside each other, more than ", deepest, " deep; expected fewer");
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      require(keys.back().insert(key).second, "the key '", key, "' appears twice");
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text, check);
  } catch (const nlohmann::json::exception& e) {
    throw Error(concat(what, " is not valid JSON: ", e.what()));
  }
}

inline Metadata parse_metadata(const nlohmann::json& object) {
  require(object.is_object(), metadata_key, " is not an object");
  Metadata metadata;
  for (const auto& [key, value] : object.items()) {
    require(value.is_string(), metadata_key, " '", key, "' is not a string");
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

inline SafetensorsEntry parse_entry(const std::string& name, const nlohmann::json& object) {
  const auto fail = [&](const auto&... parts) { throw Error(concat("tensor '", name, "': ", parts...)); };
  const auto is_count = [](const nlohmann::json& x) {
    return x.is_number_unsigned() && x.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<Index>::max()};
  };
  const auto counts = [&](const char* key) {
    if (!object.is_object() || !object.contains(key) || !object[key].is_array() ||
        !std::all_of(object[key].begin(), object[key].end(), is_count)) {
      fail("'", key, "' is not an array of numbers that are not negative");
    }
    return object[key].get<std::vector<Index>>();
  };
  SafetensorsEntry entry{.name = name, .dtype = {}, .shape = Shape(counts("shape"))};
  const std::vector<Index> offsets = counts("data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1]) fail("'data_offsets' are not a begin and an end");
  entry.begin = static_cast<std::uint64_t>(offsets[0]);
  entry.end = static_cast<std::uint64_t>(offsets[1]);
  if (!object.contains("dtype") || !object["dtype"].is_string()) fail("'dtype' is not a string");
  entry.dtype = object["dtype"].get<std::string>();
  const std::optional<std::uint64_t> known = safetensors_item(entry.dtype);
  if (!known) fail("dtype ", entry.dtype, " cannot be read; expected F32, F64 or another that the format has");

  const std::uint64_t item = *known;
  const std::optional<Index> size = array_size(entry.shape);
  if (!size || static_cast<std::uint64_t>(*size) > std::numeric_limits<std::uint64_t>::max() / item)
    fail("the shape ", entry.shape, " has more entries than can be addressed");
  if (static_cast<std::uint64_t>(*size) * item != entry.end - entry.begin) {
    fail("the shape ", entry.shape, " of ", entry.dtype, " takes ", static_cast<std::uint64_t>(*size) * item,
         " bytes, and 'data_offsets' give it ", entry.end - entry.begin);
  }
  return entry;
}

/// Throws: Error unless the entries, put in order of their data, fill [0, data_size) exactly.
inline void require_no_holes(std::vector<SafetensorsEntry>& entries, std::uint64_t data_size) {
  std::sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t end = 0;
  for (const SafetensorsEntry& e : entries) {
    require(e.begin == end, "tensor '", e.name, "' begins at byte ", e.begin, " of the data, expected ", end,
            e.begin < end ? ": it overlaps another" : ": there is a hole before it");
    end = e.end;
  }
  require(end <= data_size, "the file is cut: its tensors take ", end, " bytes, and there are ", data_size);
  require(end == data_size, "bytes are left over: the tensors take ", end, " bytes, and there are ", data_size);
}

}  // namespace detail
}  // namespace lmc
