// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/align/detail/nested_groups.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>

// A layout, cut into the bilinear terms of ⟨θ_A, π(θ_B)⟩. Weight matching, Frank–Wolfe and every other search in the order of
// units stand on these.
//
//   ⟨θ_A, π(θ_B)⟩ = Σ over terms t, over repeats r, of ⟨A_tr, P B_tr Qᵀ⟩
//
// A_tr and B_tr are matrices that lie in θ at the same places; P and Q permute their rows and columns, and each is a matrix of
// one UnitSet, or the identity where the order is fixed. Every entry of θ is in one term, once; buffers follow in permute(),
// and have no say. A dense weight is one term, as is a bias (one column); a convolution is one with a repeat for each position
// of the kernel; a locally connected layer has one for each pair of positions.
//
// How a search uses them:
//   const MatchingTerms terms = matching_terms(layout);
//   UnitMaps maps = unit_maps(terms, identity_permutations(layout));     // for each set: unit i is at maps[set][i] in B
//   for (const MatchingTerm& t : terms.terms) …
// Rows and columns are swapped by transposed(t). As dense matrices, which a relaxation wants:
//   gather(t, a, out)          out [rows, repeats · cols]: the repeats stand beside each other in each row
//   gather(t, b, maps, out)    the same of P B Qᵀ, for permutations as they are
//   gather_repeat(t, r, b, out)  out [rows, cols]: one repeat alone
// For soft P and Q (doubly stochastic matrices), the objective's gradient is, over the terms whose rows are the set of P, and over
// those whose columns are, transposed:
//   ∂/∂P[i, j] = Σ_t Σ_r Σ_kl A_tr[i, k] Q[k, l] B_tr[j, l]
// With products of the form C += X Yᵀ these are C = A_tr Q (X = A_tr, Y = Qᵀ), then C B_trᵀ; with a fixed side, A_tr B_trᵀ alone.
// The gradients of all sets of one JointGroup go together into assign_jointly() (joint_assignment.hpp), which gives the
// permutations of the group, blocks of heads included, of the largest ⟨gradient, ·⟩.
namespace lmc::detail {

/// Units that are matched one to one: those of a permutation group, or the units inside all units of an outer group, heads ·
/// width of them, head after head.
struct UnitSet {
  std::size_t joint = 0;  // position in MatchingTerms::joints of the group whose permutation decides
  Index size = 0;         // units
};

/// What is permuted as one: a group, together with the groups inside its units.
struct JointGroup {
  std::size_t group = 0;         // its position in the layout; the outer one, where there are others inside
  std::size_t first_set = 0;     // the set of its own units; those of its nests follow
  std::vector<Nest> nests = {};  // what is inside its units: queries with keys, and values

  /// How many sets it has: its own, and one for each nest.
  [[nodiscard]] std::size_t sets() const { return 1 + nests.size(); }
};

/// Matrices at equal distances between rows and columns: entry (i, j) of repeat r is θ[repeats[r] + rows[i] + cols[j]].
struct MatchingTerm {
  std::size_t segment = 0;                  // position in ParameterLayout::parameters
  std::optional<std::size_t> row_set = {};  // position in MatchingTerms::sets; nothing: the order of the rows is fixed
  std::optional<std::size_t> col_set = {};  // the same of the columns
  std::vector<Index> rows = {};             // where each row begins, relative to the matrix
  std::vector<Index> cols = {};             // where each column begins, relative to the row
  std::vector<Index> repeats = {};          // where each matrix begins in θ

  [[nodiscard]] Index row_count() const { return static_cast<Index>(rows.size()); }
  [[nodiscard]] Index col_count() const { return static_cast<Index>(cols.size()); }
  [[nodiscard]] Index repeat_count() const { return static_cast<Index>(repeats.size()); }
  [[nodiscard]] Index entries() const { return row_count() * col_count() * repeat_count(); }
};

/// The same term with rows and columns swapped.
inline MatchingTerm transposed(const MatchingTerm& t) { return {t.segment, t.col_set, t.row_set, t.cols, t.rows, t.repeats}; }

/// What ⟨θ_A, π(θ_B)⟩ is made of.
struct MatchingTerms {
  std::vector<UnitSet> sets;
  std::vector<JointGroup> joints;
  std::vector<MatchingTerm> terms;  // rows are permuted wherever columns are
};

/// For each set, where a unit of the permuted network is in the given one.
using UnitMaps = std::vector<std::vector<Index>>;

/// The permutation of each set of a joint group, written to maps.
inline void set_unit_maps(const JointGroup& joint, const Permutations& permutations, UnitMaps& maps) {
  const std::vector<Index>& outer = permutations[joint.group];
  maps[joint.first_set] = outer;
  for (std::size_t n = 0; n < joint.nests.size(); ++n) {
    std::vector<Index>& map = maps[joint.first_set + 1 + n];
    map.clear();
    for (const Index source : outer) {
      const std::vector<Index>& inner = permutations[joint.nests[n].inner[static_cast<std::size_t>(source)]];
      for (const Index unit : inner) map.push_back(source * static_cast<Index>(inner.size()) + unit);
    }
  }
}
inline UnitMaps unit_maps(const MatchingTerms& terms, const Permutations& permutations) {
  UnitMaps maps(terms.sets.size());
  for (const JointGroup& joint : terms.joints) set_unit_maps(joint, permutations, maps);
  return maps;
}

/// The inverse of set_unit_maps(): the permutations of the groups of a joint group, from the maps of its sets.
inline void set_permutations(const JointGroup& joint, const UnitMaps& maps, Permutations& permutations) {
  const std::vector<Index>& outer = permutations[joint.group] = maps[joint.first_set];
  for (std::size_t n = 0; n < joint.nests.size(); ++n) {
    const std::vector<Index>& map = maps[joint.first_set + 1 + n];
    const std::size_t width = map.size() / outer.size();
    for (std::size_t unit = 0; unit < outer.size(); ++unit) {
      std::vector<Index>& inner = permutations[joint.nests[n].inner[static_cast<std::size_t>(outer[unit])]];
      for (std::size_t i = 0; i < width; ++i) inner[i] = map[unit * width + i] - outer[unit] * static_cast<Index>(width);
    }
  }
}

/// Cuts segments into terms.
class TermCutter {
 public:
  explicit TermCutter(const ParameterLayout& layout)
      : layout_(layout), set_of_(layout.groups.size()), nests_(nested_groups(layout)) {
    std::vector<bool> inside(layout.groups.size());
    for (const Nest& nest : nests_)
      for (const std::size_t g : nest.inner) inside[g] = true;
    for (std::size_t g = 0; g < layout.groups.size(); ++g)
      if (!inside[g]) add_joint(g);
  }

  [[nodiscard]] MatchingTerms cut() && {
    for (std::size_t s = 0; s < layout_.parameters.size(); ++s) cut_segment(s);
    return std::move(result_);
  }

 private:
  // One side of a term.
  struct Side {
    std::size_t set;
    std::vector<Index> offsets;
  };

  void add_joint(std::size_t g) {
    JointGroup joint{.group = g, .first_set = result_.sets.size()};
    const std::size_t position = result_.joints.size();
    const Index size = layout_.groups[g].size;
    set_of_[g] = result_.sets.size();
    result_.sets.push_back({position, size});
    for (const Nest& nest : nests_) {
      if (nest.outer != g) continue;
      for (const std::size_t inner : nest.inner) set_of_[inner] = result_.sets.size();
      result_.sets.push_back({position, size * layout_.groups[nest.inner.front()].size});
      joint.nests.push_back(nest);
    }
    result_.joints.push_back(std::move(joint));
  }

  void cut_segment(std::size_t s) {
    const Segment& segment = layout_.parameters[s];
    const auto rank = static_cast<std::size_t>(segment.shape.rank());
    if (segment.size() == 0) return;
    strides_.assign(rank, 1);
    for (std::size_t axis = rank; axis-- > 1;) strides_[axis - 1] = strides_[axis] * segment.shape.axes()[axis];
    // Fixed axes along which the groups of others differ: each index over them is a term of its own.
    std::vector<Index> selecting(rank, 1);
    parents_.assign(rank, std::nullopt);
    for (std::size_t axis = 0; axis < rank; ++axis) {
      if (!is_grouped(segment.groups[axis])) continue;
      parents_[axis] = parent_axis(segment, static_cast<Index>(axis));
      for (const Index over : segment.groups[axis].over)
        if (over != parents_[axis]) selecting[static_cast<std::size_t>(over)] = segment.shape[over];
    }
    for_each_index(Shape(selecting), [&](std::span<const Index> at) { cut_part(s, at, selecting); });
  }

  // The entries of a segment at one index over the selecting axes.
  void cut_part(std::size_t s, std::span<const Index> at, const std::vector<Index>& selecting) {
    const Segment& segment = layout_.parameters[s];
    const std::size_t rank = selecting.size();
    std::vector<GroupId> ids(rank);
    std::vector<bool> is_parent(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) {
      ids[axis] = segment.groups[axis].at(segment.shape, at);
      if (ids[axis] && parents_[axis]) is_parent[static_cast<std::size_t>(*parents_[axis])] = true;
    }
    std::vector<Side> sides;
    std::vector<Index> free(rank, 1);  // the lengths of the axes whose order is fixed
    Index base = segment.offset;
    std::size_t grouped = 0;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      base += at[axis] * strides_[axis];
      if (ids[axis]) {
        ++grouped;
        if (!is_parent[axis]) sides.push_back(side_of(segment, axis, *ids[axis]));
      } else if (selecting[axis] == 1) {
        free[axis] = segment.shape.axes()[axis];
      }
    }
    const std::size_t parents = static_cast<std::size_t>(std::ranges::count(is_parent, true));
    require(
        sides.size() <= 2 && grouped - parents == sides.size() && !shares_parent(ids), "alignment: '", segment.name,
        "' has the shape ", segment.shape, ", of which ", grouped,
        " axes are permuted at once; expected two at most, where units inside the units of another axis (heads) count with it: "
        "no search is known for others");
    std::vector<Index> fixed;
    for_each_index(Shape(free), [&](std::span<const Index> index) {
      fixed.push_back(std::inner_product(index.begin(), index.end(), strides_.begin(), Index{0}));
    });
    MatchingTerm term{.segment = s};
    term.rows = term.cols = {0};
    if (sides.empty()) {
      term.cols = std::move(fixed);
      term.repeats = {base};
    } else {
      term.row_set = sides[0].set;
      term.rows = std::move(sides[0].offsets);
      if (sides.size() == 1) {
        term.cols = std::move(fixed);
        term.repeats = {base};
      } else {
        term.col_set = sides[1].set;
        term.cols = std::move(sides[1].offsets);
        for (const Index offset : fixed) term.repeats.push_back(base + offset);
      }
    }
    result_.terms.push_back(std::move(term));
  }

  // Whether two axes have groups inside the units of one.
  [[nodiscard]] bool shares_parent(const std::vector<GroupId>& ids) const {
    for (std::size_t x = 0; x < ids.size(); ++x)
      for (std::size_t y = 0; y < x; ++y)
        if (ids[x] && ids[y] && parents_[x] && parents_[x] == parents_[y]) return true;
    return false;
  }
  [[nodiscard]] Side side_of(const Segment& segment, std::size_t axis, std::size_t group) const {
    Side side{set_of_[group], {}};
    const Index outer = parents_[axis] ? segment.shape[*parents_[axis]] : 1;
    const Index outer_stride = parents_[axis] ? strides_[static_cast<std::size_t>(*parents_[axis])] : 0;
    for (Index h = 0; h < outer; ++h)
      for (Index i = 0; i < segment.shape.axes()[axis]; ++i) side.offsets.push_back(h * outer_stride + i * strides_[axis]);
    return side;
  }

  const ParameterLayout& layout_;
  std::vector<std::size_t> set_of_;  // of each group
  std::vector<Nest> nests_;
  MatchingTerms result_;
  std::vector<Index> strides_;                 // of the segment that is being cut
  std::vector<std::optional<Index>> parents_;  // of its axes
};

/// The terms of a layout. Throws: Error that names the segment, where more than two permutations meet in one entry, or groups
/// are nested in an unknown way.
inline MatchingTerms matching_terms(const ParameterLayout& layout) { return TermCutter(layout).cut(); }

/// The offsets in the order of a set: those of rows or columns whose set is given by maps, or as they are.
inline std::vector<Index> mapped(const std::vector<Index>& offsets, std::optional<std::size_t> set, const UnitMaps& maps) {
  return set ? chained(maps[*set], offsets) : offsets;
}

/// out [rows, repeats · cols] = a term's entries, with rows and columns where the offsets say.
template <class Scalar>
void gather(std::span<const Index> rows, std::span<const Index> cols, std::span<const Index> repeats,
            std::span<const Scalar> theta, std::span<double> out) {
  double* to = out.data();
  for (const Index row : rows)
    for (const Index repeat : repeats) {
      const Scalar* const from = theta.data() + repeat + row;
      for (const Index col : cols) *to++ = static_cast<double>(from[col]);
    }
}
/// The term's entries in θ_A: out [rows, repeats · cols].
template <class Scalar>
void gather(const MatchingTerm& t, std::span<const Scalar> theta, std::span<double> out) {
  gather<Scalar>(t.rows, t.cols, t.repeats, theta, out);
}
/// The same of P B Qᵀ, with P and Q of the maps.
template <class Scalar>
void gather(const MatchingTerm& t, std::span<const Scalar> theta, const UnitMaps& maps, std::span<double> out) {
  gather<Scalar>(mapped(t.rows, t.row_set, maps), mapped(t.cols, t.col_set, maps), t.repeats, theta, out);
}
/// One repeat alone, as it lies in θ: out [rows, cols].
template <class Scalar>
void gather_repeat(const MatchingTerm& t, Index repeat, std::span<const Scalar> theta, std::span<double> out) {
  gather<Scalar>(t.rows, t.cols, std::span(t.repeats).subspan(static_cast<std::size_t>(repeat), 1), theta, out);
}

/// Σ_r ⟨A_tr, P B_tr Qᵀ⟩ in double, in the order of rows.
template <class Scalar>
double term_value(const MatchingTerm& t, std::span<const Scalar> a, std::span<const Scalar> b, const UnitMaps& maps) {
  const std::vector<Index> rows = mapped(t.rows, t.row_set, maps), cols = mapped(t.cols, t.col_set, maps);
  double sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (const Index repeat : t.repeats) {
      const Scalar *const x = a.data() + repeat + t.rows[i], *const y = b.data() + repeat + rows[i];
      double row = 0;
      for (std::size_t j = 0; j < cols.size(); ++j) row += static_cast<double>(x[t.cols[j]]) * static_cast<double>(y[cols[j]]);
      sum += row;
    }
  return sum;
}

/// The part of ⟨θ_A, π(θ_B)⟩ that permutations change, in double: over the terms that have a set. Searches compare this part
/// alone, since a large other one would drown it in rounding.
template <class Scalar>
double movable_value(const MatchingTerms& terms, std::span<const Scalar> a, std::span<const Scalar> b, const UnitMaps& maps) {
  double sum = 0;
  for (const MatchingTerm& t : terms.terms)
    if (t.row_set) sum += term_value<Scalar>(t, a, b, maps);
  return sum;
}
/// The part that no permutation changes: over the terms without a set.
template <class Scalar>
double fixed_value(const MatchingTerms& terms, std::span<const Scalar> a, std::span<const Scalar> b) {
  double sum = 0;
  for (const MatchingTerm& t : terms.terms)
    if (!t.row_set) sum += term_value<Scalar>(t, a, b, {});
  return sum;
}
/// ⟨θ_A, π(θ_B)⟩ in double.
template <class Scalar>
double matching_objective(const MatchingTerms& terms, std::span<const Scalar> a, std::span<const Scalar> b,
                          const UnitMaps& maps) {
  return movable_value<Scalar>(terms, a, b, maps) + fixed_value<Scalar>(terms, a, b);
}

/// Visits the positions in θ of all entries of a term.
template <class Visit>
void for_each_entry(const MatchingTerm& t, Visit visit) {
  for (const Index row : t.rows)
    for (const Index repeat : t.repeats)
      for (const Index col : t.cols) visit(static_cast<std::size_t>(row + repeat + col));
}
/// The same of all entries that permutations move.
template <class Visit>
void for_each_movable(const MatchingTerms& terms, Visit visit) {
  for (const MatchingTerm& t : terms.terms)
    if (t.row_set) for_each_entry(t, visit);
}
/// Σ ‖A_t‖ ‖B_t‖ over the terms that permutations move: no part of the objective is larger, for any permutations, so that rounding
/// is a small multiple of it. At most the product of both networks' lengths, and far below where tensors differ in size.
template <class Scalar>
double movable_magnitude(const MatchingTerms& terms, std::span<const Scalar> a, std::span<const Scalar> b) {
  double sum = 0;
  for (const MatchingTerm& t : terms.terms) {
    if (!t.row_set) continue;
    double in_a = 0, in_b = 0;
    for_each_entry(t, [&](std::size_t i) {
      in_a += static_cast<double>(a[i]) * static_cast<double>(a[i]);
      in_b += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    });
    sum += std::sqrt(in_a) * std::sqrt(in_b);
  }
  return sum;
}

}  // namespace lmc::detail
