// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <functional>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/simd/vector.hpp>
#include <lmc/train/checkpoint_file.hpp>
#include <lmc/train/detail/training_setting.hpp>
#include <lmc/train/events.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/run.hpp>
#include <lmc/train/save_every.hpp>
#include <lmc/train/train.hpp>
#include <lmc/train/train_options.hpp>

namespace lmc {

/// Where and when train_resumable saves.
struct ResumeOptions {
  std::filesystem::path file = {};                   // of this run alone, and of one process at a time
  SaveEveryOptions every = {.epochs = 1};            // and at the end
  Metadata setting = {};                             // what you want compared, too, as a name of the data; kept in the file
  std::function<bool()> interrupted = {};            // asked after every update: with true, the run is saved and stopped there
  std::function<void(const Error&)> not_saved = {};  // told why a save failed, and the run goes on; empty: that is an error
  std::function<void(Index step)> resumed = {};  // told how many updates the file holds, before the training goes on from it
};

/// What train_resumable returns.
template <class Scalar>
struct ResumableRun {
  Run<Scalar> run = {};  // as train() returns it
  Index resumed_at = 0;  // updates that the file held, 0 where it was not there
};

/// train(), saved again and again in one file. Where the file is there, the training goes on from it, so that the same call in a new
/// process ends at the same bits, whenever the process before it was killed; of a training that has ended, it returns the end. The file
/// is replaced when its next version is complete. A run that diverges keeps the last file with finite parameters.
///
/// Network, start, data, options and seeds are compared with those that the file was begun with, and the version of lmc. What
/// cannot be compared has to be the same: hooks and observers, and what these have seen (an EarlyStopping counts anew).
///   const auto [run, from] = lmc::train_resumable(net, data, start, options, seeds, {.file = "run.safetensors"});
/// Throws: Error as train(); when the file is that of another training, naming what differs; when it cannot be read or written.
template <std::floating_point Scalar>
ResumableRun<Scalar> train_resumable(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                     const ModelState<Scalar>& start, const TrainOptions<Scalar>& options,
                                     const NoiseSeeds& seeds, const ResumeOptions& resume, std::size_t run_number = 0) {
  resume.every.check("train_resumable");
  for (const auto& observer : options.observers)
    require(observer != nullptr, "train_resumable: an observer is empty; give it a function");
  const Metadata setting = detail::training_setting(network, data, start, options, seeds, resume.setting);
  detail::remove_unfinished(resume.file);
  { const OutputFile probe(resume.file); }  // throws where nothing can be written; disappears

  TrainOptions<Scalar> saving = options;
  saving.observers = {[&](const StepEvent<Scalar>& event) {
    Control control = Control::proceed;
    for (const Observer<Scalar>& observer : options.observers)
      if (observer(event) == Control::stop) control = Control::stop;
    // Nothing is saved where an observer ends the run: what goes on from there would not be asked again.
    if (control == Control::stop) return control;
    const bool interrupted = resume.interrupted && event.step < event.steps && resume.interrupted();
    if ((interrupted || event.step == event.steps || resume.every.due(event)) && simd::all_finite<Scalar>(event.parameters)) {
      try {
        save_checkpoint<Scalar>(resume.file, network.layout(), {event.state(), *event.optimizer, event.step}, setting);
      } catch (const Error& e) {
        if (!resume.not_saved) throw;
        resume.not_saved(e);
      }
    }
    return interrupted ? Control::stop : Control::proceed;
  }};
  if (!std::filesystem::exists(resume.file)) return {train(network, data, start, saving, seeds, run_number), 0};
  const Checkpoint<Scalar> at = detail::resumed<Scalar>(resume.file, network.layout(), setting);
  if (resume.resumed) resume.resumed(at.step);
  return {train(network, data, at, saving, seeds, run_number), at.step};
}

}  // namespace lmc
