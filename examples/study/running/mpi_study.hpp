// SPDX-License-Identifier: BSD-3-Clause
// A plan done by the ranks of an MPI job: rank 0 hands tasks out and alone writes to the store, the others compute.
#pragma once
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include "registry/interruption.hpp"
#include "study/running/messages.hpp"
#include "study/running/scheduler.hpp"
#include "study/running/study_progress.hpp"
#include "study/running/task_queue.hpp"

/// MPI of this process, where a launcher has started it as one of several; else one rank, and no MPI.
class MpiJob {
 public:
  MpiJob(int& argc, char**& argv) {
    bool launched = false;
    for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK", "PMI_RANK", "MPI_LOCALNRANKS"})
      launched = launched || std::getenv(variable) != nullptr;
    if (!launched) return;
    int support = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &support);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    active_ = true;
  }
  MpiJob(const MpiJob&) = delete;
  MpiJob& operator=(const MpiJob&) = delete;
  ~MpiJob() {
    if (active_) MPI_Finalize();
  }

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }

  /// Ends all ranks, when this one cannot go on.
  void abort() const {
    if (active_ && size_ > 1) MPI_Abort(MPI_COMM_WORLD, 1);
  }

 private:
  bool active_ = false;
  int rank_ = 0, size_ = 1;
};

namespace mpi_detail {

/// The last is a rank's answer to `stop`.
enum Tag : int { ready = 1, outcome, failure, task, stop, stopped };

struct Message {
  int from = 0, tag = 0;
  std::string bytes;
};

/// Returns when the bytes are on their way, which for many of them is when the other rank takes them. Calls meanwhile() until then.
template <class Meanwhile>
void send(int to, Tag tag, const std::string& bytes, const Meanwhile& meanwhile) {
  lmc::require(bytes.size() < std::size_t{1} << 31, "a message of ", bytes.size(),
               " bytes is too long for MPI; the networks are too large to be sent");
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Isend(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, tag, MPI_COMM_WORLD, &request);
  for (int sent = 0;;) {
    MPI_Test(&request, &sent, MPI_STATUS_IGNORE);
    if (sent != 0) return;
    meanwhile();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

/// Waits without keeping a core busy, as MPI_Recv would: what the ranks wait for takes seconds. Calls meanwhile() now and then.
template <class Meanwhile>
Message receive(const Meanwhile& meanwhile) {
  MPI_Status status;
  for (int there = 0;;) {
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
    if (there != 0) break;
    meanwhile();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  int length = 0;
  MPI_Get_count(&status, MPI_BYTE, &length);
  Message message{status.MPI_SOURCE, status.MPI_TAG, std::string(static_cast<std::size_t>(length), ' ')};
  MPI_Recv(message.bytes.data(), length, MPI_BYTE, message.from, message.tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return message;
}

}  // namespace mpi_detail

/// Since when each rank is at which task, or told to stop.
class RankTimes {
 public:
  /// limit: seconds that a task may take; none: an hour, or 20 times as long as it was estimated to, whichever is longer.
  RankTimes(int ranks, std::optional<double> limit) : at_(static_cast<std::size_t>(ranks)), limit_(limit) {}

  /// task: none where the rank is told to stop.
  void begin(int rank, std::optional<std::size_t> task) { at_[static_cast<std::size_t>(rank)] = {task, Clock::now()}; }
  /// What was given to begin.
  std::optional<std::size_t> end(int rank) {
    return std::exchange(at_[static_cast<std::size_t>(rank)], std::nullopt).value().task;
  }

  /// Throws: lmc::Error when a rank has been at its task for too long, as one that hangs.
  void check(const lmc::study::TaskQueue& queue) const {
    for (std::size_t rank = 0; rank < at_.size(); ++rank) {
      if (!at_[rank]) continue;
      const double seconds = std::chrono::duration<double>(Clock::now() - at_[rank]->since).count();
      const std::optional<std::size_t> task = at_[rank]->task;
      const double estimate = task ? queue.estimate(*task) : 0, limit = limit_.value_or(std::max(3600.0, 20 * estimate));
      const auto where = [&] {
        if (!task) return std::string("since it was told to stop");
        return lmc::concat("at a task that was estimated to take ", lmc::study::duration_text(estimate), ", ",
                           queue.task(*task).id);
      };
      lmc::require(seconds <= limit, "rank ", rank, " has not answered for ", lmc::study::duration_text(seconds), " ", where(),
                   ": does its machine hang? The store has all that was done, and the same command goes on; where tasks "
                   "take that long, give --rank-timeout SECONDS");
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct AtTask {
    std::optional<std::size_t> task = {};
    Clock::time_point since = {};
  };
  std::vector<std::optional<AtTask>> at_;
  std::optional<double> limit_;
};

/// Rank 0. The first SIGINT or SIGTERM lets no further task begin. rank_timeout: of RankTimes. Returns the signal, or 0. Throws:
/// lmc::Error with a rank's own words when it fails at a task, and when one does not answer.
[[nodiscard]] inline int mpi_hand_out(lmc::study::Plan plan, lmc::study::Store& store, int ranks,
                                      std::optional<double> rank_timeout) {
  using namespace mpi_detail;
  const registry::Interruption interruption;
  lmc::study::TaskQueue queue(std::move(plan));
  lmc::study::StudyProgress progress(ranks - 1);
  RankTimes times(ranks, rank_timeout);
  std::vector<int> idle;
  int stopped_by = 0;
  const auto meanwhile = [&] {
    progress.show(queue);
    times.check(queue);
    if (stopped_by == 0 && interruption.signal() != 0) {
      stopped_by = interruption.signal();
      progress.say(lmc::study::interrupted_text(stopped_by, queue) +
                   "; so does the launcher, where it does not wait for the ranks");
    }
  };
  for (int at_work = ranks - 1; at_work > 0;) {
    const Message message = receive(meanwhile);
    lmc::require(message.tag != failure, "rank ", message.from, ": ", message.bytes);
    if (message.tag == outcome) {
      const lmc::study::Outcome done = lmc::study::outcome_from_bytes(message.bytes);
      keep(store, done);
      queue.finish(times.end(message.from).value(), seconds_of(done));
    }
    if (message.tag == stopped) {
      times.end(message.from);
      --at_work;
    } else {
      idle.push_back(message.from);
    }
    while (!idle.empty()) {
      if (queue.finished() || stopped_by != 0) {
        times.begin(idle.back(), std::nullopt);
        send(idle.back(), stop, {}, meanwhile);
      } else if (const auto i = queue.next()) {
        const lmc::study::Task& next = queue.task(*i);
        times.begin(idle.back(), *i);
        send(idle.back(), task, to_bytes(next, read_inputs(store, next)), meanwhile);
      } else {
        break;
      }
      idle.pop_back();
    }
  }
  progress.show(queue);
  if (queue.finished()) return 0;
  progress.say(lmc::study::stopped_text(queue));
  return stopped_by;
}

/// Every other rank. The first SIGINT or SIGTERM, which a launcher gives to all ranks, is rank 0's alone.
inline void mpi_compute(lmc::study::DataSets& data, const std::string& program) {
  using namespace mpi_detail;
  const registry::Interruption interruption;
  const auto nothing = [] {};
  send(0, ready, {}, nothing);
  const auto next = [&] { return receive(nothing); };
  for (Message message = next(); message.tag == task; message = next()) {
    const auto [work, inputs] = lmc::study::task_from_bytes(message.bytes);
    try {
      send(0, outcome, to_bytes(execute(work, data, inputs, program)), nothing);
    } catch (const std::exception& e) {
      send(0, failure, e.what(), nothing);
    }
  }
  send(0, stopped, {}, nothing);
}
