package org.pgkeel.protocol.auth;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// The head of a client's first SCRAM message: does it bind the exchange to the TLS connection?
/// <https://www.rfc-editor.org/rfc/rfc5802#section-7>
/// @param text as the client wrote it, with the comma that ends it
record Gs2Header(Flag flag, String text) {
    /// The first letter of the header.
    enum Flag {
        /// `n`: the client cannot bind.
        NOT_SUPPORTED,
        /// `y`: the client can, and believes that the server cannot.
        NOT_OFFERED,
        /// `p`: the client binds to the server's certificate.
        BOUND
    }

    private static final String NONE_TEXT = "n,,";
    private static final String NOT_OFFERED_TEXT = "y,,";
    private static final String BOUND_TEXT = "p=" + TlsServerEndPoint.NAME + ",,";

    static Gs2Header of(Flag flag) {
        return new Gs2Header(flag, switch (flag) {
            case NOT_SUPPORTED -> NONE_TEXT;
            case NOT_OFFERED -> NOT_OFFERED_TEXT;
            case BOUND -> BOUND_TEXT;
        });
    }

    /// Reads the head of a client's first message. No authorization identity is accepted, as in PostgreSQL.
    static Gs2Header parse(String clientFirst) {
        for (Flag flag : Flag.values()) {
            Gs2Header header = of(flag);
            if (clientFirst.startsWith(header.text)) return header;
        }
        throw Scram.malformed("unknown channel binding flag or type, or an authorization identity");
    }

    /// What attribute `c` of the client's last message must say: this header and, if bound, the certificate's hash.
    String channelBindingAttribute(ChannelBinding binding) {
        var input = new ByteArrayOutputStream();
        input.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        if (flag == Flag.BOUND) {
            switch (binding) {
                case TlsServerEndPoint(var certificateHash) -> input.writeBytes(certificateHash.toArray());
                case ChannelBinding.None _ -> throw new IllegalStateException("bound to nothing");
            }
        }
        return Scram.base64(input.toByteArray());
    }
}
