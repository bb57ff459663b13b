// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/safetensors.hpp>

#include <span>
#include <sstream>
#include <type_traits>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The layout of the files in the corpus.
  static const lmc::ParameterLayout layout = {
      .parameters = {{"dense1/weight", {2, 3}, lmc::Role::weight, {{}, {}}, 0}, {"dense1/bias", 2, lmc::Role::bias, {{}}, 6}},
      .buffers = {},
      .groups = {}};
  const fuzz::Bytes bytes(data, size);
  const auto path = fuzz::in_memory_file(bytes);
  fuzz::accepts(fuzz::file_reader_limit(bytes), [&] {
    const lmc::Safetensors file = lmc::load_safetensors(path);
    for (const lmc::NamedTensor& tensor : file.tensors) {
      const auto length = std::visit(
          [](const auto& values) {
            if constexpr (std::is_same_v<std::decay_t<decltype(values)>, lmc::RawValues>)
              return values.bytes.size();
            else
              return std::as_bytes(std::span(values)).size();
          },
          tensor.values);
      fuzz::check(length == *lmc::detail::safetensors_item(tensor.dtype()) * static_cast<std::size_t>(tensor.shape.size()),
                  "a tensor is as large as its shape");
    }
    std::ostringstream out;
    lmc::write_safetensors(out, file);
  });
  fuzz::accepts(fuzz::file_reader_limit(bytes), [&] {
    const auto state = lmc::load_state<float>(path, layout);
    fuzz::check(state.parameters.size() == 8 && state.buffers.empty(), "a state is as large as its layout");
  });
  fuzz::accepts(fuzz::file_reader_limit(bytes), [&] { lmc::load_state<double>(path, layout); });
  return 0;
}
