/// What PostgreSQL itself says of its role, asked by SQL.
/// Heart: [NodeReply]. Read: [NodeProbe] (asks). Depends on `topology`. Used by `watch`; asked by `proxy` and by fakes in tests.
/// Threading: values are immutable.
@org.jspecify.annotations.NullMarked
package org.pgkeel.failover.probe;
