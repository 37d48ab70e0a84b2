/// TLS contexts for both sides, built from PEM files and exchanged as a whole on reload.
/// Heart: [TlsContexts]. Read: [ServerTls] (towards clients), [BackendTls] (towards PostgreSQL), [ReloadableTls], [Expiry] (until when).
/// A leaf: depends on `protocol`, `config`.
/// Threading: contexts are immutable.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.tls;
