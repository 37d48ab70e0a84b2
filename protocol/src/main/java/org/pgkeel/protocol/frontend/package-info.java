/// What clients say: one record per frontend message. Heart: [FrontendMessage] (encode, and decode by type byte).
/// [FrontendPhase] tells apart the messages that share a type byte. Depends on `wire`.
@org.jspecify.annotations.NullMarked
package org.pgkeel.protocol.frontend;
