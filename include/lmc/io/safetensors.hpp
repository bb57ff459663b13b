// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <istream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/detail/safetensors_header.hpp>
#include <lmc/io/detail/safetensors_index.hpp>
#include <lmc/io/file_kind.hpp>
#include <lmc/io/input_file.hpp>
#include <lmc/io/output_file.hpp>

// The format: 8 bytes, the length of the header as a little-endian number; the header, a JSON object that gives every tensor's
// dtype, shape and place in the data, and in `__metadata__` a map of strings; then the tensors' values, little-endian,
// row-major, without holes. Source: https://github.com/huggingface/safetensors, README, "Format".

namespace lmc {

/// Values of any other type than float and double, as they lie in the file: integers, halves.
struct RawValues {
  std::string dtype = {};             // I64, F16, BOOL, …
  std::vector<std::byte> bytes = {};  // row-major, little-endian
  friend bool operator==(const RawValues&, const RawValues&) = default;
};

/// A tensor as a safetensors file holds it.
struct NamedTensor {
  std::string name;                                                         // its key in the header
  Shape shape;                                                              // outermost axis first
  std::variant<std::vector<float>, std::vector<double>, RawValues> values;  // dtype F32, F64, any other; row-major

  /// The type of its values, as the format calls it.
  [[nodiscard]] std::string dtype() const {
    if (const auto* raw = std::get_if<RawValues>(&values)) return raw->dtype;
    return std::holds_alternative<std::vector<float>>(values) ? "F32" : "F64";
  }
  friend bool operator==(const NamedTensor&, const NamedTensor&) = default;
};

/// What a safetensors file holds.
struct Safetensors {
  Metadata metadata;                 // of the header's `__metadata__`
  std::vector<NamedTensor> tensors;  // in the order of their data
  friend bool operator==(const Safetensors&, const Safetensors&) = default;
};

namespace detail {

static_assert(std::endian::native == std::endian::little, "safetensors: values are written as they lie in memory");

template <class T>
inline constexpr const char* safetensors_dtype = std::same_as<T, float> ? "F32" : "F64";

template <class T>
std::vector<T> read_values(std::istream& in, const Shape& shape) {
  std::vector<T> values(static_cast<std::size_t>(shape.size()));
  in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

/// The header of a file that is written: the tensors in the order of their values.
class SafetensorsHeader {
 public:
  explicit SafetensorsHeader(const Metadata& metadata) {
    if (!metadata.empty()) add(metadata_key, json_text(metadata));
  }

  /// A tensor whose values are the bytes from `begin` to `end`. Throws: Error when the name is taken.
  void add(const std::string& name, std::string_view dtype, const Shape& shape, std::uint64_t begin, std::uint64_t end) {
    require(name != metadata_key && names_.insert(name).second, "write_safetensors: the name '", name,
            "' is taken; expected every tensor to have a name of its own");
    add(name, concat(R"({"dtype":")", dtype, R"(","shape":)", json_text(shape.axes()), R"(,"data_offsets":[)", begin, ",", end,
                     "]}"));
  }

  /// The header with its length before it.
  void write(std::ostream& out) const {
    std::string text = text_.empty() ? "{}" : text_ + "}";
    text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the values are aligned in the file
    const std::uint64_t length = text.size();
    out.write(reinterpret_cast<const char*>(&length), 8);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
  }

 private:
  void add(const std::string& name, const std::string& value) {
    text_ += concat(text_.empty() ? "{" : ",", json_text(name), ":", value);
  }
  static std::string json_text(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  std::set<std::string> names_;
  std::string text_;
};

/// The header's text. Throws: Error when it is not what the format prescribes, or the file is of another format.
inline std::string read_safetensors_header(std::istream& in, std::uintmax_t size) {
  constexpr std::uint64_t longest = 100'000'000;  // as the format's own library has it
  std::string start(static_cast<std::size_t>(std::min<std::uintmax_t>(size, file_kind_bytes)), '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  in.seekg(8);
  require(size >= 8, "the file has ", size, " bytes; expected the header's length in the first 8");
  const std::uint64_t length = little_endian(start, 0, 8);
  if (length > std::min<std::uintmax_t>(longest, size - 8)) {
    // A length beyond this file, with a header behind it, is that of a longer file.
    const auto kind = start.size() > 8 && start[8] == '{' && length <= longest ? std::nullopt : file_kind(start);
    if (kind) throw Error(concat("this is no safetensors file: it is ", kind->name, "; ", kind->advice));
    throw Error(concat("the file is cut or no safetensors file: its header should take ", length, " bytes, and ", size - 8,
                       " follow", length > longest ? concat("; ", describe_start(start)) : "; fetch it again"));
  }
  std::string header(static_cast<std::size_t>(length), ' ');
  in.read(header.data(), static_cast<std::streamsize>(length));
  require(header.starts_with('{'), "the header is not a JSON object: it begins with ", hexadecimal(header.substr(0, 4)),
          "; expected '{' (7b) as its first byte");
  const std::size_t zero = header.find('\0');  // the parser would take it for the end
  require(zero == std::string::npos, "the header has a byte 0 at position ", zero,
          "; expected one JSON object, filled up with blanks");
  return header;
}

/// A file of `size` bytes, at its first.
inline Safetensors read_safetensors(std::istream& in, std::uintmax_t size) {
  const std::string header = read_safetensors_header(in, size);
  const nlohmann::json json = parse_json_without_duplicates("the header", header);
  require(json.is_object(), "the header is not a JSON object");

  Safetensors result;
  std::vector<SafetensorsEntry> entries;
  for (const auto& [name, value] : json.items()) {
    if (name == metadata_key) {
      result.metadata = parse_metadata(value);
    } else {
      entries.push_back(parse_entry(name, value));
    }
  }
  require_no_holes(entries, size - 8 - header.size());
  for (SafetensorsEntry& e : entries) {
    NamedTensor tensor{std::move(e.name), std::move(e.shape), {}};
    if (e.dtype == "F32") {
      tensor.values = read_values<float>(in, tensor.shape);
    } else if (e.dtype == "F64") {
      tensor.values = read_values<double>(in, tensor.shape);
    } else {
      RawValues raw{std::move(e.dtype), std::vector<std::byte>(static_cast<std::size_t>(e.end - e.begin))};
      in.read(reinterpret_cast<char*>(raw.bytes.data()), static_cast<std::streamsize>(raw.bytes.size()));
      tensor.values = std::move(raw);
    }
    result.tensors.push_back(std::move(tensor));
  }
  require(in.good(), "the file could not be read to its end");
  return result;
}

}  // namespace detail

/// Writes a model state, one tensor per segment: layout.parameters in order, then layout.buffers. Text that is not UTF-8 is
/// written with replacement characters. Throws: Error when a length is not the layout's, or a name appears twice. The stream's
/// state is the caller's to check, as OutputFile::commit does.
template <std::floating_point T>
void write_safetensors(std::ostream& out, const ParameterLayout& layout, const ModelState<T>& state,
                       const Metadata& metadata = {}) {
  require(static_cast<Index>(state.parameters.size()) == layout.parameter_count(), "write_safetensors: the state has ",
          state.parameters.size(), " parameters; expected the layout's ", layout.parameter_count());
  require(static_cast<Index>(state.buffers.size()) == layout.buffer_count(), "write_safetensors: the state has ",
          state.buffers.size(), " buffer values; expected the layout's ", layout.buffer_count());
  detail::SafetensorsHeader header(metadata);
  const auto add = [&](const std::vector<Segment>& segments, Index first) {
    for (const Segment& s : segments) {
      const auto byte = [&](Index value) { return static_cast<std::uint64_t>(first + s.offset + value) * sizeof(T); };
      header.add(s.name, detail::safetensors_dtype<T>, s.shape, byte(0), byte(s.size()));
    }
  };
  add(layout.parameters, 0);
  add(layout.buffers, layout.parameter_count());
  header.write(out);
  for (const std::vector<T>* values : {&state.parameters, &state.buffers})
    out.write(reinterpret_cast<const char*>(values->data()), static_cast<std::streamsize>(values->size() * sizeof(T)));
}

/// Writes what load_safetensors read, values of every type, in the order of the tensors. Throws: Error when a name appears twice, or
/// there are not as many values as the shape says.
inline void write_safetensors(std::ostream& out, const Safetensors& file) {
  const auto bytes_of = [](const NamedTensor& tensor) {
    return std::visit(
        [](const auto& values) {
          if constexpr (std::is_same_v<std::decay_t<decltype(values)>, RawValues>) {
            return std::span<const std::byte>(values.bytes);
          } else {
            return std::as_bytes(std::span(values));
          }
        },
        tensor.values);
  };
  detail::SafetensorsHeader header(file.metadata);
  std::uint64_t begin = 0;
  for (const NamedTensor& tensor : file.tensors) {
    const std::optional<std::uint64_t> item = detail::safetensors_item(tensor.dtype());
    const std::uint64_t end = begin + bytes_of(tensor).size();
    require(item && end - begin == *item * static_cast<std::uint64_t>(tensor.shape.size()), "write_safetensors: tensor '",
            tensor.name, "' has the shape ", tensor.shape, " of ", tensor.dtype(), " and ", end - begin,
            " bytes; expected a dtype of the format, and one value for each entry");
    header.add(tensor.name, tensor.dtype(), tensor.shape, begin, end);
    begin = end;
  }
  header.write(out);
  for (const NamedTensor& tensor : file.tensors) {
    const std::span<const std::byte> bytes = bytes_of(tensor);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
}

/// write_safetensors to a file that appears when it is complete. Throws: Error also when the file cannot be written.
template <std::floating_point T>
void save_safetensors(const std::filesystem::path& path, const ParameterLayout& layout, const ModelState<T>& state,
                      const Metadata& metadata = {}) {
  OutputFile file(path);
  write_safetensors(file.stream(), layout, state, metadata);
  file.commit();
}

namespace detail {

/// One file.
inline Safetensors load_safetensors_file(const std::filesystem::path& path) {
  InputFile file = open_input_file(path);
  try {
    return read_safetensors(file.stream, file.size);
  } catch (const Error& e) {
    throw Error(concat("load_safetensors: '", path.string(), "': ", e.what()));
  }
}

/// All files of an index, one behind the other in the order of their names; metadata of the first that has it.
inline Safetensors load_shards(const std::filesystem::path& path) {
  const SafetensorsIndex index = read_safetensors_index(path);
  const auto fail = [&](const auto&... parts) { throw Error(concat("load_safetensors: '", path.string(), "': ", parts...)); };
  Safetensors all;
  std::uint64_t bytes = 0;
  std::set<std::string> found;
  for (const std::string& name : index.files()) {
    Safetensors shard = load_safetensors_file(path.parent_path() / name);
    all.metadata.insert(shard.metadata.begin(), shard.metadata.end());
    for (NamedTensor& tensor : shard.tensors) {
      const auto place = index.file_of.find(tensor.name);
      if (place == index.file_of.end()) fail("'", name, "' has the tensor '", tensor.name, "', which the index lacks");
      if (place->second != name)
        fail("the tensor '", tensor.name, "' is in '", name, "'; the index says '", place->second, "'");
      found.insert(tensor.name);
      bytes += static_cast<std::uint64_t>(tensor.shape.size()) * safetensors_item(tensor.dtype()).value_or(0);
      all.tensors.push_back(std::move(tensor));
    }
  }
  for (const auto& [tensor, name] : index.file_of)
    if (!found.contains(tensor)) fail("'", name, "' lacks the tensor '", tensor, "', which the index says is there");
  if (index.total_size && *index.total_size != bytes)
    fail("the tensors take ", bytes, " bytes, and the index's total_size is ", *index.total_size,
         "; are all files of one model? Where they are, take total_size out of the index");
  return all;
}

}  // namespace detail

/// Reads a whole file, or all files of a model by its index (`model.safetensors.index.json`), which lie beside it. The header is checked
/// against the file's length before memory is taken for the values.
/// Throws: Error that names the file when it is missing, cut, followed by other bytes, of another format (which, by file_kind), or its
/// header is wrong: longer than 100 MB, no JSON object that begins at its first byte, a key twice, a dtype that the format does not have,
/// offsets that do not fit the shapes, leave holes, or overlap. Of an index: when a file is missing or lies elsewhere, or tensors or
/// their size differ from what the index says.
inline Safetensors load_safetensors(const std::filesystem::path& path) {
  return detail::is_safetensors_index(path) ? detail::load_shards(path) : detail::load_safetensors_file(path);
}

/// The state of a network in what was read: one tensor of T for each segment of the layout, in any order, and no other. `who`
/// begins the messages. Throws: Error when names, shapes or dtypes are not the layout's.
template <std::floating_point T>
ModelState<T> state_of(const Safetensors& file, const ParameterLayout& layout, const std::string& who) {
  std::string names;
  for (const NamedTensor& t : file.tensors) names += (names.empty() ? "" : ", ") + t.name;
  const auto read = [&](const std::vector<Segment>& segments, Index size) {
    std::vector<T> all(static_cast<std::size_t>(size));
    for (const Segment& s : segments) {
      const auto tensor =
          std::find_if(file.tensors.begin(), file.tensors.end(), [&](const auto& t) { return t.name == s.name; });
      require(tensor != file.tensors.end(), who, " has no tensor",
              file.tensors.empty() ? "s" : concat(" '", s.name, "'; there are: ", names),
              "; is it a checkpoint of another network?");
      require(tensor->shape == s.shape, who, ": tensor '", s.name, "' has the shape ", tensor->shape, ", expected ", s.shape);
      const auto* values = std::get_if<std::vector<T>>(&tensor->values);
      require(values != nullptr, who, ": tensor '", s.name, "' is ", tensor->dtype(), ", not ", detail::safetensors_dtype<T>,
              std::holds_alternative<RawValues>(tensor->values) ? "; convert it" : "; load it with the other scalar type");
      std::copy(values->begin(), values->end(), all.begin() + s.offset);
    }
    return all;
  };
  const auto in = [](const std::vector<Segment>& segments, const NamedTensor& t) {
    return std::any_of(segments.begin(), segments.end(), [&](const Segment& s) { return s.name == t.name; });
  };
  ModelState<T> state{read(layout.parameters, layout.parameter_count()), read(layout.buffers, layout.buffer_count())};
  for (const NamedTensor& t : file.tensors)
    require(in(layout.parameters, t) || in(layout.buffers, t), who, ": tensor '", t.name, "' is not in the network; ",
            t.name.starts_with("optimizer/") ? "is it a checkpoint with its optimizer? load_checkpoint reads that"
                                             : "is it a checkpoint of another network?");
  return state;
}

/// Reads a network's state from a file. Throws: Error as load_safetensors and state_of.
template <std::floating_point T>
ModelState<T> load_state(const std::filesystem::path& path, const ParameterLayout& layout) {
  return state_of<T>(load_safetensors(path), layout, "load_state: '" + path.string() + "'");
}

}  // namespace lmc
