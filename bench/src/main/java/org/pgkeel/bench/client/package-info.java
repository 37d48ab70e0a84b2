/// A PostgreSQL client as small as can be: it logs in, asks simple queries, and can idle ten thousand times in one process.
/// Heart: [WireClient]. Read: [ScramLogin] (the client's half of SCRAM-SHA-256), [IdleClients].
/// Written apart from `protocol`, so that a mistake there cannot hide behind itself here. Depends on nothing.
@NullMarked
package org.pgkeel.bench.client;

import org.jspecify.annotations.NullMarked;
