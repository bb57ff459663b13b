// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <lmc/matrix/detail/eigen.hpp>
// Eigen's solvers, beside its matrices: most files need only those.
#include <Eigen/Eigenvalues>
