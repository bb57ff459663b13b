// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>
#include <vector>

#include <lmc/core/shape.hpp>

namespace lmc {

/// A class and how many examples of it were read.
struct ReadClass {
  std::string name;  // as the files have it; the number of the label where they have no name
  Index train = 0;   // training examples
  Index test = 0;    // test examples
};

/// How a column of a table was taken.
enum class ColumnKind { number, category, label, dropped };

/// A column of a table, as it was taken.
struct ReadColumn {
  std::string name;                       // as the file has it
  ColumnKind kind = ColumnKind::dropped;  // how it was taken
  Index values = 0;                       // of a category or a label: how many different ones
};

/// Fields of one text that stand for a missing value.
struct ReadMissing {
  std::string text;  // as the file has it
  Index count = 0;   // fields
};

/// Images of one size.
struct ReadSize {
  Index height = 0;  // pixels
  Index width = 0;   // pixels
  Index count = 0;   // images
};

/// Files, rows or fields that were passed over for one reason, or read although something about them is odd.
struct ReadNote {
  std::string what;   // a phrase, as in "files with the suffix .webp were passed over"
  Index count = 0;    // how many
  std::string first;  // the first of them: a path, or a file and line
};

/// What a loader found in the files, so that whoever reads the results sees what the data were taken for. A part that a kind of
/// file does not have is empty.
struct ReadReport {
  std::vector<ReadClass> classes;    // in the order of their labels
  std::vector<ReadColumn> columns;   // of a table, in the file's order
  std::vector<ReadMissing> missing;  // of a table, by text
  std::vector<ReadSize> sizes;       // of images, before they were brought to one size; the most frequent first
  std::vector<ReadNote> notes;       // what was passed over or is odd
};

}  // namespace lmc
