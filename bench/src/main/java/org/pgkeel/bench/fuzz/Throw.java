package org.pgkeel.bench.fuzz;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.pgkeel.bench.client.Login;

/// Throws one input on a connection of its own and judges the end.
///
/// Threading: immutable.
public final class Throw {
    /// Longer replies are not asked for by any input.
    private static final int REPLY_BYTES_MAX = 16 << 20;
    private static final String BACKEND_TYPES = "RKSZECDTtnNA123IsGHWdcVv";
    private static final int AUTHENTICATION_SASL = 10;

    private final InetSocketAddress target;
    private final Login trusted;
    private final Login challenged;
    private final Duration limit;

    /// @param trusted    logs in without a password
    /// @param challenged is asked for SCRAM
    /// @param limit      in which every input has to end
    public Throw(InetSocketAddress target, Login trusted, Login challenged, Duration limit) {
        this.target = target;
        this.trusted = trusted;
        this.challenged = challenged;
        this.limit = limit;
    }

    public Outcome of(HostileInput input) {
        try (var socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) limit.toMillis());
            socket.connect(target, (int) limit.toMillis());
            var in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1024));
            try {
                prepare(input.phase(), socket.getOutputStream(), in);
            } catch (IOException e) {
                return new Outcome.Offence("a valid login was not served: " + e.getMessage());
            }
            boolean reset = !write(input, socket.getOutputStream());
            return switch (input.ending()) {
                case RESET -> {
                    socket.setSoLinger(true, 0);
                    yield new Outcome.Left();
                }
                case HALF_CLOSE -> {
                    if (!reset) shutDown(socket);
                    yield readToEnd(input, in);
                }
                case AWAIT_REFUSAL -> readToEnd(input, in);
            };
        } catch (SocketTimeoutException e) {
            return new Outcome.Offence("no connection within " + limit);
        } catch (IOException e) {
            return new Outcome.Offence("not even a connection: " + e);
        }
    }

    /// Brings the connection to where the input begins, as a well-behaved client does.
    private void prepare(HostileInput.Phase phase, OutputStream out, DataInputStream in) throws IOException {
        switch (phase) {
            case CONNECTED -> { }
            case CHALLENGED -> {
                out.write(startup(challenged));
                if (readType(in) != 'R' || readBody(in).readInt() != AUTHENTICATION_SASL) throw new IOException("no SASL challenge");
            }
            case READY -> {
                out.write(startup(trusted));
                int type = readType(in);
                for (; type != 'Z'; type = readType(in)) {
                    byte[] body = readBody(in).readAllBytes();
                    if (type == 'E') throw new IOException(new String(body, StandardCharsets.UTF_8).replace('\0', ' '));
                }
                readBody(in);
            }
        }
    }

    private static byte[] startup(Login login) {
        return Octets.untyped(new Octets().int32(3 << 16).text("user").text(login.user()).text("database").text(login.database()).int8(0));
    }

    /// @return whether all could be written; a proxy may close in the middle
    private static boolean write(HostileInput input, OutputStream out) {
        try {
            for (byte[] write : input.writes()) out.write(write);
            return true;
        } catch (IOException closedByProxy) {
            return false;
        }
    }

    private static void shutDown(Socket socket) {
        try {
            socket.shutdownOutput();
        } catch (IOException closedByProxy) {
            // Reading tells.
        }
    }

    /// Replies before the login may be single bytes (to SSLRequest), so only later ones are looked into.
    private Outcome readToEnd(HostileInput input, DataInputStream in) {
        long deadline = System.nanoTime() + limit.toNanos();
        boolean framed = input.phase() != HostileInput.Phase.CONNECTED;
        Outcome soFar = new Outcome.Closed();
        try {
            while (System.nanoTime() < deadline) {
                int type = in.read();
                if (type < 0) return soFar;
                if (!framed) {
                    soFar = type == 'E' ? new Outcome.Refused() : new Outcome.Answered();
                    if (input.ending() == HostileInput.Ending.AWAIT_REFUSAL && type == 'E') return soFar;
                    in.skipNBytes(in.available());
                    continue;
                }
                if (BACKEND_TYPES.indexOf(type) < 0) return new Outcome.Offence("a reply of type " + type);
                readBody(in);
                if (type == 'E') {
                    soFar = new Outcome.Refused();
                    if (input.ending() == HostileInput.Ending.AWAIT_REFUSAL) return soFar;
                } else if (soFar instanceof Outcome.Closed) {
                    soFar = new Outcome.Answered();
                }
            }
            return new Outcome.Offence("still talking after " + limit);
        } catch (SocketTimeoutException e) {
            return new Outcome.Offence("neither refused nor closed within " + limit);
        } catch (EOFException | SocketException closedByProxy) {
            return soFar;
        } catch (IOException e) {
            return new Outcome.Offence(e.getMessage());
        }
    }

    private static int readType(DataInputStream in) throws IOException {
        int type = in.read();
        if (type < 0) throw new EOFException("closed");
        return type;
    }

    private static DataInputStream readBody(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < Integer.BYTES || length > REPLY_BYTES_MAX) throw new IOException("a reply of length " + length);
        byte[] body = new byte[length - Integer.BYTES];
        in.readFully(body);
        return new DataInputStream(new ByteArrayInputStream(body));
    }
}
