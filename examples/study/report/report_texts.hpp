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
initialization and noise of its own. Intervals are 95 % t intervals over replicates. A claim is tested, two-sided, on the replicates that
all its cells have, at least five. The p values of all claims that were tested are adjusted by Holm's method. A claim is decided where
its adjusted p is below 0.05 and the interval excludes the null hypothesis: it agrees or disagrees by the effect's side. Everything else
is undecided, which is not evidence of no effect. In part: some of the cells that the claim speaks of are not run, have too few pairs, or,
where they are to be connected, have a pair that diverged. Such a claim is undecided: what is missing might contradict it.</p>
<ul>
<li>Connected, broken: every cell's mean is below (above) the threshold. For it, the largest p of the cells' t tests (intersection-union);
against it, the smallest times the number of cells. The effect is the mean of the cell that is likeliest to contradict.</li>
<li>Greater: the paired t test of the differences by replicate, averaged over all comparisons of cells that differ in nothing but what
the claim names. At matched training loss, cells that are each other's nearest in training loss are compared, if they are within a
quarter of it.</li>
<li>Rises, falls: Page's exact permutation test of the ranks along the axis in each replicate; the effect is the mean of their rank
correlations. Of two places only, the paired t test of their difference.</li>
<li>Correlates: the rank correlation over cells, in each replicate; t test of their mean. It speaks of these cells, not of all that could
be thought of.</li>
</ul>
<p>The exact sign-flip test is not used, since with five replicates its smallest two-sided p is 0.0625. The t test assumes nearly normal
values. Barriers near 0 are skewed: of five exponential values the interval covers the mean in 88 % of cases, and in 11 % its upper end
is too low, so that "connected" close to the threshold asks for more replicates. The figures show every one. The interval of a single
pair's barrier, over test examples, is in the store.</p>
)";

}  // namespace lmc::study
