/// Takes connections, and makes sessions of those that have logged in.
/// Heart: [Reception]. Read: [Listener] (the sockets), [Admission] (how many may come in).
/// Depends on `login`, `session`, `admin`. Used by the composition root.
/// Threading: accepted channels are spread over the event loops; what is shared is atomic.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.listen;
