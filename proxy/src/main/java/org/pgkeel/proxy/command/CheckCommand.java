package org.pgkeel.proxy.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `pgkeel check`.
@Command(name = "check")
final class CheckCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        return ExitCode.SOFTWARE;
    }
}
