/// Throws seeded rubbish at a running proxy while a well-behaved client watches.
/// Heart: [HostileInputs] (seed and index give the input, always the same). Read: [HostileInput] (what is sent and how it has to end),
/// [Throw] (one input on one connection, judged), [ControlClient] (must notice nothing), [SlowLogins], [FuzzRun], [Fuzz] (the command line).
/// The valid messages it starts from are written by [Octets] here and not by `protocol`, so that both cannot be wrong in the same way.
/// Depends on `cluster`, `client`, `accounting`, `report`.
@NullMarked
package org.pgkeel.bench.fuzz;

import org.jspecify.annotations.NullMarked;
