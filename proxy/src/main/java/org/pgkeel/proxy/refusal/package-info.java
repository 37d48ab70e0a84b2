/// What the proxy itself says no to, and how: one table of reasons, one record that becomes an ErrorResponse.
/// Heart: [RefusalReason]. Read: [Refusal]. A leaf: depends on `protocol` alone.
/// Threading: everything here is immutable.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.refusal;
