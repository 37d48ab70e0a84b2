/// What lies on the wire: message type bytes, frames, the untyped packets of the start-up phase, and their limits.
/// Heart: [FrontendType] and [BackendType].
@org.jspecify.annotations.NullMarked
package org.pgkeel.protocol.wire;
