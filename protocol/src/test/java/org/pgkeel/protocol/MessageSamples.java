package org.pgkeel.protocol;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.pgkeel.protocol.backend.*;
import org.pgkeel.protocol.frontend.*;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.CancelRequest;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.GssEncRequest;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.SslRequest;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.protocol.wire.StartupPacket;
import org.pgkeel.protocol.wire.Value;

/// At least one of every message, for the tests that hold for all of them.
final class MessageSamples {
    private static final Octets BYTES = Octets.of(new byte[] {0, 1, -1, 'x'});
    private static final String TEXT = "gr\u00fc\u00df \ud83d\udc18";

    private MessageSamples() {}

    static List<StartupPacket> startup() {
        return List.of(SslRequest.INSTANCE, GssEncRequest.INSTANCE,
                new CancelRequest(-7, new byte[] {1, 2, 3, 4}), new CancelRequest(7, new byte[256]),
                startupMessage(Map.of("user", "alice")),
                new StartupMessage(3, 2, parameters("user", TEXT, "database", "app", "_pq_.future", "on", "options", "")));
    }

    static StartupMessage startupMessage(Map<String, String> parameters) {
        return StartupMessage.of(new LinkedHashMap<>(parameters));
    }

    static LinkedHashMap<String, String> parameters(String... namesAndValues) {
        var parameters = new LinkedHashMap<String, String>();
        for (int i = 0; i < namesAndValues.length; i += 2) parameters.put(namesAndValues[i], namesAndValues[i + 1]);
        return parameters;
    }

    static List<FrontendMessage> frontend() {
        return List.of(
                new Query(""), new Query(TEXT),
                new Parse("", "select 1", List.of()), new Parse("s1", TEXT, List.of(23, 0, -1)),
                new Bind("", "", List.of(), List.of(), List.of()),
                new Bind("p", "s", List.of(Format.TEXT, Format.BINARY, Format.TEXT), List.of(BYTES, Value.NULL, Value.ofText("")),
                        List.of(Format.BINARY)),
                new Describe(Target.STATEMENT, "s"), new Describe(Target.PORTAL, ""), new Close(Target.PORTAL, "p"),
                new Execute("p", 100), new Execute("", 0),
                Sync.INSTANCE, Flush.INSTANCE, Terminate.INSTANCE, org.pgkeel.protocol.frontend.CopyDone.INSTANCE,
                new org.pgkeel.protocol.frontend.CopyData(BYTES), new org.pgkeel.protocol.frontend.CopyData(Octets.ofText("")),
                new CopyFail("gave up"),
                new FunctionCall(5060, List.of(Format.BINARY), List.of(BYTES, Value.NULL), Format.BINARY),
                new PasswordMessage("secret " + TEXT), new SaslInitialResponse("SCRAM-SHA-256", Value.ofText("n,,n=,r=x")),
                new SaslInitialResponse("OTHER", Value.NULL), new SaslResponse(BYTES), new SaslResponse(Octets.ofText("")));
    }

    static FrontendPhase phaseOf(FrontendMessage message) {
        return switch (message) {
            case PasswordMessage _ -> FrontendPhase.PASSWORD;
            case SaslInitialResponse _ -> FrontendPhase.SASL_INITIAL;
            case SaslResponse _ -> FrontendPhase.SASL_RESPONSE;
            default -> FrontendPhase.LOGGED_IN;
        };
    }

    static List<BackendMessage> backend() {
        return List.of(
                AuthenticationOk.INSTANCE, AuthenticationCleartextPassword.INSTANCE, new AuthenticationMd5Password(BYTES),
                new AuthenticationSasl(List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")), new AuthenticationSasl(List.of()),
                new AuthenticationSaslContinue(BYTES), new AuthenticationSaslFinal(Octets.ofText("v=")),
                new BackendKeyData(42, new byte[] {1, 2, 3, 4}), new BackendKeyData(-1, new byte[256]),
                BindComplete.INSTANCE, CloseComplete.INSTANCE, ParseComplete.INSTANCE, NoData.INSTANCE,
                EmptyQueryResponse.INSTANCE, PortalSuspended.INSTANCE, org.pgkeel.protocol.backend.CopyDone.INSTANCE,
                new CommandComplete("INSERT 0 1"),
                new CopyInResponse(Format.TEXT, List.of(Format.TEXT, Format.TEXT)),
                new CopyOutResponse(Format.BINARY, List.of(Format.BINARY)), new CopyBothResponse(Format.TEXT, List.of()),
                new org.pgkeel.protocol.backend.CopyData(BYTES),
                new DataRow(List.of()), new DataRow(List.of(BYTES, Value.NULL, Value.ofText(""))), DataRow.ofText(List.of("a", TEXT)),
                ErrorResponse.of(Severity.FATAL, SqlState.PROTOCOL_VIOLATION, TEXT),
                new ErrorResponse(ErrorResponse.of(Severity.ERROR, SqlState.SYNTAX_ERROR, "m").withDetail("d").withHint("h")
                        .fields().with('P', "7").with('~', "of the future")),
                NoticeResponse.of(Severity.WARNING, SqlState.ADMIN_SHUTDOWN, "m").withHint("h").withDetail("d"),
                new FunctionCallResponse(BYTES), new FunctionCallResponse(Value.NULL),
                new NegotiateProtocolVersion(3, 2, List.of("_pq_.a", "_pq_.b")), new NegotiateProtocolVersion(3, 0, List.of()),
                new NotificationResponse(99, "channel", TEXT), new ParameterDescription(List.of(23, 25)),
                new ParameterStatus("TimeZone", "UTC"),
                new ReadyForQuery(TransactionStatus.IDLE), new ReadyForQuery(TransactionStatus.IN_TRANSACTION),
                new ReadyForQuery(TransactionStatus.FAILED),
                RowDescription.ofText(List.of("a", TEXT)),
                new RowDescription(List.of(new Column("id", 16384, 1, 23, 4, -1, Format.BINARY))));
    }
}
