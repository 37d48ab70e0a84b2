package org.pgkeel.proxy.wire;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Close;
import org.pgkeel.protocol.frontend.CopyData;
import org.pgkeel.protocol.frontend.CopyDone;
import org.pgkeel.protocol.frontend.CopyFail;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Flush;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.FunctionCall;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Target;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.Value;

/// One client's side of a script: says messages, waits for replies, remembers what it heard.
///
/// Threading: confined to one thread.
final class Dialogue {
    /// What a client does.
    interface Script {
        void play(Dialogue dialogue) throws IOException;
    }

    private final WireClient client;
    private final Transcript transcript = new Transcript();

    private final String channel;

    /// @param channel a name for LISTEN that no other client uses
    Dialogue(WireClient client, String channel) {
        this.client = client;
        this.channel = channel;
    }

    String channel() {
        return channel;
    }

    List<String> lines() {
        return transcript.lines();
    }

    WireClient client() {
        return client;
    }

    void remark(String text) {
        transcript.remark(text);
    }

    /// In one write.
    Dialogue send(FrontendMessage... messages) throws IOException {
        transcript.said(Arrays.stream(messages).map(Dialogue::shown).collect(Collectors.joining(", ")));
        client.send(messages);
        return this;
    }

    private static String shown(FrontendMessage message) {
        String text = message.toString();
        return text.length() <= 160 ? text : text.substring(0, 160) + "...";
    }

    /// Hears up to the next ReadyForQuery.
    void ready() throws IOException {
        until(ReadyForQuery.class);
    }

    void ready(int times) throws IOException {
        for (int i = 0; i < times; i++) ready();
    }

    /// Hears up to a message of this kind, or up to ReadyForQuery.
    void until(Class<? extends BackendMessage> kind) throws IOException {
        while (true) {
            BackendMessage heard = hear();
            if (kind.isInstance(heard) || heard instanceof ReadyForQuery) return;
        }
    }

    /// Hears up to a message of this kind, or up to an error.
    /// @return whether the message came
    boolean untilOrError(Class<? extends BackendMessage> kind) throws IOException {
        while (true) {
            BackendMessage heard = hear();
            if (kind.isInstance(heard)) return true;
            if (heard instanceof ErrorResponse || heard instanceof ReadyForQuery) return false;
        }
    }

    private BackendMessage hear() throws IOException {
        BackendMessage message = client.read();
        transcript.heard(message);
        return message;
    }

    /// A simple Query and its replies.
    void ask(String sql) throws IOException {
        send(query(sql)).ready();
    }

    // --- messages

    static FrontendMessage query(String sql) {
        return new Query(sql);
    }

    static FrontendMessage parse(String name, String sql, Integer... types) {
        return new Parse(name, sql, List.of(types));
    }

    static FrontendMessage bind(String portal, String statement, String... values) {
        return new Bind(portal, statement, List.of(), Arrays.stream(values).map(Value::ofText).toList(), List.of());
    }

    static FrontendMessage bindBinary(String portal, String statement) {
        return new Bind(portal, statement, List.of(), List.of(), List.of(Format.BINARY));
    }

    static FrontendMessage describe(String statement) {
        return new Describe(Target.STATEMENT, statement);
    }

    static FrontendMessage describePortal(String portal) {
        return new Describe(Target.PORTAL, portal);
    }

    static FrontendMessage execute(String portal) {
        return new Execute(portal, 0);
    }

    static FrontendMessage execute(String portal, int rowsMax) {
        return new Execute(portal, rowsMax);
    }

    static FrontendMessage close(String statement) {
        return new Close(Target.STATEMENT, statement);
    }

    static FrontendMessage closePortal(String portal) {
        return new Close(Target.PORTAL, portal);
    }

    static FrontendMessage sync() {
        return Sync.INSTANCE;
    }

    static FrontendMessage flush() {
        return Flush.INSTANCE;
    }

    static FrontendMessage data(String text) {
        return new CopyData(Octets.ofText(text));
    }

    static FrontendMessage done() {
        return CopyDone.INSTANCE;
    }

    static FrontendMessage fail(String why) {
        return new CopyFail(why);
    }

    static FrontendMessage call(int function, String... arguments) {
        return new FunctionCall(function, List.of(), Arrays.stream(arguments).map(Value::ofText).toList(), Format.TEXT);
    }
}
