/// From samples to what the reader sees: medians, paired ratios, tables, goals and a JSON file.
/// Heart: [Results]. Read: [Sample] (one run of one workload against one target), [Statistics] (the arithmetic),
/// [Goal] (what the comparison is judged by), [Report] (the printed tables).
/// Depends on `accounting`. Used by `scenario`.
@NullMarked
package org.pgkeel.bench.report;

import org.jspecify.annotations.NullMarked;
