// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string_view>

namespace lmc::study {

/// How the page looks, on a screen and on paper, in black and white.
inline constexpr std::string_view report_style = R"(
body { font: 16px/1.45 "DejaVu Sans", "Helvetica Neue", Arial, sans-serif; color: #000; background: #fff; max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { border-top: 2px solid #000; padding-top: 0.6rem; margin-top: 2.5rem; }
.question { font-style: italic; } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.78rem; margin: 0.8rem 0; }
th, td { border: 1px solid #999; padding: 0.2rem 0.45rem; text-align: left; vertical-align: top; }
th { background: #eee; border-bottom: 2px solid #000; } td.n { white-space: nowrap; }
small { color: #333; } figure { margin: 1rem 0; } figure img { width: 100%; height: auto; max-width: 62rem; }
figure.narrow img { max-width: 46rem; } figcaption, .notes { font-size: 0.82rem; }
code { background: #eee; padding: 0.1rem 0.3rem; overflow-wrap: anywhere; }
@media screen and (prefers-color-scheme: dark) {
  body { color: #e8e8e8; background: #161616; } h2 { border-color: #e8e8e8; } a { color: #8cb8ff; } small { color: #bbb; }
  th, code { background: #2a2a2a; } th { border-bottom-color: #e8e8e8; } figure img { background: #fff; }
}
@media print {
  @page { size: A4; margin: 14mm; }
  body { font-size: 10pt; max-width: none; margin: 0; padding: 0; } a { color: #000; text-decoration: none; }
  table { font-size: 7pt; } th, td { padding: 0.1rem 0.25rem; } .wide { overflow: visible; }
  thead { display: table-header-group; } tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; } section h2 { margin-top: 0; }
  figcaption, .notes, code { font-size: 8pt; }
  section { break-before: page; }
}
)";

/// How claims are judged.
inline constexpr std::string_view method_text = R"(<p>The independent units are the replicates: a pair of runs with an
initialization and noise of its own. A barrier is the cross-fitted error barrier: the place on the line is chosen on some examples, and the
height taken on others, so that it is 0 on average where there is none, and often negative. The maximum over the line is beside it, and the
noise floor, which is that maximum where chance alone makes it.</p>
<p>Each claim has a rank. The <b>primary</b> ones are decided together: p values, one-sided, adjusted by Holm's method over all of them,
those that were not run among them. A claim agrees where its adjusted p is below 0.05, and disagrees where that of its opposite is. So the
probability of a false agreement is at most 5 % over all primary claims, and so is that of a false disagreement. A <b>secondary</b> claim is decided
only where the primary one that it is behind agrees; its p is adjusted over those behind the same claim, times the number of primary claims. All
others are <b>exploratory</b>: an estimate, and no verdict. Undecided is not evidence of no effect. A claim stays undecided where a pair of its
cells is not run or has no value, since what is missing might contradict it.</p>
<ul>
<li>Connected: in every cell, fewer than 5 % of all pairs are broken, that is, above the threshold or diverged. Broken: more than half are. Exact
binomial tests; for the claim the largest p of its cells counts (intersection-union), for its opposite the smallest times their number. 59 pairs
of which none is broken show at 5 % that a cell is connected. The effect is the share of broken pairs, with Clopper-Pearson limits, in the cell
that is likeliest to contradict.</li>
<li>Greater: the differences by replicate, averaged over all comparisons of cells that differ in nothing but what the claim names.</li>
<li>Rises, falls: the rank correlation of value and place on the axis in each replicate. Of two places, their difference.</li>
<li>Correlates: the rank correlation over cells, in each replicate. It speaks of these cells, not of all that could be thought of.</li>
<li>A claim of two values has the larger p of both (intersection-union).</li>
</ul>
<p>The last three are one number for each replicate, and are tested by the exact sign-flip test. It needs no distribution, but that the number
would be as likely as its negative if neither the claim nor its opposite held. Its p cannot be small for fewer than 8 replicates, of which nothing is
decided. The effect is the Hodges-Lehmann estimate, and its interval belongs to the same test. Intervals of cells in figures and tables are t
intervals over replicates: of five skewed values, such as barriers near 0, they are too short. The figures show every value. The interval of a single
pair's barrier, over test examples, is in the store.</p>
)";

}  // namespace lmc::study
