/// Holds the proxy against PostgreSQL itself, message by message: the same script on both, the same transcript.
/// Heart: [Dialogue] (one client's script and what it heard). Read: [WireClient] (a blocking socket that says anything), [Splitting]
/// (how its bytes are cut up), [Transcript] (what of a reply counts), [Scripts] (the scripts),
/// [TestProxy] (a proxy with the settings of one test).
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.wire;
