package org.pgkeel.proxy.refusal;

import java.util.Optional;
import org.pgkeel.protocol.backend.ErrorResponse;

/// An expected no of the proxy, as a client will read it.
///
/// @param message what happened to what, with the limit's name and value; no secrets
/// @param detail  more, if there is more
/// @param hint    the key that changes it
public record Refusal(RefusalReason reason, String message, Optional<String> detail, Optional<String> hint) {

    public static Refusal of(RefusalReason reason, String message) {
        return new Refusal(reason, message, Optional.empty(), Optional.empty());
    }

    public static Refusal of(RefusalReason reason, String message, String hint) {
        return new Refusal(reason, message, Optional.empty(), Optional.of(hint));
    }

    /// The client has cancelled what waited.
    public static Refusal cancelled() {
        return of(RefusalReason.CANCELLED_WHILE_WAITING, "canceling statement due to user request");
    }

    /// Servers have died under it so often that it is not run again. It was rolled back.
    public static Refusal serversDied() {
        return of(RefusalReason.PRIMARY_LOST, "failover: servers have died under this again and again, it was rolled back and is not run again",
                "It may be what they die of: look into their logs before it is sent again.");
    }

    public Refusal withDetail(String text) {
        return new Refusal(reason, message, Optional.of(text), hint);
    }

    /// The message for the client.
    public ErrorResponse toMessage() {
        ErrorResponse response = ErrorResponse.of(reason.severity(), reason.sqlState(), message);
        if (detail.isPresent()) response = response.withDetail(detail.get());
        return hint.isPresent() ? response.withHint(hint.get()) : response;
    }
}
