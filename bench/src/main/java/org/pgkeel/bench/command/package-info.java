/// How the bench's commands begin and end, whatever they do.
/// Heart: [BenchCommand]. Read: [Measuring] (what those share that measure). Depends on `report`. Used by `scenario`, `ingest`, `equivalence`, `fuzz` and `chaos`.
@NullMarked
package org.pgkeel.bench.command;

import org.jspecify.annotations.NullMarked;
