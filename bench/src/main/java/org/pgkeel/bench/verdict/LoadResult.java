package org.pgkeel.bench.verdict;

import java.util.List;
import org.pgkeel.bench.check.Finding;

/// One workload in one round, or in all of them.
public record LoadResult(String name, Tally tally, List<Finding> findings) {}
