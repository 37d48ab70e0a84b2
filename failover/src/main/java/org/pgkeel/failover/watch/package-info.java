/// Decides who is primary from what Patroni and PostgreSQL say.
/// Heart: [PrimaryWatch]. Read: [Judge] (the rules), [Verdict] (what they say), [Evidence] and [MemberEvidence] (what is known and since
/// when). Depends on `topology`, `patroni`, `probe`, `hold`. Used by `proxy`. Threading: pure functions and immutable values.
@org.jspecify.annotations.NullMarked
package org.pgkeel.failover.watch;
