/// TCP links that can be spoiled: a relay in front of a server that delays, goes silent, cuts or answers rubbish on demand.
/// Heart: [FaultProxy]. Read: [Treatment] (what a link does to its connections), [Caller] (who opened a connection), [Introduction]
/// (how that is found out), [Relay] (one connection), [ListeningSockets] (whether a server listens).
/// Depends on nothing of the bench. Used by `cluster` and `fault`.
/// Threading: every [FaultProxy] has one event loop, to which its [Relay]s are confined.
@NullMarked
package org.pgkeel.bench.link;

import org.jspecify.annotations.NullMarked;
