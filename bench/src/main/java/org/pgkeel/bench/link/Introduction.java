package org.pgkeel.bench.link;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// How a caller is known by its first bytes.
public interface Introduction {
    /// Every caller is a member.
    Introduction MEMBERS_ONLY = _ -> new Caller.Member("");

    /// HTTP: Patroni names itself as the user agent when it asks another Patroni.
    Introduction PATRONI_REST = seen -> {
        String text = seen.toString(StandardCharsets.ISO_8859_1);
        if (text.toLowerCase(java.util.Locale.ROOT).contains("user-agent: patroni")) return new Caller.Member("");
        return text.contains("\r\n\r\n") ? new Caller.Client("") : new Caller.Unknown();
    };

    /// PostgreSQL's StartupMessage: the cluster's own users are members, all others clients.
    /// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-STARTUPMESSAGE>
    static Introduction postgres(Set<String> usersOfMembers) {
        return seen -> startup(seen.duplicate(), usersOfMembers);
    }

    /// @param seen all that the client has sent so far; not to be changed or released
    Caller look(ByteBuf seen);

    private static Caller startup(ByteBuf seen, Set<String> usersOfMembers) {
        final int protocolMajor = 3;
        final int requestLength = 8;
        while (seen.readableBytes() >= requestLength) {
            int length = seen.getInt(seen.readerIndex());
            int code = seen.getInt(seen.readerIndex() + 4);
            if (code >>> 16 != protocolMajor) {      // SSLRequest and GSSENCRequest come before; a CancelRequest says no name
                if (length != requestLength) return new Caller.Client("");
                seen.skipBytes(requestLength);
                continue;
            }
            if (length < requestLength || length > 10_000) return new Caller.Client("");
            if (seen.readableBytes() < length) return new Caller.Unknown();
            String[] words = seen.toString(seen.readerIndex() + requestLength, length - requestLength, StandardCharsets.UTF_8).split("\0", -1);
            Map<String, String> parameters = new HashMap<>();
            for (int i = 0; i + 1 < words.length && !words[i].isEmpty(); i += 2) parameters.put(words[i], words[i + 1]);
            String user = parameters.getOrDefault("user", "");
            return usersOfMembers.contains(user) ? new Caller.Member(parameters.getOrDefault("application_name", "")) : new Caller.Client(user);
        }
        return new Caller.Unknown();
    }
}
