/// The kind of sockets the process uses, chosen once. Heart: [Transport]. Read: [EventLoops] (when a channel begins to be served). A leaf: depends on `config` alone.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.transport;
