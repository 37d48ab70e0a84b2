/// Who waits while there is no primary, how long, why, and how fast they are let through afterwards.
/// Heart: [Hold]. Read: [HoldReason], [DrainPace]. Depends on nothing. Used by `proxy`.
/// Threading: pure values.
@org.jspecify.annotations.NullMarked
package org.pgkeel.failover.hold;
