/// The same random INSERTs once to PostgreSQL itself and once through PgKeel, at the same time by many clients: every reply and every
/// stored row has to be the same.
/// Heart: [EquivalenceRun]. Read: [Equivalence] (the command line), [Tables] (what is inserted into), [Pools] (values, good and bad),
/// [CaseMaker] (statements and messages from a seed), [Peer] (one connection), [StoredRows] (what is in the tables at the end),
/// [Ways] (how the rows came there).
/// Depends on `cluster` and `client`. Written apart from `protocol`, so that a mistake there cannot hide behind itself.
@NullMarked
package org.pgkeel.bench.equivalence;

import org.jspecify.annotations.NullMarked;
