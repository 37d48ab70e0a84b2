package org.pgkeel.proxy.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `pgkeel convert`.
@Command(name = "convert")
final class ConvertCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        return ExitCode.SOFTWARE;
    }
}
