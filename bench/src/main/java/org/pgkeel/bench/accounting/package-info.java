/// What the operating system says a process has used.
/// Heart: [CpuTime], read for a whole process tree by [ProcessTree]. Read: [ProcStat] (one line of `/proc`),
/// [CompilerThreads] (the part of a JVM that only compiles), [ResidentMemory].
/// Depends on nothing. Linux only.
@NullMarked
package org.pgkeel.bench.accounting;

import org.jspecify.annotations.NullMarked;
