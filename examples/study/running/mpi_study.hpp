// SPDX-License-Identifier: BSD-3-Clause
// A plan done by the ranks of an MPI job: rank 0 hands tasks out and alone writes to the store, the others compute.
#pragma once
#include <mpi.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>
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

enum Tag : int { ready = 1, outcome, failure, task, stop };

struct Message {
  int from = 0, tag = 0;
  std::string bytes;
};

inline void send(int to, Tag tag, const std::string& bytes) {
  lmc::require(bytes.size() < std::size_t{1} << 31, "a message of ", bytes.size(),
               " bytes is too long for MPI; the networks are too large to be sent");
  MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, tag, MPI_COMM_WORLD);
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

/// Rank 0. Throws: lmc::Error with a rank's own words when it fails at a task.
inline void mpi_hand_out(lmc::study::Plan plan, lmc::study::Store& store, int ranks) {
  using namespace mpi_detail;
  lmc::study::TaskQueue queue(std::move(plan));
  lmc::study::StudyProgress progress(ranks - 1);
  std::vector<std::size_t> task_of(static_cast<std::size_t>(ranks));
  std::vector<int> idle;
  for (int stopped = 0; stopped < ranks - 1;) {
    const Message message = receive([&] { progress.show(queue); });
    lmc::require(message.tag != failure, "rank ", message.from, ": ", message.bytes);
    if (message.tag == outcome) {
      const lmc::study::Outcome done = lmc::study::outcome_from_bytes(message.bytes);
      keep(store, done);
      queue.finish(task_of[static_cast<std::size_t>(message.from)], seconds_of(done));
    }
    idle.push_back(message.from);
    while (!idle.empty()) {
      if (queue.finished()) {
        send(idle.back(), stop, {});
        ++stopped;
      } else if (const auto i = queue.next()) {
        const lmc::study::Task& next = queue.task(*i);
        task_of[static_cast<std::size_t>(idle.back())] = *i;
        send(idle.back(), task, to_bytes(next, read_inputs(store, next)));
      } else {
        break;
      }
      idle.pop_back();
    }
  }
  progress.show(queue);
}

/// Every other rank.
inline void mpi_compute(lmc::study::DataSets& data, const std::string& program) {
  using namespace mpi_detail;
  send(0, ready, {});
  const auto next = [] { return receive([] {}); };
  for (Message message = next(); message.tag == task; message = next()) {
    const auto [work, inputs] = lmc::study::task_from_bytes(message.bytes);
    try {
      send(0, outcome, to_bytes(execute(work, data, inputs, program)));
    } catch (const std::exception& e) {
      send(0, failure, e.what());
    }
  }
}
