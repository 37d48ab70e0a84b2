package org.pgkeel.bench.scenario;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/// Sends signals without starting a process for each: a shell that waits for what to do has `kill` built in. When nobody is there any more to tell
/// it, however the bench ended, it kills whom it has stopped: they would stand for ever.
///
/// Threading: confined to one thread.
final class Signals implements AutoCloseable {
    enum Signal { STOP, CONT, ALRM }

    private static final String SCRIPT = """
            trap '' INT TERM HUP
            stopped=
            while read -r signal pid; do
              kill -$signal $pid
              others=
              for each in $stopped; do [ $each = $pid ] || others="$others $each"; done
              [ $signal = CONT ] && stopped=$others || stopped="$others $pid"
            done
            [ -z "$stopped" ] || kill -KILL $stopped
            """;

    private final Writer commands;

    Signals() throws IOException {
        Process shell = new ProcessBuilder("sh", "-c", SCRIPT).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        commands = shell.outputWriter(StandardCharsets.US_ASCII);
    }

    void send(Signal signal, Process to) throws IOException {
        commands.write(signal + " " + to.pid() + "\n");
        commands.flush();
    }

    @Override
    public void close() throws IOException {
        commands.close();
    }
}
