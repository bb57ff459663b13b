// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>

namespace registry {

/// Throws: lmc::Error when `bytes` beside what this process has already are more than the machine has, with its swap, than its control
/// group may have, or than `ulimit -v` allows; a double, since they may be more than can be counted. what: `training 2 networks needs`; way_out ends the message.
void require_memory(double bytes, const std::string& what, const std::string& way_out);

}  // namespace registry
