// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/study/grid_file.hpp>
#include <lmc/study/scheduler.hpp>
#include <lmc/study/shard.hpp>
#include <lmc/study/store.hpp>
#include <lmc/study/wire.hpp>

bool refuses(const char* store) {
  try {
    const lmc::study::Store absent(store, lmc::study::Access::read);
    lmc::study::load_experiments("absent");
  } catch (const lmc::Error&) {
    return true;
  }
  return false;
}
