/// What lies on the wire: message type bytes, frames, the untyped packets of the start-up phase, and their limits.
/// Heart: [Frame]. Read: [FrameDecoder] (bytes to frames), [FrameLimits] (how large each type may be),
/// [StartupPacket] (what comes before any frame), [MessageReader] and [MessageWriter] (fields, the length prefix),
/// [Value] and [Format] (columns and parameters). Used by `frontend` and `backend`.
/// Threading: [FrameDecoder] belongs to one channel, readers to one call, all else is immutable.
@org.jspecify.annotations.NullMarked
package org.pgkeel.protocol.wire;
