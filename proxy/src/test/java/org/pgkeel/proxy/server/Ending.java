package org.pgkeel.proxy.server;

import java.io.IOException;
import org.pgkeel.proxy.wire.WireClient;

/// How a client vanishes.
enum Ending {
    RST, FIN;

    void of(WireClient client) throws IOException {
        switch (this) {
            case RST -> client.reset();
            case FIN -> client.vanish();
        }
    }
}
