/// Shows that no client ever sees another's data, state or error: hundreds of clients live random lives on a few backends, and every
/// reply names its owner. Heart: [ClientLife], which knows what its session must look like ([SessionModel]) and checks each reply.
/// [WireClient] speaks the protocol on a blocking socket, [Clients] runs many at once, [IsolationTest] does so in front of the proxy,
/// [IsolationMain] at any port for as long as wanted.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.isolation;
