package org.pgkeel.proxy.admin;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;

/// What a request is answered with.
/// @param body not changed any more once it is here
record Page(HttpResponseStatus status, String contentType, byte[] body) {
    static Page text(HttpResponseStatus status, String text) {
        return new Page(status, "text/plain; charset=utf-8", (text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    static Page html(String html) {
        return new Page(HttpResponseStatus.OK, "text/html; charset=utf-8", html.getBytes(StandardCharsets.UTF_8));
    }
}
