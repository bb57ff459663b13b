// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/train/checkpoint_file.hpp>
#include <lmc/train/events.hpp>

namespace lmc {

/// When a training is saved; one of the two is set.
struct SaveEveryOptions {
  Index updates = 0;  // after every so many updates
  Index epochs = 0;   // at the end of every so many epochs

  /// Throws: Error, begun by `who`, when not exactly one of the two is positive.
  void check(std::string_view who) const {
    require(updates >= 0 && epochs >= 0 && (updates > 0) != (epochs > 0), who, ": updates = ", updates, ", epochs = ", epochs,
            "; expected exactly one to be positive");
  }
  /// Whether it is time to, after an update.
  template <std::floating_point Scalar>
  [[nodiscard]] bool due(const StepEvent<Scalar>& event) const {
    return updates > 0 ? event.step % updates == 0 : event.end_of_epoch && (event.epoch + 1) % epochs == 0;
  }
};

/// An observer that saves a checkpoint (save_checkpoint) again and again, each in a file of its own, from which load_checkpoint and
/// train go on. Of a run that diverges, the last one may be of no use.
///   options.observers.push_back(lmc::SaveEvery("checkpoints", net.layout(), {.epochs = 1}));
class SaveEvery {
 public:
  /// Makes the directory where it is missing. Throws: Error when it cannot be made, when nothing can be
  /// written there, or when not exactly one of the options is positive.
  SaveEvery(std::filesystem::path directory, ParameterLayout layout, SaveEveryOptions options)
      : directory_(std::move(directory)), layout_(std::move(layout)), options_(options) {
    options.check("SaveEvery");
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    require(std::filesystem::is_directory(directory_), "SaveEvery: the directory '", directory_.string(), "' cannot be made (",
            error.message(), ")");
    const OutputFile probe(file(0, 0));  // throws where nothing can be written; disappears
  }

  /// The file of a run (StepEvent::run, from 0) after so many updates: `run0-step200.safetensors` in the directory.
  [[nodiscard]] std::filesystem::path file(std::size_t run, Index step) const {
    return directory_ / concat("run", run, "-step", step, ".safetensors");
  }

  /// Saves where it is time to, and lets the run go on. Throws: Error when the file cannot be written.
  template <std::floating_point Scalar>
  Control operator()(const StepEvent<Scalar>& event) const {
    require(static_cast<Index>(event.parameters.size()) == layout_.parameter_count(), "SaveEvery: the network has ",
            event.parameters.size(), " parameters, but the layout that SaveEvery was given ", layout_.parameter_count(),
            "; give it net.layout() of the network that is trained");
    if (options_.due(event))
      save_checkpoint<Scalar>(file(event.run, event.step), layout_, {event.state(), *event.optimizer, event.step});
    return Control::proceed;
  }

 private:
  std::filesystem::path directory_;
  ParameterLayout layout_;
  SaveEveryOptions options_;
};

}  // namespace lmc
