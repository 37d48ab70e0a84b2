/// How client and server prove who they are: SCRAM-SHA-256 and MD5, both sides, as steps that touch no socket.
/// Heart: [ScramServer] and [ScramClient]. Read: [ScramVerifier] (what a server keeps), [ScramKeys] (what passes through),
/// [ChannelBinding] (what ties the exchange to its TLS connection), [Md5Password]. Depends on `wire`.
/// Threading: everything here is immutable.
@org.jspecify.annotations.NullMarked
package org.pgkeel.protocol.auth;
