// SPDX-License-Identifier: BSD-3-Clause
#include "barrier/recording.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/ensemble.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/sources/detail/number_text.hpp>
#include <lmc/io/csv.hpp>
#include <lmc/io/input_file.hpp>
#include <lmc/io/npy.hpp>

#include "barrier/array_shape.hpp"
#include "barrier/plausibility.hpp"
#include "registry/named.hpp"

using lmc::concat;
using lmc::Error;
using lmc::Index;
using lmc::Metrics;
using lmc::require;
using lmc::shortest;

namespace {

constexpr const char* no_loss = "0-1";

constexpr const char* diverged = "; a network that diverged has no barrier to judge: leave this pair out, and say so";

Metrics metrics_of(const Place& place, const std::vector<std::int32_t>& labels) {
  Metrics metrics;
  if (!place.logits.empty()) metrics = lmc::ensemble_of_logits<double>({place.logits}, labels);
  if (!place.wrong.empty()) {
    metrics.wrong = place.wrong;
    metrics.count = std::ssize(place.wrong);
    metrics.error = static_cast<double>(std::ranges::count(place.wrong, true)) / static_cast<double>(metrics.count);
    if (place.losses.empty() && place.logits.empty()) {
      metrics.loss = *metrics.error;
      metrics.loss_name = no_loss;
    }
  }
  if (!place.losses.empty()) {
    metrics.count = std::ssize(place.losses);
    metrics.loss = std::accumulate(place.losses.begin(), place.losses.end(), 0.0) / static_cast<double>(metrics.count);
    require(std::isfinite(metrics.loss),
            "the sum of its losses is beyond the range of double; expected losses of single examples");
  }
  return metrics;
}

Recording recording_of(const lmc::AlphaGrid& alphas, const std::vector<Place>& places,
                       const std::vector<std::int32_t>& labels) {
  std::vector<Metrics> metrics;
  for (const Place& place : places) metrics.push_back(metrics_of(place, labels));
  std::string what;
  const auto add = [&](bool there, const char* name) {
    if (there) what += (what.empty() ? "" : ", ") + std::string(name);
  };
  add(!places.front().wrong.empty(), "wrong");
  add(!places.front().losses.empty(), "loss");
  add(!places.front().logits.empty(), "logits");
  Recording recording{.curve = lmc::make_curve(alphas, std::move(metrics)), .description = {}};
  for (const lmc::CurvePoint& point : recording.curve.points)
    require(std::isfinite(point.metrics.loss), "the cross-entropy of its logits at α = ", shortest(point.alpha),
            " is infinite: a class that is right has the probability 0", diverged);
  require(lmc::detail::has_loss(recording.curve),
          "all its losses are 0, though predictions are wrong; leave the losses out if they were not measured");
  recording.notes = notes_on(places, labels, recording.curve);
  recording.description = concat(places.size(), " α × ", recording.curve.points.front().metrics.count, " examples: ", what);
  return recording;
}

// Throws: Error when a value is NaN or infinite; only a logit may be -inf, that of a class which is ruled out.
void require_number(double value, const std::string& place, bool is_logit) {
  require(std::isfinite(value) || (is_logit && value < 0), place, std::isnan(value) ? " is NaN" : " is infinite", diverged);
}

// A message of the library without the name of its function or type, which means nothing to those who give files: `AlphaGrid: `.
std::string without_function(const std::string& message) {
  for (const std::string_view name : {"AlphaGrid: ", "load_npy: ", "make_curve: ", "NpyArray: "})
    if (message.starts_with(name)) return message.substr(name.size());
  return message;
}

// Files of NumPy.

lmc::NpyArray load_array(const std::filesystem::path& path) {
  std::string start(8, '\0');
  lmc::InputFile file = lmc::open_input_file(path);
  file.stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  const auto length = static_cast<std::size_t>(file.stream.gcount());
  constexpr std::string_view magic = "\x93NUMPY";
  require(length == 0 || length == start.size() ||
              !magic.starts_with(std::string_view(start).substr(0, std::min(length, magic.size()))),
          "'", path.string(), "': it is cut: it has ", length, " bytes of what numpy.save writes; write it again");
  try {
    return lmc::load_npy(path);
  } catch (const Error& e) {
    throw Error(without_function(e.what()));
  }
}

std::vector<std::int32_t> load_labels(const std::filesystem::path& path) {
  const lmc::NpyArray array = load_array(path);
  require(array.shape.rank() == 1, "'", path.string(), "' has the shape ", array.shape,
          "; expected [examples], a class for each");
  std::vector<std::int32_t> labels;
  for (const Index label : array.as<Index>()) {
    require(label >= 0 && label <= std::numeric_limits<std::int32_t>::max(), "'", path.string(), "' has the label ", label,
            "; expected classes, from 0");
    labels.push_back(static_cast<std::int32_t>(label));
  }
  return labels;
}

// Throws: Error where a number is no outcome.
std::vector<bool> outcomes_of(const lmc::NpyArray& array) {
  const auto check = [](const auto& values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      require(values[i] == 0 || values[i] == 1, "it has the value ", values[i], " at position ", i,
              "; expected 1 where wrong, 0 where right: predictions != labels");
  };
  if (array.dtype.starts_with('f')) check(array.as<double>());
  if (array.dtype.starts_with('i') || array.dtype.starts_with('u')) check(array.as<Index>());
  return array.as<bool>();
}

// What the values are: from the option, or the type.
std::string kind_of(const lmc::NpyArray& array, const std::string& what) {
  if (what != "auto") return what;
  if (array.shape.rank() == 3) return array.dtype.starts_with('b') ? "wrong" : "logits";
  if (!array.dtype.starts_with('f')) return "wrong";
  const std::vector<double> values = array.as<double>();
  require(std::ranges::any_of(values, [](double v) { return v != 0 && v != 1; }), "it holds 0 and 1 as ", array.dtype,
          ", which may be outcomes or losses; say which by --what wrong or --what loss");
  return "loss";
}

// As they are typed.
std::string alphas_text(const std::vector<double>& alphas) {
  std::string text;
  for (const double alpha : alphas) text += (text.empty() ? "" : ",") + shortest(alpha);
  return text;
}

Recording read_array(const std::filesystem::path& path, const RecordingOptions& options) {
  const lmc::NpyArray array = load_array(path);
  require_axes(array.shape);
  const std::string kind = kind_of(array, options.what);
  std::vector<std::int32_t> labels;
  if (!options.labels.empty())
    labels = registry::named("--labels " + options.labels.string(), [&] { return load_labels(options.labels); });
  require_shape(array.shape, {.kind = kind,
                              .alphas = options.alphas.size(),
                              .labels = options.labels.empty() ? std::nullopt : std::optional(std::ssize(labels))});
  const Index steps = array.shape[0], examples = array.shape[1];
  require(options.alphas.size() != 1, "--alphas ", alphas_text(options.alphas), " is one α, and it has ", steps,
          " rows; expected the α of each row, as 0,0.5,1, or no --alphas for even steps. A number of steps is for networks");
  require(options.alphas.empty() || std::ssize(options.alphas) == steps, "it has ", steps, " α, and --alphas ",
          alphas_text(options.alphas), " names ", options.alphas.size(), "; expected one for each row",
          array.shape.rank() == 2 && std::ssize(options.alphas) == examples ? ": transpose it, x.T" : "");
  std::vector<Place> places(static_cast<std::size_t>(steps));
  const auto divide = [&](const auto& values, auto field) {
    const auto row = std::ssize(values) / steps;
    for (Index k = 0; k < steps; ++k)
      field(places[static_cast<std::size_t>(k)]).assign(values.begin() + k * row, values.begin() + (k + 1) * row);
  };
  if (kind == "wrong") {
    divide(outcomes_of(array), [](Place& p) -> auto& { return p.wrong; });
  } else {
    const std::vector<double> values = array.as<double>();
    const Index row = array.shape.size() / steps, each = row / examples;
    for (Index i = 0; i < std::ssize(values); ++i)
      require_number(values[static_cast<std::size_t>(i)],
                     concat(kind == "loss" ? "the loss" : "a logit", " of example ", i % row / each, " in row ", i / row),
                     kind == "logits");
    divide(values, [&](Place& p) -> auto& { return kind == "loss" ? p.losses : p.logits; });
  }
  if (kind == "logits") {
    require(!options.labels.empty(), "it holds logits; give the classes of the examples by --labels FILE.npy");
    require(std::ssize(labels) == examples, "it has ", examples, " examples, and '", options.labels.string(), "' ",
            labels.size(), " labels; expected one for each");
    const auto classes = array.shape[2];
    for (std::size_t i = 0; i < labels.size(); ++i)
      require(labels[i] < classes, "--labels '", options.labels.string(), "' has the label ", labels[i], " of example ", i,
              ", and '", path.string(), "' the logits of ", classes, " classes; expected labels from 0 to ", classes - 1);
    require_logits(places, examples);
  }
  Recording recording =
      recording_of(options.alphas.empty() ? lmc::AlphaGrid(steps) : alpha_list(options.alphas), places, labels);
  if (const std::string note = note_on_axes(array.shape); !note.empty()) recording.notes.push_back(note);
  return recording;
}

// Tables.

// Where a CSV file has which column.
struct Columns {
  std::optional<Index> alpha, example, wrong, loss, label;
  std::vector<Index> logits;
};

Columns columns_of(const lmc::CsvReader& reader) {
  Columns columns;
  for (Index i = 0; i < reader.size(); ++i) {
    const std::string name(lmc::detail::trim(reader.field(i)));
    const auto take = [&](std::optional<Index>& place) {
      require(!place, "there are two columns '", name, "'");
      place = i;
    };
    if (name == "alpha") {
      take(columns.alpha);
    } else if (name == "example") {
      take(columns.example);
    } else if (name == "wrong") {
      take(columns.wrong);
    } else if (name == "loss") {
      take(columns.loss);
    } else if (name == "label") {
      take(columns.label);
    } else {
      require(!name.empty() && !name.starts_with("Unnamed"), "column ", i + 1, " has no name, as ",
              i == 0 ? "the index that pandas writes; write the file with to_csv(…, index=False)"
                     : "behind a delimiter at the end of the line; remove it in all lines");
      require(name == concat("logit", columns.logits.size()), "the column '", name, "' is none that is known",
              name.starts_with("logit")
                  ? concat(", or out of order; expected logit", columns.logits.size(), " next")
                  : std::string("; expected alpha, example, wrong, loss, label, logit0, logit1, … in the first line, with "
                                "commas, semicolons or tabs between"));
      columns.logits.push_back(i);
    }
  }
  require(columns.alpha && columns.example, "there is no column '", columns.alpha ? "example" : "alpha",
          "'; expected a line for each α and example, with alpha, example, and wrong, loss or logits");
  require(columns.wrong || columns.loss || !columns.logits.empty(),
          "there is no column of what was measured; expected wrong, loss, or label with logit0, logit1, …");
  require(columns.logits.empty() == !columns.label && columns.logits.size() != 1,
          "logits need a column 'label' and at least two columns logit0, logit1, …, and a label needs logits");
  return columns;
}

// What separates the columns: the first of comma, semicolon and tab in the line of names. A pipe can be read once, and has commas.
char delimiter_of(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) return ',';
  lmc::CsvReader reader(path);
  while (reader.skip_line()) {
    const std::string_view line = reader.passed_line();
    if (const std::size_t at = line.find_first_of(",;\t"); at != std::string_view::npos) return line[at];
  }
  return ',';
}

// A CSV file, line by line.
class TableReader {
 public:
  explicit TableReader(const std::filesystem::path& path) : TableReader(path, delimiter_of(path)) {}

  Recording read() {
    require(reader_.next(), "it is empty; expected a line of names first: alpha, example, wrong");
    columns_ = columns_of(reader_);
    while (reader_.next()) read_line();
    require(!places_.empty(), "it has no line behind that of names");
    finish_place();
    require(places_.size() >= 2, "it has the one α ", shortest(alphas_[0]),
            "; expected at least α = 0 and α = 1, since a barrier is measured from both ends");
    require_logits(places_, std::ssize(labels_));
    require(contradiction_.empty(), contradiction_);
    return recording_of(lmc::AlphaGrid(alphas_), places_, labels_);
  }

 private:
  TableReader(const std::filesystem::path& path, char delimiter)
      : reader_(path, delimiter), has_decimal_commas_(delimiter != ',') {}

  [[nodiscard]] std::string here(const char* column) const { return concat("line ", reader_.line(), ": ", column); }
  // The text of a number, with a point for a decimal comma, which can stand where the delimiter is another.
  [[nodiscard]] std::string number_text(Index column) const {
    std::string text(reader_.field(column));
    if (const std::size_t comma = text.find(','); has_decimal_commas_ && comma != std::string::npos) text[comma] = '.';
    return text;
  }
  // Throws: Error where one number has a comma and another a point: 1.234 may be a thousand.
  void require_one_mark(Index column, const char* name) {
    const std::string_view text = reader_.field(column);
    const std::size_t at = text.find_first_of(",.");
    if (!has_decimal_commas_ || at == std::string_view::npos) return;
    if (mark_.empty()) {
      mark_ = text[at];
      first_with_mark_ = here(concat(name, " is '", text, "'").c_str());
    }
    require(text[at] == mark_[0], here(name), " is '", text, "', and ", first_with_mark_,
            "; expected one decimal mark, comma or point, in all numbers");
  }
  [[nodiscard]] double number(Index column, const char* name) {
    const std::string text = number_text(column);
    const std::optional<double> value = lmc::parse_number(text);
    require(value.has_value(), here(name), " is '", reader_.field(column), "'; expected a number");
    require_one_mark(column, name);
    return *value;
  }
  [[nodiscard]] double measured(Index column, const char* name) {
    const double value = number(column, name);
    require_number(value, here(name), name == std::string_view("logit"));
    return value;
  }
  [[nodiscard]] bool outcome(Index column) const {
    std::string text = number_text(column);
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const bool is_true = text == "1" || text == "true" || text == "1.0";
    require(is_true || text == "0" || text == "false" || text == "0.0", here("wrong"), " is '", reader_.field(column),
            "'; expected 1 where wrong, 0 where right");
    return is_true;
  }

  void read_line() {
    const double alpha = number(*columns_.alpha, "alpha");
    require(alpha >= 0 && alpha <= 1, here("alpha"), " is ", shortest(alpha), "; expected a share of the way, from 0 to 1");
    if (alphas_.empty() || alpha != alphas_.back()) begin_place(alpha);
    const std::size_t example = position(std::string(reader_.field(*columns_.example)));
    Place& place = places_.back();
    if (columns_.wrong) put(place.wrong, example, 1, 0, outcome(*columns_.wrong));
    if (columns_.loss) put(place.losses, example, 1, 0, measured(*columns_.loss, "loss"));
    for (std::size_t c = 0; c < columns_.logits.size(); ++c)
      put(place.logits, example, columns_.logits.size(), c, measured(columns_.logits[c], "logit"));
    if (!columns_.label) return;
    check_label(example);
    if (contradiction_.empty()) note_contradiction(example);
  }
  // Kept to the end, where it is known whether the logits are any.
  void note_contradiction(std::size_t example) {
    const Place& place = places_.back();
    const std::size_t classes = columns_.logits.size();
    ExampleValues values{.logits = std::span(place.logits).subspan(example * classes, classes),
                         .label = static_cast<std::size_t>(labels_[example])};
    if (columns_.wrong) values.wrong = place.wrong[example];
    if (columns_.loss) values.loss = place.losses[example];
    const std::string found = contradiction_in(values);
    if (!found.empty()) contradiction_ = concat("line ", reader_.line(), ": ", found);
  }
  template <class Values, class Value>
  static void put(Values& values, std::size_t example, std::size_t width, std::size_t column, Value value) {
    values.resize(std::max(values.size(), (example + 1) * width));
    values[example * width + column] = value;
  }
  void check_label(std::size_t example) {
    const double label = number(*columns_.label, "label");
    require(label >= 0 && label < static_cast<double>(columns_.logits.size()) && label == std::floor(label), here("label"),
            " is ", shortest(label), "; expected 0 to ", columns_.logits.size() - 1);
    if (labels_.size() <= example) labels_.resize(example + 1, static_cast<std::int32_t>(label));
    require(labels_[example] == static_cast<std::int32_t>(label), here("label"), " is ", shortest(label), ", but ",
            labels_[example], " at α = ", shortest(alphas_.front()));
  }

  void begin_place(double alpha) {
    if (!alphas_.empty()) {
      finish_place();
      require(std::ranges::find(alphas_, alpha) == alphas_.end(), "line ", reader_.line(), ": α = ", shortest(alpha),
              " again, behind α = ", shortest(alphas_.back()), "; expected each α once, all its examples together");
      require(alpha > alphas_.back(), "line ", reader_.line(), ": α = ", shortest(alpha),
              " behind α = ", shortest(alphas_.back()), "; expected rising α: sort the lines");
    }
    alphas_.push_back(alpha);
    places_.emplace_back();
    seen_.assign(seen_.size(), false);
    count_ = 0;
  }
  void finish_place() const {
    if (count_ == names_.size()) return;
    const auto missing = std::ranges::find(seen_, false) - seen_.begin();
    throw Error(concat("α = ", shortest(alphas_.back()), " has ", count_, " of ", names_.size(), " examples; example '",
                       names_[static_cast<std::size_t>(missing)], "' is missing there; expected the same examples at every α"));
  }
  // The number of an example, which the first α gives it.
  std::size_t position(const std::string& name) {
    const auto [found, added] = positions_.try_emplace(name, names_.size());
    if (added) {
      require(alphas_.size() == 1, "line ", reader_.line(), ": example '", name, "' at α = ", shortest(alphas_.back()),
              " is not among those at α = ", shortest(alphas_.front()), "; expected the same examples at every α");
      names_.push_back(name);
      seen_.push_back(false);
    }
    require(!seen_[found->second], "line ", reader_.line(), ": example '", name,
            "' for the second time at α = ", shortest(alphas_.back()));
    seen_[found->second] = true;
    ++count_;
    return found->second;
  }

  lmc::CsvReader reader_;
  bool has_decimal_commas_;
  Columns columns_;
  std::vector<double> alphas_;
  std::vector<Place> places_;
  std::map<std::string, std::size_t> positions_;
  std::vector<std::string> names_;
  std::vector<bool> seen_;
  std::size_t count_ = 0;
  std::vector<std::int32_t> labels_;
  std::string mark_, first_with_mark_;  // the decimal mark, and where it stands first
  std::string contradiction_;           // the first between outcomes or losses and logits
};

}  // namespace

bool has_losses(const lmc::Curve& curve) { return curve.points.front().metrics.loss_name != no_loss; }

lmc::AlphaGrid alpha_list(const std::vector<double>& alphas) {
  try {
    return lmc::AlphaGrid(alphas);
  } catch (const Error& e) {
    throw Error(concat("--alphas ", alphas_text(alphas), ": ", without_function(e.what())));
  }
}

Recording read_recording(const std::filesystem::path& path, const RecordingOptions& options) {
  try {
    if (path.extension() == ".npy") return read_array(path, options);
    require(options.what == "auto" && options.alphas.empty() && options.labels.empty(),
            "--what, --alphas and --labels are for .npy files; a CSV file has them in its columns");
    return TableReader(path).read();
  } catch (const Error& e) {
    const std::string text = without_function(e.what());
    throw Error(text.find(path.string()) == std::string::npos ? concat("'", path.string(), "': ", text) : text);
  }
}
