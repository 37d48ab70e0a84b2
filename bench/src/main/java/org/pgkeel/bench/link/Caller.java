package org.pgkeel.bench.link;

import java.util.function.Predicate;

/// Who opened a connection, by what it said first.
public sealed interface Caller {
    /// It has not said enough yet.
    record Unknown() implements Caller {}

    /// A client of the cluster: a proxy, an application, a bench.
    record Client(String user) implements Caller {}

    /// A part of the cluster itself.
    ///
    /// @param node the node's name where it is known (a standby that streams says so), else empty
    record Member(String node) implements Caller {}

    Predicate<Caller> ANYONE = _ -> true;
    /// Not those that have not said who they are: they could never say it.
    Predicate<Caller> CLIENTS = Client.class::isInstance;

    /// A standby of this name that streams from here.
    static Predicate<Caller> node(String name) {
        return caller -> caller instanceof Member(var node) && node.equals(name);
    }
}
