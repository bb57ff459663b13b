// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/table.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  const auto path = fuzz::in_memory_file(bytes);
  // A record with the text that is put together for it, and no more, whatever the file's length: but a record may be the file.
  fuzz::accepts(fuzz::file_reader_limit(bytes), [&] {
    lmc::CsvReader file(path, ';');
    while (file.next())
      for (lmc::Index i = 0; i < file.size(); ++i) fuzz::check(!lmc::invalid_utf8(file.field(i)), "fields are UTF-8");
  });
  // A table holds, besides its text, one feature per category and example; an input of some thousand rows has up to a thousand
  // of each.
  const auto load = [&](const lmc::CsvOptions& options) {
    fuzz::accepts(fuzz::file_reader_limit(bytes) + (std::size_t{64} << 20), [&] {
      const auto table = lmc::load_table<float>(path, options);
      fuzz::check(table.data.train.shape().size() == static_cast<lmc::Index>(table.features.size()), "features have names");
      fuzz::check(table.data.train.classes() == static_cast<lmc::Index>(table.classes.size()), "classes have names");
    });
  };
  load({});
  load({.header = 2, .missing = lmc::MissingValue::impute, .unknown_category = lmc::UnknownCategory::ignore});
  load({.delimiter = ' ',
        .header = 0,
        .number_format = {lmc::NumberMark::decimal_comma, lmc::NumberMark::thousands_point, lmc::NumberMark::currency,
                          lmc::NumberMark::unicode},
        .train_rows = 2});
  load({.header = 0, .label = 0, .categorical = {lmc::Index{1}}, .train_rows = 2});
  return 0;
}
